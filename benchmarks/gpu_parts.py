"""The parts of ``make gpu``: each yields rows ``(what, numbers, whether it holds, or None where nothing is promised)``."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from math import isfinite
from pathlib import Path
from time import perf_counter
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hetsyn_sim.brian import FORMS, BrianSimulation
from hetsyn_sim.brian.devices import find_device
from hetsyn_sim.kernels import exponential_filter, spiking_scan, use_backend
from hetsyn_sim.kernels.scan import DecayPath
from hetsyn_sim.training.surrogates import Triangular

from .implementations import HOMOGENEOUS, Step, missing
from .jax_process import JAX, problem, start
from .shapes import SHAPES, Shape

ROOT = Path(__file__).parents[1]
Row = tuple[str, dict[str, Any], bool | None]
#: Takes steps for a while: milliseconds of the fastest one, and MiB.
Turn = Callable[[], tuple[float, float]]
#: Batches at which `shd` and `wide` are trained; rounds in which implementations take turns, seconds of a turn.
BATCHES, ROUNDS, TURN_S = (8, 32, 128, 256), 5, 0.5
MIB = 2**20


@dataclass(frozen=True)
class Where:
    """The device that parts run on, whether at small sizes, and recordings of MNIST if there are any."""

    device: str
    small: bool = False
    smnist: Path | None = None

    def described(self) -> str:
        if self.device == "cpu":
            return f"CPU ({platform.machine()}), to try the command"
        return f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}, torch {torch.__version__}"

    def wait(self) -> None:
        """Until the device has done what it was given."""
        if self.device == "cuda":
            torch.cuda.synchronize()


def kernels(where: Where) -> Iterator[Row]:
    """The filter, value and gradients, and the recurrent scan on the device against float64 on the CPU, at the size of `shd`."""
    n_steps, n_batch, n_pre, n_post = (40, 2, 30, 9) if where.small else (250, 32, 700, 128)
    rng = torch.Generator().manual_seed(0)
    x = (torch.rand(n_steps, n_batch, n_pre, generator=rng) < 0.015).double()
    w = torch.randn(n_post, n_pre, generator=rng, dtype=torch.float64) / n_pre**0.5
    rho = torch.exp(-1.0 / (5 + 15 * torch.rand(n_post, n_pre, generator=rng, dtype=torch.float64)))
    g = torch.randn(n_steps, n_batch, n_post, generator=rng, dtype=torch.float64)
    with use_backend("plain"):
        exact = _filtered(x, w, rho, g)
    with use_backend("plain"):
        gains = _filtered(x, w.abs(), rho, g.abs())  # the sums of sizes that errors are relative to
    for dtype, allowed in ((torch.float32, 1.01 * 2.0**-24 * (n_pre + 3 * n_steps + 32)), (torch.float64, 1e-9)):
        with use_backend("expansion", tolerance=None if dtype == torch.float32 else 1e-10):
            found = _filtered(*(tensor.to(where.device, dtype) for tensor in (x, w, rho, g)))
        errors = {
            name: float(((one.cpu().double() - other).abs() / gain.abs().clamp_min(gain.abs().max() * 1e-3)).max())
            for name, one, other, gain in zip(("v", "dL/dx", "dL/dw", "dL/drho"), found, exact, gains, strict=True)
        }
        yield f"filter in {str(dtype)[6:]}, largest errors", {**errors, "allowed for v": allowed}, errors["v"] <= allowed
    w_rec = torch.randn(n_post, n_post, generator=rng, dtype=torch.float64) / n_post**0.5
    recurrent = rho[:, :1].expand(-1, n_post) * 0.9 if n_pre < n_post else rho[:, :n_post]
    v_in = 0.5 + 0.7 * torch.randn(n_steps, n_batch, n_post, generator=rng, dtype=torch.float64)
    with use_backend("plain"):
        z, *expected = _scanned(v_in, w_rec, recurrent, g)
    with use_backend("expansion", tolerance=1e-11):
        spikes, *found = _scanned(*(tensor.to(where.device) for tensor in (v_in, w_rec, recurrent, g)))
    worst = max(float((one.cpu() - other).abs().max() / other.abs().max()) for one, other in zip(found, expected, strict=True))
    differing = int((spikes.cpu() != z).sum())
    yield "recurrent scan in float64", {"spikes": int(z.sum()), "differing": differing, "error": worst}, not differing and worst < 1e-6


def _filtered(x: Tensor, w: Tensor, rho: Tensor, g: Tensor) -> list[Tensor]:
    leaves = [tensor.clone().requires_grad_() for tensor in (x, w, rho)]
    v = exponential_filter(*leaves)
    return [v.detach(), *torch.autograd.grad(v, leaves, g)]


def _scanned(v_in: Tensor, w: Tensor, rho: Tensor, g: Tensor) -> list[Tensor]:
    leaves = [tensor.clone().requires_grad_() for tensor in (v_in, w, rho)]
    reset = DecayPath(-torch.ones((), dtype=w.dtype, device=w.device), torch.full((), 0.9, dtype=w.dtype, device=w.device))
    theta = torch.ones((), dtype=w.dtype, device=w.device)
    z, v = spiking_scan(leaves[0], [DecayPath(leaves[1], leaves[2])], [reset], theta, Triangular())
    return [z.detach(), v.detach(), *torch.autograd.grad([z, v], leaves, [g, g])]


def brian2(where: Where) -> Iterator[Row]:
    """`pytest equivalence/ -m cuda`, and the digits network on all test recordings against the reference, beside C++."""
    chosen = ["-m", "cuda"] if where.device == "cuda" else ["-k", "test_delays_are_refused"]
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "equivalence/test_cuda.py", *chosen]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    counted = {name: int(n) for n, name in re.findall(r"(\d+) (passed|failed|error|skipped)", done.stdout)}
    yield "pytest equivalence/ " + " ".join(chosen), counted, done.returncode == 0 and (counted.get("passed", 0) > 0 or where.small)
    checkpoint, x = _digits(where)
    from hetsyn_sim.agreement.compare import compare_recordings
    from hetsyn_sim.discrete import simulate_reference

    reference = simulate_reference(checkpoint.spec, checkpoint.values, x)
    for device in ("cuda_standalone", "cpp_standalone") if where.device == "cuda" else ("numpy",):
        for form in FORMS:
            simulation = BrianSimulation(checkpoint.spec, checkpoint.values, device=find_device(device), form=form)
            simulation.run(x)  # compiles
            recording = simulation.run(x)
            outcome = compare_recordings(checkpoint.spec, checkpoint.values, reference, recording)
            differing = sum(int((recording.rasters[name] != raster).sum()) for name, raster in reference.rasters.items())
            numbers = {
                "recordings": x.shape[1],
                "differing cells": differing,
                "ms per step and recording": 1e3 * simulation.seconds.simulating / (x.shape[0] * x.shape[1]),
            }
            yield f"digits network, {device}, {form}: {outcome}".splitlines()[0], numbers, differing == 0


def _few(data: Any) -> Any:
    """Three hundred recordings, of every split."""
    return data[np.sort(np.random.default_rng(0).permutation(len(data))[:300])]


def _digits(where: Where) -> tuple[Any, np.ndarray[Any, Any]]:
    """A network that was trained on the spoken digits for a moment, and the test recordings (time, recording, channel)."""
    from hetsyn_sim.tasks import spoken_digits
    from hetsyn_sim.training.fit import fit
    from hetsyn_sim.training.recipe import load_recipe

    data = spoken_digits()
    if where.small:
        data = _few(data)
    result = fit(load_recipe("fsdd-demo"), data, epochs=1 if where.small else 4, progress=False, accelerator="cpu")
    return result.checkpoint, data.test[: 3 if where.small else 300].rasters()


def sanitizers(where: Where) -> Iterator[Row]:
    """compute-sanitizer's memcheck and racecheck over the kernels at small sizes, and over Brian2CUDA's program."""
    kernels_alone = [sys.executable, "-m", "benchmarks.gpu", "--parts", "kernels", "--small", "--device", where.device]
    program = shutil.which("compute-sanitizer") or "/usr/local/cuda/bin/compute-sanitizer"
    with tempfile.TemporaryDirectory() as folder:
        commands = {"kernels": (kernels_alone, ROOT)}
        if where.device == "cuda":
            checkpoint, x = _digits(Where(where.device, small=True))
            built = BrianSimulation(checkpoint.spec, checkpoint.values, device="cuda_standalone", form="fast").build(x[:20], folder)
            commands["Brian2CUDA, digits network"] = ([str(built)], Path(folder))
        for name, (command, place) in commands.items():
            for tool in ("memcheck", "racecheck"):
                # no sanitizer looks at a CPU: what is tried there is that the command under it runs
                watched = [program, "--tool", tool, "--error-exitcode", "9", *command] if where.device == "cuda" else command
                done = subprocess.run(watched, cwd=place, capture_output=True, text=True, check=False, timeout=580)
                summary = re.findall(r"(?:ERROR|RACECHECK) SUMMARY: (.*)", done.stdout + done.stderr)
                yield f"{tool} of {name}", {"exit code": done.returncode, "summary": (summary or ["none"])[-1]}, done.returncode == 0


def training(where: Where) -> Iterator[Row]:
    """A step of training at four shapes, and at several batches: ms and memory of ours beside homogeneous neurons, in alternation."""
    shapes = [shape.small() for shape in SHAPES.values()] if where.small else list(SHAPES.values())
    batches = [shape.changed(n_batch=n) for shape in shapes if shape.name in ("shd", "wide") for n in BATCHES if n != shape.n_batch]
    for shape in shapes + ([] if where.small else batches):
        at, turns, best = f"at {shape.name}, batch {shape.n_batch}", dict[str, Turn](), dict[str, tuple[float, float]]()
        with ExitStack() as stack:
            for name in _implementations(where):
                try:
                    turns[name] = _jax(shape, where, stack) if name == "jax" else _torch(shape, where, *name.split())
                    best[name] = turns[name]()  # compiles, allocates
                except Exception as error:  # a library that does not work here is a row, too
                    turns.pop(name, None)
                    yield f"{name} {at}", {"failed": f"{type(error).__name__}: {error}"[:120]}, None
            for _ in range(1 if where.small else ROUNDS):
                best |= {name: min(best[name], turn()) for name, turn in turns.items()}
        for name, (ms, mib) in best.items():
            opponent = min((best[other][0] for other in best if other != "default"), default=float("nan"))
            numbers = (
                {"ms": ms}
                | ({"MiB": mib} if isfinite(mib) else {})
                | ({"times as fast as the fastest other": opponent / ms} if name == "default" else {})
            )
            yield f"{name} {at}", numbers, None


def _implementations(where: Where) -> list[str]:
    """What is there, by name; SpikingJelly with each back end that it has for a GPU."""
    found = ["default", *(name for name in HOMOGENEOUS if (name == "jax" or name not in JAX) and missing(name) is None)]
    return found + ([f"spikingjelly {kind}" for kind in ("cupy", "triton")] if where.device == "cuda" and "spikingjelly" in found else [])


def _torch(shape: Shape, where: Where, name: str, kind: str = "") -> Turn:
    step = Step(name, shape)
    step.model.to(where.device)
    step.x, step.target = step.x.to(where.device), step.target.to(where.device)
    if kind:
        from spikingjelly.activation_based import functional

        functional.set_backend(step.model, kind)
    return partial(_timed, step, where)


def _jax(shape: Shape, where: Where, stack: ExitStack) -> Turn:
    """In a process of its own, which ends with the stack. Its memory is not looked at."""
    pipe, process = start("jax", problem(shape), 1, where.device)
    stack.callback(process.wait)
    stack.enter_context(pipe)
    if isinstance(answer := pipe.recv(), Exception):
        raise answer

    def turn() -> tuple[float, float]:
        pipe.send(("steps", 0.0 if where.small else TURN_S))
        if isinstance(answer := pipe.recv(), Exception):
            raise answer
        return 1e3 * min(done["wall_s"] for done in answer), float("nan")

    return turn


def _timed(step: Callable[[], float], where: Where) -> tuple[float, float]:
    """Milliseconds of the fastest step of a turn, and the MiB that it needs at most on the device."""
    if where.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    until, best = perf_counter() + (0.0 if where.small else TURN_S), float("inf")
    while best == float("inf") or perf_counter() < until:
        where.wait()
        begun = perf_counter()
        step()
        where.wait()
        best = min(best, perf_counter() - begun)
    return 1e3 * best, torch.cuda.max_memory_allocated() / MIB if where.device == "cuda" else float("nan")


def end_to_end(where: Where) -> Iterator[Row]:
    """The digits from the first epoch to the test, and an epoch of MNIST pixel by pixel if its recordings are given."""
    from hetsyn_sim.data.events import SpikeDataset
    from hetsyn_sim.tasks import spoken_digits
    from hetsyn_sim.training.evaluate import evaluate
    from hetsyn_sim.training.fit import fit
    from hetsyn_sim.training.recipe import load_recipe

    accelerator = {"accelerator": "gpu" if where.device == "cuda" else "cpu"}
    jobs: list[tuple[str, Any, int | None]] = [("fsdd-hetsyn", spoken_digits(), 1 if where.small else None)]
    if where.smnist is not None:
        jobs.append(("smnist-hetsyn", SpikeDataset.load(where.smnist), 1))
    for name, data, epochs in jobs:
        recipe = load_recipe(name)
        if where.small:
            data = _few(data)
        begun = perf_counter()
        result = fit(recipe, data, epochs=epochs, progress=False, **accelerator)
        seconds = perf_counter() - begun
        network = result.network.cpu()
        accuracy = evaluate(network, data.test, recipe.training.loss.make(), window=recipe.training.window).accuracy
        yield f"{name}, trained", {"epochs": len(result.history), "seconds": seconds, "test accuracy": float(accuracy)}, None
    if where.smnist is None:
        yield "smnist-hetsyn", {"left out": "no recordings given with --smnist"}, None


#: Every part by its name.
PARTS: Mapping[str, Callable[[Where], Iterator[Row]]] = MappingProxyType(
    {"kernels": kernels, "brian2": brian2, "sanitizers": sanitizers, "training": training, "end-to-end": end_to_end}
)

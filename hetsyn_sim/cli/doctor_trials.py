"""Trials of `hetsyn doctor`, each in a process of its own: a step in torch, Lightning's import, a tiny network in Brian2; prints JSON."""

from __future__ import annotations

import ctypes
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import HetSynError
from .doctor_checks import check_folder, with_version

#: The kernels and plain torch add in different orders. No number comes from a chain of more than 70 roundings of 1.1e-16 (20 terms, of sums
#: of 30 and of 10), and what cancels in it is less than ten times the largest number.
_SAME = 1e-13
_FUNCTION = 'extern "C" __attribute__((visibility("default"))) void hetsyn_doctor() {}\n'
_COMPILER = "install a working g++, or set CXX to a compiler for C++17"
_REBUILD = "pip install --force-reinstall --no-deps hetsyn-sim; from source that needs a C++ compiler"


def try_torch() -> Iterator[dict[str, Any]]:
    """Version, threads, GPUs, kernel libraries, the compiler, and whether the fastest library computes what plain torch does."""
    import torch

    from ..kernels.backends import use_backend
    from ..kernels.filters import exponential_filter
    from ..kernels.library import LEVELS, best_library, find_library

    yield _ok(f"{torch.__version__}, imported; {torch.get_num_threads()} threads")
    gpus = ", ".join(torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count() if torch.cuda.is_available() else 0))
    yield _ok(gpus, name="CUDA") if gpus else _absent("torch finds no GPU; training runs on the CPU", name="CUDA")
    for level in LEVELS:
        try:
            find_library(level)
            yield _ok("loaded", name=f"kernels {level}", essential=False)
        except OSError as error:
            yield _absent(str(error), name=f"kernels {level}")
    yield _try_compiler()
    best = best_library()
    if best is None:
        yield _absent("none: training works in plain torch, several times slower", name="kernels", remedy=_REBUILD)
        return
    x = (torch.arange(60, dtype=torch.float64).reshape(10, 2, 3) % 4 == 0).double()  # (time, batch, pre)
    w, rho = (torch.linspace(low, high, 12, dtype=torch.float64).reshape(4, 3) for low, high in ((-1.0, 1.0), (0.1, 0.9)))  # (post, pre)
    numbers = {}
    for backend in ("fused", "plain"):
        with use_backend(backend):
            leaves = [w.clone().requires_grad_(), rho.clone().requires_grad_()]
            v = exponential_filter(x, *leaves)
            numbers[backend] = [v.detach(), *torch.autograd.grad(v.square().sum(), leaves)]
    difference = max(float((a - b).abs().max() / b.abs().max()) for a, b in zip(numbers["fused"], numbers["plain"], strict=True))
    if difference <= _SAME:
        yield _ok(f"{best.level} is used here; agrees with plain torch", name="kernels")
    else:  # NaN too
        wrong = f"{best.level} differs from plain torch by {difference:.1e} of the largest number"
        yield {"name": "kernels", "value": wrong, "remedy": f'use_backend("plain") works around it; {_REBUILD}'}


def _try_compiler() -> dict[str, Any]:
    """Compile a function as generated kernels are, and call it."""
    from ..kernels.codegen.compiler import compiled, find_compiler

    row = {"group": "compilers", "name": "C++", "essential": False}
    command = find_compiler()
    if command is None:
        without = "none found; without it, neurons that are stepped train many times slower, and Brian2 runs on numpy only"
        return _absent(without, **row, remedy="install g++ (Debian, Ubuntu: apt install g++), or set CXX")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HETSYN_CACHE"] = folder  # of this process: nothing is read that was compiled before
        try:
            ctypes.CDLL(str(compiled(_FUNCTION))).hetsyn_doctor()
        except (HetSynError, OSError) as error:
            return {**row, "value": " ".join(f"{' '.join(command)}: {getattr(error, 'got', error)}".split()), "remedy": _COMPILER}
    return _ok(f"{with_version([*command])}; compiled and ran a function", **row)


def try_lightning() -> Iterator[dict[str, Any]]:
    """Version of Lightning, if a training can import it."""
    from ..training.modules import import_lightning

    import_lightning()
    import lightning

    yield _ok(f"{lightning.__version__}, imported")


def try_brian(device: str) -> Iterator[dict[str, Any]]:
    """Whether ``device`` gives the spikes of the reference; on numpy also the folder of Brian2's Cython modules."""
    import brian2
    import numpy as np
    from brian2.codegen.runtime.cython_rt.extension_manager import get_cython_cache_dir

    from ..brian import BrianSimulation
    from ..discrete import simulate_reference
    from ..models import HetSynLIF
    from ..spec import Layer, NetworkSpec

    spec = NetworkSpec(dt="1 ms", n_input=4, layers=[Layer(HetSynLIF, 3)])
    values = spec.initial_values(0)
    values["layer_1.feedforward.w"] = np.abs(values["layer_1.feedforward.w"]) + 0.5
    x = np.zeros((12, 1, 4))  # (time, batch, channel)
    x[::3] = 1.0
    recording = BrianSimulation(spec, values, device=device, form="fast", record=()).run(x)  # the least to compile
    expected = simulate_reference(spec, values, x).rasters["layer_1"]
    if not expected.any() or not np.array_equal(recording.rasters["layer_1"], expected):
        wrong = {"value": "does not give the spikes of the reference", "remedy": "please report this as a bug"}
        yield {"state": "broken", "essential": True, **wrong}
    else:
        yield _ok(f"ran a network in Brian2 {brian2.__version__}: the {expected.sum():.0f} spikes of the reference")
    if device == "numpy" and (cython := get_cython_cache_dir()):
        yield asdict(check_folder("Brian2's Cython modules", Path(cython), "set Brian2's preference codegen.runtime.cython.cache_dir"))


def _ok(value: str, **row: Any) -> dict[str, Any]:
    return {"state": "ok", "value": value, "remedy": "", **row}


def _absent(value: str, *, remedy: str = "", **row: Any) -> dict[str, Any]:
    return {"state": "absent", "value": value, "remedy": remedy, "essential": False, **row}


def answer(trial: str) -> list[dict[str, Any]]:
    """The rows of a trial, each what it changes in the finding that stands for the trial; or the one of its error."""
    trials = {"torch": try_torch, "lightning": try_lightning}
    try:
        return list(trials[trial]() if trial in trials else try_brian(trial))
    except HetSynError as error:
        return [{"value": str(error.got), "remedy": error.remedy}]
    except Exception as error:  # whatever it is, it is what we want to know
        return [{"value": f"{type(error).__name__}: {' '.join(str(error).split())}"}]


if __name__ == "__main__":
    print("\n" + json.dumps(answer(*sys.argv[1:])))

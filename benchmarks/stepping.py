"""How long neurons that are stepped take, forward and backward: ours, compiled, beside loops over time in torch and in Norse.

    python -m benchmarks.stepping --json benchmarks/results/stepping.json --docs docs

Layers of 256 neurons, 1,000 steps, batches of 32, in single precision on one thread. All get the same input, and derivatives with respect
to it and to what is trained of a neuron; Norse's cells train nothing. They take turns, round after round; ratios are taken within a run.
Times are of the processor, so that what else runs on the machine disturbs them little.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hetsyn_sim.data.files import json_text, write_atomically
from hetsyn_sim.discrete import neuron_values
from hetsyn_sim.discrete.program import evaluate
from hetsyn_sim.discrete.stepping import NEVER, constants_of, refractory_steps, stepped
from hetsyn_sim.kernels.step_data import Carried, Drive, StepOptions
from hetsyn_sim.kernels.stepping import plain_step_scan, step_scan
from hetsyn_sim.models.adex import AdEx
from hetsyn_sim.models.adlif import SymplecticAdLIF
from hetsyn_sim.models.hodgkin_huxley import HodgkinHuxley
from hetsyn_sim.report.document import Grid
from hetsyn_sim.spec import RESET_FIRST, Layer, NetworkSpec
from hetsyn_sim.training.surrogates import ArcTan

from .ratios import ratio
from .rows import cpu_model
from .stepped_loops import LOOPS, run_loop

#: Model -> its text, its dt, the state that input jumps on, how large jumps are, and the share of steps with one.
MODELS = {
    "HH": (HodgkinHuxley, "0.05 ms", "g_ampa", 12e-9, 0.01),
    "AdEx": (AdEx, "0.1 ms", "I_s", 400e-12, 0.03),
    "AdLIF": (SymplecticAdLIF, "1 ms", "u", 1.0, 0.1),
}
#: Implementation -> what it is called in the table.
IMPLEMENTATIONS = {
    "ours": "hetsyn-sim, compiled",
    "plain": "hetsyn-sim, plain torch",
    "loop": "loop written by hand",
    "torch.compile": "the same, step by `torch.compile`",
    "norse": "Norse",
}
Run = Callable[[], tuple[Tensor, Tensor]]


class Problem:
    """A layer of neurons and its input."""

    def __init__(self, name: str, n_steps: int, n_batch: int, n: int, dtype: torch.dtype = torch.float32) -> None:
        model, dt, self.target, size, share = MODELS[name]
        self.name, self.program = name, stepped(model, RESET_FIRST)
        spec = NetworkSpec(dt=dt, n_input=1, layers=[Layer(model, n)], step_order=RESET_FIRST)
        values = neuron_values(spec, "layer_1", spec.initial_values(0))
        generator = torch.Generator().manual_seed(0)
        arriving = torch.rand(n_steps, n_batch, n, generator=generator) < share
        self.jumps = (arriving * torch.rand(n_steps, n_batch, n, generator=generator) * 2 * size).to(dtype).requires_grad_()
        trained = {k for k, parameter in model.parameters.items() if parameter.trainable}
        self.values = {k: torch.as_tensor(v).to(dtype).requires_grad_(k in trained) for k, v in values.items()}
        constants = constants_of(self.program, values)
        self.constants = {k: self.values[k] if k in self.values else torch.as_tensor(v).to(dtype) for k, v in constants.items()}
        zero = torch.zeros(n_batch, n, dtype=dtype)
        begin = {x: torch.as_tensor(evaluate(e, values)).to(dtype).expand(n_batch, n) for x, e in model.initial_states.items()}
        since = torch.full(zero.shape, NEVER, dtype=torch.int64)
        self.begin = Carried(begin, {}, {}, zero, since, torch.ones_like(zero, dtype=torch.bool))
        steps = refractory_steps(self.program, values)
        self.refractory = None if steps is None else torch.as_tensor(steps)
        self.scale = torch.tensor(max((float(abs(evaluate(d, values)).max()) for d in self.program.distances), default=1.0), dtype=dtype)
        # what a loss hands back of spikes and v
        self.arriving = [torch.randn(n_steps, n_batch, n, generator=generator).to(dtype) / size for size in (1.0, self.scale)]

    @property
    def leaves(self) -> list[Tensor]:
        """What derivatives are taken for."""
        return [self.jumps, *(x for x in self.values.values() if x.requires_grad)]

    def scan(self, function: Callable[..., Any]) -> tuple[Tensor, Tensor]:
        """Ours, by one of its functions."""
        drive = Drive({self.target: self.jumps})
        # not fresh: a loop written by hand decays in its first step, too
        options = StepOptions(self.scale, torch.ones_like(self.scale), self.refractory, fresh=False)
        result = function(self.program, self.constants, drive, self.begin, ArcTan(), options)
        return result.z, result.v

    def loop(self, step: Any) -> tuple[Tensor, Tensor]:
        """A step written by hand, over time."""
        begin = LOOPS[self.name][1](self.begin.states, self.begin.spikes)
        return run_loop(step, self.jumps, begin, self.values)

    def norse(self) -> tuple[Tensor, Tensor]:
        """Norse's cell, which has units of its own: a jump of the size at which it spikes as often."""
        from norse.torch.functional.lif_adex import LIFAdExFeedForwardState, lif_adex_feed_forward_step

        zero = self.begin.spikes
        state, spikes, voltages = LIFAdExFeedForwardState(zero, zero, zero), [], []
        for jump in (self.jumps * 2e10).unbind(0):
            z, state = lif_adex_feed_forward_step(jump, state)
            spikes.append(z)
            voltages.append(state.v)
        return torch.stack(spikes), torch.stack(voltages)

    def runs(self) -> dict[str, Run]:
        """What can run here."""
        step = LOOPS[self.name][0]
        found: dict[str, Run] = {
            "ours": partial(self.scan, step_scan),
            "plain": partial(self.scan, plain_step_scan),
            "loop": partial(self.loop, step),
            "torch.compile": partial(self.loop, torch.compile(step, fullgraph=True)),
        }
        if self.name == "AdEx" and find_spec("norse") is not None:
            found["norse"] = self.norse
        return found


def timed(problem: Problem, run: Run) -> tuple[float, float]:
    """Seconds of the processor for forward and backward, and the share of steps with a spike."""
    begin = time.process_time()
    z, v = run()
    torch.autograd.grad([z, v], problem.leaves, problem.arriving, allow_unused=True)
    return time.process_time() - begin, float(z.detach().mean())


def measure(name: str, shape: tuple[int, int, int], rounds: int) -> Iterator[dict[str, Any]]:
    """Rows of one model."""
    problem = Problem(name, *shape)
    runs = problem.runs()
    first, rates, seconds = {}, {}, {key: dict[str, float]() for key in runs}
    for key, run in list(runs.items()):  # compiles what has to be
        begin = time.perf_counter()
        try:
            rates[key] = timed(problem, run)[1]
        except Exception as error:  # a compiler that fails is a result
            print(f"{name}: {key} left out: {type(error).__name__}: {str(error).splitlines()[0]}", flush=True)
            runs.pop(key)
        first[key] = time.perf_counter() - begin
    for k in range(rounds):
        for key, run in runs.items():
            seconds[key][str(k)] = timed(problem, run)[0]
        print(f"{name}: round {k + 1} of {rounds}: " + ", ".join(f"{key} {seconds[key][str(k)]:.3f} s" for key in runs), flush=True)
    for key in runs:
        row = {"shape": name, "implementation": key, "threads": 1, "rate": rates[key], "first_s": first[key]}
        row |= {"n_steps": shape[0], "n_batch": shape[1], "n_post": shape[2], "cpu_model": cpu_model(), "torch": torch.__version__}
        yield row | {"cpu_s": min(seconds[key].values()), "cpu_s_by_round": seconds[key]}


def lines(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A table: every time as a multiple of ours, with its extremes over rounds."""
    table = []
    for row in rows:
        ours = next(r for r in rows if r["shape"] == row["shape"] and r["implementation"] == "ours")
        times = ratio(row, ours, key="cpu_s")
        shown = "1" if row is ours else f"{times.value:.1f} ({times.low:.1f} to {times.high:.1f})"
        cells = row["shape"], IMPLEMENTATIONS[row["implementation"]], f"{row['cpu_s']:.3f}", shown, f"{row['first_s']:.1f}"
        table.append([*cells, f"{100 * row['rate']:.1f} %"])
    return Grid(("neuron", "implementation", "time (s)", "times ours", "first call (s)", "spikes"), table).lines()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stepping", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="file for the rows")
    parser.add_argument("--docs", type=Path, help="folder of the documentation, for the table")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--shape", nargs=3, type=int, default=(1000, 32, 256), metavar=("STEPS", "BATCH", "NEURONS"))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    rows = [row for name in options.models for row in measure(name, tuple(options.shape), options.rounds)]
    if options.json is not None:
        write_atomically(options.json, json_text({"rows": rows}))
    table = "\n".join(lines(rows)) + "\n"
    if options.docs is not None:
        write_atomically(options.docs / "_generated" / "stepping.md", table)
    print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())

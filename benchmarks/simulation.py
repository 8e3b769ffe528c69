"""Brian2 against Brian2: the forms ``ode`` and ``fast`` on every device, beside the fused kernels of the trainer, in one run.

    python -m benchmarks.simulation --json benchmarks/results/simulation.json

The network is 700-128r-64r-20 (119,552 synapses), one recording after the other. A row is the fastest of some rounds, in which everything
takes its turn; ``ratio_to_fused`` is over the fused kernels on one recording at a time. Then, for the form ``fast`` in C++ standalone, the
growth over synapses, steps and recordings, with fitted exponents.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from time import process_time

import brian2
import numpy as np
import torch
from numpy.typing import NDArray

from hetsyn_sim.brian import FORMS, BrianSimulation
from hetsyn_sim.data.files import write_atomically
from hetsyn_sim.errors import HetSynError
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import FanInNormal, Layer, NetworkSpec
from hetsyn_sim.training.modules import default_dtype
from hetsyn_sim.training.network import Network

from .exponents import Exponent, fit_exponent
from .rows import cpu_model

Raster = NDArray[np.bool_]

#: What every row of a result file has.
COLUMNS = ("form", "device", "synapses", "steps", "ms_per_step", "compile_s", "spikes")
RATE = 0.02
#: Sizes of the network, steps of a recording, recordings: each sweep doubles one of them.
SWEEPS = {"synapses": (0.25, 0.5, 1.0, 2.0), "steps": (125, 250, 500, 1000), "recordings": (8, 16, 32, 64)}


@dataclass(frozen=True)
class Row:
    """One measurement."""

    form: str
    device: str
    synapses: int
    steps: int
    recordings: int
    ms_per_step: float
    compile_s: float
    spikes: int
    sweep: str = ""
    ratio_to_fused: float = 0.0
    brian2: str = brian2.__version__
    cpu_model: str = field(default_factory=cpu_model)


def network_of(size: float = 1.0) -> NetworkSpec:
    """700-128r-64r-20, or the same with ``size`` times as many synapses."""
    n_input, one, two, out = (round(n * size**0.5) for n in (700, 128, 64, 20))
    lively = HetSynLIF.with_parameters(w={"initial": FanInNormal(2.0)})
    return NetworkSpec("4 ms", n_input, [Layer(lively, one, recurrent=True), Layer(lively, two, recurrent=True)], Layer(LeakyReadout, out))


def raster_of(spec: NetworkSpec, n_steps: int, n_runs: int) -> Raster:
    """Input spikes, shape (time, recording, channel)."""
    raster: Raster = np.random.default_rng(0).random((n_steps, n_runs, spec.n_input)) < RATE
    return raster


def _n_synapses(spec: NetworkSpec) -> int:
    return sum(q.n_pre * q.n_post for q in spec.projections)


def _brian2(form: str, device: str, spec: NetworkSpec, raster: Raster, sweep: str = "") -> Row:
    simulation = BrianSimulation(spec, spec.initial_values(0), device=device, form=form)
    recording = simulation.run(raster)
    spikes = sum(int(recording.rasters[p.name].sum()) for p in spec.populations if p.model.spiking)
    n_steps, n_runs, _ = raster.shape
    ms = 1e3 * simulation.seconds.simulating / (n_steps * n_runs)
    compile_s = simulation.seconds.compiling if simulation.seconds.compiled else 0.0
    return Row(form, device, _n_synapses(spec), n_steps, n_runs, ms, compile_s, spikes, sweep)


def _fused(spec: NetworkSpec, raster: Raster) -> Row:
    """The trainer's kernels in float64 on one thread, one recording at a time as Brian2 does."""
    n_steps, n_runs, _ = raster.shape
    with default_dtype(torch.float64), torch.no_grad():
        network = Network(spec, values=spec.initial_values(0), trainable=False)
        spikes, start = 0, process_time()
        for k in range(n_runs):
            network(torch.as_tensor(raster[:, k : k + 1].copy()))
            spikes += sum(int(z.sum()) for z in network.last_spikes)
        ms = 1e3 * (process_time() - start) / (n_steps * n_runs)
    return Row("fused kernels", "torch", _n_synapses(spec), n_steps, n_runs, ms, 0.0, spikes)


def _best(one: Row | None, other: Row) -> Row:
    """The faster of two measurements of the same thing, with the time that compiling took when it did."""
    if one is None:
        return other
    faster = min(one, other, key=lambda row: row.ms_per_step)
    return Row(**{**asdict(faster), "compile_s": max(one.compile_s, other.compile_s)})


def side_by_side(devices: list[str], rounds: int, spec: NetworkSpec, raster: Raster) -> list[Row]:
    """Every form on every device and the fused kernels, in alternation; the ratios are over the fused kernels of this run."""
    tasks: list[Callable[[], Row]] = [partial(_fused, spec, raster)]
    tasks += [partial(_brian2, form, device, spec, raster) for device in devices for form in FORMS]
    best: list[Row | None] = [None] * len(tasks)
    for _ in range(rounds):
        best = [_best(row, task()) for row, task in zip(best, tasks, strict=True)]
    done = [row for row in best if row is not None]
    return [Row(**{**asdict(row), "ratio_to_fused": row.ms_per_step / done[0].ms_per_step}) for row in done]


def growth_rows(device: str, rounds: int) -> Iterator[Row]:
    """The form ``fast`` over synapses, steps and recordings."""
    for sweep, values in SWEEPS.items():
        for value in values:
            spec = network_of(value if sweep == "synapses" else 0.25)
            raster = raster_of(spec, int(value) if sweep == "steps" else 250, int(value) if sweep == "recordings" else 8)
            best = None
            for _ in range(rounds):
                best = _best(best, _brian2("fast", device, spec, raster, sweep))
            assert best is not None
            yield best


def exponent_of(rows: list[Row], sweep: str) -> Exponent:
    """How the time of a whole run grows: 1 is linear."""
    chosen = [row for row in rows if row.sweep == sweep]
    return fit_exponent([getattr(row, sweep) for row in chosen], [row.ms_per_step * row.steps * row.recordings for row in chosen])


def main(arguments: list[str] | None = None) -> int:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows here")
    parser.add_argument("--devices", nargs="+", default=["cpp_standalone", "numpy"], metavar="DEVICE", help="Brian2 devices")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="measurements of each, of which the fastest counts (3)")
    parser.add_argument("--recordings", type=int, default=16, metavar="N", help="recordings of 250 steps (16)")
    parser.add_argument("--growth", action=argparse.BooleanOptionalAction, default=True, help="also measure the growth (yes)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    try:
        spec = network_of()
        rows = side_by_side(options.devices, options.rounds, spec, raster_of(spec, 250, options.recordings))
        _show(rows)
        if options.growth:
            grown = list(growth_rows(options.devices[0], options.rounds))
            _show(grown)
            for sweep in SWEEPS:
                print(f"time of a run over {sweep}: exponent {exponent_of(grown, sweep)}")
            rows += grown
    except HetSynError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        write_atomically(options.json, (json.dumps([asdict(row) for row in rows], indent=2) + "\n").encode())
    return 0


def _show(rows: list[Row]) -> None:
    print(
        f"{'form':14} {'device':15} {'synapses':>9} {'steps':>6} {'rec.':>5} {'ms/step':>9} {'compile s':>10} {'spikes':>9} {'x fused':>8}"
    )
    for r in rows:
        ratio = f"{r.ratio_to_fused:8.2f}" if r.ratio_to_fused else ""
        shape = f"{r.synapses:9,} {r.steps:6} {r.recordings:5}"
        print(f"{r.form:14} {r.device:15} {shape} {r.ms_per_step:9.4f} {r.compile_s:10.1f} {r.spikes:9,} {ratio}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

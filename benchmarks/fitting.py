"""How many model runs it takes to find a neuron's parameters in a recording: ours, and SciPy's differential evolution.

    python -m benchmarks.fitting --json benchmarks/results/fitting.json --docs docs

Recordings are synthetic, with white noise at 20 dB: AdEx with ten unknowns, Hodgkin and Huxley with eight, in wide bounds. A restart counts
as right if every parameter is within 1 %. Where the bound of Cramer and Rao is above a third of that, noise alone may forbid it, so stimuli
are chosen for a small one. Differential evolution (15 per parameter, SciPy's defaults) minimises the squared error of the voltage, as
brian2modelfitting does it with this or other gradient-free methods: of the free neuron, and of the one that is reset at the recorded
spikes, which is easier. It stops where every parameter is within 1 %, or after ten times our runs. A run is one trace; a derivative with
respect to one parameter counts as one, too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray
from scipy.optimize import differential_evolution
from scipy.signal import lfilter

import hetsyn_sim as hs
from hetsyn_sim.data.files import json_text, write_atomically
from hetsyn_sim.models import AdEx, HodgkinHuxley
from hetsyn_sim.report.document import Grid
from hetsyn_sim.spec import NeuronModel
from hetsyn_sim.spec.initial import Constant
from hetsyn_sim.training.fitting import Trials
from hetsyn_sim.training.fitting.box import Box
from hetsyn_sim.training.fitting.lanes import Lanes

from .rows import cpu_model

Array = NDArray[np.float64]
DT = 1e-4
#: The bounds of the unknowns, as text that has its unit.
BOUNDS = {
    "AdEx": {
        **{"C": ("50 pF", "1000 pF"), "g_L": ("5 nS", "100 nS"), "E_L": ("-90 mV", "-55 mV"), "V_T": ("-60 mV", "-40 mV")},
        **{"D_T": ("0.5 mV", "6 mV"), "a": ("-10 nS", "50 nS"), "b": ("0 pA", "500 pA"), "tau_w": ("20 ms", "500 ms")},
        **{"V_r": ("-90 mV", "-55 mV"), "V_cut": ("-45 mV", "-30 mV")},
    },
    "HodgkinHuxley": {
        **{"C": ("50 pF", "800 pF"), "g_L": ("2 nS", "50 nS"), "g_Na": ("5 uS", "80 uS"), "g_K": ("1 uS", "30 uS")},
        **{"E_L": ("-80 mV", "-50 mV"), "E_Na": ("30 mV", "80 mV"), "E_K": ("-110 mV", "-75 mV"), "V_T": ("-75 mV", "-50 mV")},
    },
}


@dataclass(frozen=True)
class Problem:
    """A recording whose truth is known: current, voltage with noise and spikes, (time,), in SI units."""

    model: NeuronModel
    current: Array
    v: Array
    spikes: NDArray[np.bool_]
    truth: dict[str, float]

    @classmethod
    def of(cls, name: str, seconds: float, seed: int = 0) -> Problem:
        """A recording of the model with the values that it ships with."""
        rng = np.random.default_rng(seed)
        n = round(seconds / DT)
        if name == "AdEx":  # steps of half a second for what is slow, noise for what is fast
            steps = 0.5e-9 * np.sign(np.sin(2 * np.pi * np.arange(n) * DT / 0.5))
            model, current = AdEx, 0.65e-9 + steps + _wandering(rng, n, 0.15e-9, 30e-3)
        else:
            model, current = HodgkinHuxley, 0.3e-9 + _wandering(rng, n, 0.4e-9, 5e-3)
        every = np.ones((n, 1), dtype=bool)
        truth = {k: float(p.distribution.value) for k, p in model.parameters.items() if isinstance(p.distribution, Constant)}
        found = Lanes(model, Trials(DT, {"I_0": current[:, None]}, None, None, None, every, every), truth, ()).run(
            np.zeros((1, 0)), free=True
        )
        assert found.spikes is not None
        v, spikes = found.v[:, 0, 0].copy(), found.spikes[:, 0, 0]
        counted = ~spikes if model is AdEx else every[:, 0]
        v[~counted] = truth.get("V_r", 0.0)
        return cls(model, current, v + 0.1 * v[counted].std() * rng.standard_normal(n), spikes, truth)

    def fit(self, restarts: int) -> Any:
        """Our fit."""
        resets = self.model is AdEx
        return hs.fit_recordings(
            self.model,
            {"I_0": _with_unit(self.current, "amp")},
            v=_with_unit(self.v, "volt"),
            spikes=[_with_unit((np.flatnonzero(self.spikes) - 1) * DT, "second")] if resets else None,
            dt=DT,
            parameters=BOUNDS[self.model.name],
            restarts=restarts,
        )

    def wrong(self, values: Array, names: Sequence[str]) -> Array:
        """How wrong sets of values (..., parameter) are: the largest relative error of a parameter."""
        true = np.array([self.truth[name] for name in names])
        found: Array = np.abs(values / true - 1.0).max(axis=-1)
        return found


def _wandering(rng: np.random.Generator, n: int, sd: float, tau: float) -> Array:
    keeps = np.exp(-DT / tau)
    return np.asarray(lfilter([1.0], [1.0, -keeps], sd * np.sqrt(1.0 - keeps**2) * rng.standard_normal(n)))


def _with_unit(values: Array, unit: str) -> Quantity:
    from hetsyn_sim.spec.quantities import dimensions_of

    return Quantity(values, dim=dimensions_of(unit, where=unit))


def evolve(problem: Problem, result: Any, most: int, *, free: bool, seed: int = 0) -> dict[str, Any]:
    """Differential evolution until every parameter is within 1 %, for ``most`` runs or until it has converged."""
    names = tuple(name for name in result.fitted if name != "V_cut")  # no voltage between given spikes depends on it
    fixed = {**problem.truth, **{name: 0.0 for name in problem.model.parameters if name not in problem.truth}}
    lanes = Lanes(problem.model, result.trials, fixed, names)
    box = Box(*(np.array([result.bounds[name][k] for name in names]) for k in (0, 1)))
    trials = result.trials

    def cost(places: Array) -> Array:  # (parameter, set)
        values = box.values(places.T)
        parts = [lanes.run(values[k : k + 64], free=free).v[trials.counted] for k in range(0, len(values), 64)]
        with np.errstate(all="ignore"):  # a neuron that blows up costs more than any other
            error = np.concatenate([((v - trials.v[trials.counted][:, None]) ** 2).mean(axis=0) for v in parts])
        return np.where(np.isfinite(error), error, 1e6)

    best = [np.inf]

    def done(x: Array, convergence: float = 0.0) -> bool:
        best[0] = float(problem.wrong(box.values(np.clip(x, 0, 1)), names))
        return best[0] < 0.01 or lanes.runs >= most

    begin = perf_counter()
    differential_evolution(
        cost, [(0, 1)] * len(names), callback=done, vectorized=True, updating="deferred", polish=False, maxiter=10**6, seed=seed, tol=1e-8
    )
    return {"runs": lanes.runs, "found": best[0] < 0.01, "worst": best[0], "seconds": perf_counter() - begin}


def measure(name: str, seconds: float, restarts: int) -> dict[str, Any]:
    """One row."""
    problem = Problem.of(name, seconds)
    result = problem.fit(restarts)
    names = list(result.fitted)
    right = int((problem.wrong(result.ends, names) < 0.01).sum())
    bound = max(result.errors[k] / abs(problem.truth[k]) for k in names)
    row = {"model": name, "unknowns": len(names), "seconds_recorded": seconds, "spikes": int(problem.spikes.sum()), "restarts": restarts}
    row |= {"right": right, "largest_standard_error": bound, "runs": result.runs, "seconds": result.seconds, "cpu_model": cpu_model()}
    row |= {"largest_error": float(problem.wrong(result.ends[0], names))}
    alone = problem.fit(1)
    row |= {"runs_alone": alone.runs, "right_alone": bool(problem.wrong(alone.ends[0], names) < 0.01)}
    print(result, f"\n{right} of {restarts} within 1 %; {alone.runs} runs of one alone, right: {row['right_alone']}", flush=True)
    for kind in ("held", "free"):
        row[f"evolution_{kind}"] = evolve(problem, result, 10 * result.runs, free=kind == "free")
        print(f"differential evolution, {kind}: {row[f'evolution_{kind}']}", flush=True)
    return row


def lines(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The table of the documentation."""
    table = []
    for row in rows:
        others = []
        for kind in ("held", "free"):
            other = row[f"evolution_{kind}"]
            others.append(f"{other['runs']:,}" if other["found"] else f"not in {other['runs']:,}")
        cells = [row["model"], str(row["unknowns"]), f"{row['seconds_recorded']:g} s", f"{row['right']} of {row['restarts']}"]
        cells += [
            f"{100 * row['largest_error']:.2f} %",
            f"{100 * row['largest_standard_error']:.2f} %",
            f"{row['runs']:,}",
            f"{row['runs_alone']:,}",
            *others,
        ]
        table.append(cells)
    head = (
        "neuron",
        "unknowns",
        "recording",
        "restarts within 1 %",
        "largest error",
        "its standard error",
        "runs of all restarts",
        "of one, from the middle",
    )
    return Grid((*head, "evolution, resets given", "evolution, free"), table).lines()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fitting", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="file for the rows")
    parser.add_argument("--docs", type=Path, help="folder of the documentation, for the table")
    parser.add_argument("--models", nargs="+", choices=BOUNDS, default=list(BOUNDS))
    parser.add_argument("--seconds", type=float, help="of each recording; by default 8 of AdEx and 4 of Hodgkin and Huxley")
    parser.add_argument("--restarts", type=int, default=20)
    options = parser.parse_args(arguments)
    rows = [measure(name, options.seconds or (8.0 if name == "AdEx" else 4.0), options.restarts) for name in options.models]
    if options.json is not None:
        write_atomically(options.json, json_text({"rows": rows}))
    table = "\n".join(lines(rows)) + "\n"
    if options.docs is not None:
        write_atomically(options.docs / "_generated" / "fitting.md", table)
    print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Pattern generation (Deng et al. 2025, HetSyn, App. B): how closely four neurons follow a curve, over learning rates and noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hetsyn_sim.tasks.patterns import GAPS, OCCURRENCES, pattern_generation
from hetsyn_sim.training import Recipe, fit
from hetsyn_sim.training.network import Network

from ..brian_check import in_brian2
from ..callbacks import LearningCurve
from ..study import Case, Row, Study
from .figures import draw_patterns
from .neurons import NEURONS, network_of
from .patterns_tables import lines

ITERATIONS, N_TEST = 1000, 50
#: Iterations that one point of a learning curve is the mean of.
BIN = 20

_CASES: list[Case] = [
    *({"model": model, "noise_hz": 2.0, "lr": 1e-3} for model in NEURONS),
    *({"model": model, "noise_hz": 2.0, "lr": 1e-3, "recurrent": True} for model in NEURONS),
    *({"model": model, "noise_hz": noise, "lr": 1e-3} for noise in (4.0, 1.0, 3.0) for model in NEURONS),
    {"model": "HetSynLIF", "noise_hz": 2.0, "lr": 1e-3, "targets": 3},
    *({"model": model, "noise_hz": 2.0, "lr": lr} for lr in (5e-3, 5e-4, 1e-4) for model in NEURONS),
]
#: HetNeuLIF as published, with the reset of all; and recurrent networks at the other noise levels.
_CASES += [{**case, "reset": "fixed"} for case in _CASES if case["model"] == "HetNeuLIF"]
_CASES += [
    {"model": model, "noise_hz": noise, "lr": 1e-3, "recurrent": True, **({"reset": "fixed"} if model == "HetNeuLIF" else {})}
    for noise in (4.0, 1.0, 3.0)
    for model in NEURONS
]


def recipe_for(case: Case, seed: int) -> Recipe:
    """The published training: 100-100-1, one recording an iteration, Adam with 0.8 after each 100, a rate of 10 Hz, clamped decays."""
    network = network_of(
        str(case["model"]),
        hidden=[100],
        recurrent=bool(case.get("recurrent", False)),
        learned="normal(20 ms, 5 ms)",
        fixed="20 ms",
        tau_reset="20 ms",
        tau_adapt="500 ms",
        a=0.01,
        fixed_reset=case.get("reset") == "fixed",
    )
    training = {
        "loss": {"name": "mean_squared_error"},
        "surrogate": {"name": "triangular"},
        "time_constants": "rho_clamped",
        "optimiser": {"lr": case["lr"], "lr_factor_time_constants": 1.0, "weight_decay": 0.0},
        "schedule": {"name": "step_decay", "every": 100, "factor": 0.8},
        "epochs": 1,
        "batch_size": 1,
        "dropout": 0.0,
        "rate_regulariser": {"target_hz": 10.0, "strength": 0.01},
        "validation": "none",
        "num_threads": 1,
        "seed": seed,
    }
    return Recipe.from_dict({"name": f"patterns-{case['model']}", "network": network, "training": training}, where="patterns")


def run(case: Case, seed: int, source: Path | None = None, *, iterations: int = ITERATIONS, n_test: int = N_TEST) -> Row:
    """Train on recordings whose noise is heard once, and look at the output for others."""
    task = pattern_generation(iterations, n_test, seed=seed, noise_hz=case["noise_hz"], targets=case.get("targets", 1))
    curve = LearningCurve()
    result = fit(recipe_for(case, seed), task.data, traces=task.traces, progress=False, callbacks=[curve])
    test = task.data.test
    output = _output(result.network, test.rasters())
    row: Row = {"curve": curve.binned(curve.losses, BIN)} | followed(output, task.traces[0], test.dt)
    return row | in_brian2(result.checkpoint, test)


def _output(network: Network, x: NDArray[np.bool_]) -> NDArray[np.float64]:
    """V of the readout, (time, recording, target)."""
    return np.asarray(network.record(x).traces["readout.v"], dtype=np.float64)


def followed(output: NDArray[np.float64], target: NDArray[np.float64], dt: float) -> Row:
    """How well outputs (time, recording, target) follow a target (time, target).

    ``mse`` over all steps. ``distance_21``, ``distance_32``: mean squared distance between what is put out in two occurrences of the
    segment, over that of the target there; near 1 if the network tells the occurrences apart as it should. ``gap_power``: mean square of
    the output where there is only noise, over that of the target. The last two are of the mean output over recordings, free of its noise.
    """

    def part(y: NDArray[np.float64], span: tuple[float, float]) -> NDArray[np.float64]:
        return y[round(span[0] / dt) : round(span[1] / dt)]

    mean = output.mean(axis=1)
    row: Row = {"mse": float(np.mean((output - target[:, None]) ** 2))}
    for name, (p, q) in {"distance_21": (1, 0), "distance_32": (2, 1)}.items():
        ours, theirs = (part(y, OCCURRENCES[p]) - part(y, OCCURRENCES[q]) for y in (mean, target))
        row[name] = float(np.mean(ours**2) / np.mean(theirs**2))
    silent = [np.concatenate([part(y, gap) for gap in GAPS]) for y in (mean, target)]
    return row | {"gap_power": float(np.mean(silent[0] ** 2) / np.mean(silent[1] ** 2))}


PATTERNS = Study(
    "patterns",
    "pattern generation: 100-100-1, 2 s at 1 ms, 1,000 iterations of one recording",
    _CASES,
    run,
    lines,
    seeds=10,
    draw=draw_patterns,
)

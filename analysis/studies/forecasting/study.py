"""The study: neurons of equal number and equal training forecast Mackey-Glass, beside two forecasts without neurons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hetsyn_sim.brian import BrianSimulation
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.discrete.cost import count_parameters
from hetsyn_sim.tasks.forecast import Forecast
from hetsyn_sim.tasks.mackey_glass import mackey_glass
from hetsyn_sim.training.network import Network

from ..callbacks import LearningCurve
from ..study import Case, Row, Study
from .baselines import BASELINES, persistence, ridge
from .figure import draw_forecasts
from .neurons import NEURONS, network_of
from .tables import lines, tuning_lines
from .train import BUDGET, Budget, forecast, train_forecaster

N_NEURONS = 64
#: Test windows of each run that go through Brian2.
N_SIMULATED = 4
#: Time units: one delay of the equation, and its Lyapunov time as :func:`hetsyn_sim.tasks.largest_exponent` measures it.
HORIZONS = (17.0, 197.0)
#: What :data:`TUNING` tries, at the shorter horizon.
RATES = (3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
#: What it found: the lowest mean error on validation.
LEARNING_RATES = {"MTC": 1e-1, "LIF": 3e-2, "AdLIF": 3e-2, "HetSynLIF": 1e-1, "HetSynMTC": 1e-1}
#: How many of the smaller neurons have as many parameters, readout included, as the 64 of MTC: 834, within one neuron's.
AS_MANY_PARAMETERS = {"LIF": 208, "AdLIF": 119, "HetSynLIF": 76}
#: Iterations that one point of a learning curve is the mean of.
BIN = 20


def task_for(horizon: float, seed: int, *, n_series: int = 16, window: float = 150.0) -> Forecast:
    """Windows of 150 time units at 0.5, of 16 solutions; the network's time unit is 1 ms."""
    return mackey_glass(32, 8, 16, time_unit="1 ms", horizon=horizon, window=window, stride=25.0, dt=0.5, n_series=n_series, seed=seed)


def trained(
    name: str, task: Forecast, lr: float, seed: int, *, n_neurons: int = N_NEURONS, budget: Budget = BUDGET
) -> tuple[Network, list[float]]:
    """A network after training at the learning rate ``lr`` with a ``budget``, and the loss of every iteration."""
    spec = network_of(name, n_neurons, task.dt)
    network = Network(spec, seed=seed, surrogate=NEURONS[name].surrogate)
    return network, train_forecaster(network, task.train, lr, seed, budget)


def run(case: Case, seed: int, source: Path | None = None, **smaller: Any) -> Row:
    """One forecaster at one horizon. ``smaller``: sizes and budget, for tests."""
    task = task_for(float(case["horizon"]), seed, **{k: v for k, v in smaller.items() if k in ("n_series", "window")})
    budget: Budget = smaller.get("budget", BUDGET)
    first, test = budget.counted(task), task.test
    name = str(case["model"])
    if name in BASELINES:
        made = persistence(test) if name == "persistence" else ridge(task.train, task.validation, test, budget.warm_up)
        return _errors(made[first:], test.targets[first:, :, 0]) | _shown(made, test, seed)
    sizes = {"n_neurons": int(case.get("neurons", N_NEURONS)), **_sizes(smaller)}
    network, losses = trained(name, task, LEARNING_RATES[name], seed, **sizes)
    made, spikes, handed_on = forecast(network, test)
    row = _errors(made[first:], test.targets[first:, :, 0]) | {
        "rate": float(spikes[first:].mean()),
        "duty": float((handed_on[first:] > 0).mean()),
        "silent": float((handed_on[first:] == 0).all(axis=(0, 1)).mean()),
        "parameters": count_parameters(network.spec),
        "curve": LearningCurve.binned(losses, BIN),
    }
    return row | in_brian2(network, test) | _shown(made, test, seed)


def tune(case: Case, seed: int, source: Path | None = None, **smaller: Any) -> Row:
    """One learning rate, judged by validation only."""
    task = task_for(HORIZONS[0], seed, **{k: v for k, v in smaller.items() if k in ("n_series", "window")})
    budget: Budget = smaller.get("budget", BUDGET)
    network, _ = trained(str(case["model"]), task, float(case["lr"]), seed, **_sizes(smaller))
    made, _, _ = forecast(network, task.validation)
    first = budget.counted(task)
    return _errors(made[first:], task.validation.targets[first:, :, 0])


def in_brian2(network: Network, test: Forecast) -> Row:
    """Is a trained network the same in Brian2, on windows spread over the test split?

    ``mismatches``: cells in which spikes differ between PyTorch in float64 and Brian2, of ``spikes``. ``largest``: the largest difference
    of any v, or of what neurons hand on.
    """
    checkpoint = Checkpoint(network.spec, network.values())
    chosen = test[[k * len(test) // N_SIMULATED for k in range(min(N_SIMULATED, len(test)))]]
    x = np.broadcast_to(chosen.inputs, (*chosen.inputs.shape[:2], network.spec.n_input))
    graded = network.spec.layers[0].model.output
    variables = ("v", graded) if graded else ("v",)
    here = Network.from_checkpoint(checkpoint).record(x, variables)
    there = BrianSimulation(checkpoint.spec, checkpoint.values, record=variables).run(x)
    compared = [f"{name}.{variable}" for name in ("layer_1", "readout") for variable in variables if f"{name}.{variable}" in there.traces]
    return {
        "mismatches": int(np.sum(here.rasters["layer_1"] != there.rasters["layer_1"])),
        "spikes": int(np.sum(here.rasters["layer_1"])),
        "largest": max(float(np.max(np.abs(here.traces[name] - there.traces[name]))) for name in compared),
    }


def _sizes(smaller: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in smaller.items() if k in ("n_neurons", "budget")}


def _errors(made: NDArray[np.float64], target: NDArray[np.float64]) -> Row:
    """``mse`` in units of the training data's variance; ``nrmse`` over the standard deviation of what was to be forecast."""
    mse = float(np.mean((made - target) ** 2))
    return {"mse": mse, "nrmse": float(np.sqrt(mse) / target.std())}


def _shown(made: NDArray[np.float64], test: Forecast, seed: int) -> Row:
    """For figures, of the first seed: one forecast in full, as values of x, every other step."""
    if seed:
        return {}
    every = slice(None, None, 2)
    series = {"output": made[:, 0], "target": test.targets[:, 0, 0]}
    rounded = {name: [None if np.isnan(x) else round(float(x), 4) for x in test.unscaled(values)[every]] for name, values in series.items()}
    return {"example": rounded | {"dt": 2 * test.dt / test.time_unit}}


FORECAST = Study(
    "forecast",
    f"Mackey-Glass: {N_NEURONS} independent neurons, {BUDGET.iterations:,} iterations of {BUDGET.batch_size} windows",
    [
        *({"model": name, "horizon": horizon} for horizon in HORIZONS for name in (*NEURONS, *BASELINES)),
        *({"model": name, "horizon": horizon, "neurons": n} for horizon in HORIZONS for name, n in AS_MANY_PARAMETERS.items()),
    ],
    run,
    lines,
    draw=draw_forecasts,
)
TUNING = Study(
    "forecast-tuning",
    f"learning rates, by validation, at a horizon of {HORIZONS[0]:g}",
    [{"model": name, "lr": lr} for lr in RATES for name in NEURONS],
    tune,
    tuning_lines,
    seeds=1,
)

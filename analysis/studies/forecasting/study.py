"""The study: neurons of equal number and equal training forecast Mackey-Glass, beside two forecasts without neurons."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hetsyn_sim.agreement.compare import compare_recordings
from hetsyn_sim.brian import BrianSimulation
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.discrete.cost import count_parameters
from hetsyn_sim.tasks.forecast import Forecast
from hetsyn_sim.tasks.mackey_glass import mackey_glass
from hetsyn_sim.training.network import Network

from ..callbacks import LearningCurve
from ..study import Case, Row, Study
from .baselines import BASELINES
from .claims import LYAPUNOV_TIME
from .figure import draw_forecasts
from .neurons import NEURONS, network_of
from .tables import lines, tuning_lines
from .train import BUDGET, Budget, forecast, train_forecaster

N_NEURONS = 64
#: Test windows of each run that go through Brian2.
N_SIMULATED = 4
#: Time units: one delay of the equation; four; 675 steps of 0.2, the one number that is known of the paper's; and the Lyapunov time as
#: :func:`hetsyn_sim.tasks.largest_exponent` measures it.
HORIZONS = (17.0, 68.0, 135.0, LYAPUNOV_TIME)
#: Of the longer trainings, at the longest horizon.
LONGER = 5_000
#: Standard deviation of what is added to every value that is seen, and not to what is forecast, in those of the series.
NOISE = 0.1
#: What :data:`TUNING` tries, at the shorter horizon.
RATES = (3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
#: What it found: the lowest mean error on validation.
LEARNING_RATES = {"MTC": 1e-1, "LIF": 3e-2, "AdLIF": 3e-2, "HetSynLIF": 1e-1, "HetSynMTC": 1e-1}
#: How many of the smaller neurons have as many parameters, readout included, as the 64 of MTC: 834, within one neuron's.
AS_MANY_PARAMETERS = {"LIF": 208, "AdLIF": 119, "HetSynLIF": 76}
#: Neurons of about as many parameters, and the size of the layer that makes them so.
_EQUALS: dict[str, dict[str, int]] = {"MTC": {}} | {name: {"neurons": n} for name, n in AS_MANY_PARAMETERS.items()}
#: Iterations that one point of a learning curve is the mean of, at least.
BIN = 20


def task_for(horizon: float, seed: int, noise: float = 0.0, *, n_series: int = 16, window: float = 150.0) -> Forecast:
    """Windows of 150 time units at 0.5, of 16 solutions; the network's time unit is 1 ms.

    ``noise``: the standard deviation of what is added to the inputs of all splits, in units of the series'.
    """
    task = mackey_glass(32, 8, 16, time_unit="1 ms", horizon=horizon, window=window, stride=25.0, dt=0.5, n_series=n_series, seed=seed)
    return replace(task, inputs=task.inputs + noise * np.random.default_rng([seed, 4]).standard_normal(task.inputs.shape))


def trained(
    name: str, task: Forecast, lr: float, seed: int, *, n_neurons: int = N_NEURONS, budget: Budget = BUDGET, spiking: bool = False
) -> tuple[Network, list[float]]:
    """A network after training at the learning rate ``lr`` with a ``budget``, and the loss of every iteration.

    ``spiking``: from a start at which conductance neurons spike.
    """
    spec = network_of(name, n_neurons, task.dt, spiking=spiking)
    network = Network(spec, seed=seed, surrogate=NEURONS[name].surrogate)
    return network, train_forecaster(network, task.train, lr, seed, budget)


def run(case: Case, seed: int, source: Path | None = None, **smaller: Any) -> Row:
    """One forecaster at one horizon. ``smaller``: sizes and budget, for tests."""
    task = task_for(float(case["horizon"]), seed, float(case.get("noise", 0.0)), **_of_task(smaller))
    budget: Budget = smaller.get("budget", BUDGET)
    budget = replace(budget, iterations=int(case.get("iterations", budget.iterations)))
    first, test = budget.counted(task), task.test
    name = str(case["model"])
    if name in BASELINES:
        made = BASELINES[name](task.train, task.validation, test, budget.warm_up, seed)
        return _errors(made[first:], test.targets[first:, :, 0]) | _shown(made, test, seed)
    n_neurons = int(smaller.get("n_neurons") or case.get("neurons") or N_NEURONS)
    spiking = case.get("start") == "spiking"
    network, losses = trained(name, task, LEARNING_RATES[name], seed, n_neurons=n_neurons, budget=budget, spiking=spiking)
    made, spikes, handed_on = forecast(network, test)
    row = _errors(made[first:], test.targets[first:, :, 0]) | activity(network, spikes[first:], handed_on[first:])
    row |= {"parameters": count_parameters(network.spec), "curve": LearningCurve.binned(losses, max(BIN, len(losses) // 50))}
    return row | in_brian2(network, test) | _shown(made, test, seed)


def activity(network: Network, spikes: NDArray[np.float64], handed_on: NDArray[np.float64]) -> Row:
    """How active the hidden neurons are; both arrays (time, window, neuron), what is not counted left out.

    ``rate``: events per neuron and step. ``duty``: the share of steps in which a neuron hands on something, which is how many values it
    sends per step. ``silent``: the share of neurons that never do. ``excitable``: the share that can spike at all: a conductance neuron
    can where its fast curve of current over voltage falls somewhere, which is g_fast > 1; the others always can.
    """
    on = handed_on > 0
    gains = network.values().get("layer_1.neuron.g_fast")
    return {
        "rate": float(spikes.mean()),
        "duty": float(on.mean()),
        "silent": float((~on).all(axis=(0, 1)).mean()),
        "excitable": 1.0 if gains is None else float(np.mean(gains > 1.0)),
    }


def tune(case: Case, seed: int, source: Path | None = None, **smaller: Any) -> Row:
    """One learning rate, judged by validation only."""
    task = task_for(HORIZONS[0], seed, **_of_task(smaller))
    budget: Budget = smaller.get("budget", BUDGET)
    n_neurons = int(smaller.get("n_neurons", N_NEURONS))
    network, _ = trained(str(case["model"]), task, float(case["lr"]), seed, n_neurons=n_neurons, budget=budget)
    made, _, _ = forecast(network, task.validation)
    first = budget.counted(task)
    return _errors(made[first:], task.validation.targets[first:, :, 0])


def in_brian2(network: Network, test: Forecast) -> Row:
    """Is a trained network the same in Brian2, on windows spread over the test split?

    ``mismatches``: cells in which spikes differ between PyTorch in float64 and Brian2, of ``spikes``, near-ties included, of which there
    are ``undecided`` windows. ``largest``: the largest difference of any v, or of what neurons hand on. ``max_dv_over_bound``: that of any
    v as a share of what rounding may do (docs/claim.md).
    """
    checkpoint = Checkpoint(network.spec, network.values())
    chosen = test[[k * len(test) // N_SIMULATED for k in range(min(N_SIMULATED, len(test)))]]
    x = np.broadcast_to(chosen.inputs, (*chosen.inputs.shape[:2], network.spec.n_input))
    graded = network.spec.layers[0].model.output
    variables = ("v", graded) if graded else ("v",)
    here = Network.from_checkpoint(checkpoint).record(x, variables)
    there = BrianSimulation(checkpoint.spec, checkpoint.values, record=variables).run(x)
    compared = compare_recordings(checkpoint.spec, checkpoint.values, here, there)
    traces = [f"{name}.{variable}" for name in ("layer_1", "readout") for variable in variables if f"{name}.{variable}" in there.traces]
    return {
        "form": "ode",
        "mismatches": int(np.sum(here.rasters["layer_1"] != there.rasters["layer_1"])),
        "undecided": len(compared.undecided),
        "max_dv_over_bound": compared.max_dv_over_bound,
        "simulated": len(chosen),
        "spikes": int(np.sum(here.rasters["layer_1"])),
        "largest": max(float(np.max(np.abs(here.traces[name] - there.traces[name]))) for name in traces),
    }


def _of_task(smaller: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in smaller.items() if k in ("n_series", "window")}


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
        *({"model": name, "horizon": HORIZONS[-1], "iterations": LONGER, **size} for name, size in _EQUALS.items()),
        *({"model": name, "horizon": HORIZONS[-1], "noise": NOISE, **size} for name, size in _EQUALS.items()),
        *({"model": name, "horizon": HORIZONS[-1], "noise": NOISE} for name in BASELINES),
        *({"model": "MTC", "horizon": horizon, "start": "spiking"} for horizon in (HORIZONS[0], HORIZONS[-1])),
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

"""Where time constants would be if learning had nothing to do with it: what a comparison with biology has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.errors import DataError
from hetsyn_sim.training import Recipe, fit
from hetsyn_sim.training.bijections import choose_bijection, clamp_range
from hetsyn_sim.training.settings import Training

from .extraction import Run, extract_all, learned_slots
from .table import TauTable

Array = NDArray[np.float64]


def initial_values(learned: TauTable) -> TauTable:
    """The same synapses before training.

    Raises
    ------
    DataError
        If those are not known.
    """
    before = learned.column("initial")
    if np.isnan(before).any():
        raise DataError(
            "the time constants before training are not known",
            where="initial_values",
            got=f"{int(np.isnan(before).sum())} of {before.size} missing",
            expected="initial.safetensors beside each checkpoint",
            remedy="name the folders that `hetsyn train` wrote",
        )
    return learned.with_tau(before, "before training")


def sign_flipped(learned: TauTable, *, of: str = "rho", seed: int = 0) -> TauTable:
    """Noise of the size of what was learned: each change with a random sign, in ``rho`` (cut to [0, 1]) or in ``log_tau``.

    tau = -dt / log rho is convex, so that even symmetric noise on rho gives a long tail; a long tail alone shows nothing.
    """
    before = initial_values(learned)
    sign = np.random.default_rng(seed).choice([-1.0, 1.0], size=len(learned))
    with np.errstate(divide="ignore", invalid="ignore"):
        if of == "log_tau":
            # a change from or to 0 or infinity has no opposite: the limits stand for them
            logs = np.log(np.clip(learned.tau, max(learned.low, 1e-9), min(learned.high, 1e9))) - np.log(before.tau)
            tau = before.tau * np.exp(sign * logs)
        else:
            rho, rho_0 = learned.column("rho"), learned.column("rho_initial")
            dt = _step(rho_0, learned.column("initial"))
            tau = dt / np.abs(np.log(np.clip(rho_0 + sign * (rho - rho_0), 0.0, 1.0)))
    return learned.with_tau(tau, f"changes of {of} with random signs")


def _step(rho: Array, tau: Array) -> float:
    usable = (rho > 0.0) & (rho < 1.0)
    return float(np.median(-tau[usable] * np.log(rho[usable]))) if usable.any() else 1.0


def decay_product(training: Training, n_steps: int, until: int | None = None) -> float:
    """What AdamW's weight decay alone multiplies a trained time constant's raw number with: the product of 1 - lr(t) wd over all steps.

    Parameters
    ----------
    training
        Settings of the training.
    n_steps
        Steps of the whole training, which the schedule spans.
    until
        Steps that were taken of them; by default all.
    """
    settings = training.optimiser
    schedule = training.schedule.make(n_steps, training.epochs)
    rates = settings.lr * settings.lr_factor_time_constants * np.array([schedule(t) for t in range(n_steps if until is None else until)])
    return float(np.exp(np.sum(np.log1p(-rates * settings.weight_decay_time_constants))))


def weight_decay_drift(runs: Sequence[Run], learned: TauTable) -> TauTable:
    """The same synapses where weight decay alone has moved them, in closed form: without any gradient.

    Raises
    ------
    DataError
        If the initial values or the number of steps are not known.
    """
    initial_values(learned)
    drifted = []
    for run in runs:
        assert run.initial is not None
        training = Recipe.from_dict(run.trained.recipe, where=run.name).training
        factor = 1.0
        if training.optimiser.weight_decay_time_constants > 0.0:
            factor = decay_product(training, *_steps(run))
        values = dict(run.initial.values)
        for slot in learned_slots(run.trained.spec):
            # times are bounded: their size does not matter
            there = choose_bijection(slot, dt=run.trained.spec.dt_s, time_constants=training.time_constants)
            raw = factor * there.raw(np.asarray(values[slot.key], dtype=np.float64))
            if limits := clamp_range(there):
                raw = np.clip(raw, *limits)
            values[slot.key] = there.value(torch.as_tensor(raw)).numpy()
        drifted.append(replace(run, trained=replace(run.trained, values=values)))
    table = extract_all(drifted, limits=(learned.low, learned.high))
    return learned.with_tau(table.tau, "weight decay alone")


def _steps(run: Run) -> tuple[int, int]:
    """Of the whole training, and until the epoch that was kept."""
    metrics = run.trained.metrics
    if not all(isinstance(metrics.get(name), int | float) for name in ("steps", "epochs", "epoch")):
        raise DataError(
            "it is not known how many steps this training had",
            where=run.name,
            got=f"metrics {', '.join(metrics) or 'none'}",
            expected="steps, epochs and epoch, as `hetsyn train` writes them",
            remedy="train it again, or leave the weight decay of time constants at 0",
        )
    steps = int(metrics["steps"])
    return steps, round(steps * int(metrics["epoch"]) / int(metrics["epochs"]))


def trained_on_shuffled_labels(run: Run, data: SpikeDataset, *, seed: int = 0) -> Run:
    """The same training where every training recording has the label of another one: what the task's inputs do without the task.

    As long as the training itself.
    """
    labels = data.labels.copy()
    of_training = np.flatnonzero(data.split == "train")
    labels[of_training] = labels[np.random.default_rng(seed).permutation(of_training)]
    recipe = Recipe.from_dict(run.trained.recipe, where=run.name).changed(keep="last")
    result = fit(recipe, replace(data, labels=labels), progress=False)
    return Run(f"{run.name}, labels shuffled", result.checkpoint, result.initial)

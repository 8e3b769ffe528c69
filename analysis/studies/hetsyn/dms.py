"""Delayed match-to-sample (Deng et al. 2025, HetSyn, App. C): four neurons, what they still do with less, and controls."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.spec.values import is_time_constant
from hetsyn_sim.tasks.dms import delayed_match_to_sample
from hetsyn_sim.training import FitResult, Recipe, evaluate, fit
from hetsyn_sim.training.losses import LastStep

from ..brian_check import in_brian2
from ..callbacks import FrozenTimeConstants, LearningCurve
from ..study import Case, Row, Study
from .dms_tables import lines, lines_of_success
from .figures import draw_dms, draw_success
from .neurons import NEURONS, network_of

ITERATIONS, BATCH, N_TEST = 1000, 32, 2000
#: Iterations that one point of a learning curve is the mean of.
BIN = 20

_KINDS: list[Case] = [{"recurrent": True}, {}]
_NEURONS: list[Case] = [{"model": model, "tau_ms": 40.0, **kind} for kind in _KINDS for model in NEURONS]
#: HetNeuLIF as published: its reset current decays with 40 ms, as that of all, and not with the membrane.
_FIXED_RESET: list[Case] = [{"model": "HetNeuLIF", "tau_ms": 40.0, **kind, "reset": "fixed"} for kind in _KINDS]
_LIMITS: list[Case] = [
    {"model": "HetSynLIF", "tau_ms": 40.0, "recurrent": True, "frozen": 0.8},
    {"model": "HetSynLIF", "tau_ms": 40.0, "recurrent": True, "tested_at_hz": 20.0},
    {"model": "HetSynLIF", "tau_ms": 40.0, "noise_hz": 20.0},
    {"model": "HetSynLIF", "tau_ms": 40.0, "recurrent": True, "delay": 2.5},
]
#: What HetSynLIF has more than the others, one thing at a time: time constants that differ but are not learned, learned ones at the wrong
#: synapses, one long time constant for all, and as many parameters.
_CONTROLS: list[Case] = [
    {"model": "HetSynLIF", "tau_ms": 40.0, "rate": 0.0},
    {"model": "HetSynLIF", "tau_ms": 40.0, "rate": 0.0, "shuffled": True},
    *({"model": "HomNeuLIF", "tau_ms": tau} for tau in (100.0, 200.0, 400.0, 800.0)),
    {"model": "HomNeuLIF", "tau_ms": 40.0, "hidden": 200},
]


def recipe_for(case: Case, seed: int) -> Recipe:
    """The published training: Adam at 5e-3 with 0.8 after each 100 iterations, a rate of 10 Hz; clamped decays unless the case says else.

    Learned time constants start from N(tau, tau/10); fixed ones are tau. ``rate``: their learning rate, as a multiple of the weights'.
    """
    tau_ms = float(case["tau_ms"])
    network = network_of(
        str(case["model"]),
        hidden=[int(case.get("hidden", 100))],
        recurrent=bool(case.get("recurrent", False)),
        learned=f"normal({tau_ms:g} ms, {tau_ms / 10:g} ms)",
        fixed=f"{tau_ms:g} ms",
        tau_reset="40 ms",
        tau_adapt="800 ms",
        a=0.15,
        fixed_reset=case.get("reset") == "fixed",
    )
    training: dict[str, Any] = {
        "loss": {"name": "last_step"},
        "surrogate": {"name": "triangular"},
        "time_constants": case.get("time_constants", "rho_clamped"),
        "optimiser": {"lr": 5e-3, "lr_factor_time_constants": case.get("rate", 1.0), "weight_decay": 0.0},
        "schedule": {"name": "step_decay", "every": 100, "factor": 0.8},
        "epochs": 1,
        "batch_size": BATCH,
        "dropout": 0.0,
        "rate_regulariser": {"target_hz": 10.0, "strength": 0.01},
        "validation": "none",
        "num_threads": 1,
        "seed": seed,
    }
    return Recipe.from_dict({"name": f"dms-{case['model']}", "network": network, "training": training}, where="dms")


def train_and_test(case: Case, seed: int, iterations: int, n_test: int) -> tuple[Row, FitResult, SpikeDataset]:
    """Train on trials that are seen once, test on others: the row, what was trained, and the trials of the test."""
    trials = {"delay": case.get("delay", 0.8), "added_noise_hz": case.get("noise_hz", 0.0)}
    data: SpikeDataset = delayed_match_to_sample(BATCH * iterations, n_test, seed=seed, **trials)
    test = data.test
    if "tested_at_hz" in case:  # trained without noise, tested with it
        test = delayed_match_to_sample(0, n_test, seed=seed + 1_000_000, delay=trials["delay"], added_noise_hz=case["tested_at_hz"]).test
    curve = LearningCurve()
    held = [FrozenTimeConstants(case["frozen"], seed)] if "frozen" in case else []
    start = None
    if case.get("shuffled"):
        learned = fit(recipe_for({**case, "rate": 1.0}, seed), data, progress=False)
        start = with_shuffled(learned.initial, learned.checkpoint, seed)
    result = fit(recipe_for(case, seed), data, progress=False, start=start, callbacks=[curve, *held])
    row: Row = {"accuracy": evaluate(result.network, test, LastStep()).accuracy, "curve": curve.binned(curve.shares, BIN)}
    return row | in_brian2(result.checkpoint, test), result, test


def with_shuffled(initial: Checkpoint, trained: Checkpoint, seed: int) -> Checkpoint:
    """The initial network with the learned time constants, dealt out at random among the synapses of each projection."""
    rng, values = np.random.default_rng(seed), dict(initial.values)
    for key, slot in initial.spec.slots.items():
        if slot.parameter.trainable and is_time_constant(slot):
            values[key] = rng.permutation(trained.values[key].ravel()).reshape(values[key].shape)
    return replace(initial, values=values)


def run(case: Case, seed: int, source: Path | None = None, *, iterations: int = ITERATIONS, n_test: int = N_TEST) -> Row:
    """Accuracy, learning curve and costs of one network."""
    return train_and_test(case, seed, iterations, n_test)[0]


DMS = Study(
    "dms",
    "delayed match-to-sample: 800 ms between the cues, 1,000 iterations of 32 trials",
    [*_NEURONS, *_FIXED_RESET, *_LIMITS, *_CONTROLS],
    run,
    lines,
    draw=draw_dms,
)

#: Fig. 3D-G: every neuron at every size, HetNeuLIF as published; and noise of 20 Hz, where seeds solve the task or guess.
_SIZES: list[Case] = [
    {"model": model, "tau_ms": 40.0, "hidden": n, **kind, **({"reset": "fixed"} if model == "HetNeuLIF" else {})}
    for n in (5, 20, 50, 100)
    for kind in reversed(_KINDS)
    for model in NEURONS
]
DMS_SUCCESS = Study(
    "dms-success",
    "delayed match-to-sample: how many of 20 seeds learn it, by neuron, size and noise",
    [*_SIZES, {"model": "HetSynLIF", "tau_ms": 40.0, "hidden": 100, "recurrent": True, "noise_hz": 20.0}],
    run,
    lines_of_success,
    seeds=20,
    draw=draw_success,
)

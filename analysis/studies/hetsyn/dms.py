"""Delayed match-to-sample (Deng et al. 2025, HetSyn, App. C): four neurons, what it takes to fail, and where the memory is (Table 4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.tasks.dms import delayed_match_to_sample
from hetsyn_sim.training import Recipe, evaluate, fit
from hetsyn_sim.training.losses import LastStep

from ..brian_check import in_brian2
from ..callbacks import FrozenTimeConstants, LearningCurve
from ..study import Case, Row, Study
from .dms_memory import memory
from .dms_tables import lines
from .figures import draw_dms
from .neurons import NEURONS, network_of

ITERATIONS, BATCH, N_TEST = 1000, 32, 2000
#: Iterations that one point of a learning curve is the mean of.
BIN = 20

_TABLE_4: list[Case] = [{"model": "HetSynLIF", "tau_ms": tau} for tau in (100.0, 200.0, 400.0)]
_NEURONS: list[Case] = [
    *({"model": model, "tau_ms": 40.0, "recurrent": True} for model in NEURONS),
    *({"model": model, "tau_ms": 40.0} for model in NEURONS),
]
_LIMITS: list[Case] = [
    *({"model": "HetSynLIF", "tau_ms": 40.0, "hidden": n} for n in (5, 20, 50)),
    {"model": "HetSynLIF", "tau_ms": 40.0, "recurrent": True, "hidden": 5},
    {"model": "HetSynLIF", "tau_ms": 40.0, "recurrent": True, "frozen": 0.8},
    {"model": "HetSynLIF", "tau_ms": 40.0, "recurrent": True, "noise_hz": 20.0},
    {"model": "HetSynLIF", "tau_ms": 40.0, "recurrent": True, "tested_at_hz": 20.0},
    {"model": "HetSynLIF", "tau_ms": 40.0, "noise_hz": 20.0},
    {"model": "HetSynLIF", "tau_ms": 40.0, "recurrent": True, "delay": 2.5},
]
#: Table 4 again with time constants learned as log tau, at so many times the learning rate of the weights.
_AS_LOG_TAU: list[Case] = [{"model": "HetSynLIF", "tau_ms": 100.0, "log_tau": factor} for factor in (10.0, 30.0, 3.0, 1.0)]
_AS_LOG_TAU += [{"model": "HetSynLIF", "tau_ms": tau, "log_tau": 30.0} for tau in (200.0, 400.0)]


def recipe_for(case: Case, seed: int) -> Recipe:
    """The published training: Adam at 5e-3 with 0.8 after each 100 iterations, a rate of 10 Hz, clamped decays or log tau as the case says.

    Learned time constants start from N(tau, tau/10); fixed ones are tau.
    """
    tau_ms, log_tau = float(case["tau_ms"]), case.get("log_tau")
    network = network_of(
        str(case["model"]),
        hidden=[int(case.get("hidden", 100))],
        recurrent=bool(case.get("recurrent", False)),
        learned=f"normal({tau_ms:g} ms, {tau_ms / 10:g} ms)",
        fixed=f"{tau_ms:g} ms",
        tau_reset="40 ms",
        tau_adapt="800 ms",
        a=0.15,
    )
    training: dict[str, Any] = {
        "loss": {"name": "last_step"},
        "surrogate": {"name": "triangular"},
        "time_constants": "log_tau" if log_tau else "rho_clamped",
        "optimiser": {"lr": 5e-3, "lr_factor_time_constants": log_tau or 1.0, "weight_decay": 0.0},
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


def run(case: Case, seed: int, source: Path | None = None, *, iterations: int = ITERATIONS, n_test: int = N_TEST) -> Row:
    """Train on trials that are seen once, test on others; of HetSynLIF, look at its time constants and take the long ones away."""
    trials = {"delay": case.get("delay", 0.8), "added_noise_hz": case.get("noise_hz", 0.0)}
    data: SpikeDataset = delayed_match_to_sample(BATCH * iterations, n_test, seed=seed, **trials)
    test = data.test
    if "tested_at_hz" in case:  # trained without noise, tested with it
        test = delayed_match_to_sample(0, n_test, seed=seed + 1_000_000, delay=trials["delay"], added_noise_hz=case["tested_at_hz"]).test
    curve = LearningCurve()
    held = [FrozenTimeConstants(case["frozen"], seed)] if "frozen" in case else []
    result = fit(recipe_for(case, seed), data, progress=False, callbacks=[curve, *held])
    row: Row = {"accuracy": evaluate(result.network, test, LastStep()).accuracy, "curve": curve.binned(curve.shares, BIN)}
    row |= in_brian2(result.checkpoint, test)
    if case in [*_TABLE_4, *_AS_LOG_TAU]:
        row |= memory(result.initial, result.checkpoint, test, seed)
    return row


DMS = Study(
    "dms",
    "delayed match-to-sample: 800 ms between the cues, 1,000 iterations of 32 trials",
    [*_TABLE_4, *_NEURONS, *_LIMITS, *_AS_LOG_TAU],
    run,
    lines,
    draw=draw_dms,
)

"""Where a network that solves delayed match-to-sample keeps the cue: Table 4 of Deng et al. 2025 (HetSyn), with the controls it lacks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.tasks.dms import CUE_CHANNELS
from hetsyn_sim.training import evaluate
from hetsyn_sim.training.losses import LastStep
from hetsyn_sim.training.network import Network

from ..study import Case, Row, Study
from .dms import ITERATIONS, N_TEST, train_and_test
from .figures import draw_memory
from .lesions import as_heavy, most_of, set_back
from .memory_tables import WAYS, lines

#: A time constant above this is long, in seconds; above this it holds a third of a cue over the delay.
LONG, _HALF_LONG = 0.7, 0.3
_KEY = "layer_1.feedforward"

_STARTS_MS = (100.0, 200.0, 400.0)
_CASES: list[Case] = [
    {"model": "HetSynLIF", "tau_ms": tau, "time_constants": way, "rate": rate}
    for way, rate in WAYS
    for tau in (_STARTS_MS if (way, rate) != ("log_tau", 10.0) else _STARTS_MS[:1])
]


def run(case: Case, seed: int, source: Path | None = None, *, iterations: int = ITERATIONS, n_test: int = N_TEST) -> Row:
    """Train, look at the time constants, and take the long ones away."""
    row, result, test = train_and_test(case, seed, iterations, n_test)
    return row | memory(result.initial, result.checkpoint, test, seed)


def memory(initial: Checkpoint, trained: Checkpoint, test: SpikeDataset, seed: int) -> Row:
    """Time constants of the input synapses after training, and the accuracy where some of them are set back.

    Means are over those below 10 s, since a clamped decay near 1 stands for any; ``infinite`` is the share at 1 itself.
    ``accuracy_without_long``: every long one at what it was before training; ``accuracy_with_mean``: at the mean that
    all had before training, as published. Controls are as many others at what they were: ``_control`` of the same weights, ``_moved`` those
    of the cue's channels whose log tau has moved most without becoming long, ``_grown`` those of them that have grown most.
    """
    tau, before = (np.asarray(of.values[f"{_KEY}.tau_syn"], dtype=np.float64) for of in (trained, initial))
    w = np.abs(np.asarray(trained.values[f"{_KEY}.w"], dtype=np.float64))
    is_long = tau > LONG
    n, may_be_chosen = int(is_long.sum()), ~is_long
    may_be_chosen[:, CUE_CHANNELS:] = False
    with np.errstate(divide="ignore"):
        moved = np.abs(np.log(tau / before))

    def without(chosen: NDArray[np.bool_], to: Checkpoint = initial) -> float:
        return evaluate(Network.from_checkpoint(set_back(trained, to, {f"{_KEY}.tau_syn": chosen})), test, LastStep()).accuracy

    facts: Row = {}
    for name, group in (("cue", slice(0, CUE_CHANNELS)), ("noise", slice(CUE_CHANNELS, None))):
        taus = tau[:, group]
        facts |= {f"{name}_median_ms": 1e3 * float(np.median(taus)), f"{name}_long": float((taus > LONG).mean())}
        facts |= {f"{name}_mean_ms": 1e3 * float(taus[np.isfinite(taus) & (taus < 10.0)].mean())}
        facts |= {f"{name}_half_long": float((taus > _HALF_LONG).mean())}
    at_mean = replace(initial, values={**initial.values, f"{_KEY}.tau_syn": np.full_like(before, before.mean())})
    return facts | {
        "long": float(is_long.mean()),
        "infinite": float(np.isinf(tau).mean()),
        "accuracy_without_long": without(is_long),
        "accuracy_with_mean": without(is_long, at_mean),
        "accuracy_without_control": without(as_heavy(is_long, w, np.random.default_rng(seed))),
        "accuracy_without_moved": without(most_of(n, moved, may_be_chosen)),
        "accuracy_without_grown": without(most_of(n, tau - before, may_be_chosen)),
    }


MEMORY = Study(
    "dms-memory",
    "delayed match-to-sample: which time constants hold the cue (Table 4), learned in three ways",
    _CASES,
    run,
    lines,
    seeds=10,
    draw=draw_memory,
)

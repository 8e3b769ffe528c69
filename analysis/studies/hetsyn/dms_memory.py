"""Where a network that solves delayed match-to-sample keeps the cue: Table 4 of Deng et al. 2025 (HetSyn), with the control it lacks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.tasks.dms import CUE_CHANNELS
from hetsyn_sim.training import evaluate
from hetsyn_sim.training.losses import LastStep
from hetsyn_sim.training.network import Network

from ..study import Row
from .lesions import as_heavy, set_back

#: A time constant above this is long, in seconds.
LONG = 0.7
_KEY = "layer_1.feedforward"


def memory(initial: Checkpoint, trained: Checkpoint, test: SpikeDataset, seed: int) -> Row:
    """Time constants of the input synapses after training, and the accuracy where some of them are set back to what they were.

    Means are over those below 10 s, since a clamped decay near 1 stands for any; ``infinite`` is the share at 1 itself. ``without_long``
    sets the long ones back, ``without_control`` as many others of the same weights.
    """
    tau = np.asarray(trained.values[f"{_KEY}.tau_syn"], dtype=np.float64)
    w = np.abs(np.asarray(trained.values[f"{_KEY}.w"], dtype=np.float64))
    is_long = tau > LONG
    control = as_heavy(is_long, w, np.random.default_rng(seed))

    def without(chosen: NDArray[np.bool_]) -> float:
        network = Network.from_checkpoint(set_back(trained, initial, {f"{_KEY}.tau_syn": chosen}))
        return evaluate(network, test, LastStep()).accuracy

    facts: Row = {}
    for name, group in (("cue", slice(0, CUE_CHANNELS)), ("noise", slice(CUE_CHANNELS, None))):
        taus = tau[:, group]
        facts |= {f"{name}_median_ms": 1e3 * float(np.median(taus)), f"{name}_long": float((taus > LONG).mean())}
        facts |= {f"{name}_mean_ms": 1e3 * float(taus[np.isfinite(taus) & (taus < 10.0)].mean())}
    return facts | {
        "long": float(is_long.mean()),
        "infinite": float(np.isinf(tau).mean()),
        "accuracy_without_long": without(is_long),
        "accuracy_without_control": without(control),
    }

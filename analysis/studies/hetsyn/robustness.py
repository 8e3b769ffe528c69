"""How a trained network does on recordings that are not as those it learned from (Deng et al. 2025, HetSyn, Fig. A4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.training import evaluate
from hetsyn_sim.training.losses import Loss
from hetsyn_sim.training.network import Network

from .perturbation import with_added_spikes, with_deleted_spikes, with_warped_time

#: Probabilities that a spike is lost, as published; rates of added spikes on every channel, in Hz (ours: the paper does not say).
DELETIONS = (0.0, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64)
NOISES_HZ = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
_WARPS, _LARGEST_LOG2 = 20, 0.5


@dataclass(frozen=True)
class Robustness:
    """Accuracies, from 0 to 1.

    Attributes
    ----------
    deletion, noise
        One for each of :data:`DELETIONS` and :data:`NOISES_HZ`.
    warp
        (log2 of the factor, accuracy), in order of the factor.
    """

    deletion: tuple[float, ...]
    noise: tuple[float, ...]
    warp: tuple[tuple[float, float], ...]


def measure_robustness(network: Network, data: SpikeDataset, loss: Loss, *, window: int, seed: int) -> Robustness:
    """Accuracy where spikes are lost, where spikes are added, and where time runs slower or faster.

    Time is scaled by 20 factors whose log2 is drawn from U(-0.5, 0.5); the window is scaled with it.

    Parameters
    ----------
    window
        Steps that the network sees of a recording as it is.
    seed
        Of all that is drawn: networks that are compared should get the same.
    """

    def accuracy(changed: SpikeDataset, steps: int = window) -> float:
        return evaluate(network, changed, loss, window=steps).accuracy

    warps = np.sort(np.random.default_rng(seed).uniform(-_LARGEST_LOG2, _LARGEST_LOG2, _WARPS))
    return Robustness(
        deletion=tuple(accuracy(with_deleted_spikes(data, p, seed=seed)) for p in DELETIONS),
        noise=tuple(accuracy(with_added_spikes(data, rate, seed=seed, n_steps=window)) for rate in NOISES_HZ),
        warp=tuple((float(log2), accuracy(with_warped_time(data, 2.0**log2), round(window * 2.0**log2))) for log2 in warps),
    )

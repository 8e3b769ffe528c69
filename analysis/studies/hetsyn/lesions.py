"""What a network does without some of its learned time constants: set back to what they were before training, or as many others instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hetsyn_sim.data.checkpoint import Checkpoint

Mask = NDArray[np.bool_]


def as_heavy(chosen: Mask, w: NDArray[np.floating], rng: np.random.Generator) -> Mask:
    """As many of the other synapses, each the nearest in |w| to one of the chosen, in random order: the control of a lesion.

    Parameters
    ----------
    chosen
        Shape of ``w``. Where more than half are chosen, all others are the control, which is then smaller.
    w
        Weights in any unit, any shape.
    rng
        Decides which of the chosen is matched first.
    """
    size = np.abs(np.asarray(w, dtype=np.float64)).ravel()
    order = rng.permutation(np.flatnonzero(chosen))
    free = np.flatnonzero(~chosen)
    free = free[np.argsort(size[free], kind="stable")]
    sorted_size = size[free]
    control = np.zeros(size.size, dtype=bool)
    for synapse in order[: free.size]:
        # the nearest of a sorted list is one of two neighbours
        k = int(np.searchsorted(sorted_size, size[synapse]))
        beside = [j for j in (k - 1, k) if 0 <= j < free.size]
        nearest = min(beside, key=lambda j: abs(sorted_size[j] - size[synapse]))
        control[free[nearest]] = True
        free, sorted_size = np.delete(free, nearest), np.delete(sorted_size, nearest)
    return control.reshape(np.shape(w))


def most_of(n: int, amount: NDArray[np.floating], among: Mask) -> Mask:
    """The ``n`` largest amounts of those that may be chosen, of one shape with them; all that may be, if they are fewer."""
    order = np.argsort(np.where(among, -amount, np.inf), axis=None, kind="stable")
    chosen = np.zeros(amount.size, dtype=bool)
    chosen[order[: min(n, int(among.sum()))]] = True
    return chosen.reshape(amount.shape)


def set_back(trained: Checkpoint, initial: Checkpoint, chosen: Mapping[str, Mask]) -> Checkpoint:
    """The trained network with chosen values (slot key -> mask of its shape) as they were before training."""
    values = dict(trained.values)
    for key, mask in chosen.items():
        values[key] = np.where(mask, initial.values[key], values[key])
    return replace(trained, values=values)

"""Time constants in groups: what a node of NIR, which has one time constant per neuron, can hold of one per synapse.

A projection becomes K filters side by side, each with one time constant for every postsynaptic neuron. So a neuron's synapses may have K
time constants among them, and every neuron K of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .nir_conventions import Array


@dataclass(frozen=True, eq=False)
class Groups:
    """``tau`` (group, post): the time constants; ``member`` (post, pre): the group that each synapse is in."""

    tau: Array
    member: NDArray[np.integer]

    @property
    def n(self) -> int:
        """How many groups there are."""
        return len(self.tau)


def distinct(tau: Array) -> int:
    """The largest number of different time constants that one neuron's synapses have, for ``tau`` of shape (post, pre)."""
    ordered = np.sort(tau, axis=1)
    return int(1 + np.max(np.sum(ordered[:, 1:] != ordered[:, :-1], axis=1), initial=0))


def groups_of(tau: Array) -> Groups:
    """The groups that time constants of shape (post, pre) fall into, with nothing changed."""
    n = distinct(tau)
    found, member = np.empty((n, tau.shape[0])), np.empty(tau.shape, dtype=np.int16 if n < 2**15 else np.int64)
    for post, row in enumerate(tau):
        values, member[post] = np.unique(row, return_inverse=True)
        found[:, post] = np.concatenate([values, np.full(n - len(values), values[-1])])  # groups that this neuron does not need
    return Groups(found, member)


def quantised_row(tau: Array, weight: Array, n: int) -> Array:
    """Time constants of one neuron (pre,), each replaced by one of ``n`` values, with the least error in log tau, weighted by
    ``weight**2``.

    A synapse's part of the voltage error is in proportion to its weight times its error in log tau, so this is the sum of squares of those
    parts. A group of equal time constants keeps them to the last bit.
    """
    values, inverse = np.unique(tau, return_inverse=True)
    if len(values) <= n:
        return tau.copy()
    # weights of 0 count a little: a synapse that trained away has a tau all the same
    squares: Array = np.bincount(inverse, weights=weight**2, minlength=len(values)).astype(np.float64)
    squares = squares + max(1e-9 * float(squares.mean()), float(np.finfo(np.float64).tiny))
    bounds = cluster(np.log(values), squares, n)
    centres = np.empty(len(values))
    for begin, end in bounds:
        alone = end - begin == 1
        centres[begin:end] = values[begin] if alone else np.exp(np.average(np.log(values[begin:end]), weights=squares[begin:end]))
    quantised: Array = centres[inverse]
    return quantised


def cluster(points: Array, weights: Array, n: int) -> list[tuple[int, int]]:
    """The ``n`` runs of sorted points with the least weighted sum of squares about their means: k-means in one dimension, to the optimum.

    By dynamic programming over the end of the last run (Wang and Song 2011, Ckmeans.1d.dp), O(n m^2) for m points.

    Returns
    -------
    list of (begin, end)
        Half-open, in order.
    """
    m = len(points)
    centred = points - np.average(points, weights=weights)  # sums of squares lose fewer digits near 0
    w, first, second = (np.concatenate([[0.0], np.cumsum(weights * centred**power)]) for power in range(3))
    begin, end = np.arange(m)[:, None], np.arange(1, m + 1)[None, :]
    total = np.where(end > begin, w[end] - w[begin], 1.0)
    cost = np.where(end > begin, second[end] - second[begin] - (first[end] - first[begin]) ** 2 / total, np.inf)  # (begin, end - 1)
    best, starts = cost[0], [np.zeros(m, dtype=np.int64)]
    for _ in range(1, n):
        # one run more: the last begins at `begin`, and what comes before it ends there
        tried = np.concatenate([[np.inf], best[:-1]])[:, None] + cost
        starts.append(np.argmin(tried, axis=0))
        best = tried[starts[-1], np.arange(m)]
    runs, stop = [], m
    for start in reversed(starts):
        runs.append((int(start[stop - 1]), stop))
        stop = runs[-1][0]
    return runs[::-1]

"""Intervals for synapses that are no replicates: seeds are drawn again, then neurons, then synapses; and what all that is worth in n."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .distances import log_tau
from .table import TauTable


@dataclass(frozen=True)
class Estimate:
    """A number and its percentile interval, which holds it."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, resampled: ArrayLike, level: float = 0.95) -> Self:
        """``value`` with the percentile interval of what it was in resamples, shape (resample,).

        An end that would leave ``value`` out is ``value``: all of a few resamples may lie on one side of it, and so may many of a distance,
        which resampling makes larger.
        """
        low, high = np.quantile(np.asarray(resampled, dtype=np.float64), [0.5 - level / 2, 0.5 + level / 2])
        return cls(float(value), min(float(low), float(value)), max(float(high), float(value)))

    def __str__(self) -> str:
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


@dataclass(frozen=True)
class Clustering:
    """How alike members of a cluster are in log tau.

    Attributes
    ----------
    n, n_clusters
        Time constants, and the groups that they fall into.
    correlation
        Within a cluster (analysis of variance), at least 0.
    design_effect
        1 + (mean size - 1) correlation: how much wider an interval's square gets.
    """

    n: int
    n_clusters: int
    correlation: float
    design_effect: float

    @property
    def effective_n(self) -> float:
        """Independent time constants that would be worth as much."""
        return self.n / self.design_effect


def resamples(table: TauTable, n: int, seed: int) -> Iterator[NDArray[np.intp]]:
    """Indices of ``n`` cluster resamples: of the column ``seed`` first, of neurons (``layer``, ``post``) in it, of synapses in those.

    A table without those columns is resampled row by row.
    """
    rng = np.random.default_rng(seed)
    if "seed" not in table.columns:
        for _ in range(n):
            yield rng.integers(len(table), size=len(table))
        return
    nested = _nested(table)
    for _ in range(n):
        parts = []
        for chosen in rng.integers(len(nested), size=len(nested)):
            neurons = nested[chosen]
            for k in rng.integers(len(neurons), size=len(neurons)):
                parts.append(neurons[k][rng.integers(neurons[k].size, size=neurons[k].size)])
        yield np.concatenate(parts)


def _nested(table: TauTable) -> list[list[NDArray[np.intp]]]:
    """Seed -> neuron -> indices."""
    neurons = _codes(table, ("seed", "layer", "post"))
    order = np.argsort(neurons, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(neurons[order])) + 1)
    seeds = table.column("seed")
    return [[group for group in groups if seeds[group[0]] == seed] for seed in np.unique(seeds)]


def _codes(table: TauTable, names: tuple[str, ...]) -> NDArray[np.int64]:
    """One number for each combination of columns."""
    code = np.zeros(len(table), dtype=np.int64)
    for name in names:
        values, inverse = np.unique(table.column(name), return_inverse=True)
        code = code * values.size + inverse
    return np.unique(code, return_inverse=True)[1].astype(np.int64)


def bootstrap(table: TauTable, statistic: Callable[[TauTable], float], *, n: int = 200, level: float = 0.95, seed: int = 0) -> Estimate:
    """A statistic with its percentile interval over cluster resamples."""
    values = np.array([statistic(table.rows(indices)) for indices in resamples(table, n, seed)])
    return Estimate.of(statistic(table), values, level)


def clustering(table: TauTable, *by: str) -> Clustering:
    """How much the clusters of these columns take away from n (one-way analysis of variance on log tau, censored at the limits)."""
    x = log_tau(table)
    if x.size != len(table):
        table = table.rows(~(table.is_low | table.is_high))
    code = _codes(table, by)
    sizes = np.bincount(code).astype(np.float64)
    n, k = float(x.size), sizes.size
    if k < 2 or n <= k:
        return Clustering(int(n), k, 0.0, 1.0)
    means = np.bincount(code, weights=x) / sizes
    between = float(np.sum(sizes * (means - x.mean()) ** 2)) / (k - 1)
    within = float(np.sum((x - means[code]) ** 2)) / (n - k)
    typical = (n - float(np.sum(sizes**2)) / n) / (k - 1)
    total = between + (typical - 1.0) * within
    correlation = max(0.0, (between - within) / total) if total > 0 else 0.0
    return Clustering(int(n), k, correlation, 1.0 + (n / k - 1.0) * correlation)

"""The likelihood of censored time constants: densities between the limits, the shares beyond them for the others (type I censoring)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from .families import Family
from .table import TauTable

Array = NDArray[np.float64]


def log_likelihood(table: TauTable, family: Family) -> Callable[[Sequence[float] | Array], float]:
    """Parameters -> logarithm of the likelihood; minus infinity where it is 0 or can't be computed."""
    observed, n_low, n_high = table.observed, int(table.is_low.sum()), int(table.is_high.sum())
    low, high = np.float64(table.low), np.float64(table.high)

    def value(parameters: Sequence[float] | Array) -> float:
        with np.errstate(all="ignore"):
            total = float(np.sum(family.log_density(observed, *parameters)))
            if n_low:
                total += n_low * float(family.log_tails(low, *parameters)[0])
            if n_high:
                total += n_high * float(family.log_tails(high, *parameters)[1])
        return total if np.isfinite(total) else -np.inf

    return value


def loss_of(table: TauTable, family: Family) -> Callable[[Array], float]:
    """Real numbers of the search -> negative log-likelihood; large, not infinite, so that the search finds its way back,
    and small enough for its squares not to overflow.
    """
    value = log_likelihood(table, family)

    def loss(x: Array) -> float:
        with np.errstate(over="ignore"):
            return min(-value(family.transform(x)), 1e100)

    return loss


def uniform_ends(table: TauTable) -> tuple[float, float]:
    """Lower end and width of most likelihood: an end with censored values lies as far beyond the limit as their share says."""
    n_low, n_high, n = int(table.is_low.sum()), int(table.is_high.sum()), len(table)
    below, above, inside = n_low / n, n_high / n, table.observed
    low, high = float(inside.min()), float(inside.max())
    if n_low and n_high:
        width = (table.high - table.low) / (1.0 - below - above)
        low = table.low - below * width
    elif n_low:
        low = (table.low - below * high) / (1.0 - below)
    if n_low:
        low = max(low, 1e-12)  # time constants are positive
    if n_high:
        high = (table.high - above * low) / (1.0 - above)
    width = high - low
    return low, float(np.nextafter(width, np.inf)) if low + width < high else width

"""Is a tail heavy? The likelihood ratio of Vuong between a power law and a log-normal above a threshold; a histogram can't tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from hetsyn_sim.errors import DataError

from .table import TauTable

Array = NDArray[np.float64]
_LEAST = 20


@dataclass(frozen=True)
class HeavyTail:
    """Two laws for the tail (Vuong 1989; Clauset, Shalizi and Newman 2009, SIAM Review 51:661).

    Attributes
    ----------
    above
        The threshold in seconds.
    n
        Time constants above it.
    exponent
        Of the power law's density.
    ratio
        Log-likelihood of the log-normal less that of the power law, in standard errors: positive if the log-normal is better.
    p
        Two-sided.
    """

    above: float
    n: int
    exponent: float
    ratio: float
    p: float

    @property
    def preferred(self) -> str:
        """``power law``, ``log-normal``, or ``neither`` where p is above 0.05."""
        if self.p > 0.05:
            return "neither"
        return "log-normal" if self.ratio > 0 else "power law"


def heavy_tail(table: TauTable, above: float | None = None) -> HeavyTail:
    """Compare both laws above a threshold, both fitted there by censored maximum likelihood.

    Parameters
    ----------
    above
        In seconds; by default the upper quartile.

    Raises
    ------
    DataError
        If fewer than 20 observed time constants lie above it.
    """
    threshold = float(np.quantile(table.tau, 0.75)) if above is None else above
    tail = table.observed[table.observed > threshold]
    n_high = int(table.is_high.sum())
    if tail.size < _LEAST:
        raise DataError(
            "the tail is too short to be judged",
            where=f"heavy_tail, {table.source}",
            got=f"{tail.size} time constants between {threshold:g} and {table.high:g} s",
            expected=f"at least {_LEAST}",
            remedy="lower the threshold, or take more synapses",
        )
    logs = np.log(tail / threshold)
    end = np.log(table.high / threshold)
    # a Pareto tail is exponential in log tau; its censored maximum is in closed form
    rate = tail.size / float(logs.sum() + (n_high * end if n_high else 0.0))
    power = np.concatenate([np.log(rate) - rate * logs, np.full(n_high, -rate * end if n_high else 0.0)])

    def normal(x: Array) -> Array:
        part = stats.norm(x[0], np.exp(x[1]))
        beyond = part.logsf(0.0)
        return np.concatenate([part.logpdf(logs) - beyond, np.full(n_high, part.logsf(end) - beyond if n_high else 0.0)])

    def loss(x: Array) -> float:
        with np.errstate(all="ignore"):
            value = float(normal(x).sum())
        return -value if np.isfinite(value) and abs(x[0]) < 50.0 else 1e300

    start = np.array([float(logs.mean()), np.log(max(float(logs.std()), 1e-3))])
    best = optimize.minimize(loss, start, method="Nelder-Mead", options={"maxiter": 2000, "xatol": 1e-7, "fatol": 1e-7})
    difference = normal(best.x) - power
    spread = float(difference.std())
    ratio = float(difference.sum() / (np.sqrt(difference.size) * spread)) if spread > 1e-12 else 0.0
    return HeavyTail(threshold, tail.size + n_high, 1.0 + rate, ratio, float(2.0 * stats.norm.sf(abs(ratio))))

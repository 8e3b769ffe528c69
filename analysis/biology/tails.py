"""Is a tail that of a power law? A likelihood-ratio test against the log-normals that hold it as a limit; a histogram can't tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from hetsyn_sim.errors import DataError

from .table import TauTable

Array = NDArray[np.float64]
_LEAST = 20
#: Above this, a fit of the power law is taken for good, as in Clauset, Shalizi and Newman 2009 (SIAM Review 51:661, section 4.1).
_GOOD = 0.1


@dataclass(frozen=True)
class HeavyTail:
    """Two laws for the tail, a power law and a log-normal, and how well the power law fits.

    A power law is the limit of log-normals that get wider, so that the best log-normal is never less likely: a power law can be ruled out,
    and not be preferred.

    Attributes
    ----------
    above
        The threshold in seconds.
    n
        Time constants above it.
    exponent
        Of the power law's density.
    ratio
        Twice the log-likelihood of the best log-normal less that of the power law; 0 where the power law is the best of them.
    p
        How often a power law's own sample has so large a ratio.
    p_fit
        How often a power law's own sample is as far from its fit (Kolmogorov-Smirnov, parametric bootstrap).
    """

    above: float
    n: int
    exponent: float
    ratio: float
    p: float
    p_fit: float

    @property
    def verdict(self) -> str:
        """``log-normal`` if the power law is ruled out by it, ``neither`` if the power law fits badly, else ``not told apart``."""
        if self.p < 0.05:
            return "log-normal"
        return "not told apart" if self.p_fit > _GOOD else "neither"


def heavy_tail(table: TauTable, above: float | None = None, *, n_samples: int = 200, seed: int = 0) -> HeavyTail:
    """Fit both laws above a threshold by censored maximum likelihood, and test the power law.

    In y = log(tau / threshold) a power law is an exponential distribution and a log-normal a normal one that is cut at 0, with the density
    exp(-a y - c y^2 / 2) / Z. The power law is c = 0, the end of the range of c, so that twice the log of the likelihood ratio is 0 in half
    of all samples and chi-square of one degree of freedom in the others (del Castillo and Puig 1999, JASA 94:529).

    Parameters
    ----------
    above
        In seconds; by default the upper quartile.
    n_samples, seed
        Of the bootstrap for ``p_fit``.

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
    y, end = np.log(tail / threshold), float(np.log(table.high / threshold))
    rate = _rate(y, n_high, end)
    ratio = 2.0 * max(0.0, _best_normal(y, n_high, end, rate) - _log_likelihood(y, n_high, end, rate, 0.0))
    p = 0.5 * float(stats.chi2.sf(ratio, 1)) if ratio > 0.0 else 1.0
    return HeavyTail(threshold, y.size + n_high, 1.0 + rate, ratio, p, _p_fit(y, n_high, end, rate, n_samples, seed))


def _rate(y: Array, n_high: int, end: float) -> float:
    """Of an exponential distribution, ``n_high`` of whose values are known to lie beyond ``end``: its maximum in closed form."""
    return y.size / float(y.sum() + (n_high * end if n_high else 0.0))


def _log_z(a: float, c: float) -> float:
    """Logarithm of the integral of exp(-a y - c y^2 / 2) over y > 0."""
    if c == 0.0:
        return -float(np.log(a)) if a > 0.0 else np.inf
    x = a / np.sqrt(2.0 * c)
    # erfcx(x) = exp(x^2) erfc(x) overflows far below 0, where erfc is 2
    return float(0.5 * np.log(0.5 * np.pi / c) + (np.log(special.erfcx(x)) if x > -20.0 else x * x + np.log(2.0)))


def _log_likelihood(y: Array, n_high: int, end: float, a: float, c: float) -> float:
    log_z = _log_z(a, c)
    value = -a * float(y.sum()) - 0.5 * c * float((y * y).sum()) - y.size * log_z
    if n_high:
        value += n_high * (-a * end - 0.5 * c * end * end + _log_z(a + c * end, c) - log_z)
    return value if np.isfinite(value) else -np.inf


def _best_normal(y: Array, n_high: int, end: float, rate: float) -> float:
    """The largest log-likelihood of a normal distribution that is cut at 0."""
    scale = float(y.mean())  # of y, so that one kind of start fits all

    def loss(x: Array) -> float:
        with np.errstate(all="ignore"):
            return min(-_log_likelihood(y, n_high, end, float(x[0]) / scale, float(np.exp(x[1])) / scale**2), 1e300)

    starts = [np.array([rate * scale * (1.0 - size), np.log(size)]) for size in (0.01, 0.5, 2.0)]
    options = {"maxiter": 4000, "xatol": 1e-8, "fatol": 1e-10}
    return -min(float(optimize.minimize(loss, start, method="Nelder-Mead", options=options).fun) for start in starts)


def _p_fit(y: Array, n_high: int, end: float, rate: float, n_samples: int, seed: int) -> float:
    """p-value of the exponential distribution: samples are censored and fitted in the same way."""
    n = y.size + n_high
    distance = _distance(np.sort(y), n, rate)
    samples = np.random.default_rng(seed).exponential(1.0 / rate, (n_samples, n))
    further = 0
    for sample in samples:
        observed = np.sort(sample[sample < end])
        further += observed.size == 0 or _distance(observed, n, _rate(observed, n - observed.size, end)) >= distance
    return (further + 1) / (n_samples + 1)


def _distance(ordered: Array, n: int, rate: float) -> float:
    model, below = -np.expm1(-rate * ordered), np.arange(ordered.size) / n
    return float(max(np.max(model - below), np.max(below + 1.0 / n - model)))

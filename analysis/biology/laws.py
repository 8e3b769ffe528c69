"""Log densities and log tails of the families, straight from their formulas: the search for a maximum calls them thousands of times.

SciPy's frozen distributions say the same (the tests hold one against the other) and take ten times as long, for checks of arguments.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammaincc, gammaln, log_ndtr

Array = NDArray[np.float64]
#: Logarithms of the shares below and above.
Tails = tuple[Array, Array]

_HALF_LOG_2PI = 0.5 * float(np.log(2.0 * np.pi))


def lognormal(x: Array, median: float, sigma: float) -> Array:
    """Log density."""
    logs = np.log(x)
    z = (logs - np.log(median)) / sigma
    return np.asarray(-0.5 * z * z - logs - np.log(sigma) - _HALF_LOG_2PI)


def lognormal_tails(x: Array, median: float, sigma: float) -> Tails:
    """Both."""
    z = (np.log(x) - np.log(median)) / sigma
    return log_ndtr(z), log_ndtr(-z)


def gamma(x: Array, shape: float, scale: float) -> Array:
    """Log density."""
    return np.asarray((shape - 1.0) * np.log(x) - x / scale - gammaln(shape) - shape * np.log(scale))


def gamma_tails(x: Array, shape: float, scale: float) -> Tails:
    """Both."""
    return np.log(gammainc(shape, x / scale)), np.log(gammaincc(shape, x / scale))


def weibull(x: Array, shape: float, scale: float) -> Array:
    """Log density."""
    ratio = np.log(x) - np.log(scale)
    return np.asarray(np.log(shape) - np.log(scale) + (shape - 1.0) * ratio - np.exp(shape * ratio))


def weibull_tails(x: Array, shape: float, scale: float) -> Tails:
    """Both."""
    hazard = np.asarray((x / scale) ** shape)
    return np.log(-np.expm1(-hazard)), -hazard


def inverse_gaussian(x: Array, mean: float, shape: float) -> Array:
    """Log density."""
    return np.asarray(0.5 * np.log(shape) - _HALF_LOG_2PI - 1.5 * np.log(x) - shape * (x - mean) ** 2 / (2.0 * mean * mean * x))


def inverse_gaussian_tails(x: Array, mean: float, shape: float) -> Tails:
    """Both; exp(2 shape / mean) is kept as a logarithm, since it overflows where the distribution is narrow."""
    root = np.sqrt(shape / np.asarray(x))
    near, far = root * (x / mean - 1.0), 2.0 * shape / mean + log_ndtr(-root * (x / mean + 1.0))
    return np.logaddexp(log_ndtr(near), far), log_ndtr(-near) + np.log1p(-np.exp(far - log_ndtr(-near)))


def exponential(x: Array, scale: float) -> Array:
    """Log density."""
    return np.asarray(-np.log(scale) - x / scale)


def exponential_tails(x: Array, scale: float) -> Tails:
    """Both."""
    return np.log(-np.expm1(-x / scale)), np.asarray(-x / scale)


def truncated_normal(x: Array, mean: float, sd: float) -> Array:
    """Log density of a normal that is cut at 0."""
    z = (x - mean) / sd
    return np.asarray(-0.5 * z * z - np.log(sd) - _HALF_LOG_2PI - log_ndtr(mean / sd))


def truncated_normal_tails(x: Array, mean: float, sd: float) -> Tails:
    """Both."""
    above = log_ndtr(-(x - mean) / sd) - log_ndtr(mean / sd)
    return np.log(-np.expm1(above)), above


def two_lognormals(x: Array, share: float, median_1: float, sigma_1: float, median_2: float, sigma_2: float) -> Array:
    """Log density of a share of one log-normal and the rest of another."""
    return _mixed(share, lognormal(x, median_1, sigma_1), lognormal(x, median_2, sigma_2))


def two_lognormals_tails(x: Array, share: float, median_1: float, sigma_1: float, median_2: float, sigma_2: float) -> Tails:
    """Both."""
    one, other = lognormal_tails(x, median_1, sigma_1), lognormal_tails(x, median_2, sigma_2)
    return _mixed(share, one[0], other[0]), _mixed(share, one[1], other[1])


def _mixed(share: float, one: Array, other: Array) -> Array:
    return np.asarray(np.logaddexp(np.log(share) + one, np.log1p(-share) + other))


def uniform(x: Array, low: float, width: float) -> Array:
    """Log density."""
    return np.asarray(np.where((x >= low) & (x <= low + width), -np.log(width), -np.inf))


def uniform_tails(x: Array, low: float, width: float) -> Tails:
    """Both."""
    below = np.clip((x - low) / width, 0.0, 1.0)
    return np.log(below), np.log1p(-below)

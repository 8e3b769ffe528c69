"""Families of distributions on tau > 0: logarithms, SciPy's form, and where a search starts; all parameters are positive reals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from . import laws

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Family:
    """A family.

    Attributes
    ----------
    name
        What it is called.
    parameters
        Names, in order.
    log_density, log_tails
        Of :mod:`analysis.biology.laws`: (x, parameters) -> log density; logarithms of the shares below and above.
    frozen
        Parameters -> the distribution with the methods ``cdf`` and ``rvs``: SciPy's, or one like it.
    start
        Values in seconds -> parameters to begin a search with.
    transform
        Real numbers of the search -> parameters.
    inverse
        The way back.
    """

    name: str
    parameters: tuple[str, ...]
    log_density: Callable[..., Array]
    log_tails: Callable[..., laws.Tails]
    frozen: Callable[..., Any]
    start: Callable[[Array], tuple[float, ...]]
    transform: Callable[[Array], Array] = np.exp
    inverse: Callable[[Array], Array] = np.log


def _lognormal(median: float, sigma: float) -> Any:
    return stats.lognorm(sigma, scale=median)


def _log_moments(tau: Array) -> tuple[float, float]:
    logs = np.log(tau)
    return float(np.exp(logs.mean())), float(max(logs.std(), 1e-3))


def _gamma_start(tau: Array) -> tuple[float, ...]:
    # Minka's approximation to the maximum, from the difference of log mean and mean log
    s = max(float(np.log(tau.mean()) - np.log(tau).mean()), 1e-6)
    shape = (3.0 - s + np.sqrt((s - 3.0) ** 2 + 24.0 * s)) / (12.0 * s)
    return float(shape), float(tau.mean() / shape)


def _weibull_start(tau: Array) -> tuple[float, ...]:
    median, sigma = _log_moments(tau)
    shape = np.pi / np.sqrt(6.0) / sigma
    return float(shape), float(median * np.exp(np.euler_gamma / shape))


def _inverse_gaussian_start(tau: Array) -> tuple[float, ...]:
    mean = float(tau.mean())
    return mean, float(1.0 / max(float(np.mean(1.0 / tau) - 1.0 / mean), 1e-9))


class _TwoLognormals:
    """As SciPy would have it."""

    def __init__(self, share: float, median_1: float, sigma_1: float, median_2: float, sigma_2: float) -> None:
        self.share, self.parts = share, [_lognormal(median_1, sigma_1), _lognormal(median_2, sigma_2)]

    def cdf(self, x: Array) -> Array:
        one, other = (part.cdf(x) for part in self.parts)
        return np.asarray(self.share * one + (1.0 - self.share) * other)

    def logpdf(self, x: Array) -> Array:
        one, other = (part.pdf(x) for part in self.parts)
        return np.asarray(np.log(self.share * one + (1.0 - self.share) * other))

    def rvs(self, size: int, random_state: np.random.Generator) -> Array:
        first = random_state.random(size) < self.share
        one, other = (part.rvs(size, random_state=random_state) for part in self.parts)
        return np.asarray(np.where(first, one, other), dtype=np.float64)


def _two_start(tau: Array) -> tuple[float, ...]:
    logs = np.sort(np.log(tau))
    halves = np.array_split(logs, 2)
    (m1, s1), (m2, s2) = ((float(np.exp(half.mean())), float(max(half.std(), 0.1))) for half in halves)
    return 0.5, m1, s1, m2, s2


def _two_transform(x: Array) -> Array:
    return np.concatenate([special.expit(x[:1]), np.exp(x[1:])])


def _two_inverse(p: Array) -> Array:
    return np.concatenate([special.logit(p[:1]), np.log(p[1:])])


def _truncated_normal(mean: float, sd: float) -> Any:
    return stats.truncnorm(-mean / sd, np.inf, loc=mean, scale=sd)


#: Every family that is fitted. Of the last two, networks are initialised with one.
FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        family.name: family
        for family in (
            Family("lognormal", ("median", "sigma"), laws.lognormal, laws.lognormal_tails, _lognormal, _log_moments),
            Family("gamma", ("shape", "scale"), laws.gamma, laws.gamma_tails, lambda k, s: stats.gamma(k, scale=s), _gamma_start),
            Family(
                "weibull", ("shape", "scale"), laws.weibull, laws.weibull_tails, lambda k, s: stats.weibull_min(k, scale=s), _weibull_start
            ),
            Family(
                "inverse_gaussian",
                ("mean", "shape"),
                laws.inverse_gaussian,
                laws.inverse_gaussian_tails,
                lambda m, k: stats.invgauss(m / k, scale=k),
                _inverse_gaussian_start,
            ),
            Family(
                "exponential",
                ("scale",),
                laws.exponential,
                laws.exponential_tails,
                lambda s: stats.expon(scale=s),
                lambda tau: (float(tau.mean()),),
            ),
            Family(
                "two_lognormals",
                ("share", "median_1", "sigma_1", "median_2", "sigma_2"),
                laws.two_lognormals,
                laws.two_lognormals_tails,
                _TwoLognormals,
                _two_start,
                _two_transform,
                _two_inverse,
            ),
            Family(
                "truncated_normal",
                ("mean", "sd"),
                laws.truncated_normal,
                laws.truncated_normal_tails,
                _truncated_normal,
                lambda tau: (float(tau.mean()), float(max(tau.std(), 1e-9))),
            ),
            Family(
                "uniform",
                ("low", "width"),
                laws.uniform,
                laws.uniform_tails,
                stats.uniform,
                lambda tau: (float(tau.min()), float(max(np.ptp(tau), 1e-9))),
            ),
        )
    }
)

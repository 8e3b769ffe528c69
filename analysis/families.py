"""Families of distributions on tau > 0, each with its log density, its tails and a start for the search: all parameters positive reals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

__all__ = ["FAMILIES", "Family"]

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
    frozen
        Parameters -> the distribution: SciPy's, or one with the same methods ``logpdf``, ``logcdf``, ``logsf``, ``cdf``, ``rvs``.
    start
        Values in seconds -> parameters to begin a search with.
    transform
        Real numbers of the search -> parameters.
    inverse
        The way back.
    """

    name: str
    parameters: tuple[str, ...]
    frozen: Callable[..., Any]
    start: Callable[[Array], tuple[float, ...]]
    transform: Callable[[Array], Array] = np.exp
    inverse: Callable[[Array], Array] = np.log


def _lognormal(median: float, sigma: float) -> Any:
    return stats.lognorm(sigma, scale=median)


def _gamma(shape: float, scale: float) -> Any:
    return stats.gamma(shape, scale=scale)


def _weibull(shape: float, scale: float) -> Any:
    return stats.weibull_min(shape, scale=scale)


def _inverse_gaussian(mean: float, shape: float) -> Any:
    return stats.invgauss(mean / shape, scale=shape)


def _exponential(scale: float) -> Any:
    return stats.expon(scale=scale)


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
    """A share of one log-normal and the rest of another."""

    def __init__(self, share: float, median_1: float, sigma_1: float, median_2: float, sigma_2: float) -> None:
        self.shares = np.array([share, 1.0 - share])
        self.parts = [_lognormal(median_1, sigma_1), _lognormal(median_2, sigma_2)]

    def _mixed(self, logs: list[Array]) -> Array:
        with np.errstate(divide="ignore"):
            weights = np.log(self.shares)[:, None]
        return np.asarray(special.logsumexp(np.stack(logs) + weights, axis=0))

    def logpdf(self, x: Array) -> Array:
        return self._mixed([part.logpdf(np.atleast_1d(x)) for part in self.parts])

    def logcdf(self, x: Array) -> Array:
        return self._mixed([part.logcdf(np.atleast_1d(x)) for part in self.parts])

    def logsf(self, x: Array) -> Array:
        return self._mixed([part.logsf(np.atleast_1d(x)) for part in self.parts])

    def cdf(self, x: Array) -> Array:
        return np.exp(self.logcdf(x))

    def rvs(self, size: int, random_state: np.random.Generator) -> Array:
        first = random_state.random(size) < self.shares[0]
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


def _uniform(low: float, width: float) -> Any:
    return stats.uniform(low, width)


#: Every family that is fitted. The last two are what networks are initialised with.
FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        family.name: family
        for family in (
            Family("lognormal", ("median", "sigma"), _lognormal, _log_moments),
            Family("gamma", ("shape", "scale"), _gamma, _gamma_start),
            Family("weibull", ("shape", "scale"), _weibull, _weibull_start),
            Family("inverse_gaussian", ("mean", "shape"), _inverse_gaussian, _inverse_gaussian_start),
            Family("exponential", ("scale",), _exponential, lambda tau: (float(tau.mean()),)),
            Family(
                "two_lognormals",
                ("share", "median_1", "sigma_1", "median_2", "sigma_2"),
                _TwoLognormals,
                _two_start,
                _two_transform,
                _two_inverse,
            ),
            Family("truncated_normal", ("mean", "sd"), _truncated_normal, lambda tau: (float(tau.mean()), float(max(tau.std(), 1e-9)))),
            Family("uniform", ("low", "width"), _uniform, lambda tau: (float(tau.min()), float(max(np.ptp(tau), 1e-9)))),
        )
    }
)

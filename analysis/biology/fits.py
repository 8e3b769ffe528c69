"""Families fitted to censored time constants by maximum likelihood, compared by AIC and BIC, and tested by parametric bootstrap.

Censoring is of type I: a value at or below ``low`` contributes the probability of that, one at or above ``high`` likewise. Tables of
Kolmogorov-Smirnov do not hold where parameters were fitted, so p-values come from samples of the fitted distribution that are censored and
fitted in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from hetsyn_sim.errors import DataError, UnknownNameError

from .families import FAMILIES
from .likelihood import log_likelihood, loss_of, uniform_ends
from .table import TauTable
from .uncertainty import Estimate

Array = NDArray[np.float64]
_LEAST = 3  # observed values that a fit needs, whatever the family
#: The plain families that are compared with biology.
CANDIDATES = ("lognormal", "gamma", "weibull", "inverse_gaussian", "exponential")


@dataclass(frozen=True)
class Fit:
    """A fitted family.

    Attributes
    ----------
    family
        Its name.
    parameters
        Name -> value; times in seconds.
    log_likelihood
        Of densities per second; differences between families do not depend on the unit.
    n
        Number of time constants, censored ones included.
    """

    family: str
    parameters: Mapping[str, float]
    log_likelihood: float
    n: int

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return 2.0 * len(self.parameters) - 2.0 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Schwarz's criterion."""
        return len(self.parameters) * float(np.log(self.n)) - 2.0 * self.log_likelihood

    @property
    def distribution(self) -> Any:
        """With ``cdf``, ``logpdf`` and ``rvs``, as SciPy has them; times in seconds."""
        return FAMILIES[self.family].frozen(*self.parameters.values())


def fit_family(table: TauTable, name: str, *, start: Fit | None = None) -> Fit:
    """The maximum of the likelihood.

    Parameters
    ----------
    name
        Which family.
    start
        A fit to a sample of the same distribution: the search begins there and ends as soon as the gradient is flat.

    Raises
    ------
    UnknownNameError
        If there is no such family.
    DataError
        If fewer than three time constants are not censored, or they are all the same.
    """
    if name not in FAMILIES:
        raise UnknownNameError(
            "unknown family", where="fit_family", got=repr(name), expected=", ".join(FAMILIES), remedy="use one of these"
        )
    family, observed = FAMILIES[name], table.observed
    if observed.size < _LEAST or np.ptp(observed) == 0.0:
        raise DataError(
            "there is too little to fit a distribution to",
            where=f"fit_family, {table.source}",
            got=f"{observed.size} values between the limits" + (", all the same" if observed.size else ""),
            expected=f"at least {_LEAST} values that differ",
            remedy="take more synapses, or wider limits",
        )
    if name == "uniform":  # its likelihood has corners, but its maximum is known
        ends = uniform_ends(table)
        return Fit(name, dict(zip(family.parameters, ends, strict=True)), log_likelihood(table, family)(ends), len(table))

    loss = loss_of(table, family)
    begin = family.start(observed) if start is None else tuple(start.parameters.values())
    # the curvature finds the neighbourhood in some dozens of evaluations, the simplex settles where differences of gradients are noise
    best = optimize.minimize(loss, family.inverse(np.asarray(begin, dtype=np.float64)), method="BFGS", options={"gtol": 1e-6 * len(table)})
    if start is None:
        best = optimize.minimize(loss, best.x, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-7, "maxfev": 2000})
    values = family.transform(np.asarray(best.x))
    return Fit(name, dict(zip(family.parameters, map(float, values), strict=True)), -float(best.fun), len(table))


def fit_families(table: TauTable, names: Sequence[str] = CANDIDATES) -> list[Fit]:
    """Every family, the one of lowest AIC first."""
    return sorted((fit_family(table, name) for name in names), key=lambda fit: fit.aic)


def akaike_weights(fits: Sequence[Fit]) -> Mapping[str, float]:
    """Family -> its weight of evidence among these."""
    aic = np.array([fit.aic for fit in fits])
    weights = np.exp(-0.5 * (aic - aic.min()))
    return MappingProxyType(dict(zip((fit.family for fit in fits), map(float, weights / weights.sum()), strict=True)))


def ks_distance(table: TauTable, fit: Fit) -> float:
    """Largest difference of the distribution functions between the limits, where both are known."""
    observed = np.sort(table.observed)
    below = int(table.is_low.sum())
    model = fit.distribution.cdf(observed)
    upper, lower = (below + np.arange(1, observed.size + 1)) / len(table), (below + np.arange(observed.size)) / len(table)
    return float(max(np.max(np.abs(upper - model)), np.max(np.abs(model - lower))))


def goodness_of_fit(table: TauTable, fit: Fit, *, n_samples: int = 200, seed: int = 0) -> float:
    """p-value: how often a sample of the fitted distribution is at least as far from its own fit (Kolmogorov-Smirnov).

    Samples are censored at the limits of the table and fitted in the same way. The smallest possible value is 1 / (n_samples + 1).
    """
    distance = ks_distance(table, fit)
    rng = np.random.default_rng(seed)
    further = 0
    for _ in range(n_samples):
        sample = TauTable(np.asarray(fit.distribution.rvs(len(table), random_state=rng)), "bootstrap", table.low, table.high)
        further += ks_distance(sample, fit_family(sample, fit.family, start=fit)) >= distance
    return (further + 1) / (n_samples + 1)


def thinned(table: TauTable, n: int, seed: int = 0) -> TauTable:
    """At most ``n`` rows, drawn without replacement: hundreds of thousands of synapses neither fit better nor are they independent."""
    if len(table) <= n:
        return table
    return table.rows(np.sort(np.random.default_rng(seed).choice(len(table), size=n, replace=False)))


def parameter_intervals(table: TauTable, fit: Fit, level: float = 0.9) -> Mapping[str, Estimate]:
    """Parameter -> value and interval from the curvature of the likelihood, on the scale of the search (log, or logit for a share).

    For independent time constants; those of networks are clustered, and :func:`analysis.biology.uncertainty.bootstrap` is for them.

    Raises
    ------
    DataError
        If the likelihood is flat there, as where a parameter is at the end of its range.
    """
    family = FAMILIES[fit.family]
    loss, x = loss_of(table, family), family.inverse(np.array(list(fit.parameters.values())))
    steps = 1e-4 * np.eye(x.size)
    curvature = np.array([[(loss(x + a + b) - loss(x + a - b) - loss(x - a + b) + loss(x - a - b)) / 4e-8 for b in steps] for a in steps])
    try:
        variances = np.diag(np.linalg.inv(curvature))
    except np.linalg.LinAlgError:
        variances = np.full(x.size, np.nan)
    # where a neighbour is impossible the maximum is a corner, as that of a uniform distribution, and curvature says nothing
    if not np.all(variances > 0.0) or np.abs(curvature).max() > 1e50:
        raise DataError(
            "these parameters have no interval",
            where=f"parameter_intervals, {fit.family}, {table.source}",
            got="a likelihood without curvature",
            expected="a maximum inside the range of the parameters",
            remedy="choose a family that fits, or take more time constants",
        )
    half = stats.norm.ppf(0.5 + level / 2) * np.sqrt(variances)
    low, high = family.transform(x - half), family.transform(x + half)
    intervals = {name: Estimate(v, float(a), float(b)) for (name, v), a, b in zip(fit.parameters.items(), low, high, strict=True)}
    return MappingProxyType(intervals)

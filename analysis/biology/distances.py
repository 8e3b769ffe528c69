"""How far apart two sets of time constants are, on log tau: Kolmogorov-Smirnov, Wasserstein and energy; scale and shape apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from hetsyn_sim.errors import UnknownNameError

from .table import TauTable

Array = NDArray[np.float64]


def log_tau(table: TauTable) -> Array:
    """Natural logarithm of tau in seconds, censored ones at their limits.

    Only the observed ones where a limit is 0 or infinite, since those have no logarithm.
    """
    if (table.low == 0.0 and table.is_low.any()) or (np.isinf(table.high) and table.is_high.any()):
        return np.log(table.observed)
    return np.asarray(np.log(table.tau))


def _ks(a: Array, b: Array) -> float:
    return float(stats.ks_2samp(a, b, method="asymp").statistic)


def _wasserstein(a: Array, b: Array) -> float:
    return float(stats.wasserstein_distance(a, b))


def _energy(a: Array, b: Array) -> float:
    return float(stats.energy_distance(a, b))


#: Name -> distance between two samples. Wasserstein is in units of log tau: 0.69 is a factor of two.
DISTANCES: Mapping[str, Callable[[Array, Array], float]] = MappingProxyType({"ks": _ks, "wasserstein": _wasserstein, "energy": _energy})


def _as_it_is(x: Array) -> Array:
    return x


def _centred(x: Array) -> Array:
    return np.asarray(x - np.median(x))


def _standardised(x: Array) -> Array:
    spread = x.std()
    return np.asarray((x - x.mean()) / spread) if spread > 0 else _centred(x)


#: What of a sample is compared: everything, all but its scale (median), or all but scale and width.
ASPECTS: Mapping[str, Callable[[Array], Array]] = MappingProxyType({"all": _as_it_is, "spread": _centred, "shape": _standardised})


def distance(one: TauTable, other: TauTable, name: str = "wasserstein", aspect: str = "all") -> float:
    """The distance of two tables.

    Raises
    ------
    UnknownNameError
        If there is no such distance or aspect.
    DataError
        If all time constants of a table are censored.
    """
    if name not in DISTANCES or aspect not in ASPECTS:
        raise UnknownNameError(
            "unknown distance or aspect",
            where="distance",
            got=f"{name!r}, {aspect!r}",
            expected=f"{', '.join(DISTANCES)}; {', '.join(ASPECTS)}",
            remedy="use one of these",
        )
    change = ASPECTS[aspect]
    return DISTANCES[name](change(log_tau(one)), change(log_tau(other)))

"""Exponents of growth: slopes on a log-log scale, with their standard errors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .implementations import IMPLEMENTATIONS

#: Every value is twice the one before. N is the number of input channels and of neurons, both.
SWEEPS: Mapping[str, tuple[float, ...]] = {
    "N": (32, 64, 128, 256, 512),
    "T": (64, 128, 256, 512, 1024),
    "B": (1, 2, 4, 8, 16, 32),
    "rate": (0.005, 0.01, 0.02, 0.04, 0.08, 0.16),
}
#: Fitted are this many of the largest values; below, the time is the overhead of calls, which does not grow.
FITTED = 4


class Exponent(NamedTuple):
    """The slope of log y over log x, with its standard error."""

    value: float
    standard_error: float

    def __str__(self) -> str:
        return f"{round(self.value, 2) + 0.0:.2f} ± {self.standard_error:.2f}"  # never -0.00


def fit_exponent(x: Sequence[float], y: Sequence[float]) -> Exponent:
    """Least squares on a log-log scale over the ``FITTED`` largest x; NaN where there are fewer than three positive values."""
    pairs = sorted((a, b) for a, b in zip(x, y, strict=True) if a > 0 and b > 0)[-FITTED:]
    if len(pairs) < 3:
        return Exponent(math.nan, math.nan)
    log_x, log_y = np.log(np.array(pairs)).T
    centred = log_x - log_x.mean()
    slope = float(centred @ log_y / (centred @ centred))
    residual = log_y - log_y.mean() - slope * centred
    return Exponent(slope, float(np.sqrt(residual @ residual / (len(pairs) - 2) / (centred @ centred))))


def fit_growth(rows: Sequence[Mapping[str, Any]], sweep: str, key: str = "cpu_s") -> dict[str, Exponent]:
    """The exponent of every implementation in one sweep; ``key`` is ``cpu_s`` or ``memory_mib``."""
    found = {}
    for name in IMPLEMENTATIONS:
        points = [(row["value"], row[key]) for row in rows if row["sweep"] == sweep and row["implementation"] == name]
        if points:
            x, y = zip(*points, strict=True)
            found[name] = fit_exponent(x, y)
    return found

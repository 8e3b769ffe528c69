"""Statistics over runs: means with Student's intervals, and differences of runs that share a seed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from scipy import stats

from .study import Row


def interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """Mean, and half the width of Student's confidence interval; NaN for a single value."""
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.size < 2:
        return float(numbers.mean()), float("nan")
    return float(numbers.mean()), float(stats.t.ppf(0.5 + level / 2, numbers.size - 1) * stats.sem(numbers))


def above_zero(differences: Sequence[float]) -> bool:
    """Whether the whole interval of their mean is above 0; no for a single one, and for differences that are all 0."""
    mean, half = interval(differences) if len(differences) > 1 else (0.0, 0.0)
    return mean - half > 0.0


def of_case(rows: Iterable[Row], **facts: object) -> list[Row]:
    """The rows whose case has all of these facts, and no others."""
    return [row for row in rows if row["case"] == facts]


def paired(rows: Sequence[Row], others: Sequence[Row], key: str) -> list[float]:
    """``rows`` less ``others``, seed by seed, where both have the seed."""
    there = {row["seed"]: float(row[key]) for row in others}
    return [float(row[key]) - there[row["seed"]] for row in rows if row["seed"] in there]


def shown(values: Sequence[float], factor: float = 1.0, digits: int = 2) -> str:
    """``mean ± half width`` of numbers times ``factor``; an en dash where there are none."""
    if not values:
        return "–"
    mean, half = interval([factor * value for value in values])
    return f"{mean:.{digits}f}" + ("" if np.isnan(half) else f" ± {half:.{digits}f}")

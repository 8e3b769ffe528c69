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


def p_value(differences: Sequence[float]) -> float:
    """Of the two-sided t-test that their mean is 0: below 0.05 where :func:`interval` does not hold 0.

    It is 1 for a single difference, and where all are 0.
    """
    numbers = np.asarray(differences, dtype=np.float64)
    if numbers.size < 2 or not numbers.any():
        return 1.0
    if np.ptp(numbers) == 0.0:
        return 0.0
    return float(stats.ttest_1samp(numbers, 0.0).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted for that there are so many (Holm 1979): the k-th smallest of m times m - k + 1, never below a smaller one's, at most 1."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1)))
    return [float(one) for one in adjusted]


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

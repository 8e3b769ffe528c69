"""Is what was learned closer to biology than what it began with, and than what no learning would give? Yes, no, or undecided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.studies.statistics import interval

from .distances import distance
from .table import TauTable
from .uncertainty import Estimate, resamples

#: An improvement counts from this share of the null's own distance on: less is nothing, however sure.
MARGIN = 0.05
_FEWEST_SEEDS = 3


@dataclass(frozen=True)
class Verdict:
    """The answer, and what it follows from.

    Attributes
    ----------
    answer
        ``yes``, ``no`` or ``undecided``.
    because
        In words.
    distances
        Name (``learned``, each null) -> distance to biology for each seed.
    gains
        Null -> mean distance of the null less that of what was learned, with Student's 95 % interval over seeds. Positive: learning is
        closer.
    """

    answer: str
    because: str
    distances: Mapping[str, Sequence[float]]
    gains: Mapping[str, Estimate]


def compare(
    learned: TauTable, biology: TauTable, nulls: Mapping[str, TauTable], *, name: str = "wasserstein", aspect: str = "all"
) -> Verdict:
    """Judge by the distances of each network (column ``seed``), paired between what it learned and its nulls.

    ``yes`` if the interval of every null's gain lies above :data:`MARGIN` times that null's distance; ``no`` if that of some null lies
    below it; ``undecided`` otherwise, with fewer than three networks, or where more than half of either side lies beyond the limits.
    """
    biology = biology.with_limits(learned.low, learned.high)
    tables = {"learned": learned, **nulls}
    seeds = np.unique(learned.column("seed"))
    distances = {
        label: [distance(table.rows(table.column("seed") == seed), biology, name, aspect) for seed in seeds]
        for label, table in tables.items()
    }
    gains, above, below = {}, [], []
    for label in nulls:
        null = np.array(distances[label])
        mean, half = interval(list(null - distances["learned"]))
        gains[label] = Estimate(mean, mean - half, mean + half)
        margin = MARGIN * float(null.mean())
        if mean - half > margin:
            above.append(label)
        elif mean + half <= margin:
            below.append(label)
    answer, because = _answer(learned, biology, seeds.size, list(nulls), above, below)
    return Verdict(answer, because, distances, gains)


def _answer(learned: TauTable, biology: TauTable, n_seeds: int, nulls: list[str], above: list[str], below: list[str]) -> tuple[str, str]:
    for table, whose in ((learned, "learned"), (biology, "measured")):
        if sum(table.censored) > 0.5:
            share = f"{100 * sum(table.censored):.0f} % of the {whose} time constants"
            return (
                "undecided",
                f"{share} lie outside {1e3 * table.low:g} to {1e3 * table.high:g} ms, where this network can't tell them apart",
            )
    if n_seeds < _FEWEST_SEEDS:
        return "undecided", f"{n_seeds} network{'s' * (n_seeds > 1)} can't speak for others of the kind; train {_FEWEST_SEEDS} or more"
    if not nulls:
        return "undecided", "there is nothing to compare with: what the network began with is not known"
    if below:
        return "no", f"not closer by {100 * MARGIN:g} % or more than: {', '.join(below)}"
    if len(above) == len(nulls):
        return "yes", f"closer than each of: {', '.join(nulls)}, by more than {100 * MARGIN:g} % and in all of the interval over seeds"
    return "undecided", f"the interval over seeds is too wide to tell from: {', '.join(n for n in nulls if n not in above)}"


def distances_to(
    biology: TauTable,
    tables: Mapping[str, TauTable],
    *,
    name: str = "wasserstein",
    aspect: str = "all",
    n_resamples: int = 100,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Name -> distance with an interval over cluster resamples of the table and resamples of the measurements."""
    estimates = {}
    for label, table in tables.items():
        limited = biology.with_limits(table.low, table.high)
        again = zip(resamples(table, n_resamples, seed), resamples(limited, n_resamples, seed + 1), strict=True)
        values = [distance(table.rows(i), limited.rows(j), name, aspect) for i, j in again]
        estimates[label] = Estimate.of(distance(table, limited, name, aspect), values)
    return estimates

"""Ratios between implementations that were measured in alternation, with their spread over the rounds they have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .rows import group_of

Row = Mapping[str, Any]


class Ratio(NamedTuple):
    """``value`` from the minima over all steps; ``low`` and ``high`` are the extremes over rounds, each with its own minima."""

    value: float
    low: float
    high: float


def clock(row: Row) -> str:
    """CPU time on one thread, as it is hardly disturbed by what else runs; wall time on more, as CPU time can't show that threads help."""
    return "cpu_s" if row["threads"] == 1 else "wall_s"


def ratio(slow: Row, fast: Row, *, key: str | None = None) -> Ratio:
    """How many times longer ``slow`` takes than ``fast``."""
    key = clock(fast) if key is None else key
    of_slow, of_fast = slow.get(f"{key}_by_round", {}), fast.get(f"{key}_by_round", {})
    by_round = [of_slow[k] / of_fast[k] for k in of_slow if k in of_fast]
    return Ratio(slow[key] / fast[key], min(by_round, default=math.nan), max(by_round, default=math.nan))


def in_group(rows: Sequence[Row], shape: str, threads: int) -> dict[str, Row]:
    """The rows that were measured together, by implementation."""
    return {row["implementation"]: row for row in rows if group_of(row) == (shape, threads)}


def fastest(group: Mapping[str, Row], among: Sequence[str]) -> Row | None:
    """The row of the shortest time among the named implementations."""
    return min((group[name] for name in among if name in group), key=lambda row: row[clock(row)], default=None)


def ours(group: Mapping[str, Row]) -> Row:
    """What training took that was told nothing of back ends; before 0.2.0 that was ``fused``, and had no row of its own."""
    return group["default"] if "default" in group else group["fused"]


def roof_shares(row: Row) -> tuple[float, float] | None:
    """Which share of the core's measured multiply-adds per second, and of its L2 traffic, the nominal work of a step amounts to.

    The second is for a state per synapse: it counts one load and one store of a float32 state per multiply-add. Nominal work includes what
    an implementation skips because nothing happens there, so a share may exceed 1: the step is then faster than anything that visits each
    synapse at each step.
    """
    if not row.get("roofs"):
        return None
    per_second = row["nominal_fma"] / row["cpu_s"]
    return per_second / row["roofs"]["fma_per_s"], 8 * per_second / row["roofs"]["l2_bytes_per_s"]

"""Claims about which time constants hold the cue (Deng et al. 2025, HetSyn, Table 4) against rows, by size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..claims import Claim, Judgement, compared, graded
from ..statistics import above_zero, interval
from ..study import Row
from .claims_dms import mean_of, percent
from .memory_tables import PAPER, WAYS, name_of, of_way

#: How far off a size may be, as a part of the published one; and an accuracy, in percentage points.
_NEAR, _NEAR_ACCURACY = 1 / 3, 10.0
#: The way that the verdicts are of.
_WAY = WAYS[0]
_CONTROLS = ("accuracy_without_control", "accuracy_without_moved", "accuracy_without_grown")


def _sized(found: dict[str, tuple[list[float], float]], tolerance: float | None = None, form: str = ".1f") -> Judgement | None:
    """The verdict over sizes: label -> (of every seed, published).

    Near: mean and interval within the tolerance of the published number. *Reproduced* where all are, *partly* where some are; *undecided*
    where none is, but some interval reaches into the tolerance.
    """
    if not found:
        return None
    near, reached, parts = 0, 0, []
    for label, (values, published) in found.items():
        mean, half = interval([value - published for value in values])
        half, allowed = (0.0 if np.isnan(half) else half), tolerance or abs(published) * _NEAR
        near += abs(mean) + half <= allowed
        reached += abs(mean) - half <= allowed
        parts.append(f"{label} {mean + published:{form}} ± {half:.1f} (paper {published:{form}})")
    return Judgement(graded(near == len(found), near, open_=reached), f"{'; '.join(parts)}: {near} of {len(found)} near")


def judge_long_share(rows: Sequence[Row]) -> Judgement | None:
    """The share, in per cent, within a third of the published one from each start."""
    found = {
        f"{tau:g} ms:": ([100 * row["long"] for row in runs], paper[2])
        for tau, paper in PAPER.items()
        if (runs := of_way(rows, tau, *_WAY))
    }
    return _sized(found)


def judge_shift(rows: Sequence[Row]) -> Judgement | None:
    """The change of the means, in milliseconds, within a third of the published one, for cue and noise channels from each start."""
    found = {
        f"{tau:g} ms, {group}:": ([row[f"{group}_mean_ms"] - tau for row in runs], paper[k] - tau)
        for tau, paper in PAPER.items()
        for k, group in enumerate(("cue", "noise"))
        if (runs := of_way(rows, tau, *_WAY))
    }
    return _sized(found, form="+.1f")


def judge_signs(rows: Sequence[Row]) -> Judgement | None:
    """The interval of the change above 0 for cue channels and below it for noise channels, from each start."""
    changes = [
        [sign * (row[f"{group}_mean_ms"] - tau) for row in runs]
        for tau in PAPER
        for group, sign in (("cue", 1), ("noise", -1))
        if (runs := of_way(rows, tau, *_WAY))
    ]
    if not changes:
        return None
    others = []
    for way, rate in WAYS[1:3]:
        signs = [
            mean_of(runs, f"{group}_mean_ms") > tau for tau in PAPER for group in ("cue", "noise") if (runs := of_way(rows, tau, way, rate))
        ]
        if signs:
            others.append(f"{name_of(way, rate)}: cue up {sum(signs[::2])}, noise up {sum(signs[1::2])} of {len(signs) // 2}")
    right = sum(map(above_zero, changes))
    return compared(changes, f"{right} of {len(changes)} clearly so; " + "; ".join(others))


def judge_reset(rows: Sequence[Row]) -> Judgement | None:
    """From each start, accuracy with the long ones at the mean of the start is clearly below every control, by paired intervals."""
    falls: list[list[float]] = []
    parts = []
    for tau in PAPER:
        if runs := of_way(rows, tau, *_WAY):
            falls += [[row[key] - row["accuracy_with_mean"] for row in runs] for key in _CONTROLS]
            parts.append(
                f"{tau:g} ms: {percent(runs, 'accuracy_with_mean')}, controls {', '.join(percent(runs, key) for key in _CONTROLS)}"
            )
    if not falls:
        return None
    return compared(falls, "; ".join(parts))


def judge_fall(rows: Sequence[Row]) -> Judgement | None:
    """The accuracy with the long ones at the mean of the start, within 10 percentage points of the published one from each start."""
    found = {
        f"{tau:g} ms:": ([100 * row["accuracy_with_mean"] for row in runs], paper[4])
        for tau, paper in PAPER.items()
        if (runs := of_way(rows, tau, *_WAY))
    }
    return _sized(found, _NEAR_ACCURACY)


_HOW = f"as {name_of(*_WAY)} of the weights, which was chosen after the paper's numbers"
CLAIMS = (
    Claim("Table 4", "time constants of cue channels become longer, those of noise channels shorter", "dms-memory", _HOW, judge_signs),
    Claim(
        "Table 4",
        "by +54, +52, +31 and by -14, -18, -18 ms from 100, 200 and 400 ms",
        "dms-memory",
        f"{_HOW}; near: within a third",
        judge_shift,
    ),
    Claim("Table 4", "5 to 6 % of the time constants end above 700 ms", "dms-memory", f"{_HOW}; near: within a third", judge_long_share),
    Claim(
        "Table 4",
        "the long ones are the memory: without them accuracy falls",
        "dms-memory",
        f"{_HOW}; controls, as many others: as heavy, those of the cue that moved most, that grew most",
        judge_reset,
    ),
    Claim("Table 4", "to 76 %", "dms-memory", f"{_HOW}; near: within 10 points", judge_fall),
)

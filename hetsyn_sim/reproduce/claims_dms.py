"""Claims about delayed match-to-sample (Deng et al. 2025, HetSyn, App. C and Table 4) against rows of the study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .dms_tables import PAPER, iterations_to
from .neurons import NEURONS
from .statistics import interval, of_case, shown
from .study import Row

__all__ = [
    "judge_delay",
    "judge_few_neurons",
    "judge_frozen",
    "judge_long_share",
    "judge_noise",
    "judge_reset",
    "judge_shift",
    "judge_solved",
    "judge_speed",
]

_BASE: dict[str, Any] = {"model": "HetSynLIF", "tau_ms": 40.0}
#: Accuracy from which the task counts as solved.
_SOLVED = 0.99


def _percent(rows: Sequence[Row], key: str = "accuracy") -> str:
    return f"{shown([row[key] for row in rows], 100.0, 1)} %"


def _mean(rows: Sequence[Row], key: str = "accuracy") -> float:
    return float(np.mean([row[key] for row in rows]))


def judge_solved(rows: Sequence[Row]) -> Any:
    """Every seed, whatever the time constants start from, and both architectures."""
    found = [row for tau in PAPER for row in of_case(rows, model="HetSynLIF", tau_ms=tau)]
    found += of_case(rows, **_BASE) + of_case(rows, **_BASE, recurrent=True)
    if not found:
        return "not run", "–"
    lowest = min(row["accuracy"] for row in found)
    verdict = "reproduced" if lowest >= _SOLVED else "partly" if _mean(found) >= _SOLVED else "not"
    return verdict, f"{_percent(found)} in {len(found)} runs, the lowest {100 * lowest:.1f} %"


def judge_speed(rows: Sequence[Row]) -> Any:
    """Median iterations to 95 % over seeds, both architectures."""
    first, n, said = 0, 0, []
    for label, facts in (("feed-forward", {}), ("recurrent", {"recurrent": True})):
        steps = {m: iterations_to(found) for m in NEURONS if (found := of_case(rows, model=m, tau_ms=40.0, **facts))}
        if len(steps) == len(NEURONS):
            n += 1
            first += all(steps["HetSynLIF"] < other for m, other in steps.items() if m != "HetSynLIF")
            said.append(f"{label}: " + ", ".join(f"{m} {'never' if np.isinf(s) else f'{s:.0f}'}" for m, s in steps.items()))
    return ("not run" if not n else "reproduced" if first == n else "partly" if first else "not"), "iterations to 95 %, " + "; ".join(said)


def _solves(rows: Sequence[Row], **facts: Any) -> Any:
    found = of_case(rows, **_BASE, **facts)
    if not found:
        return "not run", "–"
    return ("reproduced" if _mean(found) >= _SOLVED else "not"), _percent(found)


def judge_frozen(rows: Sequence[Row]) -> Any:
    """Solved with four fifths of the time constants kept where they start."""
    return _solves(rows, recurrent=True, frozen=0.8)


def judge_few_neurons(rows: Sequence[Row]) -> Any:
    """Seeds of 90 % or more, with 5, 20 and 50 neurons."""
    found = {n: of_case(rows, **_BASE, hidden=n) for n in (5, 20, 50)}
    if not found[5]:
        return "not run", "–"
    done = {n: (sum(row["accuracy"] >= 0.9 for row in same), len(same)) for n, same in found.items()}
    text = ", ".join(f"{k} of {m} seeds with {n}" for n, (k, m) in done.items())
    return ("reproduced" if done[5][0] == done[5][1] else "partly" if done[5][0] else "not"), text


def judge_delay(rows: Sequence[Row]) -> Any:
    """Solved, and not in more than 1.5 times the iterations that it takes at 800 ms."""
    long, short = of_case(rows, **_BASE, recurrent=True, delay=2.5), of_case(rows, **_BASE, recurrent=True)
    if not long or not short:
        return "not run", "–"
    slower = iterations_to(long) / iterations_to(short)
    verdict = "not" if _mean(long) < _SOLVED else "reproduced" if slower <= 1.5 else "partly"
    return verdict, f"{_percent(long)}; {iterations_to(long):.0f} iterations to 95 % instead of {iterations_to(short):.0f}"


def judge_noise(rows: Sequence[Row]) -> Any:
    """Within 10 percentage points of the paper's 80 % in one of the two readings of what added noise means."""
    both, test = of_case(rows, **_BASE, recurrent=True, noise_hz=20.0), of_case(rows, **_BASE, recurrent=True, tested_at_hz=20.0)
    read = [found for found in (both, test) if found]
    if not read:
        return "not run", "–"
    text = "; ".join(f"{_percent(found)} {name}" for found, name in ((both, "in training and test"), (test, "in the test only")) if found)
    return ("reproduced" if any(abs(_mean(found) - 0.8) <= 0.1 for found in read) else "not"), text


def _table_4(rows: Sequence[Row]) -> dict[float, list[Row]]:
    return {tau: found for tau in PAPER if (found := of_case(rows, model="HetSynLIF", tau_ms=tau))}


def judge_long_share(rows: Sequence[Row]) -> Any:
    """Within a factor of two of the paper's share, for each start."""
    found = _table_4(rows)
    near = sum(0.5 <= 100 * _mean(same, "long") / PAPER[tau][2] <= 2.0 for tau, same in found.items())
    text = ", ".join(f"{100 * _mean(same, 'long'):.1f} % from {tau:g} ms" for tau, same in found.items())
    if fast := of_case(rows, model="HetSynLIF", tau_ms=100.0, log_tau=30.0):
        text += f"; {100 * _mean(fast, 'long'):.1f} % from 100 ms as log tau at 30 x the rate"
    return ("not run" if not found else "reproduced" if near == len(found) else "partly" if near else "not"), text or "–"


def judge_shift(rows: Sequence[Row]) -> Any:
    """Signs of the change of the means: cue up, noise down, with the means of time constants below 10 s."""
    right, n, said = 0, 0, []
    for tau, same in _table_4(rows).items():
        cue, noise = (interval([row[f"{group}_mean_ms"] for row in same])[0] for group in ("cue", "noise"))
        n += 2
        right += (cue > tau) + (noise < tau)
        said.append(f"{tau:g} ms: {100 * (cue / tau - 1):+.0f} and {100 * (noise / tau - 1):+.0f} %")
    for factor in (10.0, 30.0):
        if same := of_case(rows, model="HetSynLIF", tau_ms=100.0, log_tau=factor):
            cue, noise = (_mean(same, f"{group}_mean_ms") / 100.0 - 1.0 for group in ("cue", "noise"))
            said.append(f"as log tau at {factor:g} x the rate, 100 ms: {100 * cue:+.0f} and {100 * noise:+.0f} %")
    return ("not run" if not n else "reproduced" if right == n else "partly" if right else "not"), "cue and noise, " + "; ".join(said)


def judge_reset(rows: Sequence[Row]) -> Any:
    """Accuracy without the long ones is at least 10 percentage points below both the accuracy and the control, for each start."""
    found = _table_4(rows)
    drops = [
        _mean(same, "accuracy_without_long") < min(_mean(same), _mean(same, "accuracy_without_control")) - 0.1 for same in found.values()
    ]
    text = "; ".join(
        f"{tau:g} ms: {_percent(same, 'accuracy_without_long')}, control {_percent(same, 'accuracy_without_control')}"
        for tau, same in found.items()
    )
    return ("not run" if not found else "reproduced" if all(drops) else "partly" if any(drops) else "not"), text or "–"

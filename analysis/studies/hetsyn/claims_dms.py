"""Claims about delayed match-to-sample (Deng et al. 2025, HetSyn, App. C and Table 4) against rows of the study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..statistics import above_zero, interval, of_case, shown
from ..study import Row
from .dms_tables import PAPER, iterations_of, iterations_to
from .neurons import NEURONS

_BASE: dict[str, Any] = {"model": "HetSynLIF", "tau_ms": 40.0}
#: Accuracy from which the task counts as solved.
_SOLVED = 0.99
#: Iterations of a training.
_ALL = 1000


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


def judge_speed(rows: Sequence[Row], **facts: Any) -> Any:
    """Iterations to 95 %, those of a run that never gets there counted as all of them: HetSynLIF needs fewer than each other by the paired
    interval, and ends no worse; partly if it needs fewer in the mean.
    """
    found = {m: of_case(rows, model=m, tau_ms=40.0, **facts) for m in NEURONS}
    steps = {m: {row["seed"]: min(iterations_of(row), _ALL) for row in same} for m, same in found.items()}
    seeds = sorted(set.intersection(*(set(of) for of in steps.values())))
    if not seeds:
        return "not run", "–"
    more = {m: [steps[m][seed] - steps["HetSynLIF"][seed] for seed in seeds] for m in NEURONS[1:]}
    best = all(_mean(found["HetSynLIF"]) >= _mean(same) for same in found.values())
    fewer = all(np.mean(gap) > 0 for gap in more.values())
    verdict = "reproduced" if best and all(map(above_zero, more.values())) else "partly" if best and fewer else "not"
    listed = ", ".join(f"{m} {'never' if np.isinf(iterations_to(same)) else f'{iterations_to(same):.0f}'}" for m, same in found.items())
    return verdict, f"iterations to 95 %: {listed}; HetSynLIF needs fewer by " + ", ".join(
        f"{m} {shown(gap, 1.0, 0)}" for m, gap in more.items()
    )


def _solves(rows: Sequence[Row], **facts: Any) -> Any:
    found = of_case(rows, **_BASE, **facts)
    if not found:
        return "not run", "–"
    return ("reproduced" if _mean(found) >= _SOLVED else "not"), _percent(found)


def judge_frozen(rows: Sequence[Row]) -> Any:
    """Solved with four fifths of the time constants kept where they start."""
    return _solves(rows, recurrent=True, frozen=0.8)


def judge_few_neurons(rows: Sequence[Row]) -> Any:
    """Seeds of 90 % or more, with 5 neurons and with more."""
    sizes: list[tuple[str, dict[str, Any]]] = [("5", {"hidden": 5}), ("5 recurrent", {"hidden": 5, "recurrent": True})]
    sizes += [("20", {"hidden": 20}), ("50", {"hidden": 50})]
    found = {name: same for name, facts in sizes if (same := of_case(rows, **_BASE, **facts))}
    few = [row for name, same in found.items() if name.startswith("5") and name != "50" for row in same]
    if not few:
        return "not run", "–"
    done = sum(row["accuracy"] >= 0.9 for row in few)
    text = ", ".join(f"{sum(row['accuracy'] >= 0.9 for row in same)} of {len(same)} seeds with {name}" for name, same in found.items())
    return ("reproduced" if done == len(few) else "partly" if done else "not"), text


def judge_delay(rows: Sequence[Row]) -> Any:
    """Solved, and not in more than 1.5 times the iterations that it takes at 800 ms."""
    long, short = of_case(rows, **_BASE, recurrent=True, delay=2.5), of_case(rows, **_BASE, recurrent=True)
    if not long or not short:
        return "not run", "–"
    slower = iterations_to(long) / iterations_to(short)
    verdict = "not" if _mean(long) < _SOLVED else "reproduced" if slower <= 1.5 else "partly"
    return verdict, f"{_percent(long)}; {iterations_to(long):.0f} iterations to 95 % instead of {iterations_to(short):.0f}"


def judge_noise(rows: Sequence[Row]) -> Any:
    """In one of the readings of what added noise means, mean and interval within 10 percentage points of the paper's 80 %; partly if the
    mean is, or if some seed gets there.
    """
    readings: list[tuple[str, dict[str, Any]]] = [
        ("in training and test", {"recurrent": True, "noise_hz": 20.0}),
        ("feed-forward", {"noise_hz": 20.0}),
        ("recurrent, in the test only", {"recurrent": True, "tested_at_hz": 20.0}),
    ]
    found = {name: same for name, facts in readings if (same := of_case(rows, **_BASE, **facts))}
    if not found:
        return "not run", "–"
    near = {name: interval([row["accuracy"] - 0.8 for row in same]) for name, same in found.items()}
    firm = any(abs(mean) + half <= 0.1 for mean, half in near.values())
    some = any(abs(mean) <= 0.1 for mean, _ in near.values()) or any(row["accuracy"] >= 0.8 for same in found.values() for row in same)
    text = "; ".join(f"{_percent(same)} {name} ({_each(same)})" for name, same in found.items())
    return ("reproduced" if firm else "partly" if some else "not"), text


def _each(rows: Sequence[Row]) -> str:
    return "seeds: " + ", ".join(f"{100 * row['accuracy']:.0f}" for row in rows)


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
    """For each start: without the long ones accuracy is clearly below the control, by the paired interval, and within 10 percentage points
    of the paper's; partly if only the first.
    """
    found = _table_4(rows)
    falls = [above_zero([row["accuracy_without_control"] - row["accuracy_without_long"] for row in same]) for same in found.values()]
    near = [abs(100 * _mean(same, "accuracy_without_long") - PAPER[tau][4]) <= 10.0 for tau, same in found.items()]
    text = "; ".join(
        f"{tau:g} ms: {_percent(same, 'accuracy_without_long')}, control {_percent(same, 'accuracy_without_control')}"
        for tau, same in found.items()
    )
    verdict = "reproduced" if all(falls) and all(near) else "partly" if any(falls) else "not"
    return ("not run" if not found else verdict), text or "–"

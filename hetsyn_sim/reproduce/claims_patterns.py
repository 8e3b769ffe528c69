"""Claims about pattern generation (Deng et al. 2025, HetSyn, App. B) against rows of the study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .neurons import NEURONS
from .statistics import interval, of_case, paired, shown
from .study import Row

__all__ = ["judge_distances", "judge_error", "judge_gaps", "judge_pace", "judge_targets"]

_OTHERS = NEURONS[1:]
_BASE: dict[str, Any] = {"noise_hz": 2.0, "lr": 1e-3}
#: A power below this share of the target's is called nothing.
_SILENT = 0.1


def judge_error(rows: Sequence[Row], settings: Sequence[dict[str, Any]]) -> Any:
    """Lowest where every paired interval is above 0; partly where HetSynLIF's mean is lowest at least."""
    clear, lowest, said, n = 0, 0, [], 0
    for facts in settings:
        best = of_case(rows, model="HetSynLIF", **facts)
        gaps = [paired(found, best, "mse") for model in _OTHERS if (found := of_case(rows, model=model, **facts))]
        if not best or len(gaps) < len(_OTHERS):
            continue
        n += 1
        bounds = [interval(gap) for gap in gaps]
        lowest += all(mean > 0 for mean, _ in bounds)
        clear += all(mean - half > 0 for mean, half in bounds)
        next_best = min(float(np.mean([row["mse"] for row in of_case(rows, model=model, **facts)])) for model in _OTHERS)
        said.append(f"{np.mean([row['mse'] for row in best]):.3f} against {next_best:.3f}")
    if not n:
        return "not run", "–"
    return ("reproduced" if clear == n else "partly" if lowest else "not"), f"{'; '.join(said)} (clear in {clear} of {n})"


def judge_pace(rows: Sequence[Row]) -> Any:
    """Iterations until HetSynLIF's training error is below the lowest that any other ends with."""
    best, others = of_case(rows, model="HetSynLIF", **_BASE), [of_case(rows, model=model, **_BASE) for model in _OTHERS]
    if not best or not all(others):
        return "not run", "–"
    goal = min(float(np.mean([row["curve"][-1] for row in found])) for found in others)
    curve = np.mean([row["curve"] for row in best], axis=0)
    below = np.flatnonzero(curve <= goal)
    if not below.size:
        return "not", f"never at the {goal:.3f} that the best other ends with"
    step = 20 * (int(below[0]) + 1)
    return ("reproduced" if step < 1000 else "not"), f"after {step} of 1,000 iterations where the best other ends ({goal:.3f})"


def judge_gaps(rows: Sequence[Row]) -> Any:
    """Power of the homogeneous neurons' output in the gaps, as a share of the target's, feed-forward and recurrent."""
    powers = [
        (f"{model}{' recurrent' if facts else ''}", [row["gap_power"] for row in of_case(rows, model=model, **_BASE, **facts)])
        for facts in ({}, {"recurrent": True})
        for model in ("HomNeuALIF", "HomNeuLIF")
    ]
    found = [(name, values) for name, values in powers if values]
    silent = sum(float(np.mean(values)) < _SILENT for _, values in found)
    verdict = "not run" if not found else "reproduced" if silent == len(found) else "partly" if silent else "not"
    return verdict, "power " + ", ".join(f"{name} {np.mean(values):.2f}" for name, values in found)


def judge_distances(rows: Sequence[Row]) -> Any:
    """Which neuron's distances, as shares of the target's, are nearest to 1, for both pairs of occurrences, both architectures."""
    wins, n, said = 0, 0, []
    for label, facts in (("feed-forward", {}), ("recurrent", {"recurrent": True})):
        for key, name in (("distance_21", "2nd to 1st"), ("distance_32", "3rd to 2nd")):
            means = {m: float(np.mean([row[key] for row in found])) for m in NEURONS if (found := of_case(rows, model=m, **_BASE, **facts))}
            if len(means) == len(NEURONS):
                n += 1
                nearest = min(means, key=lambda m: abs(means[m] - 1.0))
                wins += nearest == "HetSynLIF"
                said.append(
                    f"{label} {name}: {means['HetSynLIF']:.2f}" + ("" if nearest == "HetSynLIF" else f", {nearest} {means[nearest]:.2f}")
                )
    return ("not run" if not n else "reproduced" if wins == n else "partly" if wins else "not"), "; ".join(said) or "–"


def judge_targets(rows: Sequence[Row]) -> Any:
    """Three at once count as followed if the error is not above that of one target, by the interval of the difference."""
    three, one = (of_case(rows, model="HetSynLIF", **_BASE, **facts) for facts in ({"targets": 3}, {}))
    gap = paired(three, one, "mse")
    if len(gap) < 2:
        return "not run", "–"
    mean, half = interval(gap)
    text = f"error {shown([row['mse'] for row in three], digits=3)} for three, {shown([row['mse'] for row in one], digits=3)} for one"
    return ("reproduced" if mean - half <= 0 else "partly"), text

"""Claims about classification and robustness (Deng et al. 2025, HetSyn, Table 1, Fig. 4 and A4) against rows on digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..robustness import DELETIONS
from .neurons import NEURONS
from .statistics import interval, of_case, shown
from .study import Row

__all__ = ["judge_ranking", "judge_robustness", "judge_smnist", "judge_stability"]

_STRONG, _STRONGEST = DELETIONS.index(0.32), DELETIONS.index(0.64)


def judge_smnist(rows: Sequence[Row]) -> Any:
    """The paper's number is of six times as many images: what is here can't test it."""
    found = of_case(rows, model="HetSynLIF", scan="pixel")
    return "not testable here", f"{shown([row['accuracy'] for row in found], 100.0)} %, {len(found)} seeds" if found else "–"


def judge_ranking(rows: Sequence[Row]) -> Any:
    """Order of the means over speakers; partly if HetSynLIF is first, whatever the order of the others."""
    names = sorted({row["case"]["held_out"] for row in rows})
    means = {
        model: [float(np.mean([row["accuracy"] for row in of_case(rows, model=model, recurrent=True, held_out=name)])) for name in names]
        for model in NEURONS
        if all(of_case(rows, model=model, recurrent=True, held_out=name) for name in names)
    }
    if len(means) < len(NEURONS):
        return "not run", "–"
    order = sorted(means, key=lambda model: -float(np.mean(means[model])))
    gap, half = interval([100 * (a - b) for a, b in zip(means["HetSynLIF"], means["HetNeuLIF"], strict=True)])
    verdict = "reproduced" if tuple(order) == NEURONS else "partly" if order[0] == "HetSynLIF" else "not"
    listed = " > ".join(f"{model} {100 * np.mean(means[model]):.1f}" for model in order)
    return verdict, f"{listed} %; HetSynLIF less HetNeuLIF {gap:.1f} ± {half:.1f} over speakers"


def judge_robustness(rows: Sequence[Row]) -> Any:
    """Whether HetSynLIF is first at a third of the spikes lost and over all stretches of time, recurrent."""
    found = {model: same for model in NEURONS if (same := of_case(rows, model=model, recurrent=True))}
    if len(found) < len(NEURONS):
        return "not run", "–"
    lost = {model: float(np.mean([row["deletion"][_STRONG] for row in same])) for model, same in found.items()}
    warped = {model: float(np.mean([a for row in same for _, a in row["warp"]])) for model, same in found.items()}
    first = [max(means, key=means.__getitem__) == "HetSynLIF" for means in (lost, warped)]

    def listed(means: dict[str, float]) -> str:
        return ", ".join(f"{model} {100 * mean:.1f}" for model, mean in means.items())

    return ("reproduced" if all(first) else "partly" if any(first) else "not"), f"p = 0.32: {listed(lost)} %; stretched: {listed(warped)} %"


def judge_stability(rows: Sequence[Row]) -> Any:
    """The fall of accuracy from 0.32 to 0.64, recurrent."""
    found = {model: same for model in NEURONS if (same := of_case(rows, model=model, recurrent=True))}
    if len(found) < len(NEURONS):
        return "not run", "–"
    falls = {m: [100 * (row["deletion"][_STRONG] - row["deletion"][_STRONGEST]) for row in same] for m, same in found.items()}
    least = min(falls, key=lambda model: float(np.mean(falls[model])))
    text = ", ".join(f"{model} {shown(values, digits=1)}" for model, values in falls.items())
    return ("reproduced" if least == "HetSynLIF" else "not"), f"percentage points lost: {text}"

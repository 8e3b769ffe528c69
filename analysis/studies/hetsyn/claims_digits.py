"""Claims about classification and robustness (Deng et al. 2025, HetSyn, Table 1, Fig. 4 and A4) against rows on digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..statistics import above_zero, of_case, shown
from ..study import Row
from .neurons import NEURONS
from .robustness import DELETIONS

_STRONG, _STRONGEST = DELETIONS.index(0.32), DELETIONS.index(0.64)


def judge_smnist(rows: Sequence[Row]) -> Any:
    """The paper's number is of six times as many images: what is here can't test it."""
    kinds = {"": of_case(rows, model="HetSynLIF", scan="pixel")}
    copies = {int(row["case"]["copies"]) for row in rows if "copies" in row["case"]}
    kinds |= {f", with {n} distorted copies of each image": of_case(rows, model="HetSynLIF", scan="pixel", copies=n) for n in copies}
    said = [f"{shown([row['accuracy'] for row in found], 100.0)} %, {len(found)} seeds{name}" for name, found in kinds.items() if found]
    return "not testable here", "; ".join(said) or "–"


def judge_ranking(rows: Sequence[Row]) -> Any:
    """Order of the means over speakers, each step down clear by its interval over speakers; partly if HetSynLIF is clearly first."""
    names = sorted({row["case"]["held_out"] for row in rows})
    means = {
        model: [float(np.mean([row["accuracy"] for row in of_case(rows, model=model, recurrent=True, held_out=name)])) for name in names]
        for model in NEURONS
        if all(of_case(rows, model=model, recurrent=True, held_out=name) for name in names)
    }
    if len(means) < len(NEURONS):
        return "not run", "–"
    steps = [_less(means, a, b) for a, b in pairwise(NEURONS)]
    gaps = {model: _less(means, "HetSynLIF", model) for model in NEURONS[1:]}
    verdict = "reproduced" if all(map(above_zero, steps)) else "partly" if all(map(above_zero, gaps.values())) else "not"
    order = sorted(means, key=lambda model: -float(np.mean(means[model])))
    listed = " > ".join(f"{model} {100 * np.mean(means[model]):.1f}" for model in order)
    return verdict, f"{listed} %; over speakers HetSynLIF less {_listed(gaps)}"


def judge_robustness(rows: Sequence[Row]) -> Any:
    """Recurrent, a third of the spikes lost, and over all stretches of time: the order of the means is the undisturbed one, and HetSynLIF
    is clearly first by its paired intervals; partly if its mean is the highest at least.
    """
    found = _recurrent(rows)
    if not found:
        return "not run", "–"
    clean = {model: [row["accuracy"] for row in same] for model, same in found.items()}
    lost = {model: [row["deletion"][_STRONG] for row in same] for model, same in found.items()}
    warped = {model: [float(np.mean([a for _, a in row["warp"]])) for row in same] for model, same in found.items()}
    same_order = [_order(means) == _order(clean) for means in (lost, warped)]
    clear = [all(above_zero(_less(means, "HetSynLIF", m)) for m in NEURONS[1:]) for means in (lost, warped)]
    first = [_order(means)[0] == "HetSynLIF" for means in (lost, warped)]
    verdict = "reproduced" if all(same_order) and all(clear) else "partly" if any(first) else "not"

    def said(means: Mapping[str, Sequence[float]]) -> str:
        gaps = {m: _less(means, "HetSynLIF", m) for m in NEURONS[1:]}
        return " > ".join(f"{m} {100 * np.mean(means[m]):.1f}" for m in _order(means)) + f" %, HetSynLIF less {_listed(gaps, 2)}"

    return verdict, f"p = 0.32: {said(lost)}; stretched: {said(warped)}"


def judge_stability(rows: Sequence[Row]) -> Any:
    """The fall of accuracy from 0.32 to 0.64, recurrent: HetSynLIF's the least by paired intervals; partly if against some only."""
    found = _recurrent(rows)
    if not found:
        return "not run", "–"
    falls = {m: [row["deletion"][_STRONG] - row["deletion"][_STRONGEST] for row in same] for m, same in found.items()}
    more = {m: _less(falls, m, "HetSynLIF") for m in NEURONS[1:]}
    clear = [above_zero(gap) for gap in more.values()]
    verdict = "reproduced" if all(clear) else "partly" if any(clear) else "not"
    return verdict, f"percentage points lost: HetSynLIF {shown(falls['HetSynLIF'], 100.0, 1)}; more than it lose {_listed(more)}"


def _recurrent(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The four neurons' rows of the seeds that all of them have; nothing if one has none."""
    found = {model: of_case(rows, model=model, recurrent=True) for model in NEURONS}
    seeds = set.intersection(*({row["seed"] for row in same} for same in found.values()))
    by_seed = {model: sorted((row for row in same if row["seed"] in seeds), key=lambda row: row["seed"]) for model, same in found.items()}
    return by_seed if seeds else {}


def _less(values: Mapping[str, Sequence[float]], model: str, other: str) -> list[float]:
    return [a - b for a, b in zip(values[model], values[other], strict=True)]


def _order(values: Mapping[str, Sequence[float]]) -> list[str]:
    return sorted(values, key=lambda model: -float(np.mean(values[model])))


def _listed(gaps: Mapping[str, Sequence[float]], digits: int = 1) -> str:
    return ", ".join(f"{model} {shown(values, 100.0, digits)}" for model, values in gaps.items())

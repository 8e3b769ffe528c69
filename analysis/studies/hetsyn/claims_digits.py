"""Claims about classification and robustness (Deng et al. 2025, HetSyn, Table 1, Fig. 1, 4 and A4) against rows on digits and images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from ..claims import Claim, Judgement, compared, graded
from ..statistics import above_zero, of_case, p_value, shown
from ..study import Row
from .neurons import NEURONS
from .robustness import DELETIONS
from .smnist_tables import KINDS

_STRONG, _STRONGEST = DELETIONS.index(0.32), DELETIONS.index(0.64)


def judge_smnist(rows: Sequence[Row]) -> Judgement:
    """What was run of the pixel-by-pixel networks. The paper's number is of 150 epochs of 60,000 images: fewer of them can't test it."""
    kinds = {kind: of_case(rows, model="HetSynLIF", **facts) for kind, facts in KINDS.items() if facts["scan"] == "pixel"}
    accuracies = [
        f"{shown([row['accuracy'] for row in of], 100.0)} %, {len(of)} seed{'s' * (len(of) > 1)} ({kind})"
        for kind, of in kinds.items()
        if of
    ]
    return Judgement("not run", "; ".join(accuracies) or "–")


def judge_ranking(rows: Sequence[Row]) -> Judgement | None:
    """Order of the means over speakers, each step down clear by its interval over speakers; partly if HetSynLIF is clearly first."""
    names = sorted({row["case"]["held_out"] for row in rows})
    means = {
        model: [float(np.mean([row["accuracy"] for row in of_case(rows, model=model, recurrent=True, held_out=name)])) for name in names]
        for model in NEURONS
        if all(of_case(rows, model=model, recurrent=True, held_out=name) for name in names)
    }
    if len(means) < len(NEURONS):
        return None
    steps = [_less(means, a, b) for a, b in pairwise(NEURONS)]
    gaps = {model: _less(means, "HetSynLIF", model) for model in NEURONS[1:]}
    fully, first = (all(map(above_zero, of)) for of in (steps, gaps.values()))
    verdict = graded(fully, first, open_=not any(above_zero([-d for d in gap]) for gap in gaps.values()))
    order = sorted(means, key=lambda model: -float(np.mean(means[model])))
    listed = " > ".join(f"{model} {100 * np.mean(means[model]):.1f}" for model in order)
    text = f"{listed} %; over speakers HetSynLIF less {_listed(gaps)}"
    return Judgement(verdict, text, max(map(p_value, steps)) if fully else None)


def judge_robustness(rows: Sequence[Row]) -> Judgement | None:
    """Recurrent, a third of the spikes lost, and over all stretches of time: the order of the means is the undisturbed one, and HetSynLIF
    is clearly first by its paired intervals; partly if it is so of some.
    """
    if not (runs := _recurrent(rows)):
        return None
    clean = {model: [row["accuracy"] for row in same] for model, same in runs.items()}
    lost = {model: [row["deletion"][_STRONG] for row in same] for model, same in runs.items()}
    warped = {model: [float(np.mean([a for _, a in row["warp"]])) for row in same] for model, same in runs.items()}
    same_order = [_order(means) == _order(clean) for means in (lost, warped)]
    every = [_less(means, "HetSynLIF", m) for means in (lost, warped) for m in NEURONS[1:]]

    def ranked(means: Mapping[str, Sequence[float]]) -> str:
        gaps = {m: _less(means, "HetSynLIF", m) for m in NEURONS[1:]}
        return " > ".join(f"{m} {100 * np.mean(means[m]):.1f}" for m in _order(means)) + f" %, HetSynLIF less {_listed(gaps, 2)}"

    return compared(every, f"p = 0.32: {ranked(lost)}; stretched: {ranked(warped)}", others_hold=all(same_order))


def judge_stability(rows: Sequence[Row]) -> Judgement | None:
    """The fall of accuracy from 0.32 to 0.64, recurrent: HetSynLIF's the least by paired intervals; partly if against some only."""
    if not (runs := _recurrent(rows)):
        return None
    falls = {m: [row["deletion"][_STRONG] - row["deletion"][_STRONGEST] for row in same] for m, same in runs.items()}
    more = {m: _less(falls, m, "HetSynLIF") for m in NEURONS[1:]}
    lost = f"percentage points lost: HetSynLIF {shown(falls['HetSynLIF'], 100.0, 1)}; more than it lose {_listed(more)}"
    return compared(list(more.values()), lost)


def _recurrent(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The four neurons' rows of the seeds that all of them have; nothing if one has none."""
    runs = {model: {row["seed"]: row for row in of_case(rows, model=model, recurrent=True)} for model in NEURONS}
    seeds = sorted(set.intersection(*map(set, runs.values())))
    return {model: [of[seed] for seed in seeds] for model, of in runs.items()} if seeds else {}


def _less(values: Mapping[str, Sequence[float]], model: str, other: str) -> list[float]:
    return [a - b for a, b in zip(values[model], values[other], strict=True)]


def _order(values: Mapping[str, Sequence[float]]) -> list[str]:
    return sorted(values, key=lambda model: -float(np.mean(values[model])))


def _listed(gaps: Mapping[str, Sequence[float]], digits: int = 1) -> str:
    return ", ".join(f"{model} {shown(values, 100.0, digits)}" for model, values in gaps.items())


_DIGITS = "spoken digits (FSDD), official split, where 1 to 4 of 300 recordings are wrong without a disturbance; the paper: SHD"
CLAIMS = (
    Claim("Table 1", "SHD 92.36 %, TIDIGITS 98.99 %, TI46-Alpha 96.53 %", "", "the data are not here; recipes and loaders are"),
    Claim(
        "Table 1",
        "sequential MNIST 98.93 %",
        "smnist",
        "grey levels as spikes; best we can: 60,000 training images, 30 epochs; pixel: 10,000; as published: `hetsyn study smnist`",
        judge_smnist,
    ),
    Claim(
        "Fig. 4A", "HetSynLIF > HetNeuLIF > HomNeuALIF > HomNeuLIF", "speakers", "digits, unheard speakers; the paper: SHD", judge_ranking
    ),
    Claim(
        "Fig. 1A",
        "decays of 194 human and 1,213 mouse pairs: log-normal, long tail",
        "",
        "the pairs (Campagnola et al. 2022) are not here; `hetsyn study biology` has medians of their classes, and reads them",
    ),
    Claim("Fig. 4D, A5", "learned time constants of SHD have a mild long tail", "", "the data are not here"),
    Claim("Fig. A4", "the ranking stays where spikes are lost or time is stretched", "digits", _DIGITS, judge_robustness),
    Claim("Fig. A4", "HetSynLIF is relatively stable from p = 0.32 to 0.64, the others drop", "digits", _DIGITS, judge_stability),
)

"""What is claimed of learned thresholds, and what the rows say of it: a verdict that follows from numbers by a rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from hetsyn_sim.report.document import Grid

from ..statistics import above_zero, of_case, shown
from ..study import Row
from .measures import NOISES, Measure, at, less, loss_of_accuracy, rate_spread, rates_in_last_epoch


@dataclass(frozen=True)
class Claim:
    """A claim about STL and another mode, and a measure that should be higher for STL.

    ``factor``, ``unit`` and ``digits`` are for showing it.
    """

    text: str
    other: str
    what: str
    measure: Measure
    factor: float = 100.0
    unit: str = "points"
    digits: int = 2


def _minus(measure: Measure) -> Measure:
    return lambda row: -measure(row)


def _mean_loss(row: Row) -> float:
    return float(np.mean([loss_of_accuracy(noise.name)(row) for noise in NOISES]))


CLAIMS: Final = (
    Claim("STL is more accurate than SL", "SL", "test accuracy", at("accuracy")),
    Claim("STL is more accurate than TL", "TL", "test accuracy", at("accuracy")),
    *(
        Claim(f"robust to noise: {noise.label}", "SL", "accuracy kept, mean over sizes", _minus(loss_of_accuracy(noise.name)))
        for noise in NOISES
    ),
    Claim("robust to noise: all three", "SL", "accuracy kept, mean over sizes and kinds", _minus(_mean_loss)),
    Claim("less energy", "SL", "synaptic operations saved for an image", _minus(at("operations")), 1e-3, "thousand"),
    Claim("firing rates settle in training", "SL", "less change of rates in the last epoch", _minus(rates_in_last_epoch)),
    Claim("firing rates are alike across layers", "SL", "less spread of rates", _minus(rate_spread), 1.0, "of the mean", 3),
)


def verdict(differences: Sequence[float]) -> str:
    """``holds`` where the whole paired interval is above 0, ``the opposite`` where it is below, else ``no difference shown``."""
    if above_zero(differences):
        return "holds"
    return "the opposite" if above_zero([-d for d in differences]) else "no difference shown"


def claim_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown: every claim with the paired difference that its verdict follows from."""
    table = []
    for claim in CLAIMS:
        differences = less(of_case(rows, mode="STL"), of_case(rows, mode=claim.other), claim.measure)
        answer = verdict(differences) if len(differences) > 1 else "not run"
        difference = f"{shown(differences, claim.factor, claim.digits)} {claim.unit}"
        table.append([claim.text, f"{claim.what}, less {claim.other}", difference, f"**{answer}**"])
    return Grid(("claim", "measure, STL less the other", "difference", "verdict"), table).lines()

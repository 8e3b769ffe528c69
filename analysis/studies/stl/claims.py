"""What is claimed of learned thresholds, and what the rows say of it: a verdict that follows from numbers by a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from hetsyn_sim.report.document import Grid

from ..statistics import holm, of_case, p_value, shown
from ..study import Row
from .decision import decide
from .measures import NOISES, Measure, at, counts_of, energy, labels_of, less, loss_of_accuracy, rate_spread, rates_in_last_epoch, spread

#: Where thresholds began in the runs that are compared: what a case says of it.
STARTS: Final[Sequence[Mapping[str, float]]] = ({"theta_0": 0.5}, {"theta_0": 1.0}, {}, {"theta_0": 4.0})
_LEVEL: Final = 0.05
Differences = Callable[[Sequence[Row]], list[float]]


@dataclass(frozen=True)
class Claim:
    """A claim, and numbers, one for each seed, that should be above 0.

    ``what`` says which. ``ours``: the abstract says neither how nor against what, so that this is our reading of it. ``factor``, ``unit``
    and ``digits`` are for showing the numbers.
    """

    text: str
    what: str
    differences: Differences
    ours: bool = True
    factor: float = 100.0
    unit: str = "points"
    digits: int = 2


def _more(measure: Measure, other: str = "SL", **changed: Any) -> Differences:
    """STL's measure less the other's."""
    return lambda rows: less(of_case(rows, mode="STL", **changed), of_case(rows, mode=other, **changed), measure)


def _less(measure: Measure, **changed: Any) -> Differences:
    return _more(lambda row: -measure(row), **changed)


def _mean_loss(row: Row) -> float:
    return float(np.mean([loss_of_accuracy(noise.name)(row) for noise in NOISES]))


def _saved(rows: Sequence[Row], **changed: object) -> dict[int, float]:
    """Seed -> the share of SL's operations that STL saves."""
    of_sl = {row["seed"]: row["operations"] for row in of_case(rows, mode="SL", **changed)}
    stl = of_case(rows, mode="STL", **changed)
    return {row["seed"]: 1.0 - row["operations"] / of_sl[row["seed"]] for row in stl if row["seed"] in of_sl}


def _saved_by_depth(rows: Sequence[Row]) -> list[float]:
    shallow, deep = _saved(rows), _saved(rows, layers=8)
    return [deep[seed] - shallow[seed] for seed in deep if seed in shallow]


def over_starts(rows: Sequence[Row], mode: str, measure: Measure) -> dict[int, float]:
    """Seed -> the spread of a measure over what thresholds began with, where a seed has all of :data:`STARTS`."""
    of = [{row["seed"]: measure(row) for row in of_case(rows, mode=mode, **start)} for start in STARTS]
    return {seed: spread([values[seed] for values in of]) for seed in of[0] if all(seed in values for values in of)}


def _steadier(measures: Sequence[Measure]) -> Differences:
    """SL's spread over starts less STL's, mean over measures."""

    def differences(rows: Sequence[Row]) -> list[float]:
        stl, sl = ([over_starts(rows, mode, measure) for measure in measures] for mode in ("STL", "SL"))
        return [float(np.mean([s[seed] - t[seed] for s, t in zip(sl, stl, strict=True)])) for seed in stl[0] if seed in sl[0]]

    return differences


def _together(rows: Sequence[Row]) -> list[float]:
    """Accuracy of all networks' summed rates, less that of each."""
    runs = of_case(rows, mode="STL")
    joint = float(np.mean(decide(np.stack([counts_of(row) for row in runs])) == labels_of(runs[0]))) if len(runs) > 1 else np.nan
    return [joint - row["accuracy"] for row in runs] if len(runs) > 1 else []


def _in_parts(rows: Sequence[Row]) -> list[float]:
    return [row["voted"] - row["accuracy"] for row in of_case(rows, mode="STL")]


def _rate(name: str) -> Measure:
    return at("layers", name, "rate")


_ALL: Final[dict[str, Any]] = {"images": "all", "epochs": 10}
_NAMES: Final = ("conv_1", "conv_2", "dense_1", "output")
CLAIMS: Final = (
    Claim("STL is more accurate than SL", "test accuracy, STL less SL", _more(at("accuracy")), ours=False),
    Claim("STL is more accurate than SL: all images", "test accuracy, STL less SL", _more(at("accuracy"), **_ALL), ours=False),
    Claim("STL is more accurate than TL", "test accuracy, STL less TL", _more(at("accuracy"), "TL"), ours=False),
    *(
        Claim(f"robust to noise: {noise.label}", "accuracy kept, mean over sizes, STL less SL", _less(loss_of_accuracy(noise.name)))
        for noise in NOISES
    ),
    Claim("robust to noise: all three", "accuracy kept, mean over sizes and kinds, STL less SL", _less(_mean_loss)),
    Claim("low energy", "operations saved for an image, of SL's", lambda rows: list(_saved(rows).values()), unit="%"),
    Claim("low energy in deep networks", "the same with 8 layers", lambda rows: list(_saved(rows, layers=8).values()), unit="%"),
    Claim("low energy in deep networks", "share saved with 8 layers, less that with 4", _saved_by_depth),
    Claim(
        "low energy in deep networks",
        "energy saved with 8 layers, of a network without spikes",
        lambda rows: [1.0 - energy(row) for row in of_case(rows, mode="STL", layers=8)],
        unit="%",
    ),
    Claim("appropriate firing rates: they settle", "change of rates in the last epoch, SL less STL", _less(rates_in_last_epoch)),
    Claim("appropriate firing rates: layers alike", "spread of rates over layers, SL less STL", _less(rate_spread), unit="% of the mean"),
    Claim(
        "appropriate firing rates: from any start",
        "spread of a layer's rate over thresholds at the start, SL less STL",
        _steadier([_rate(name) for name in _NAMES]),
        unit="% of the mean",
    ),
    Claim(
        "stable transmission from any start",
        "spread of accuracy over thresholds at the start, SL less STL",
        _steadier([at("accuracy")]),
        unit="% of the mean",
    ),
    Claim("a joint decision is better: networks", "accuracy of all networks of STL together, less that of each", _together),
    Claim("a joint decision is better: parts of one", "accuracy of 5 sub-populations that vote, less that of their mean", _in_parts),
)
_ELSEWHERE: Final = (
    ("78.50 % on CIFAR10-DVS, 97.22 % on DVS128 Gesture, 98.4 % on RWCP", "test accuracy", "–", "not testable here: no data"),
)


def verdict(differences: Sequence[float], p: float) -> str:
    """``reproduced`` where their mean is above 0, ``not`` where it is below, ``undecided`` unless p < 0.05; ``not run`` of no seed."""
    if not differences:
        return "not run"
    if not p < _LEVEL:
        return "undecided"
    return "reproduced" if sum(differences) > 0.0 else "not: the opposite"


def claim_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown: every claim with the numbers that its verdict follows from, corrected for how many claims are tested (Holm)."""
    table, found = [], [claim.differences(rows) for claim in CLAIMS]
    adjusted = iter(holm([p_value(differences) for differences in found if differences]))
    for claim, differences in zip(CLAIMS, found, strict=True):
        number = f"{shown(differences, claim.factor, claim.digits)} {claim.unit}" if differences else "–"
        p = next(adjusted) if differences else 1.0
        answer = f"**{verdict(differences, p)}**" + (", in our reading" if claim.ours and differences else "")
        table.append([claim.text, claim.what, number, f"{p:.2g}" if differences else "–", str(len(differences)), answer])
    table += [[text, what, number, "–", "0", f"**{answer}**"] for text, what, number, answer in _ELSEWHERE]
    return Grid(("claim", "measure, above 0 if it holds", "measured", "p, corrected", "seeds", "verdict"), table).lines()

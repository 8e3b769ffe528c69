"""Tables of the study: what was measured by mode, what a changed start, depth or more images do, and every claim with its verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from hetsyn_sim.report.document import Grid

from ..statistics import of_case, shown
from ..study import Row
from .claims import STARTS, claim_lines
from .decision import RULES, decide
from .measures import (
    LAYERS,
    NOISES,
    Measure,
    at,
    counts_of,
    energy,
    labels_of,
    less,
    loss_of_accuracy,
    rate_spread,
    rates_in_last_epoch,
)

_MODES = ("STL", "SL", "TL")
#: What is changed -> what it is called. The thresholds at the start are among :data:`~analysis.studies.stl.claims.STARTS`.
CHANGES: Final[Mapping[str, Mapping[str, Any]]] = {
    **{f"thresholds begin at {start.get('theta_0', 2.0):g}": start for start in STARTS},
    "no dropout": {"dropout": 0.0},
    "6 layers": {"layers": 6},
    "8 layers": {"layers": 8},
    "all images": {"images": "all", "epochs": 10},
}


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown."""
    of = {mode: of_case(rows, mode=mode) for mode in _MODES}
    table = []
    for label, factor, digits, measure in _measures():
        cells = [shown([measure(row) for row in of[mode]], factor, digits) for mode in _MODES]
        cells += [shown(less(of["STL"], of[other], measure), factor, digits) for other in _MODES[1:]]
        table.append([label, *cells])
    yield from Grid(("measure", *_MODES, "STL less SL", "STL less TL"), table).lines()
    if not of["STL"]:
        return
    seeds, first = ", ".join(f"{len(runs)} of {mode}" for mode, runs in of.items()), of["STL"][0]
    yield ""
    yield (
        f"Runs: {seeds}; {first['n_train']:,} training and {first['n_test']:,} test images, {len(first['losses'])} epochs. "
        "Mean ± half of Student's 95 % interval over seeds; differences are of runs that share a seed. All networks saw the same test "
        "spikes."
    )
    wrong, spikes = (sum(row[key] for row in rows) for key in ("mismatches", "spikes"))
    yield (
        f"Every network of this page ({len(rows)}) was simulated in Brian2 on five test images: {wrong} cells of all rasters differ, "
        f"of {spikes:,} spikes."
    )
    yield from ("", *_changed_lines(rows), "", *_set_back_lines(of), "", *_joint_lines(of), "", *claim_lines(rows))


def _measures() -> Iterator[tuple[str, float, int, Measure]]:
    """Label, factor, digits, and what is measured."""
    yield "test accuracy (%)", 100.0, 2, at("accuracy")
    yield "accuracy on training images (%)", 100.0, 1, at("train_accuracy")
    yield "loss in the last epoch (1e-3)", 1e3, 2, at("losses", -1)
    for noise in NOISES:
        for k, size in enumerate(noise.sizes):
            if size:
                yield f"accuracy, {noise.label} {size:g} (%)", 100.0, 1, at("noise", noise.name, k, "accuracy")
        yield f"accuracy lost, {noise.label}, mean (points)", 100.0, 1, loss_of_accuracy(noise.name)
    for name, label in LAYERS.items():
        yield f"rate before training, {label} (% of steps)", 100.0, 2, at("layers", name, "rates", 0)
        yield f"rate, {label} (% of steps)", 100.0, 2, at("layers", name, "rate")
    yield "spread of rates across layers", 1.0, 3, rate_spread
    yield "change of rates in the last epoch (%)", 100.0, 1, rates_in_last_epoch
    yield "synaptic operations for an image (1,000)", 1e-3, 1, at("operations")
    for name, label in LAYERS.items():
        yield f"mean threshold, {label}", 1.0, 3, at("layers", name, "theta", -1)
        yield f"sd of thresholds, {label}", 1.0, 3, at("layers", name, "theta_sd", -1)
    yield "accuracy if 5 sub-populations vote (%)", 100.0, 2, at("voted")


def _changed_lines(rows: Sequence[Row]) -> Iterator[str]:
    """What happens to STL and SL where one thing is changed."""
    table = []
    for label, change in CHANGES.items():
        stl, sl = (of_case(rows, mode=mode, **change) for mode in ("STL", "SL"))
        if stl and sl:
            cells = [shown([row["accuracy"] for row in runs], 100.0) for runs in (stl, sl)]
            gaps = less(stl, sl, at("accuracy"))
            operations = [shown([row["operations"] for row in runs], 1e-3, 1) for runs in (stl, sl)]
            energies = [shown([energy(row) for row in runs], 100.0, 1) for runs in (stl, sl)]
            table.append([label, f"{stl[0]['n_train']:,}", str(len(gaps)), *cells, shown(gaps, 100.0), *operations, *energies])
        else:
            table.append([label, "–", "not run", *["–"] * 7])
    accuracies = ("accuracy, STL (%)", "SL (%)", "STL less SL")
    costs = ("operations, STL (1,000)", "SL (1,000)", "energy, STL (% of no spikes)", "SL (%)")
    yield from Grid(("changed", "training images", "seeds", *accuracies, *costs), table).lines()


def _set_back_lines(of: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """Whether learned thresholds are what noise hurts: the same networks with thresholds as they began."""
    stl, sl = of["STL"], of["SL"]
    measures = {"accuracy (%)": (at("noise", "salt", 0, "accuracy"), at("set_back", "salt", 0, "accuracy"))}
    for noise in NOISES:
        label = f"accuracy lost, {noise.label}, mean (points)"
        measures[label] = loss_of_accuracy(noise.name), loss_of_accuracy(noise.name, "set_back")
    table = []
    for label, (learned, back) in measures.items():
        there = {row["seed"]: learned(row) for row in sl}
        gaps = [back(row) - there[row["seed"]] for row in stl if row["seed"] in there]
        values = ([learned(row) for row in stl], [back(row) for row in stl], list(there.values()), gaps)
        table.append([label, *(shown(found, 100.0, 1) for found in values)])
    heads = ("1,000 test images", "STL", "STL, thresholds as they began", "SL", "thresholds as they began, less SL")
    yield from Grid(heads, table).lines()


def _joint_lines(of: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """All networks of a mode decide together."""
    table = []
    for mode, runs in of.items():
        if len(runs) > 1:
            rates, labels = np.stack([counts_of(row) for row in runs]), labels_of(runs[0])
            alone = 100.0 * float(np.mean([row["accuracy"] for row in runs]))
            joint = [f"{100.0 * float(np.mean(decide(rates, rule) == labels)):.2f}" for rule in RULES]
            table.append([mode, str(len(runs)), f"{alone:.2f}", *joint])
    heads = ("joint decision (our reading)", "members", "one of them, mean (%)", "sum of rates (%)", "vote (%)")
    return Grid(heads, table).lines()

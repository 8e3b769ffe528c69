"""The table of the study: one line for each measure, one column for each mode, and differences seed by seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from hetsyn_sim.report.document import Grid

from ..statistics import of_case, shown
from ..study import Row
from .claims import claim_lines
from .decision import RULES, decide
from .measures import LAYERS, NOISES, Measure, at, counts_of, labels_of, less, loss_of_accuracy, rate_spread, rates_in_last_epoch

_MODES = ("STL", "SL", "TL")


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown."""
    table = []
    of = {mode: of_case(rows, mode=mode) for mode in _MODES}
    for label, factor, digits, measure in _measures():
        cells = [shown([measure(row) for row in of[mode]], factor, digits) for mode in _MODES]
        cells += [shown(less(of["STL"], of[other], measure), factor, digits) for other in _MODES[1:]]
        table.append([label, *cells])
    yield from Grid(("measure", *_MODES, "STL less SL", "STL less TL"), table).lines()
    if not rows:
        return
    seeds = ", ".join(f"{len(runs)} of {mode}" for mode, runs in of.items())
    yield ""
    yield (
        f"Runs: {seeds}; {rows[0]['n_train']:,} training and {rows[0]['n_test']:,} test images. Mean ± half of Student's 95 % interval "
        "over seeds; differences are of runs that share a seed. All networks saw the same test spikes."
    )
    wrong, spikes = (sum(row[key] for row in rows) for key in ("mismatches", "spikes"))
    yield f"Every network was simulated in Brian2 on five test images: {wrong} cells of all rasters differ, of {spikes:,} spikes."
    yield from ("", *_joint_lines(of), "", *claim_lines(rows))


def _measures() -> Iterator[tuple[str, float, int, Measure]]:
    """Label, factor, digits, and what is measured."""
    yield "test accuracy (%)", 100.0, 2, at("accuracy")
    yield "accuracy on training images (%)", 100.0, 1, at("train_accuracy")
    for noise in NOISES:
        for k, size in enumerate(noise.sizes):
            if size:
                yield f"accuracy, {noise.label} {size:g} (%)", 100.0, 1, at("noise", noise.name, k, "accuracy")
        yield f"accuracy lost, {noise.label}, mean (points)", 100.0, 1, loss_of_accuracy(noise.name)
    for name, label in LAYERS.items():
        yield f"rate, {label} (% of steps)", 100.0, 2, at("layers", name, "rate")
    yield "spread of rates across layers", 1.0, 3, rate_spread
    yield "change of rates in the last epoch (%)", 100.0, 1, rates_in_last_epoch
    yield "synaptic operations for an image (1,000)", 1e-3, 1, at("operations")
    for name, label in LAYERS.items():
        yield f"mean threshold, {label}", 1.0, 3, at("layers", name, "theta")
        yield f"sd of thresholds, {label}", 1.0, 3, at("layers", name, "theta_sd")
    yield "accuracy if 5 sub-populations vote (%)", 100.0, 2, at("voted")


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

"""Spoken digits in tables: accuracy and cost of the four neurons, what disturbances do to them, and who ranks where on new speakers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from hetsyn_sim.report.document import Grid

from ..statistics import of_case, paired, shown
from ..study import Row
from .neurons import NEURONS
from .robustness import DELETIONS, NOISES_HZ

#: log2 of stretches of time, in ranges.
WARP_RANGES = tuple(pairwise((-0.5, -0.25, 0.0, 0.25, 0.5)))
_KINDS: tuple[tuple[str, dict[str, object]], ...] = (("recurrent", {"recurrent": True}), ("feed-forward", {}))


def lines_of_digits(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown."""
    table = []
    for label, facts in _KINDS:
        best = of_case(rows, model="HetSynLIF", **facts)
        for model in NEURONS:
            if runs := of_case(rows, model=model, **facts):
                gap = "" if model == "HetSynLIF" else shown(paired(best, runs, "accuracy"), 100.0)
                cells = [f"{shown([row['accuracy'] for row in runs], 100.0)} %", gap, f"{runs[0]['parameters']:,}"]
                cells += [f"{np.mean([row[key] for row in runs]):,.0f}" for key in ("spikes", "synaptic_operations", "state_updates")]
                table.append([model, label, str(len(runs)), *cells])
    costs = ("parameters", "spikes", "synaptic operations", "state updates")
    yield from Grid(("neuron", "", "seeds", "test accuracy", "HetSynLIF less this, paired", *costs), table).lines()
    for label, facts in _KINDS:
        cases = {model: runs for model in NEURONS if (runs := of_case(rows, model=model, **facts))}
        if cases:
            yield from ("", f"Accuracy in %, {label}, where every spike is lost with a probability p:", "")
            yield from _grid("p", DELETIONS, {model: [row["deletion"] for row in runs] for model, runs in cases.items()})
            yield from ("", f"{label.capitalize()}, spikes added on every channel, in Hz:", "")
            yield from _grid("Hz", NOISES_HZ, {model: [row["noise"] for row in runs] for model, runs in cases.items()})
            yield from ("", f"{label.capitalize()}, time scaled by 2 to the power of:", "", *_warp(cases))


def _grid(name: str, heads: Sequence[float], accuracies: dict[str, list[list[float]]]) -> Iterator[str]:
    table = ([model, *(shown([of[k] for of in a], 100.0, 1) for k in range(len(heads)))] for model, a in accuracies.items())
    return Grid([name, *(f"{head:g}" for head in heads)], table).lines()


def _warp(cases: dict[str, list[Row]]) -> Iterator[str]:
    """Draws of the warp in four ranges: means over all networks and draws."""
    table = []
    for model, rows in cases.items():
        means = []
        for low, high in WARP_RANGES:
            inside = [[a for log2, a in row["warp"] if low <= log2 < high] for row in rows]
            means.append(shown([float(np.mean(a)) for a in inside if a], 100.0, 1))
        table.append([model, *means])
    return Grid(["neuron", *(f"{low:g} to {high:g}" for low, high in WARP_RANGES)], table).lines()


def lines_of_speakers(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown. A pair is a held-out speaker and a seed; the interval over speakers treats the mean over seeds of each as one number."""
    names = list(dict.fromkeys(row["case"]["held_out"] for row in rows))
    table = []
    for model in NEURONS:
        folds = {name: of_case(rows, model=model, recurrent=True, held_out=name) for name in names}
        if not any(folds.values()):
            continue
        gaps = {name: paired(of_case(rows, model="HetSynLIF", recurrent=True, held_out=name), folds[name], "accuracy") for name in names}
        means = [float(np.mean([row["accuracy"] for row in fold])) for fold in folds.values() if fold]
        cells = [shown([row["accuracy"] for row in folds[name]], 100.0, 1) for name in names]
        cells.append(shown(means, 100.0, 1))
        if model == "HetSynLIF":
            cells += ["", ""]
        else:
            cells.append(shown([gap for fold in gaps.values() for gap in fold], 100.0))
            cells.append(shown([float(np.mean(fold)) for fold in gaps.values() if fold], 100.0))
        table.append([model, *cells])
    return Grid(["neuron", *names, "all", "HetSynLIF less this: over pairs", "over speakers"], table).lines()

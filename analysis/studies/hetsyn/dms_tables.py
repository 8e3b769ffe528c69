"""Delayed match-to-sample beside the paper: the four neurons, what HetSynLIF still does with less, and controls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from hetsyn_sim.report.document import Grid

from ..statistics import of_case, paired, shown
from ..study import Row
from .neurons import NEURONS, of_neuron

_BIN = 20  # iterations of one point of a curve

_LIMITS: Mapping[str, dict[str, object]] = {
    "recurrent, 80 % of the time constants frozen": {"model": "HetSynLIF", "recurrent": True, "frozen": 0.8},
    "recurrent, 20 Hz of noise on every channel in the test only": {"model": "HetSynLIF", "recurrent": True, "tested_at_hz": 20.0},
    "20 Hz of noise on every channel": {"model": "HetSynLIF", "noise_hz": 20.0},
    "recurrent, 2,500 ms between the cues": {"model": "HetSynLIF", "recurrent": True, "delay": 2.5},
}
KINDS: Mapping[str, dict[str, object]] = {"feed-forward": {}, "recurrent": {"recurrent": True}}
#: Of feed-forward networks, beside HetSynLIF and HomNeuLIF as they are.
CONTROLS: Mapping[str, dict[str, object]] = {
    "HetSynLIF, time constants learned": {"model": "HetSynLIF", "tau_ms": 40.0},
    "HetSynLIF, drawn and kept": {"model": "HetSynLIF", "tau_ms": 40.0, "rate": 0.0},
    "HetSynLIF, the learned ones shuffled and kept": {"model": "HetSynLIF", "tau_ms": 40.0, "rate": 0.0, "shuffled": True},
    **{f"HomNeuLIF, {tau:g} ms for all": {"model": "HomNeuLIF", "tau_ms": tau} for tau in (40.0, 100.0, 200.0, 400.0, 800.0)},
    "HomNeuLIF, 200 neurons, as many parameters": {"model": "HomNeuLIF", "tau_ms": 40.0, "hidden": 200},
}
#: Accuracy from which a seed has learned the task, as published.
LEARNED = 0.9


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown."""
    neurons = ("neuron, tau = 40 ms", "", "seeds", "accuracy", "HetSynLIF less this, paired", "iterations to 95 %", "spikes for a trial")
    yield from Grid(neurons, _neurons(rows)).lines()
    heads = ("seeds", "accuracy", "seeds at 90 % or more", "iterations to 95 %")
    limits = {label: of_case(rows, tau_ms=40.0, **facts) for label, facts in _LIMITS.items()}
    yield from ("", *Grid(("HetSynLIF, tau = 40 ms", *heads), _counted(limits)).lines())
    controls = {label: of_case(rows, **facts) for label, facts in CONTROLS.items()}
    yield from ("", *Grid(("feed-forward", *heads), _counted(controls)).lines())


def lines_of_success(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown: seeds that have learned the task, of how many."""
    sizes = sorted({row["case"]["hidden"] for row in rows})
    yield from Grid(("seeds at 90 % or more", "", *(f"{n} neurons" for n in sizes)), _successes(rows, sizes)).lines()
    if noisy := of_case(rows, model="HetSynLIF", tau_ms=40.0, hidden=100, recurrent=True, noise_hz=20.0):
        done, right = (sum(row["accuracy"] >= LEARNED for row in noisy), shown(_of(noisy, "accuracy"), 100.0))
        yield from ("", f"HetSynLIF, 100 recurrent neurons, 20 Hz of noise on every channel: {right} %, {done} of {len(noisy)} seeds.")


def _successes(rows: Sequence[Row], sizes: Sequence[int]) -> Iterator[list[str]]:
    for label, facts in KINDS.items():
        for model in NEURONS:
            runs = [of_neuron(rows, model, tau_ms=40.0, hidden=n, **facts) for n in sizes]
            cells = [f"{sum(row['accuracy'] >= LEARNED for row in of)} of {len(of)}" if of else "–" for of in runs]
            yield [model, label, *cells]


def _neurons(rows: Sequence[Row]) -> Iterator[list[str]]:
    for label, facts in KINDS.items():
        best = of_case(rows, model="HetSynLIF", tau_ms=40.0, **facts)
        for model, reset in (*((name, "") for name in NEURONS), ("HetNeuLIF", "fixed")):
            runs = of_case(rows, model=model, tau_ms=40.0, **facts, **({"reset": reset} if reset else {}))
            if runs:
                gap = "" if model == "HetSynLIF" else shown(paired(best, runs, "accuracy"), 100.0)
                name = f"{model}, reset of 40 ms, as published" if reset else model
                cells = [f"{shown(_of(runs, 'accuracy'), 100.0)} %", gap, speed(runs), shown(_of(runs, "spikes"), digits=0)]
                yield [name, label, str(len(runs)), *cells]


def _counted(groups: Mapping[str, Sequence[Row]]) -> Iterator[list[str]]:
    for label, runs in groups.items():
        if runs:
            done = sum(row["accuracy"] >= LEARNED for row in runs)
            yield [label, str(len(runs)), f"{shown(_of(runs, 'accuracy'), 100.0)} %", str(done), speed(runs)]


def _of(rows: Sequence[Row], key: str) -> list[float]:
    return [float(row[key]) for row in rows]


def iterations_of(row: Row, share: float = 0.95) -> float:
    """Iterations until training trials are right this often, averaged over one bin of the curve; infinite if they never are."""
    return next((_BIN * (k + 1) for k, right in enumerate(row["curve"]) if right >= share), np.inf)


def iterations_to(rows: Sequence[Row], share: float = 0.95) -> float:
    """Median over seeds of :func:`iterations_of`."""
    return float(np.median([iterations_of(row, share) for row in rows]))


def speed(rows: Sequence[Row]) -> str:
    """:func:`iterations_to` as text."""
    middle = iterations_to(rows)
    return "never" if np.isinf(middle) else f"{middle:.0f}"

"""Delayed match-to-sample beside the paper: Table 4, the four neurons, and what HetSynLIF still does with less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from hetsyn_sim.report.document import Grid

from ..statistics import of_case, paired, shown
from ..study import Row
from .neurons import NEURONS

_BIN = 20  # iterations of one point of a curve

#: Mean of the time constants at the start (ms) -> the paper's Table 4: cue and noise channels after, % long, accuracy, and after the reset.
PAPER = {
    100.0: (154.38, 85.59, 5.25, 99.97, 75.68),
    200.0: (252.43, 181.93, 6.05, 100.0, 76.47),
    400.0: (430.70, 382.29, 5.80, 99.87, 77.15),
}
_LIMITS: Mapping[str, dict[str, object]] = {
    "5 neurons": {"hidden": 5},
    "5 neurons, recurrent": {"hidden": 5, "recurrent": True},
    "20 neurons": {"hidden": 20},
    "50 neurons": {"hidden": 50},
    "recurrent, 80 % of the time constants frozen": {"recurrent": True, "frozen": 0.8},
    "recurrent, 20 Hz of noise on every channel": {"recurrent": True, "noise_hz": 20.0},
    "recurrent, the same noise in the test only": {"recurrent": True, "tested_at_hz": 20.0},
    "20 Hz of noise on every channel": {"noise_hz": 20.0},
    "recurrent, 2,500 ms between the cues": {"recurrent": True, "delay": 2.5},
}


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown."""
    shares = ("above 700 ms", "accuracy", "without the long ones", "without as many others")
    yield from Grid(("tau at the start", "", "cue channels after (ms)", "noise channels after (ms)", *shares), _table_4(rows)).lines()
    neurons = ("neuron, tau = 40 ms", "", "accuracy", "HetSynLIF less this, paired", "iterations to 95 %", "spikes for a trial")
    yield from ("", *Grid(neurons, _neurons(rows)).lines())
    limits = ("HetSynLIF, tau = 40 ms", "seeds", "accuracy", "seeds at 90 % or more", "iterations to 95 %")
    yield from ("", *Grid(limits, _limits(rows)).lines())


def _table_4(rows: Sequence[Row]) -> Iterator[list[str]]:
    for tau, paper in PAPER.items():
        yield [f"{tau:g} ms", "paper", *(f"{ms:.1f}" for ms in paper[:2]), *(f"{share:.2f} %" for share in paper[2:]), "–"]
        same = of_case(rows, model="HetSynLIF", tau_ms=tau)
        if same:
            yield ["", f"here, {_seeds(same)}", *_memory_cells(same)]
        for factor in (1.0, 3.0, 10.0, 30.0):
            if same := of_case(rows, model="HetSynLIF", tau_ms=tau, log_tau=factor):
                yield ["", f"log tau at {factor:g} x the rate, {_seeds(same)}", *_memory_cells(same)]


def _memory_cells(rows: Sequence[Row]) -> Iterator[str]:
    for group in ("cue", "noise"):
        yield f"{shown(_of(rows, f'{group}_mean_ms'), digits=1)} (median {shown(_of(rows, f'{group}_median_ms'), digits=1)})"
    for key in ("long", "accuracy", "accuracy_without_long", "accuracy_without_control"):
        yield f"{shown(_of(rows, key), 100.0)} %"


def _neurons(rows: Sequence[Row]) -> Iterator[list[str]]:
    for label, facts in (("recurrent", {"recurrent": True}), ("feed-forward", {})):
        best = of_case(rows, model="HetSynLIF", tau_ms=40.0, **facts)
        for model in NEURONS:
            runs = of_case(rows, model=model, tau_ms=40.0, **facts)
            if runs:
                gap = "" if model == "HetSynLIF" else shown(paired(best, runs, "accuracy"), 100.0)
                cells = [f"{shown(_of(runs, 'accuracy'), 100.0)} %", gap, speed(runs), shown(_of(runs, "spikes"), digits=0)]
                yield [model, label, *cells]


def _limits(rows: Sequence[Row]) -> Iterator[list[str]]:
    for label, facts in _LIMITS.items():
        runs = of_case(rows, model="HetSynLIF", tau_ms=40.0, **facts)
        if runs:
            done = sum(row["accuracy"] >= 0.9 for row in runs)
            yield [label, str(len(runs)), f"{shown(_of(runs, 'accuracy'), 100.0)} %", str(done), speed(runs)]


def _seeds(rows: Sequence[Row]) -> str:
    return f"{len(rows)} seed{'s' if len(rows) > 1 else ''}"


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

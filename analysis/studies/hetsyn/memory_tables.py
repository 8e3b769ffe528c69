"""Table 4 of Deng et al. 2025 (HetSyn) beside networks whose time constants are learned in three ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hetsyn_sim.report.document import Grid

from ..statistics import of_case, shown
from ..study import Row

#: How time constants are learned, and at what multiple of the weights' learning rate; the most informative first.
WAYS = (("tau", 3.0), ("rho_clamped", 1.0), ("log_tau", 30.0), ("tau", 5.0), ("tau", 2.0), ("log_tau", 10.0))
_NAMES = {"tau": "tau itself", "rho_clamped": "clamped decays", "log_tau": "logistic of log tau"}
#: Mean of the time constants at the start (ms) -> the paper's Table 4: cue and noise channels after, % long, accuracy, and after the reset.
PAPER = {
    100.0: (154.38, 85.59, 5.25, 99.97, 75.68),
    200.0: (252.43, 181.93, 6.05, 100.0, 76.47),
    400.0: (430.70, 382.29, 5.80, 99.87, 77.15),
}
_SHARES = ("long", "accuracy", "accuracy_without_long", "accuracy_with_mean")
_CONTROLS = ("accuracy_without_control", "accuracy_without_moved", "accuracy_without_grown")


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown."""
    means = ("cue channels after (ms)", "noise channels after (ms)")
    shares = ("above 700 ms", "accuracy", "the long ones set back", "to the mean of the start")
    yield from Grid(("tau at the start", "learned as", "seeds", *means, *shares), _table_4(rows)).lines()
    heads = ("cue channels, median (ms)", "noise channels, median (ms)", "of the cue's above 300 ms", "at infinity")
    controls = ("as many as heavy set back", "that moved most", "that grew most")
    yield from ("", *Grid(("tau at the start", "learned as", *heads, *controls), _details(rows)).lines())


def name_of(way: str, rate: float) -> str:
    """A way to learn time constants in words."""
    return f"{_NAMES[way]}, {rate:g} x the rate"


def of_way(rows: Sequence[Row], tau_ms: float, way: str, rate: float) -> list[Row]:
    """The rows of a start and a way."""
    return of_case(rows, model="HetSynLIF", tau_ms=tau_ms, time_constants=way, rate=rate)


def _table_4(rows: Sequence[Row]) -> Iterator[list[str]]:
    for tau, paper in PAPER.items():
        published = [*(f"{ms:.1f}" for ms in paper[:2]), *(f"{share:.2f} %" for share in paper[2:])]
        yield [f"{tau:g} ms", "paper", "5", *published[:4], "–", published[4]]
        for way, same in _runs(rows, tau):
            yield ["", way, str(len(same)), *(_ms(same, f"{group}_mean_ms") for group in ("cue", "noise")), *_percents(same, _SHARES)]


def _details(rows: Sequence[Row]) -> Iterator[list[str]]:
    for tau in PAPER:
        for way, same in _runs(rows, tau):
            medians = (_ms(same, f"{group}_median_ms") for group in ("cue", "noise"))
            yield [f"{tau:g} ms", way, *medians, *_percents(same, ("cue_half_long", "infinite", *_CONTROLS))]


def _runs(rows: Sequence[Row], tau_ms: float) -> Iterator[tuple[str, list[Row]]]:
    for way, rate in sorted(WAYS):
        if same := of_way(rows, tau_ms, way, rate):
            yield name_of(way, rate), same


def _ms(rows: Sequence[Row], key: str) -> str:
    return shown([row[key] for row in rows], digits=1)


def _percents(rows: Sequence[Row], keys: Sequence[str]) -> list[str]:
    """A dash where rows are of a time when that was not measured."""
    measured = {key: [row[key] for row in rows if key in row] for key in keys}
    return [f"{shown(values, 100.0)} %" if values else "–" for values in measured.values()]

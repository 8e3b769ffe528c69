"""Would the answer be another one if something else had been chosen: other measurements, another distance, synapses by their use?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .loaders import reference
from .table import TauTable
from .temperature import at_temperature
from .uncertainty import Estimate
from .verdict import compare

_WARM = 34.0  # near the body temperature of rodents' slices in warm baths


@dataclass(frozen=True)
class Choice:
    """The answer for one choice.

    Attributes
    ----------
    name
        What was chosen otherwise.
    answer
        ``yes``, ``no`` or ``undecided``.
    rival
        The null that learning beats by the least.
    gain
        Over it, as a share of its distance to biology: positive is closer.
    """

    name: str
    answer: str
    rival: str
    gain: Estimate


def sensitivity(learned: TauTable, biology: TauTable, nulls: Mapping[str, TauTable], against: str) -> list[Choice]:
    """The comparison under every other choice that the data allow; none without nulls."""
    if not nulls:
        return []
    choices = [_judged(f"distance: {name}", learned, biology, nulls, name=name) for name in ("ks", "energy")]
    for label, make in _measurements(biology, against):
        choices.append(_judged(label, learned, make(), nulls))
    rows = by_use(learned)
    if rows is not None:
        used = {label: table.rows(rows) for label, table in nulls.items()}
        choices.append(_judged("synapses by |w| times the rate before them", learned.rows(rows), biology, used))
    kinds = np.unique(learned.column("kind")).tolist()
    for kind in kinds if len(kinds) > 1 else []:
        here = learned.column("kind") == kind
        choices.append(_judged(f"{kind} synapses alone", learned.rows(here), biology, {k: t.rows(here) for k, t in nulls.items()}))
    return choices


def _measurements(biology: TauTable, against: str) -> Iterator[tuple[str, Callable[[], TauTable]]]:
    if "g_nS" in biology.columns:
        yield "without records that repeat a (tau, g) pair", lambda: without_repeats(biology)
    if "temperature_C" in biology.columns:
        yield f"measurements brought to {_WARM:g} °C (Q10 = 1.9)", lambda: at_temperature(biology, _WARM)
    for name in ("hippocampome-psc-e", "hippocampome-psc-i", "hippocampome-psp"):
        if name != against:
            yield f"against {name}", lambda name=name: reference(name)  # type: ignore[misc]


def _judged(label: str, learned: TauTable, biology: TauTable, nulls: Mapping[str, TauTable], name: str = "wasserstein") -> Choice:
    verdict = compare(learned, biology, nulls, name=name)
    gains = {}
    for null, gain in verdict.gains.items():
        distance = float(np.mean(verdict.distances[null])) or 1.0
        gains[null] = Estimate(gain.value / distance, gain.low / distance, gain.high / distance)
    rival = min(gains, key=lambda null: gains[null].value)
    return Choice(label, verdict.answer, rival, gains[rival])


def without_repeats(table: TauTable) -> TauTable:
    """The first of all records with the same tau and conductance: rows that may have been entered twice."""
    pairs = np.column_stack([table.tau, np.nan_to_num(table.column("g_nS"), nan=-1.0)])
    return table.rows(np.sort(np.unique(pairs, axis=0, return_index=True)[1]))


def by_use(table: TauTable) -> NDArray[np.intp] | None:
    """Indices that take each synapse as often as |w| times the rate before it says, as many of each network as it has, without chance.

    A synapse that is never used keeps what it began with, and dilutes everything. None where rates or weights are not known, or where a
    network uses nothing.
    """
    use = np.abs(table.column("w")) * table.column("rate_hz")
    if not np.isfinite(use).all():
        return None
    parts = []
    for seed in np.unique(table.column("seed")):
        here = np.flatnonzero(table.column("seed") == seed)
        reached = np.cumsum(use[here])
        if not reached[-1] > 0.0:
            return None
        steps = (np.arange(here.size) + 0.5) / here.size * reached[-1]
        parts.append(here[np.searchsorted(reached, steps)])
    return np.asarray(np.concatenate(parts), dtype=np.intp)

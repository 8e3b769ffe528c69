"""Traces and spike times of trials from tables (CSV, text) and NumPy archives, with their units.

A place is a text such as ``"voltage.csv mV"`` or ``"cell.npz:v volt"``: file, member of an archive, unit. A trace has a row for each sample
and a column for each trial. Spike times are one column, of a single trial, or two: the number of the trial, from 0, and the time. Tables
may have a line of headers, and are separated by commas, semicolons, tabs or spaces. Files of amplifiers are read by Neo
(:mod:`hetsyn_sim.exchange.neo_trials`), and bring their own units.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from ..data.files import check_memory, reading
from ..errors import DataError
from ..spec.grammar.guard import shown
from ..spec.quantities import dimensions_of, parse_unit
from .neo_trials import place_of, read_signals, read_trains

_PLACE = re.compile(r"^\s*(?P<path>.+?)\s+(?P<unit>\S+)\s*$")
_EXPECTED = 'a file and a unit, as in "voltage.csv mV" or "cell.npz:v volt"'


def read_traces(place: str, option: str) -> list[Any]:
    """A trace for each trial, with its unit: Brian2's quantities, or Neo's signals.

    Raises
    ------
    DataError
        If the text names no file and unit, or the file can't be read or holds something else.
    SpecError
        If the unit is unknown.
    """
    if (found := place_of(place)) is not None:
        return read_signals(*found, option)
    table, scale, dimension = _read(place, option)
    if not table.size:
        raise DataError(
            "a trace without a sample", where=option, got=repr(place), expected="a row for each sample", remedy="check the file"
        )
    return [Quantity(column * scale, dim=dimension) for column in table.T]


def read_times(place: str, option: str, n_trials: int) -> list[Any]:
    """Times for each of ``n_trials``, with their unit.

    Raises
    ------
    DataError
        As :func:`read_traces`; or if there are more columns than two, or numbers of trials that there are not.
    """
    if (found := place_of(place)) is not None:
        return read_trains(*found, option)
    table, scale, dimension = _read(place, option)
    if table.shape[1] > 2:
        raise DataError(
            "these are not times of spikes",
            where=option,
            got=f"{table.shape[1]} columns",
            expected="one column of times, or two: the number of the trial, and the time",
            remedy="put trial and time side by side, a row for each spike",
        )
    trials = table[:, 0] if table.shape[1] == 2 else np.zeros(len(table))
    if wrong := sorted(set(trials.tolist()) - set(range(n_trials))):
        raise DataError(
            "a spike of a trial that is not there",
            where=option,
            got=f"trial {wrong[0]:g}",
            expected=f"whole numbers from 0 to {n_trials - 1}",
            remedy="count trials from 0, in the order of the columns of the traces",
        )
    return [Quantity(table[trials == k, -1] * scale, dim=dimension) for k in range(n_trials)]


def _read(place: str, option: str) -> tuple[NDArray[np.float64], float, object]:
    match = _PLACE.match(place)
    if match is None:
        raise DataError("a file needs the unit of its numbers", where=option, got=repr(place), expected=_EXPECTED, remedy="name both")
    unit = match["unit"]
    scale, dimension = float(parse_unit(unit, where=option)), dimensions_of(unit, where=option)
    name, _, member = match["path"].partition(".npz:")
    path = Path(f"{name}.npz") if member else Path(match["path"])
    remedy = "check the path; --help has examples"
    with reading(path, "this recording can't be read", expected="a table of numbers (CSV), or FILE.npz:MEMBER", remedy=remedy):
        found = _member(path, member) if member or path.suffix == ".npz" else _table(path)
    table = found[:, None] if found.ndim == 1 else found
    if table.ndim != 2:
        raise DataError("this is not a table", where=str(path), got=f"shape {found.shape}", expected="rows and columns", remedy=remedy)
    return np.asarray(table, dtype=np.float64), scale, dimension


def _member(path: Path, member: str) -> NDArray[np.float64]:
    with np.load(path, allow_pickle=False) as archive:
        check_memory(sum(entry.file_size for entry in archive.zip.infolist()), where=str(path))
        if member not in archive:
            raise DataError(
                "an archive without this member",
                where=str(path),
                got=repr(member),
                expected=", ".join(archive.files) or "an archive that is not empty",
                remedy=f"name one of them: {path.name}:{archive.files[0] if archive.files else 'v'}",
            )
        return np.asarray(archive[member], dtype=np.float64)


def _table(path: Path) -> NDArray[np.float64]:
    lines = [re.sub(r"[,;\t]", " ", line).split() for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [line for line in lines if line and not line[0].startswith("#")]
    if rows and not _is_numbers(rows[0]):
        head, *rows = rows  # headers
        if not all(map(str.isprintable, head)) or head[0].startswith("<"):
            table = "numbers, separated by commas, semicolons, tabs or spaces"
            raise DataError(
                "this file is no table", where=str(path), got=shown(" ".join(head), 60), expected=table, remedy="check the path"
            )
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        raise DataError(
            "rows of different lengths",
            where=str(path),
            got=", ".join(map(str, sorted(widths))),
            expected="as many numbers in each row",
            remedy="put trials of different lengths into files of their own, and fit them in Python",
        )
    return np.array(rows, dtype=np.float64).reshape(len(rows), -1 if rows else 1)


def _is_numbers(row: list[str]) -> bool:
    try:
        return bool([float(x) for x in row])
    except ValueError:
        return False

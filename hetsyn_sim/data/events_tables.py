"""Spikes of one's own in files: NumPy archives (npz) and tables (csv).

====================  ====================  =============================================================
in an archive         column of a table
====================  ====================  =============================================================
``times``             ``time``              of every spike: seconds, or the unit that is named
``units``             ``unit``              its channel, from 0 on
``recordings``        ``recording``         which recording it belongs to: a number from 0 on; in a table also a name
``labels``            ``label``             in an archive one for each recording; in a table in every row of a recording
``raster``                                  instead of the first three: (time, recording, channel), 0 and 1
``split``             ``split``             "train" or "test", as the labels; may be left out
``speakers``          ``speaker``           who spoke, as the labels; may be left out
``names``                                   of the recordings; may be left out
``dt``                                      time step in seconds, where it is not given otherwise
====================  ====================  =============================================================

In a table, a comma, a semicolon or a tab is between columns, and the header may name the unit of the times: ``time [ms]``.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .files import check_memory, reading

ENDINGS = (".npz", ".csv", ".tsv")
_COLUMNS = {"recording": "recordings", "time": "times", "unit": "units", "label": "labels", "split": "split", "speaker": "speakers"}
_ALIASES = {"channel": "unit", "neuron": "unit", "trial": "recording", "t": "time"}
_SPIKES = ("times", "units", "recordings", "labels")
_NEEDED = ("times, units, recordings (the number of each spike's recording) and labels", "raster and labels")
_HEADER = re.compile(r"\s*(?P<name>[A-Za-z]+)\s*(?:\[(?P<unit>[^\]]+)\])?\s*")


def read_own(path: Path) -> dict[str, Any]:
    """The parts of a file: ``labels`` with ``times`` and ``units`` by recording, or ``raster``; what else it has; ``time_unit``, ``dt``.

    Raises
    ------
    DataError
        If it is missing, damaged, or has other parts.
    """
    is_archive = path.suffix.lower() == ".npz"
    expected = f"an archive with {' or '.join(_NEEDED)}" if is_archive else f"a table with a header: {', '.join(_COLUMNS)}"
    remedy = "the page on your own data has an example of each; arrays of objects can't be read, since loading them may run code"
    with reading(path, "these spikes can't be read", expected=expected, remedy=remedy):
        return _archive(path) if is_archive else _table(path)


def _archive(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as file:
        check_memory(sum(entry.file_size for entry in file.zip.infolist()), where=str(path))
        known = {*_SPIKES, "raster", "split", "speakers", "names", "dt", "n_channels"}
        parts: dict[str, Any] = {name: file[name] for name in file.files if name in known}
        there = ", ".join(file.files)
    wanted = ("raster", "labels") if "raster" in parts else _SPIKES
    if missing := [name for name in wanted if name not in parts]:
        remedy = "np.savez(path, times=..., units=..., recordings=..., labels=...), a row of the first three for each spike"
        raise _incomplete(path, f"{there or 'nothing'}; no {', '.join(missing)}", " or ".join(_NEEDED), remedy)
    parts |= {name: float(parts[name]) for name in ("dt",) if name in parts}
    parts |= {name: int(parts[name]) for name in ("n_channels",) if name in parts}
    return parts if "raster" in parts else _by_recording(parts, parts["recordings"], len(parts["labels"]), path)


def _table(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        head = file.readline()
        separator = max(",;\t", key=head.count)
        rows = list(csv.reader(file, delimiter=separator))
    matches = [_HEADER.fullmatch(cell) for cell in next(csv.reader([head], delimiter=separator), [])]
    names = ["" if match is None else _ALIASES.get(match["name"].lower(), match["name"].lower()) for match in matches]
    if missing := [name for name in ("recording", "time", "unit", "label") if name not in names]:
        remedy = "put them into the first line: recording,time,unit,label, and then a row for each spike"
        raise _incomplete(path, f"{head.strip()[:200]!r}; no {', '.join(missing)}", ", ".join(_COLUMNS), remedy)
    rows = [row for row in rows if row]
    if wrong := [k for k, row in enumerate(rows) if len(row) != len(names)]:
        got = f"row {wrong[0] + 2} with {len(rows[wrong[0]])} cells"
        raise DataError("a row has other columns", where=str(path), got=got, expected=f"{len(names)} cells", remedy="complete it")
    columns = {_COLUMNS[name]: np.array([row[k].strip() for row in rows]) for k, name in enumerate(names) if name in _COLUMNS}
    first, owners = _numbered(columns["recordings"])
    parts: dict[str, Any] = {"names": columns["recordings"][first], "times": _floats(columns["times"], "time", path)}
    parts["units"] = _floats(columns["units"], "unit", path)
    for name in ("labels", "split", "speakers"):
        if name in columns:
            per_recording = columns[name][first]
            if (differing := np.flatnonzero(columns[name] != per_recording[owners])).size:
                got, remedy = f"row {differing[0] + 2}: {str(columns[name][differing[0]])!r}", "give all rows of a recording the same"
                raise DataError(f"a recording has several {name}", where=str(path), got=got, expected="one", remedy=remedy)
            parts[name] = per_recording
    if all(label.isdigit() for label in parts["labels"]):
        parts["labels"] = parts["labels"].astype(np.int64)
    if unit := next(
        (match["unit"] for name, match in zip(names, matches, strict=True) if match and name == "time" and match["unit"]), None
    ):
        parts["time_unit"] = unit
    return _by_recording(parts, owners, len(first), path)


def _numbered(names: NDArray[np.str_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first row of every recording, in the order in which they come, and the number of each row's recording."""
    _, first, codes = np.unique(names, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    return first[order], np.argsort(order, kind="stable")[codes.ravel()]


def _by_recording(parts: dict[str, Any], owners: NDArray[Any], n: int, path: Path) -> dict[str, Any]:
    """``parts`` with times and units divided by recording, and without the numbers of the recordings."""
    owners = np.asarray(owners).ravel()
    times, units = (np.asarray(parts[name]).ravel() for name in ("times", "units"))
    whole = owners.dtype.kind in "iu" and (not owners.size or (owners.min() >= 0 and owners.max() < n))
    if not owners.size == times.size == units.size or not whole:
        got = f"{times.size} times, {units.size} units, {owners.size} recordings" + (
            f" from {owners.min()} to {owners.max()} and {n} labels" if owners.size and owners.dtype.kind in "iuf" else ""
        )
        expected = "a time, a unit and a recording for each spike, and a label for each recording"
        raise DataError("the parts do not fit together", where=str(path), got=got, expected=expected, remedy="count recordings from 0")
    order = np.argsort(owners, kind="stable")
    cuts = np.cumsum(np.bincount(owners, minlength=n))[:-1]
    divided = {"times": np.split(times[order], cuts), "units": np.split(units[order], cuts)}
    return {name: part for name, part in parts.items() if name != "recordings"} | divided


def _floats(cells: NDArray[np.str_], name: str, path: Path) -> NDArray[np.float64]:
    try:
        return cells.astype(np.float64)
    except ValueError as problem:
        got, remedy = str(problem), "write numbers with a point, and the unit into the header: time [ms]"
        raise DataError(f"a {name} is not a number", where=str(path), got=got, expected="numbers", remedy=remedy) from problem


def _incomplete(path: Path, got: str, expected: str, remedy: str) -> DataError:
    return DataError("this file does not have all parts of a dataset", where=str(path), got=got, expected=expected, remedy=remedy)

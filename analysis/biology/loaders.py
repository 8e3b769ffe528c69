"""Time constants from files of the user, and reference sets by name."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from types import MappingProxyType

import numpy as np

from hetsyn_sim.data.files import check_readable
from hetsyn_sim.errors import DataError, UnknownNameError

from .biology import allen_synphys, hippocampome
from .table import TauTable

#: Bytes of a table: the largest that is read here, of the Allen Institute, has 10 million.
_MOST = 1 << 28
_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}


def from_csv(path: str | PathLike[str], column: str | None = None, *, low: float = 0.0, high: float = np.inf) -> TauTable:
    """Time constants of a CSV file whose header names the unit.

    Parameters
    ----------
    path
        The file: one row for each time constant. The other columns are kept, as numbers where all of them are.
    column
        Its name ends in the unit: ``tau_ms``, ``decay_s``, ``tau_us``; by default the one that begins with ``tau_``. A column ``unit``, if
        there is one, must say the same in every row.
    low, high
        Limits of what could be measured, in seconds.

    Raises
    ------
    DataError
        If the file can't be read, has no such column or no rows, names no unit or several, or holds something that is no positive number.
    """
    where = str(path)
    rows = _rows(path)
    if column is None:
        column = next((name for name in rows[0] if name.startswith("tau_") and name.rpartition("_")[2] in _UNITS), None)
    unit = (column or "").rpartition("_")[2]
    if column is None or column not in rows[0] or unit not in _UNITS:
        raise DataError(
            "no column of this file holds time constants with their unit",
            where=where,
            got=", ".join(name for name in rows[0]),
            expected="a column such as tau_ms, tau_s or tau_us",
            remedy="rename the column so that it ends in its unit, or name another one",
        )
    units = {row["unit"] for row in rows} if "unit" in rows[0] else {unit}
    if units != {unit}:
        raise DataError(
            "the units of the time constants are mixed",
            where=f"{where}: unit",
            got=", ".join(sorted(units)),
            expected=f"{unit} in every row, as in the name of the column {column}",
            remedy="convert all of them to one unit",
        )
    tau = _UNITS[unit] * np.array([_positive(row[column], f"{where}: {column}, row {k}") for k, row in enumerate(rows, start=1)])
    others = {name: _typed([row[name] for row in rows]) for name in rows[0] if name not in (column, "unit")}
    return TauTable(tau, Path(path).name, low, high, others)


def cell_types(path: str | PathLike[str]) -> TauTable:
    """Membrane time constants of the Allen Cell Types Database, which may not be shipped: ``cell_types_specimen_details.csv``.

    For networks whose time constants belong to neurons (Perez-Nieves et al. 2021). Columns: ``species``, ``dendrite``, ``structure``. Cells
    without a value are left out.

    Raises
    ------
    DataError
        If the file is another, or no cell has a time constant.
    """
    names = {"species": "donor__species", "dendrite": "tag__dendrite_type", "structure": "structure__acronym"}
    rows = _rows(path)
    missing = [name for name in ("ef__tau", *names.values()) if name not in rows[0]]
    usable = [] if missing else [row for row in rows if row["ef__tau"].strip()]
    if not usable:
        raise DataError(
            "this is not the table of the Allen Cell Types Database",
            where=str(path),
            got=f"without {', '.join(missing)}" if missing else f"{len(rows)} cells, none with ef__tau",
            expected="cell_types_specimen_details.csv, with ef__tau in ms",
            remedy="fetch it from the database's page of downloads",
        )
    tau = 1e-3 * np.array([_positive(row["ef__tau"], f"{path}: ef__tau") for row in usable])
    columns = {name: np.array([row[column] for row in usable]) for name, column in names.items()}
    return TauTable(tau, "Allen Cell Types Database (membrane)", columns=columns, note="of membranes, not of synapses")


def _hippocampome(**facts: str) -> Callable[[], TauTable]:
    return lambda: hippocampome().where(**facts) if facts else hippocampome()


#: What a name stands for in ``--against``. Voltage clamp measures currents (PSC), current clamp potentials (PSP).
REFERENCES: Mapping[str, Callable[[], TauTable]] = MappingProxyType(
    {
        "hippocampome": _hippocampome(clamp="voltage"),
        "hippocampome-psc-e": _hippocampome(clamp="voltage", pre="E"),
        "hippocampome-psc-i": _hippocampome(clamp="voltage", pre="I"),
        "hippocampome-psp": _hippocampome(clamp="current"),
        "hippocampome-psp-e": _hippocampome(clamp="current", pre="E"),
        "hippocampome-psp-i": _hippocampome(clamp="current", pre="I"),
        "hippocampome-all": _hippocampome(),
    }
)


def reference(name: str | PathLike[str]) -> TauTable:
    """A set by its name in :data:`REFERENCES`; or from a file: the Allen Synaptic Physiology sqlite (``file.sqlite``, or
    ``file.sqlite:psp_decay``), the Allen Cell Types CSV, or a CSV of your own.

    Raises
    ------
    UnknownNameError
        If it is neither a name nor a file.
    DataError
        If the file holds no time constants.
    """
    text = str(name)
    if text in REFERENCES:
        return REFERENCES[text]()
    path, _, quantity = text.partition(".sqlite:")
    if quantity:
        return allen_synphys(f"{path}.sqlite", quantity)
    if not Path(text).is_file():
        raise UnknownNameError(
            "unknown reference set",
            where="--against",
            got=repr(text),
            expected=f"{', '.join(REFERENCES)}, or the path of a .csv or .sqlite file",
            remedy="use one of these names, or check the path",
        )
    if Path(text).suffix in (".sqlite", ".db"):
        return allen_synphys(text)
    return cell_types(text) if "ef__tau" in _rows(text)[0] else from_csv(text)


def _rows(path: str | PathLike[str]) -> list[dict[str, str]]:
    check_readable(path, expected="a CSV file", most=_MOST)
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _no_csv(path, f"{type(error).__name__}: {error}") from error
    if not rows:
        raise _no_csv(path, "no rows")
    if ragged := [k for k, row in enumerate(rows, start=1) if None in row or None in row.values()]:
        raise _no_csv(path, f"row {ragged[0]} with another number of entries than the header")
    return rows


def _no_csv(path: str | PathLike[str], got: str) -> DataError:
    expected = "a CSV file in UTF-8 with a header and at least one row"
    return DataError("this table can't be read", where=str(path), got=got, expected=expected, remedy="check the path and the file")


def _positive(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0.0 < value < float("inf"):
        raise DataError(
            "this is not a time constant",
            where=where,
            got=repr(text),
            expected="a number above 0",
            remedy="correct the row, or leave it out",
        )
    return value


def _typed(texts: list[str]) -> np.ndarray:
    try:
        return np.array([float(text) for text in texts])
    except ValueError:
        return np.array(texts)

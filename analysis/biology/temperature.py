"""Measured time constants as they would be at another temperature. Nothing is corrected unless it is asked for."""

from __future__ import annotations

import numpy as np

from hetsyn_sim.errors import DataError

from .table import TauTable

#: How many times shorter for 10 degrees more: fitted to the Hippocampome records with class, clamp, age and slow component beside it.
Q10 = 1.9
_COLUMN = "temperature_C"


def at_temperature(table: TauTable, celsius: float, q10: float = Q10) -> TauTable:
    """Every time constant brought to one temperature; rows whose own is not known are left out.

    Parameters
    ----------
    celsius
        Where to.
    q10
        Factor for ten degrees.

    Raises
    ------
    DataError
        If no row has a temperature, or one of the numbers can't be meant.
    """
    if not (0.0 < celsius < 50.0 and 1.0 <= q10 < 10.0):
        raise DataError(
            "time constants can't be brought to this temperature",
            where="at_temperature",
            got=f"{celsius:g} °C, Q10 = {q10:g}",
            expected="0 to 50 °C, Q10 from 1 to 10",
            remedy="give the temperature in degrees Celsius, such as 34",
        )
    known = np.isfinite(table.column(_COLUMN)) if _COLUMN in table.columns else np.zeros(len(table), dtype=bool)
    if not known.any():
        raise DataError(
            "the temperatures of these measurements are not known",
            where=f"at_temperature, {table.source}",
            got=", ".join(table.columns) or "no columns",
            expected=f"a column {_COLUMN} with numbers",
            remedy="add the column, or compare without a correction",
        )
    there = table.rows(known)
    factor = q10 ** ((there.column(_COLUMN) - celsius) / 10.0)
    return there.with_tau(there.tau * factor, f"{table.source}, at {celsius:g} °C (Q10 = {q10:g})")


def temperatures(table: TauTable) -> str:
    """The range and median of the measurements' temperatures, as text."""
    known = table.columns.get(_COLUMN, np.array([]))
    known = known[np.isfinite(known)] if known.dtype.kind == "f" else known[:0]
    if not known.size:
        return "unknown"
    low, middle, high = np.quantile(known, [0.0, 0.5, 1.0])
    return f"{low:g} to {high:g} °C, median {middle:g} °C"

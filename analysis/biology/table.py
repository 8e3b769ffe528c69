"""One table for all time constants, measured or learned: in seconds, with what is known of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hetsyn_sim.errors import DataError


@dataclass(frozen=True, eq=False)
class TauTable:
    """Time constants, some of them censored: known only to lie below or above a limit.

    Attributes
    ----------
    tau
        In seconds, shape (n,). A censored one is at its limit.
    source
        Where they are from, with a citation.
    low, high
        Limits in seconds: a tau at or below ``low`` is known to be at most that, one at or above ``high`` at least that.
    columns
        Name -> what is known of every time constant, shape (n,): texts or numbers.
    note
        What somebody who uses them should know.

    Raises
    ------
    DataError
        If there is none, if one is negative or not a number, if limits are in the wrong order, or if a column has another length.
    """

    tau: NDArray[np.float64]
    source: str
    low: float = 0.0
    high: float = np.inf
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    note: str = ""

    def __post_init__(self) -> None:
        tau = np.asarray(self.tau, dtype=np.float64)
        if tau.ndim != 1 or not tau.size:
            self._fail("there are no time constants", f"shape {tau.shape}", "at least one, in one column", "look at what was selected")
        if np.isnan(tau).any() or (tau < 0).any():
            bad = np.flatnonzero(np.isnan(tau) | (tau < 0))
            self._fail(
                "a time constant is negative or not a number",
                f"{tau[bad[0]]} in row {bad[0]}, {bad.size} of {tau.size}",
                "0 or more",
                "leave those rows out, or correct them",
            )
        if not 0.0 <= self.low < self.high:
            self._fail("the limits are in the wrong order", f"{self.low} and {self.high} s", "0 <= low < high", "give both in seconds")
        for name, column in self.columns.items():
            if np.shape(column) != tau.shape:
                self._fail("a column has another length", f"{name}: {np.shape(column)}", f"{tau.shape}", "give one entry for each tau")
        clipped = np.clip(tau, self.low, self.high)
        clipped.setflags(write=False)
        object.__setattr__(self, "tau", clipped)
        object.__setattr__(self, "columns", {name: np.asarray(column) for name, column in self.columns.items()})

    def _fail(self, what: str, got: str, expected: str, remedy: str) -> None:
        raise DataError(what, where=f"TauTable, {self.source}", got=got, expected=expected, remedy=remedy)

    def __len__(self) -> int:
        return int(self.tau.size)

    @property
    def is_low(self) -> NDArray[np.bool_]:
        """Which are known only to be at most ``low``."""
        return np.asarray(self.tau <= self.low)

    @property
    def is_high(self) -> NDArray[np.bool_]:
        """Which are known only to be at least ``high``."""
        return np.asarray(self.tau >= self.high)

    @property
    def censored(self) -> tuple[float, float]:
        """Shares that are censored below and above."""
        return float(self.is_low.mean()), float(self.is_high.mean())

    @property
    def observed(self) -> NDArray[np.float64]:
        """The others, in seconds.

        Raises
        ------
        DataError
            If there is none.
        """
        inside = self.tau[~(self.is_low | self.is_high)]
        if not inside.size:
            self._fail(
                "all time constants are censored",
                f"{len(self)} at the limits {self.low:g} and {self.high:g} s",
                "some between them",
                "widen the limits, or train longer",
            )
        return np.asarray(inside)

    def where(self, **facts: object) -> Self:
        """The rows whose columns have these values; a tuple allows any of its entries.

        Raises
        ------
        DataError
            If there is no such column, or no row is left.
        """
        chosen = np.ones(len(self), dtype=bool)
        for name, wanted in facts.items():
            chosen &= np.isin(self.column(name), np.array(wanted if isinstance(wanted, tuple) else [wanted]))
        return self.rows(chosen)

    def column(self, name: str) -> NDArray[Any]:
        """One column, shape (n,).

        Raises
        ------
        DataError
            If there is none of that name.
        """
        if name not in self.columns:
            self._fail("there is no such column", repr(name), ", ".join(self.columns) or "no columns", "use one of these")
        return self.columns[name]

    def rows(self, chosen: NDArray[Any]) -> Self:
        """The rows of a mask, or of indices, which may repeat."""
        return replace(self, tau=self.tau[chosen], columns={name: column[chosen] for name, column in self.columns.items()})

    def with_tau(self, tau: NDArray[np.float64], source: str) -> Self:
        """Other values for the same rows, in seconds."""
        return replace(self, tau=tau, source=source)

    def with_limits(self, low: float, high: float) -> Self:
        """The same with other limits, in seconds; what lies beyond them is censored."""
        return replace(self, low=low, high=high)

    @classmethod
    def joined(cls, tables: Iterable[TauTable], source: str) -> TauTable:
        """Several tables of the same limits as one, with the columns that all of them have.

        Raises
        ------
        DataError
            If there are none, or their limits differ.
        """
        parts = list(tables)
        if not parts or len({(part.low, part.high) for part in parts}) != 1:
            raise DataError(
                "these tables can't be joined",
                where=source,
                got=f"{len(parts)} tables, limits {sorted({(part.low, part.high) for part in parts})}",
                expected="at least one table, the same limits",
                remedy="use with_limits first",
            )
        shared = [name for name in parts[0].columns if all(name in part.columns for part in parts)]
        columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in shared}
        return cls(np.concatenate([part.tau for part in parts]), source, parts[0].low, parts[0].high, columns)

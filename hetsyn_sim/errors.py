"""Typed errors. Each one says what is wrong, where, what was met, what was expected, and what to do about it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module
from types import ModuleType
from typing import Any


class HetSynError(Exception):
    """Base of every error that hetsyn-sim raises on purpose.

    Parameters
    ----------
    what
        One sentence: what is wrong.
    where
        The place it was found: a file, a model, an equation, a parameter.
    got, expected
        What was met and what would have been right.
    remedy
        What the user can do about it.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        got: object = None,
        expected: object = None,
        remedy: str = "",
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.got = got
        self.expected = expected
        self.remedy = remedy

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where:    {self.where}")
        if self.got is not None:
            lines.append(f"  got:      {self.got if self.got != '' else repr(self.got)}")
        if self.expected is not None:
            lines.append(f"  expected: {self.expected}")
        if self.remedy:
            lines.append(f"  remedy:   {self.remedy}")
        return "\n".join(lines)


class SpecError(HetSynError, ValueError):
    """A neuron model or a network description that breaks a rule."""


class UnknownNameError(SpecError, LookupError):
    """A name (model, parameter, task, device ...) that nothing is registered under."""


class DataError(HetSynError, ValueError):
    """Recordings, spikes or files whose content can't be used as it is."""


class DtMismatchError(DataError):
    """Two things that must share a time step do not."""


class CheckpointError(HetSynError, ValueError):
    """A checkpoint that is missing, truncated, foreign or inconsistent."""


class ConfigError(HetSynError, ValueError):
    """A training configuration that can't be read or is out of range."""


class DivergedError(ConfigError):
    """A training whose loss is no longer a finite number."""


class TransferError(HetSynError, ValueError):
    """A network that can't be expressed in the simulator it was sent to."""


class BackendError(HetSynError, RuntimeError):
    """A device, compiler or library that is needed here and not available."""


class WriteError(HetSynError, OSError):
    """A file that can't be written: no space, no permission, or something else in its place. What was there before is still there."""


class BackendWarning(UserWarning):
    """Something works, but more slowly than it could."""


class AxesWarning(UserWarning):
    """Input whose axes may be in another order than it is taken for."""


#: Longer texts are not compared with names: that takes time squared.
_LONGEST_NAME = 100

# One helper per shape of failure. They return what they checked, so that a caller can check and use a value in one line.


def one_of(
    value: Any,
    allowed: Iterable[Any],
    what: str,
    *,
    where: str = "",
    remedy: str = "use one of these",
    error: type[HetSynError] = UnknownNameError,
) -> Any:
    """``allowed[value]`` of a mapping, ``value`` itself of any other collection.

    Raises
    ------
    UnknownNameError
        "unknown {what}", with all that is allowed; or another ``error``.
    """
    known = list(allowed)
    # Compared one by one: what users pass need not be hashable.
    if not any(type(value) is type(name) and value == name for name in known):
        shown = repr(value)
        raise error(
            f"unknown {what}",
            where=where,
            got=shown if len(shown) <= 200 else f"{shown[:200]}...",
            expected=", ".join(map(str, known)),
            remedy=remedy + nearest(value, known),
        )
    return allowed[value] if isinstance(allowed, Mapping) else value


def nearest(name: Any, known: Iterable[Any]) -> str:
    """What to add to a remedy: "; did you mean 'epochs'?", or nothing where no known name is like it."""
    is_name = isinstance(name, str) and len(name) <= _LONGEST_NAME
    found = get_close_matches(name, [str(each) for each in known], n=1) if is_name else ()
    return f"; did you mean {found[0]!r}?" if found else ""


def visible(text: str) -> str:
    """Return ``text`` with the escape sequence of Python in place of each character that does not print."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def positive(value: Any, what: str, *, where: str = "", unit: str = "", remedy: str, error: type[HetSynError] = DataError) -> float:
    """``value`` as a float, if it is a finite number above 0; ``error`` says "{what} must be above 0" if not."""
    try:
        number = float(value) if not isinstance(value, bool | str) else math.nan
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if 0 < number < math.inf:
        return number
    raise error(f"{what} must be above 0", where=where, got=repr(value), expected=f"a finite number {unit}".rstrip(), remedy=remedy)


def finite(array: Any, what: str, *, where: str = "", remedy: str, error: type[HetSynError] = DataError) -> Any:
    """A NumPy array of numbers, if all are finite; ``error`` names the first place that is not."""
    import numpy as np  # not before it is needed: the command line shows its help without it

    bad = ~np.isfinite(array)
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        raise error(f"{what} is not finite", where=where, got=f"{array[place]} at {place}", expected="finite numbers", remedy=remedy)
    return array


def package(name: str, purpose: str, *, extra: str, where: str = "") -> ModuleType:
    """An optional package, imported.

    Raises
    ------
    BackendError
        "{purpose} needs the package {name}", and how to install it.
    """
    try:
        return import_module(name)
    except ImportError as missing:
        raise BackendError(
            f"{purpose} needs the package {name}",
            where=where,
            got=str(missing),
            expected=f"an installed {name}",
            remedy=f"pip install 'hetsyn-sim[{extra}]'",
        ) from missing

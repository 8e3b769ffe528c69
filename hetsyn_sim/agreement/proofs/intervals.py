"""Intervals of float64 numbers that hold the real result of every operation, for the constants of a network's step.

Ends are rounded outwards. IEEE 754 rounds + - * / and the square root to the nearest number, so the next number outwards is far enough.
NumPy promises nothing of that kind for its functions: :data:`FUNCTION_ULPS` is what is assumed of them, and the only assumption. Balls of
Arb (:mod:`.balls`) make the same intervals without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np

#: Units in the last place by which NumPy's exp, log and their like may be wrong; its own tests allow 4.
FUNCTION_ULPS: Final = 8
_INFINITY: Final = float("inf")
#: What a function's result may lose where it underflows.
_SMALLEST: Final = 2.0**-1000


class Interval(NamedTuple):
    """All numbers from ``low`` to ``high``, arrays of one shape. Infinite ends where nothing is known."""

    low: Any
    high: Any


def outwards(low: Any, high: Any) -> Interval:
    """The interval one number wider at both ends; all numbers where an end is NaN."""
    low, high = np.nextafter(low, -_INFINITY), np.nextafter(high, _INFINITY)
    unknown = np.isnan(low) | np.isnan(high)
    return Interval(np.where(unknown, -_INFINITY, low), np.where(unknown, _INFINITY, high))


def _of_corners(corners: list[Any]) -> Interval:
    """From the results at all pairs of ends, for operations that are monotone in each of their arguments."""
    return outwards(np.minimum.reduce(np.broadcast_arrays(*corners)), np.maximum.reduce(np.broadcast_arrays(*corners)))


def _mul(a: Interval, b: Interval) -> Interval:
    return _of_corners([x * y for x in a for y in b])


def _div(a: Interval, b: Interval) -> Interval:
    quotient = _of_corners([np.divide(x, y) for x in a for y in b])
    zero = (np.asarray(b.low) == 0) & (np.asarray(b.high) == 0)  # tau = 0 means a decay of 0: infinity, as IEEE 754 has it
    unknown = (np.asarray(b.low) <= 0) & (np.asarray(b.high) >= 0) & ~zero
    return Interval(np.where(unknown, -_INFINITY, quotient.low), np.where(unknown, _INFINITY, quotient.high))


def _wider(low: Any, high: Any) -> Interval:
    """Around results of NumPy's functions."""
    share = FUNCTION_ULPS * 2.0**-52
    return outwards(low - share * np.abs(low) - _SMALLEST, high + share * np.abs(high) + _SMALLEST)


def _pow(a: Interval, b: Interval) -> Interval:
    corners = np.broadcast_arrays(*(np.power(x, y) for x in a for y in b))
    found = _wider(np.minimum.reduce(corners), np.maximum.reduce(corners))
    unknown = np.broadcast_to(np.asarray(a.low) <= 0, np.shape(found.low))  # not monotone there, or no number
    return Interval(np.where(unknown, -_INFINITY, found.low), np.where(unknown, _INFINITY, found.high))


def _increasing(name: str) -> Callable[[Interval], Interval]:
    function = getattr(np, name)
    return lambda a: _wider(function(a.low), function(a.high))


def _exp(a: Interval) -> Interval:
    found = _wider(np.exp(a.low), np.exp(a.high))
    return Interval(np.maximum(found.low, 0.0), found.high)


def _abs(a: Interval) -> Interval:
    low, high = np.abs(a.low), np.abs(a.high)
    through = (np.asarray(a.low) <= 0) & (np.asarray(a.high) >= 0)
    return Interval(np.where(through, 0.0, np.minimum(low, high)), np.maximum(low, high))


#: The operations of a tape on intervals. What is not among them can't be in the constants of a network whose spikes are proved.
INTERVALS: Final[Mapping[str, Callable[..., Interval]]] = MappingProxyType(
    {
        "number": lambda value: Interval(np.float64(value), np.float64(value)),
        "add": lambda a, b: outwards(a.low + b.low, a.high + b.high),
        "sub": lambda a, b: outwards(a.low - b.high, a.high - b.low),
        "neg": lambda a: Interval(-a.high, -a.low),
        "mul": _mul,
        "div": _div,
        "pow": _pow,
        "exp": _exp,
        "abs": _abs,
        **{name: _increasing(name) for name in ("expm1", "log", "log1p", "log10", "sqrt", "tanh")},
    }
)

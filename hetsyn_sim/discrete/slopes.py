"""The derivative of every operation of one argument: the one table that forward and backward differentiation share.

A derivative is a factor, or 1 over a divisor where the quotient is the shorter or the more exact form. Where an operation has a kink, the
derivative is torch's for the same function, so that generated code and plain torch have one gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Protocol


class Nodes(Protocol):
    """What derivatives are written into: a tape's nodes, or a graph's."""

    def put(self, op: str, *args: int) -> int:
        """The place of an operation on the values at ``args``."""

    def number(self, value: float) -> int:
        """The place of a number."""


#: The nodes, the place of the result and that of the argument -> the place of the factor or divisor.
Slope = Callable[[Nodes, int, int], int]


def _beside_square(op: str) -> Callable[[Nodes, int], int]:
    return lambda b, x: b.put(op, b.number(1.0), b.put("mul", x, x))


_one_minus, _one_plus = _beside_square("sub"), _beside_square("add")

#: Operation -> its derivative.
FACTORS: Final[Mapping[str, Slope]] = MappingProxyType(
    {
        "exp": lambda b, y, x: y,
        "expm1": lambda b, y, x: b.put("add", y, b.number(1.0)),
        "sin": lambda b, y, x: b.put("cos", x),
        "cos": lambda b, y, x: b.put("neg", b.put("sin", x)),
        "tan": lambda b, y, x: _one_plus(b, y),
        "sinh": lambda b, y, x: b.put("cosh", x),
        "cosh": lambda b, y, x: b.put("sinh", x),
        "tanh": lambda b, y, x: _one_minus(b, y),
        "abs": lambda b, y, x: b.put("sign", x),
    }
)

#: Operation -> what its derivative is 1 over.
DIVISORS: Final[Mapping[str, Slope]] = MappingProxyType(
    {
        "log": lambda b, y, x: x,
        "log10": lambda b, y, x: b.put("mul", x, b.number(math.log(10.0))),
        "log1p": lambda b, y, x: b.put("add", x, b.number(1.0)),
        "sqrt": lambda b, y, x: b.put("add", y, y),
        "arcsin": lambda b, y, x: b.put("sqrt", _one_minus(b, x)),
        "arccos": lambda b, y, x: b.put("neg", b.put("sqrt", _one_minus(b, x))),
        "arctan": lambda b, y, x: _one_plus(b, x),
    }
)

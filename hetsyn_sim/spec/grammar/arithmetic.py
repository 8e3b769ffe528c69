"""What comes out of numbers, worked out as floats: whether sympy may work it out exactly can be seen from it."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from typing import Final

from .guard import refuse
from .words import FUNCTIONS, Refusal

#: No number of a model is as large.
LARGE: Final = 1e300

VALUES: Final[Mapping[str, Callable[..., float]]] = {
    **{name: getattr(math, name) for name in FUNCTIONS if hasattr(math, name)},
    **{f"arc{name}": getattr(math, f"a{name}") for name in ("sin", "cos", "tan")},
    "abs": abs,
    "sign": lambda x: (x > 0) - (x < 0),
    "int": int,
    "exprel": lambda x: math.expm1(x) / x if x else 1.0,
    "clip": lambda x, low, high: min(max(x, low), high),
}
OPERATIONS: Final[Mapping[type, Callable[[float, float], float]]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
    ast.Pow: lambda a, b: a**b,
}
CONSTANTS: Final = {"e": math.e, "pi": math.pi}


def number(node: ast.expr, function: Callable[..., float], *values: float | None) -> float | None:
    """The value of ``node`` where all it is made of are numbers; sympy works it out, too, whatever it is.

    Raises
    ------
    SpecError
        If it is too large, or no real number.
    """
    if any(value is None for value in values):
        return None
    try:
        value = function(*values)
    except (ArithmeticError, ValueError):
        value = math.inf
    if isinstance(value, complex) or not abs(value) < LARGE:
        none = Refusal("an enormous number, or none at all", "correct it, or use other units")
        raise refuse(none, ast.unparse(node), "numbers below 1e300")
    return float(value)

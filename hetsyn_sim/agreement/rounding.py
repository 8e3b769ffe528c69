"""Numbers with a bound of the rounding in them, and with their slopes against a neuron's states.

A tape run with them gives, besides its values, the slope of every output against every state and a bound of the rounding committed within
the tape: running error analysis (Wilkinson 1963; Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.3) to first order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..discrete.operations import NUMPY

Array = NDArray[np.float64]

#: Units of roundoff by which a function of the mathematical library may be wrong; vector libraries promise 4 units in the last place.
_FUNCTION_ERROR: Final = 8.0


@dataclass(frozen=True)
class Rounded:
    """A value with its slopes against k states, shape (k, ...), and the rounding in it, in units of roundoff."""

    value: Any
    slopes: Any
    error: Any


#: An operation's derivative with respect to each argument, from the arguments and the result.
_SLOPES: Final[Mapping[str, Callable[..., tuple[Any, ...]]]] = {
    "add": lambda a, b, y: (1.0, 1.0),
    "sub": lambda a, b, y: (1.0, -1.0),
    "mul": lambda a, b, y: (b, a),
    "div": lambda a, b, y: (1.0 / b, -y / b),
    "neg": lambda a, y: (-1.0,),
    "pow": lambda a, b, y: (b * np.power(a, b - 1.0), y * np.log(np.where(a > 0, a, 1.0))),
    "exp": lambda a, y: (y,),
    "log": lambda a, y: (1.0 / a,),
    "log10": lambda a, y: (1.0 / (a * np.log(10.0)),),
    "log1p": lambda a, y: (1.0 / (1.0 + a),),
    "expm1": lambda a, y: (y + 1.0,),
    "exprel": lambda a, y: (np.where(np.abs(a) < 1e-5, 0.5 + a / 3.0, (np.exp(a) - y) / np.where(a == 0, 1.0, a)),),
    "sqrt": lambda a, y: (0.5 / y,),
    "sin": lambda a, y: (np.cos(a),),
    "cos": lambda a, y: (-np.sin(a),),
    "tan": lambda a, y: (1.0 + y * y,),
    "arcsin": lambda a, y: (1.0 / np.sqrt(1.0 - a * a),),
    "arccos": lambda a, y: (-1.0 / np.sqrt(1.0 - a * a),),
    "arctan": lambda a, y: (1.0 / (1.0 + a * a),),
    "sinh": lambda a, y: (np.cosh(a),),
    "cosh": lambda a, y: (np.sinh(a),),
    "tanh": lambda a, y: (1.0 - y * y,),
    "abs": lambda a, y: (np.sign(a),),
    "mod": lambda a, b, y: (1.0, -np.floor(a / b)),
    "clip": lambda a, low, high, y: ((a > low) & (a < high), a <= low, a >= high),
}
#: Operations that round nothing.
_EXACT: Final = frozenset({"neg", "abs", "clip", "where", "sign", "floor", "ceil", "int"})


def _operation(name: str) -> Callable[..., Rounded]:
    apply, slopes_of = NUMPY[name], _SLOPES.get(name)
    own = 0.0 if name in _EXACT else 1.0 if name in ("add", "sub", "mul", "div", "sqrt", "mod") else _FUNCTION_ERROR

    def run(*arguments: Rounded) -> Rounded:
        result = apply(*(a.value for a in arguments))
        committed = own * np.abs(result)
        if slopes_of is None:  # a step: flat
            return Rounded(result, 0.0, committed)
        factors = slopes_of(*(a.value for a in arguments), result)
        slopes = sum(factor * a.slopes for factor, a in zip(factors, arguments, strict=True))
        return Rounded(result, slopes, committed + sum(np.abs(f) * a.error for f, a in zip(factors, arguments, strict=True)))

    return run


def _where(condition: Any, a: Rounded, b: Rounded) -> Rounded:
    chosen = condition.value if isinstance(condition, Rounded) else condition
    return Rounded(*(np.where(chosen, one, other) for one, other in ((a.value, b.value), (a.slopes, b.slopes), (a.error, b.error))))


#: The operations of a tape on :class:`Rounded` numbers.
ROUNDED: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "number": lambda value: Rounded(np.float64(value), 0.0, 0.5 * abs(value)),
        **{name: _operation(name) for name in NUMPY if name not in ("number", "where")},
        "where": _where,
    }
)

"""The elementary operations of a tape with NumPy, in float64."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from scipy.special import exprel


def _as_whole_number(x: Any) -> Any:
    return np.trunc(np.asarray(x, dtype=np.float64))


#: Operation -> NumPy function. Conditions are bool arrays, of which ``int`` makes 1 and 0; of numbers it keeps the whole part.
NUMPY: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "number": np.float64,
        "add": operator.add,
        "sub": operator.sub,
        "mul": operator.mul,
        "div": np.divide,  # by 0: infinity, as IEEE has it, also for single numbers
        "neg": operator.neg,
        "pow": np.power,
        **{
            name: getattr(np, name)
            for name in ("exp", "log", "log10", "log1p", "expm1", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh")
        },
        **{name: getattr(np, name) for name in ("arcsin", "arccos", "arctan", "abs", "sign", "floor", "ceil", "mod", "clip", "where")},
        "exprel": exprel,
        "int": _as_whole_number,
        "gt": operator.gt,
        "ge": operator.ge,
        "lt": operator.lt,
        "le": operator.le,
        "eq": operator.eq,
        "ne": operator.ne,
        "and": np.logical_and,
        "or": np.logical_or,
        "not": np.logical_not,
    }
)

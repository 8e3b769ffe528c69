"""The elementary operations of a tape (:mod:`hetsyn_sim.discrete.tape`) with torch, differentiable."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import torch
from torch import Tensor


def _unary(name: str) -> Callable[[Any], Any]:
    function: Callable[[Tensor], Tensor] = getattr(torch, name)
    return lambda x: function(x if isinstance(x, Tensor) else torch.tensor(float(x), dtype=torch.float64))


def _condition(name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(operator, name)
    return lambda *values: function(*values)


def _exprel(x: Tensor) -> Tensor:
    """``(exp(x) - 1)/x``, by its series where the quotient loses digits; neither branch lets a NaN into the gradient."""
    small = x.abs() < 1e-5
    safe = torch.where(small, torch.ones_like(x), x)
    return torch.where(small, 1.0 + 0.5 * x + x * x / 6.0, torch.expm1(safe) / safe)


def _where(condition: Any, a: Any, b: Any) -> Any:
    if not isinstance(condition, Tensor):
        return a if condition else b
    return torch.where(condition, a, b)


def _clip(x: Any, low: Any, high: Any) -> Any:
    low, high = (bound.to(x.dtype) if isinstance(bound, Tensor) else bound for bound in (low, high))
    return torch.minimum(torch.maximum(x, torch.as_tensor(low, dtype=x.dtype)), torch.as_tensor(high, dtype=x.dtype))


#: Operation -> torch function. Numbers stay Python's, so that they take the precision of what they meet.
TORCH: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "number": float,
        "add": operator.add,
        "sub": operator.sub,
        "mul": operator.mul,
        "div": operator.truediv,
        "neg": operator.neg,
        "pow": operator.pow,
        **{name: _unary(name) for name in ("exp", "log", "log10", "log1p", "expm1", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
        **{name: _unary(name) for name in ("arcsin", "arccos", "arctan", "abs", "sign", "floor", "ceil")},
        "mod": torch.remainder,
        "clip": _clip,
        "where": _where,
        "exprel": _exprel,
        "int": lambda x: x.to(torch.get_default_dtype()) if x.dtype == torch.bool else torch.trunc(x),
        **{name: _condition(name) for name in ("gt", "ge", "lt", "le", "eq", "ne")},
        "and": torch.logical_and,
        "or": torch.logical_or,
        "not": torch.logical_not,
    }
)

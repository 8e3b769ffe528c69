"""Balls of Arb (python-flint): numbers with a radius that holds every rounding, at any precision, for what float64 leaves open."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final

import numpy as np
import sympy

from ...data.recording import Recording
from ...discrete.tape import run_tape, tape_of
from ...errors import package
from .intervals import Interval, outwards
from .paths import Sum

#: Bits of the balls that constants are enclosed with: float64 then rounds them once, outwards.
_BITS_OF_CONSTANTS: Final = 106


def available() -> bool:
    """Whether python-flint is installed."""
    return find_spec("flint") is not None


def enclose(expression: sympy.Expr, values: Mapping[str, Any]) -> Interval:
    """An expression of parameters as an interval of float64, from balls of twice its precision."""
    library = flint()
    with library.ctx.workprec(_BITS_OF_CONSTANTS):
        balls = np.asarray(_evaluate(expression, values), dtype=object)
        low, high = (
            np.array([float(end(ball)) for ball in balls.ravel()]).reshape(balls.shape) for end in (library.arb.lower, library.arb.upper)
        )
    return outwards(low, high)  # each end has been rounded to float64, to a number next to it


def distance(of: Sum, recording: Recording, run: int, step: int, neuron: int, bits: int) -> Any:
    """v - theta of one neuron in one step, as a ball computed with ``bits`` bits."""
    with flint().ctx.workprec(bits):
        total = flint().arb(0)
        for path in of.paths:
            events = list(path.events(recording, run, step, neuron))
            if events:
                values = path.row(neuron)
                sizes, decays = (np.broadcast_to(_evaluate(e, values), path.n_pre) for e in (path.size, path.decay))
                for source, lag in events:
                    total += sizes[source] * decays[source] ** lag
        own = {name: np.asarray(value)[neuron, 0] if np.ndim(value) else value for name, value in of.own.items()}
        return total - _evaluate(of.theta, own)


def ends(ball: Any) -> tuple[float, float]:
    """The ends of a ball in float64, rounded outwards."""
    low, high = outwards(float(ball.lower()), float(ball.upper()))
    return float(low), float(high)


def flint() -> ModuleType:
    """The module.

    Raises
    ------
    BackendError
        If it is not installed.
    """
    return package("flint", "deciding what float64 leaves open", extra="proofs", where="a proof of spike trains")


def _evaluate(expression: sympy.Expr, values: Mapping[str, Any]) -> Any:
    """The value as a ball, or as an array of balls."""
    tape, with_balls = tape_of(expression), operations()
    return run_tape(tape, {name: with_balls["number"](values[name]) for name in tape.inputs}, with_balls)[0]


@cache
def operations() -> dict[str, Callable[..., Any]]:
    """The operations of a tape on arrays of balls; the same as those on intervals."""
    arb = flint().arb

    def div(a: Any, b: Any) -> Any:
        return a.sgn() * arb("inf") if b.is_zero() and not a.is_zero() else a / b  # tau = 0 means a decay of 0, as in IEEE 754

    two: dict[str, Callable[..., Any]] = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": div, "pow": operator.pow}
    one: dict[str, Callable[..., Any]] = {name: operator.methodcaller(name) for name in ("exp", "expm1", "log", "log1p", "sqrt", "tanh")}
    one |= {"neg": operator.neg, "abs": abs, "log10": lambda a: a.log() / arb(10).log(), "number": lambda value: arb(float(value))}
    return {name: np.frompyfunc(function, n, 1) for n, group in ((1, one), (2, two)) for name, function in group.items()}

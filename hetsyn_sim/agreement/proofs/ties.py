"""Whether v is exactly theta: a question that no precision answers, and that has an answer.

With the parameters taken as exact, v - theta is a sum of ``coefficient * exp(exponent)``, both of them rational. Exponentials of different
rational (even algebraic) numbers are linearly independent over the algebraic numbers (Lindemann and Weierstrass 1885). So the sum is zero
if and only if every coefficient is, once equal exponents are put together: ``exp(-3 dt/tau)`` and ``exp(-dt/tau')`` with tau = 3 tau', say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import sympy

from ...data.recording import Recording
from ...discrete.tape import run_tape, tape_of
from .paths import Sum

_ZERO: Final = Fraction(0)


class NotRational(Exception):
    """An operation that leads out of sums of rational multiples of exponentials of rational numbers: nothing is known then."""


@dataclass(frozen=True)
class Exponentials:
    """The real number ``sum(c * exp(q) for q, c in terms.items())``, c and q rational, no c zero.

    ``infinite`` is +1 or -1 for the infinity that a division by zero makes: tau = 0 means a decay of exactly 0.
    """

    terms: Mapping[Fraction, Fraction]
    infinite: int = 0

    @classmethod
    def of(cls, value: float) -> Exponentials:
        if math.isnan(value):
            raise NotRational
        return cls({}, 1 if value > 0 else -1) if math.isinf(value) else _summed([(_ZERO, Fraction(value))])

    @property
    def rational(self) -> Fraction:
        """The number, if it is rational."""
        if self.infinite or self.terms.keys() - {_ZERO}:
            raise NotRational
        return self.terms.get(_ZERO, _ZERO)

    @property
    def sign(self) -> int:
        """The sign of an infinity or of a rational number."""
        return self.infinite or (self.rational > 0) - (self.rational < 0)

    def __add__(self, other: Exponentials) -> Exponentials:
        if self.infinite or other.infinite:
            raise NotRational
        return _summed([*self.terms.items(), *other.terms.items()])

    def __neg__(self) -> Exponentials:
        return Exponentials({q: -c for q, c in self.terms.items()}, -self.infinite)

    def __sub__(self, other: Exponentials) -> Exponentials:
        return self + -other

    def __mul__(self, other: Exponentials) -> Exponentials:
        if self.infinite or other.infinite:
            if not (sign := self.sign * other.sign):
                raise NotRational
            return Exponentials({}, sign)
        return _summed([(p + q, a * b) for p, a in self.terms.items() for q, b in other.terms.items()])

    def __truediv__(self, other: Exponentials) -> Exponentials:
        if other.infinite:
            return Exponentials({}) if not self.infinite else _no_number()
        if not other.terms:
            return Exponentials({}, self.sign) if self.sign else _no_number()
        if len(other.terms) > 1:
            raise NotRational
        ((q, c),) = other.terms.items()
        return self * Exponentials({-q: 1 / c})

    def exp(self) -> Exponentials:
        if self.infinite < 0:
            return Exponentials({})
        return Exponentials({self.rational: Fraction(1)})

    def power(self, n: int) -> Exponentials:
        """To a whole power; ``0**0`` is 1."""
        if len(self.terms) == 1:
            ((q, c),) = self.terms.items()
            return Exponentials({n * q: c**n})
        result = Exponentials.of(1.0)
        for _ in range(n):
            result = result * self
        return result


def _summed(terms: list[tuple[Fraction, Fraction]]) -> Exponentials:
    found: dict[Fraction, Fraction] = {}
    for q, c in terms:
        found[q] = found.get(q, _ZERO) + c
    return Exponentials({q: c for q, c in found.items() if c})


def _no_number() -> Exponentials:
    raise NotRational


_OPERATIONS: Final[Mapping[str, Callable[..., Exponentials]]] = MappingProxyType(
    {
        "number": lambda value: Exponentials.of(float(value)),
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b,
        "neg": lambda a: -a,
        "exp": lambda a: a.exp(),
        "expm1": lambda a: a.exp() - Exponentials.of(1.0),
    }
)


def is_tie(of: Sum, recording: Recording, run: int, step: int, neuron: int) -> bool | None:
    """Whether v of a neuron is exactly theta in a step; None if its text holds what is no exponential, and nothing can be said."""
    terms: list[tuple[Fraction, Fraction]] = []
    try:
        for path in of.paths:
            values = path.row(neuron)
            for source, lag in path.events(recording, run, step, neuron):
                one = {name: np.broadcast_to(value, path.n_pre)[source] for name, value in values.items()}
                terms += (_evaluate(path.size, one) * _evaluate(path.decay, one).power(lag)).terms.items()
        own = {name: np.asarray(value)[neuron, 0] if np.ndim(value) else value for name, value in of.own.items()}
        terms += (-_evaluate(of.theta, own)).terms.items()
    except NotRational:
        return None
    return not _summed(terms).terms


def _evaluate(expression: sympy.Expr, values: Mapping[str, Any]) -> Exponentials:
    tape = tape_of(expression)
    if {node.op for node in tape.nodes} - _OPERATIONS.keys() - {"symbol"}:
        raise NotRational
    found: Exponentials = run_tape(tape, {name: Exponentials.of(float(values[name])) for name in tape.inputs}, _OPERATIONS)[0]
    return found

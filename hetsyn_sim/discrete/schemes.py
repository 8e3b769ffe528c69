"""Schemes: how differential equations become assignments that advance their states by one step.

Each takes the right-hand sides, with everything but the block's own states held over the step, and gives assignments in order; ``next x``
is the state x after the step. ``is active`` is false while a neuron is refractory: the states in ``frozen`` then stand still, and the
others see them stand still. The formulas are Brian2's for its methods of the same names; ``symplectic_euler`` is not among them.

Noise ``xi`` is one more number of a step, a standard normal one over the root of dt: ``dt*xi`` is the increment of a Wiener process.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import sympy

from ..errors import SpecError
from ..spec.equations import is_noise, symbol
from .linear import coefficients_of
from .tape import where

Assignments = list[tuple[str, sympy.Expr]]
Rates = Mapping[str, sympy.Expr]

#: Whether the neuron is not refractory. Names of ours have a space, as no name of a model has.
ACTIVE: Final = symbol("is active")


def next_name(state: str) -> str:
    """The name of a state after the step."""
    return f"next {state}"


def euler(rates: Rates, frozen: Collection[str], *, at: str) -> Assignments:
    """``x + dt f(x)``: first order. Noise whose size depends on no state is part of f: Euler's step and Maruyama's."""
    return _explicit(rates, frozen, [], [1])


def rk2(rates: Rates, frozen: Collection[str], *, at: str) -> Assignments:
    """The midpoint rule: second order."""
    return _explicit(rates, frozen, [sympy.Rational(1, 2)], [0, 1])


def rk4(rates: Rates, frozen: Collection[str], *, at: str) -> Assignments:
    """The classical Runge-Kutta scheme: fourth order."""
    half = sympy.Rational(1, 2)
    return _explicit(rates, frozen, [half, half, 1], [sympy.Rational(k, 6) for k in (1, 2, 2, 1)])


def _explicit(rates: Rates, frozen: Collection[str], nodes: Sequence[Any], weights: Sequence[Any]) -> Assignments:
    """A scheme in which stage j is taken at ``nodes[j-1]`` times the slope of stage j-1."""
    found: Assignments = []
    for stage in range(len(weights)):
        at_stage = (
            dict.fromkeys(rates, sympy.Integer(0)) if stage == 0 else {x: nodes[stage - 1] * symbol(f"k{stage - 1} {x}") for x in rates}
        )
        shifted = {symbol(x): symbol(x) + move for x, move in at_stage.items()}
        for x, rate in rates.items():
            slope = symbol("dt") * rate.subs(shifted, simultaneous=True)
            found.append((f"k{stage} {x}", where(ACTIVE, slope, sympy.Integer(0)) if x in frozen else slope))
    for x in rates:
        total = sum((weight * symbol(f"k{stage} {x}") for stage, weight in enumerate(weights)), sympy.Integer(0))
        found.append((next_name(x), symbol(x) + total))
    return found


def exponential_euler(rates: Rates, frozen: Collection[str], *, at: str) -> Assignments:
    """Each state by the exact solution of its own linear equation, with all else held: first order (Rush and Larsen 1978).

    Held are the other states, and functions of the state itself that are a factor or a term: in ``m(v)**3*(E - v)`` it is ``m(v)``.
    """
    return [(next_name(x), _unless_frozen(x, _own_solution(x, *_linear_if_held(x, rate, at=at)), frozen)) for x, rate in rates.items()]


def symplectic_euler(rates: Rates, frozen: Collection[str], *, at: str) -> Assignments:
    """One state after the other, in the order of the text, each seeing those before it already advanced.

    A state whose equation is linear in itself takes the exact solution of that, as in ``exponential_euler``; one that does not occur in its
    own equation takes an Euler step, which for oscillators is the scheme that the name comes from (Baronig et al. 2025, SE-adLIF).
    """
    found: Assignments = []
    advanced: dict[sympy.Symbol, sympy.Symbol] = {}
    for x, rate in rates.items():
        found.append((next_name(x), _unless_frozen(x, _own_solution(x, *_linear(x, rate.subs(advanced), at=at)), frozen)))
        advanced[symbol(x)] = symbol(next_name(x))
    return found


def heun(rates: Rates, frozen: Collection[str], *, at: str) -> Assignments:
    """``x + dt f(x) + (g(x) + g(x + g(x) dW)) dW/2`` for noise g xi, in the sense of Stratonovich: Euler's step of f, Heun's of g."""
    return _noisy(rates, frozen, lambda f, g, dw: g * dw, lambda g, there, dw: dw * (g + there) / 2, at=at)


def milstein(rates: Rates, frozen: Collection[str], *, at: str) -> Assignments:
    """``x + dt f + g dW + (g(x + dt f + g sqrt(dt)) - g) dW^2/(2 sqrt(dt))``, in the sense of Stratonovich, too: without derivatives."""
    dt, root = symbol("dt"), sympy.sqrt(symbol("dt"))
    return _noisy(rates, frozen, lambda f, g, dw: dt * f + root * g, lambda g, there, dw: g * dw + (there - g) * dw**2 / (2 * root), at=at)


def _noisy(
    rates: Rates, frozen: Collection[str], towards: Callable[..., sympy.Expr], moved: Callable[..., sympy.Expr], *, at: str
) -> Assignments:
    """Of ``f + sum(g_k xi_k)``: g_k is looked at again where ``towards`` leads from x, and moves x by ``moved(g_k, g_k there, dW_k)``."""
    noise = sorted({s for rate in rates.values() for s in rate.free_symbols if is_noise(str(s))}, key=str)
    split = {x: coefficients_of(rate, noise, where=f"{at}: d{x}/dt") for x, rate in rates.items()}
    dt = symbol("dt")

    def unless_frozen(x: str, amount: sympy.Expr) -> sympy.Expr:
        return where(ACTIVE, amount, sympy.Integer(0)) if x in frozen else amount

    found: Assignments = []
    moves = {x: [unless_frozen(x, dt * drift)] for x, (_, drift) in split.items()}
    for k, xi in enumerate(noise):
        there = {symbol(x): symbol(f"there{k} {x}") for x in rates}
        found += [(f"there{k} {x}", symbol(x) + unless_frozen(x, towards(f, g[k], dt * xi))) for x, (g, f) in split.items()]
        for x, (g, _) in split.items():
            if g[k] != 0:
                moves[x].append(unless_frozen(x, moved(g[k], g[k].subs(there, simultaneous=True), dt * xi)))
    return found + [(next_name(x), sympy.Add(symbol(x), *parts)) for x, parts in moves.items()]


def _unless_frozen(x: str, after: sympy.Expr, frozen: Collection[str]) -> sympy.Expr:
    return where(ACTIVE, after, symbol(x)) if x in frozen else after


def _linear(x: str, rate: sympy.Expr, *, at: str) -> tuple[sympy.Expr, sympy.Expr]:
    """a and b of ``dx/dt = a x + b``, without x in either."""
    try:
        (a,), b = coefficients_of(rate, [symbol(x)], where=f"{at}: d{x}/dt")
    except SpecError as error:
        raise SpecError(
            "an equation is not linear in its own state",
            where=f"{at}: d{x}/dt",
            got=str(rate),
            expected=f"a sum of terms with {x} to the first power and terms without",
            remedy='name a scheme that takes any equation: "rk4", "rk2" or "euler"',
        ) from error
    return a, b


def _linear_if_held(x: str, rate: sympy.Expr, *, at: str) -> tuple[sympy.Expr, sympy.Expr]:
    """The same, where a and b may hold functions of x: what x is multiplied with when all is multiplied out, as Brian2 has it."""
    try:
        return _linear(x, rate, at=at)
    except SpecError:
        parts = sympy.collect(sympy.expand(rate), symbol(x), evaluate=False)
        if symbol(x) not in parts or not set(parts) <= {symbol(x), sympy.Integer(1)}:
            raise
        return parts[symbol(x)], parts.get(sympy.Integer(1), sympy.Integer(0))


def _own_solution(x: str, a: sympy.Expr, b: sympy.Expr) -> sympy.Expr:
    """Of ``dx/dt = a x + b``: ``(x + b/a) exp(a dt) - b/a``; where a is 0, an Euler step."""
    dt = symbol("dt")
    if a == 0:
        return symbol(x) + dt * b
    if b == 0:
        return symbol(x) * sympy.exp(a * dt)
    rest = b / a
    return (symbol(x) + rest) * sympy.exp(a * dt) - rest


#: Scheme -> the function that makes its step. ``exact`` is not a formula but a propagator (:mod:`hetsyn_sim.discrete.propagators`).
STEPPERS: Final[Mapping[str, Callable[..., Assignments]]] = MappingProxyType(
    {f.__name__: f for f in (exponential_euler, symplectic_euler, euler, rk2, rk4, heun, milstein)}
)

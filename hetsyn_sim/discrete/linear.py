"""Linear differential equations, symbolically: the matrix of a block of states and its exact propagator over one step."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import sympy

from ..errors import SpecError
from ..spec.equations import symbol

#: Operations up to which sympy may look for a shorter form. It tries whatever it knows: eight ratios take it minutes, four tanh seconds.
_SMALL = 12


@dataclass(frozen=True)
class LinearBlock:
    """``dy/dt = A y`` for the states ``y`` of a synapse or of a neuron. The entries of A are expressions in the parameters."""

    states: tuple[str, ...]
    matrix: sympy.ImmutableMatrix

    @classmethod
    def from_states(cls, states: Mapping[str, sympy.Expr], constants: Collection[str], *, where: str) -> LinearBlock:
        """Read A off the right-hand sides. ``constants`` are the names that do not change during a step.

        Raises
        ------
        SpecError
            If a right-hand side is not linear in the block's states, is driven by something else, or has a rate that changes.
        """
        names = tuple(states)
        symbols = [symbol(name) for name in names]
        rows = [coefficients_of(expression, symbols, where=f"{where}: d{name}/dt") for name, expression in states.items()]
        for name, (rates, rest) in zip(names, rows, strict=True):
            if rest != 0:
                raise SpecError(
                    "an equation is driven by something that is not one of its own states",
                    where=f"{where}: d{name}/dt",
                    got=f"the term {rest}",
                    expected="a sum of the block's own states, each times a rate",
                    remedy="let spikes drive the state through on_pre, and combine states in v",
                )
            changing = sorted({str(s) for rate in rates for s in rate.free_symbols} - set(constants))
            if changing:
                raise SpecError(
                    "a rate depends on a state",
                    where=f"{where}: d{name}/dt",
                    got=", ".join(str(rate) for rate in rates if {str(s) for s in rate.free_symbols} & set(changing)),
                    expected="rates made of parameters and dt",
                    remedy=f"take {', '.join(changing)} out of the rate; only linear dynamics have an exact step",
                )
        matrix = sympy.ImmutableMatrix([[tidy(c) for c in row] for row, _ in rows] if names else sympy.zeros(0, 0))
        return cls(names, matrix)

    @cached_property
    def is_diagonal(self) -> bool:
        """Whether every state decays on its own."""
        return bool(self.matrix.is_diagonal()) if self.states else True

    def decay(self, state: str) -> sympy.Expr:
        """The factor that ``state`` keeps over one step, ``exp(A_kk * dt)``. Exact if the block is diagonal."""
        k = self.states.index(state)
        return sympy.exp(self.matrix[k, k] * symbol("dt"))


def coefficients_of(expression: sympy.Expr, symbols: list[sympy.Symbol], *, where: str) -> tuple[list[sympy.Expr], sympy.Expr]:
    """Write ``expression`` as ``sum(c_k * symbol_k) + rest`` with c and rest free of the symbols.

    Raises
    ------
    SpecError
        If it is not linear in them.
    """
    # As it is written, if that will do: expanding tears exponentials apart, which costs time and digits in every step.
    coefficients = [sympy.diff(expression, s) for s in symbols]
    if not any(c.free_symbols & set(symbols) for c in coefficients):
        return coefficients, expression.subs(dict.fromkeys(symbols, 0))
    expression = sympy.expand(expression)
    coefficients = [sympy.diff(expression, s) for s in symbols]
    rest = tidy(expression - sum((sympy.expand(c * s) for c, s in zip(coefficients, symbols, strict=True)), sympy.Integer(0)))
    if any(part.free_symbols & set(symbols) for part in (*coefficients, rest)):
        raise SpecError(
            "not linear",
            where=where,
            got=str(expression),
            expected=f"a sum of {', '.join(map(str, symbols))}, each times something without them",
            remedy="only linear dynamics have an exact step; non-linear models are not available",
        )
    return coefficients, rest


def tidy(expression: sympy.Expr) -> sympy.Expr:
    """A short form of an expression: the shortest that sympy finds if it is small, else with common factors taken out."""
    return sympy.simplify(expression) if expression.count_ops() <= _SMALL else sympy.factor_terms(expression)

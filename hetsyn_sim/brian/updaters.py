"""State updaters that Brian2 does not have: from its equations to code that it turns into a program."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import sympy
from brian2.equations.equations import Equations
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
from brian2.stateupdaters.base import StateUpdateMethod, UnsupportedEquationsException
from brian2.stateupdaters.exponential_euler import get_conditionally_linear_system

#: How Brian2 writes that a state stands still: it multiplies the right-hand side by this.
_ACTIVE = "int(not_refractory)"


def _symbol(name: str) -> sympy.Symbol:
    return sympy.Symbol(name, real=True)


def _moving(expression: Any) -> sympy.Expr:
    """An expression of a neuron that is not refractory. What stands still is left to the end: Brian2's factor may be 0 over 0 else."""
    found = sympy.sympify(expression)
    factors = [f for f in found.atoms(sympy.Function) if f.func.__name__ == "int_" and str(f.args[0]) == "not_refractory"]
    return found.xreplace(dict.fromkeys(factors, sympy.Integer(1)))


def _unless_frozen(x: str, after: str, still: str, frozen: Collection[str]) -> str:
    return f"{_ACTIVE}*({after}) + (1 - {_ACTIVE})*({still})" if x in frozen else after


def _frozen(equations: Equations) -> set[str]:
    return {name for name, equation in equations.items() if "unless refractory" in equation.flags}


class SymplecticEuler(StateUpdateMethod):
    """One state after the other in the order of ``states``, each from those before it as they are already; exact where linear in itself.

    What is linear is found by Brian2, as for its own ``exponential_euler``.
    """

    def __init__(self, states: tuple[str, ...]) -> None:
        self.states = states

    def __call__(self, equations: Equations, variables: Mapping[str, Any] | None = None, method_options: Any = None) -> str:
        try:
            system = get_conditionally_linear_system(equations, variables)
        except ValueError as error:
            raise UnsupportedEquationsException(str(error)) from error
        return "\n".join(self._code(system, _frozen(equations)))

    def _code(self, system: Mapping[str, tuple[Any, Any]], frozen: Collection[str]) -> Iterator[str]:
        advanced: dict[sympy.Symbol, sympy.Symbol] = {}
        for x in self.states:
            rate, rest = (_moving(part).xreplace(advanced) for part in system[x])
            if rate == 0:
                after = f"{x} + dt*({sympy_to_str(rest)})"
            elif rest == 0:
                after = f"{x}*exp(dt*({sympy_to_str(rate)}))"
            else:
                yield f"_level_{x} = {sympy_to_str(rest / rate)}"
                after = f"({x} + _level_{x})*exp(dt*({sympy_to_str(rate)})) - _level_{x}"
            yield f"_{x} = {_unless_frozen(x, after, x, frozen)}"
            advanced[_symbol(x)] = _symbol(f"_{x}")
        yield from (f"{x} = _{x}" for x in self.states)


class Coefficients(StateUpdateMethod):
    """The step of linear equations from coefficients that every neuron holds as constants: ``Phi y + Gamma r``, with r held over the step.

    ``groups`` are the states that see each other. If some of a group stand still while the neuron is refractory, there is a second set of
    coefficients for that time.
    """

    def __init__(self, groups: tuple[tuple[str, ...], ...], frozen: Collection[str], prefix: str) -> None:
        self.groups, self.frozen, self.prefix = groups, frozenset(frozen), prefix

    def modes(self, group: tuple[str, ...]) -> tuple[bool, ...]:
        """Whether the coefficients are those of a refractory neuron, for each set of them."""
        return (False, True) if len(group) > 1 and set(group) & self.frozen else (False,)

    def phi(self, x: str, y: str, still: bool) -> str:
        """The name of the constant by which y enters the next x."""
        return f"{self.prefix}_phi_{x}_{y}{'_refractory' if still else ''}"

    def gamma(self, x: str, y: str, still: bool) -> str:
        """The name of the constant by which what drives y enters the next x."""
        return f"{self.prefix}_gamma_{x}_{y}{'_refractory' if still else ''}"

    def __call__(self, equations: Equations, variables: Mapping[str, Any] | None = None, method_options: Any = None) -> str:
        states = {_symbol(x): sympy.Integer(0) for group in self.groups for x in group}
        drives = {}
        for x, text in equations.get_substituted_expressions(variables):
            drives[x] = _moving(str_to_sympy(text.code, variables)).subs(states)
        lines = [f"_drive_{x} = {sympy_to_str(drive)}" for x, drive in drives.items() if drive != 0]
        for group in self.groups:
            for x in group:
                after = {mode: self._row(x, group, drives, mode) for mode in self.modes(group)}
                if len(after) == 1:
                    lines.append(f"_{x} = {_unless_frozen(x, after[False], x, self.frozen)}")
                else:
                    still = x if x in self.frozen else after[True]
                    lines.append(f"_{x} = {_unless_frozen(x, after[False], still, {x})}")
        return "\n".join([*lines, *(f"{x} = _{x}" for group in self.groups for x in group)])

    def _row(self, x: str, group: tuple[str, ...], drives: Mapping[str, sympy.Expr], still: bool) -> str:
        terms = [f"{self.phi(x, y, still)}*{y}" for y in group]
        driven = [y for y in group if drives[y] != 0 and not (still and y in self.frozen)]
        return " + ".join(terms + [f"{self.gamma(x, y, still)}*_drive_{y}" for y in driven])

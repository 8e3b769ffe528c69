"""From the text of a model to sympy expressions. Brian2 parses the text; nothing here knows a model by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import sympy
from brian2.equations.equations import DIFFERENTIAL_EQUATION, SUBEXPRESSION, Equations
from brian2.parsing.sympytools import str_to_sympy
from brian2.units.fundamentalunits import Dimension

from ..errors import SpecError
from .quantities import name_of_dimensions

__all__ = ["Jump", "ParsedEquations", "parse_condition", "parse_equations", "parse_jumps", "symbol"]

_STATEMENT = re.compile(r"^\s*([A-Za-z_]\w*)\s*([-+*/]?=)(?!=)\s*(.+?)\s*$")


def symbol(name: str) -> sympy.Symbol:
    """The symbol that Brian2's parser makes of a name. Symbols of other assumptions are other symbols, and time is positive there."""
    return sympy.Symbol(name, real=True, positive=True) if name in ("t", "dt") else sympy.Symbol(name, real=True)


@dataclass(frozen=True)
class Jump:
    """An instantaneous change: ``target`` grows by ``amount`` when the event happens."""

    target: str
    amount: sympy.Expr
    text: str


@dataclass(frozen=True)
class ParsedEquations:
    """One block of equations: right-hand sides of its states, its subexpressions, and the dimensions of both."""

    states: Mapping[str, sympy.Expr]
    subexpressions: Mapping[str, sympy.Expr]
    dimensions: Mapping[str, Dimension]
    texts: Mapping[str, str]

    def expand(self, expression: sympy.Expr) -> sympy.Expr:
        """``expression`` with every subexpression of this block written out."""
        for _ in self.subexpressions:
            expression = expression.subs({symbol(n): e for n, e in self.subexpressions.items()})
        return expression


def parse_equations(text: str, *, where: str) -> ParsedEquations:
    """Parse differential equations and subexpressions with Brian2.

    Raises
    ------
    SpecError
        If Brian2 can't read the text, or if it holds a parameter declaration or a flag, which have their own places in a spec.
    """
    try:
        equations = Equations(text)
    except Exception as error:  # Brian2 raises its own parser's types, SyntaxError, ValueError and others
        raise SpecError(
            "Brian2 can't read these equations",
            where=where,
            got=f"{text.strip()!r} ({str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__})",
            expected='lines such as "dI/dt = -I/tau_syn : 1" or "v = I_syn - R : 1"',
            remedy="correct the line that the message names",
        ) from error
    states: dict[str, sympy.Expr] = {}
    subexpressions: dict[str, sympy.Expr] = {}
    for name, equation in equations.items():
        if equation.flags:
            raise SpecError(
                "equation flags have no place in a spec",
                where=f"{where}: {name}",
                got=f"({', '.join(equation.flags)})",
                expected="an equation without flags",
                remedy="remove the flag; the transfer to Brian2 sets the flags it needs",
            )
        if equation.type == DIFFERENTIAL_EQUATION:
            states[name] = str_to_sympy(equation.expr.code)
        elif equation.type == SUBEXPRESSION:
            subexpressions[name] = str_to_sympy(equation.expr.code)
        else:
            raise SpecError(
                "a parameter is declared in the equations",
                where=f"{where}: {name}",
                got=f"{name} : {name_of_dimensions(equation.dim)}",
                expected="parameters in `parameters`, where they get axes, initial values and bounds",
                remedy=f"move {name} to `parameters`",
            )
    texts = {name: equation.expr.code for name, equation in equations.items()}
    return ParsedEquations(states, subexpressions, {n: e.dim for n, e in equations.items()}, texts)


def parse_jumps(text: str, *, where: str) -> tuple[Jump, ...]:
    """Parse statements such as ``"I += w"``; several are separated by lines or semicolons.

    Raises
    ------
    SpecError
        If a statement can't be read or is not an addition or a subtraction.
    """
    jumps = []
    for statement in re.split(r"[\n;]", text):
        if not statement.strip():
            continue
        match = _STATEMENT.match(statement)
        operator = match.group(2) if match else ""
        if match is None or operator not in ("+=", "-="):
            raise SpecError(
                "a jump must add to a state or subtract from it",
                where=where,
                got=repr(statement.strip()),
                expected='statements such as "I += w" or "v -= theta"',
                remedy="write the change as an addition; a hard reset makes the step non-linear and is not available",
            )
        amount = parse_expression(match.group(3), where=where)
        jumps.append(Jump(match.group(1), amount if operator == "+=" else -amount, statement.strip()))
    return tuple(jumps)


def parse_condition(text: str, *, where: str) -> tuple[sympy.Expr, sympy.Expr]:
    """The two sides of a threshold ``left > right``.

    Raises
    ------
    SpecError
        If it is not one strict inequality. Strictness is part of the model: a neuron exactly at threshold is silent.
    """
    condition = parse_expression(text, where=where)
    if not isinstance(condition, sympy.StrictGreaterThan):
        raise SpecError(
            "a threshold must be one strict inequality",
            where=where,
            got=repr(text),
            expected='"v > theta"',
            remedy="write the condition as left > right",
        )
    return condition.gts, condition.lts


def parse_expression(text: str, *, where: str) -> sympy.Expr:
    """One expression, read by Brian2's parser."""
    try:
        return str_to_sympy(text)
    except Exception as error:
        raise SpecError(
            "Brian2 can't read this expression",
            where=where,
            got=repr(text),
            expected="an expression in Brian2's language",
            remedy="correct it; only names, numbers, operators and Brian2's functions are allowed",
        ) from error

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
from .grammar.guard import at, check_name, check_words, refuse, shown, without_comments
from .grammar.lines import FREEZES, MAX_LINES, split_lines
from .grammar.words import Refusal, refusal_of_name
from .grammar.written_out import size_of, sizes_of
from .quantities import name_of_dimensions

#: What an analogue source puts out, as its synapses see it.
X_PRE = "x_pre"


def is_noise(name: str) -> bool:
    """Whether a name is that of white noise, in Brian2's unit second**-0.5: ``xi``, ``xi_1``, ``xi_common``."""
    return name == "xi" or name.startswith("xi_")


_STATEMENT = re.compile(r"^\s*([A-Za-z_]\w*)\s*([-+*/]?=)(?!=)\s*(.+)$")


def symbol(name: str) -> sympy.Symbol:
    """The symbol that Brian2's parser makes of a name. Symbols of other assumptions are other symbols, and time is positive there."""
    return sympy.Symbol(name, real=True, positive=True) if name in ("t", "dt") else sympy.Symbol(name, real=True)


@dataclass(frozen=True)
class Jump:
    """An instantaneous change of ``target``: with ``+=`` and ``-=`` it grows by ``amount``, otherwise it becomes ``after``."""

    target: str
    operator: str
    expression: sympy.Expr
    text: str

    @property
    def is_additive(self) -> bool:
        """Whether it adds or subtracts."""
        return self.operator in ("+=", "-=")

    @property
    def amount(self) -> sympy.Expr:
        """By how much the target grows."""
        return {"+=": self.expression, "-=": -self.expression}.get(self.operator, self.after - symbol(self.target))

    @property
    def after(self) -> sympy.Expr:
        """What the target is afterwards, with itself and the other names as they were before."""
        before = symbol(self.target)
        return {
            "+=": before + self.expression,
            "-=": before - self.expression,
            "*=": before * self.expression,
            "/=": before / self.expression,
            "=": self.expression,
        }[self.operator]


@dataclass(frozen=True)
class ParsedEquations:
    """One block of equations: right-hand sides of its states, its subexpressions, the dimensions of both, and which states are frozen."""

    states: Mapping[str, sympy.Expr]
    subexpressions: Mapping[str, sympy.Expr]
    dimensions: Mapping[str, Dimension]
    texts: Mapping[str, str]
    frozen: frozenset[str] = frozenset()

    def expand(self, expression: sympy.Expr) -> sympy.Expr:
        """``expression`` with every subexpression of this block written out."""
        written = {symbol(name): e for name, e in self.subexpressions.items()}
        while expression.free_symbols & written.keys():  # ends: Brian2 refuses circles
            expression = expression.subs(written)
        return expression


def parse_equations(text: str, *, where: str) -> ParsedEquations:
    """Parse differential equations and subexpressions with Brian2, after a look at the text ourselves.

    Raises
    ------
    SpecError
        If the text holds what no equation does (:mod:`hetsyn_sim.spec.grammar.guard`), if Brian2 can't read it, or if it holds a parameter
        declaration or a flag, which have their own places in a spec.
    """
    plain = without_comments(text, where=where)
    with at(where):
        lines = split_lines(plain)
        sizes = sizes_of({line.name: line.expression for line in lines if line.kind == "subexpression"})
        for line in lines:
            if line.kind == "state":
                size_of(line.expression, sizes)
    try:
        equations = Equations("\n".join(map(str, lines)))  # what was looked at, and not a letter more
    except Exception as error:  # Brian2 raises its own parser's types, SyntaxError, ValueError and others
        raise SpecError(
            "Brian2 can't read these equations",
            where=where,
            got=f"{shown(text.strip(), 500)} ({str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__})",
            expected='lines such as "dI/dt = -I/tau_syn : 1" or "v = I_syn - R : 1"',
            remedy="correct the line that the message names",
        ) from error
    states: dict[str, sympy.Expr] = {}
    subexpressions: dict[str, sympy.Expr] = {}
    for name, equation in equations.items():
        if equation.type == DIFFERENTIAL_EQUATION:
            states[name] = _to_sympy(equation.expr.code, where=f"{where}: {name}")
        elif equation.type == SUBEXPRESSION:
            subexpressions[name] = _to_sympy(equation.expr.code, where=f"{where}: {name}")
        else:
            raise SpecError(
                "a parameter is declared in the equations",
                where=f"{where}: {name}",
                got=f"{name} : {name_of_dimensions(equation.dim)}",
                expected="parameters in `parameters`, where they get axes, initial values and bounds",
                remedy=f"move {name} to `parameters`",
            )
    texts = {name: equation.expr.code for name, equation in equations.items()}
    frozen = frozenset(name for name, equation in equations.items() if FREEZES in equation.flags)
    return ParsedEquations(states, subexpressions, {n: e.dim for n, e in equations.items()}, texts, frozen)


def parse_jumps(text: str, *, where: str) -> tuple[Jump, ...]:
    """Parse statements such as ``"I += w"`` or ``"v = v_r"``; several are separated by lines or semicolons, and done one after the other.

    Raises
    ------
    SpecError
        If a statement can't be read.
    """
    jumps = []
    statements = re.split(r"[\n;]", without_comments(text, where=where))
    if len(statements) > MAX_LINES:
        with at(where):
            raise refuse(Refusal("an enormous number of statements", "add up what they do"), len(statements), f"{MAX_LINES} at most")
    for statement in statements:
        if not statement.strip():
            continue
        match = _STATEMENT.match(statement.strip())
        if match is None:
            raise SpecError(
                "this is not a statement that changes a state",
                where=where,
                got=shown(statement.strip()),
                expected='statements such as "I += w", "v -= theta" or "v = v_r"',
                remedy="write one state, one of = += -= *= /=, and an expression",
            )
        with at(where):
            check_name(match.group(1))
            if refusal := refusal_of_name(match.group(1)):
                raise refuse(refusal, match.group(1))
        jumps.append(Jump(match.group(1), match.group(2), parse_expression(match.group(3), where=where), statement.strip()))
    return tuple(jumps)


def parse_condition(text: str, *, where: str) -> tuple[sympy.Expr, sympy.Expr]:
    """The two sides of a threshold ``left > right``.

    Raises
    ------
    SpecError
        If it is not one strict inequality. Strictness is part of the model: a neuron exactly at threshold is silent.
    """
    condition = parse_expression(text, where=where)
    if not isinstance(condition, sympy.StrictGreaterThan | sympy.StrictLessThan):
        raise SpecError(
            "a threshold must be one strict inequality",
            where=where,
            got=shown(text),
            expected='"v > theta"',
            remedy="write the condition as left > right",
        )
    return condition.gts, condition.lts  # whichever way it is written


def parse_expression(text: str, *, where: str) -> sympy.Expr:
    """One expression, read by Brian2's parser after a look at it ourselves.

    Raises
    ------
    SpecError
        If it holds what no expression does (:mod:`hetsyn_sim.spec.grammar.guard`), or Brian2 can't read it.
    """
    plain = without_comments(text, where=where)
    with at(where):
        check_words(plain)
        size_of(plain)
    try:
        return _to_sympy(plain, where=where)
    except SpecError:
        raise
    except Exception as error:
        raise SpecError(
            "Brian2 can't read this expression",
            where=where,
            got=shown(text),
            expected="an expression in Brian2's language",
            remedy="correct it; only names, numbers, operators and Brian2's functions are allowed",
        ) from error


def _to_sympy(text: str, *, where: str) -> sympy.Expr:
    """What Brian2's parser makes of an expression; numbers that are none are found where sympy has worked them out: 1/(v - v)."""
    expression = str_to_sympy(text)
    if isinstance(expression, sympy.Basic) and expression.has(sympy.zoo, sympy.nan, sympy.I):
        with at(where):
            raise refuse(Refusal("a division by zero, or the root of a negative number", "correct it"), text)
    return expression

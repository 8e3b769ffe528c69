"""Expressions of a Brian2 script as a spec has them: constants of the script become parameters, and so do values such as ``10*mV``.

A script has its numbers in Python variables and in products with units; a spec has all of them in ``parameters``, to be trained.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from brian2.core.functions import DEFAULT_CONSTANTS, Function
from brian2.core.namespace import DEFAULT_UNITS
from brian2.input.timedarray import TimedArray
from brian2.units.fundamentalunits import Quantity, get_dimensions

from ..spec.equations import is_noise
from ..spec.grammar.guard import at, check_words, refuse, shown, without_comments
from ..spec.grammar.words import FUNCTIONS, refusal_of_name
from ..spec.grammar.written_out import size_of
from ..spec.quantities import dimensions_of, parse_unit, unit_name, unit_of_dimensions
from .brian2_objects import fail

_OPERATIONS: Final[Mapping[type, Callable[[Any, Any], Any]]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}


def unit_of(value: Any) -> str:
    """The unit that a value is best read in, as a spec writes it."""
    if get_dimensions(value).is_dimensionless:
        return "1"
    name = unit_name(Quantity(value).get_best_unit())
    suits = name.isidentifier() and dimensions_of(name, where=name) is get_dimensions(value)
    return name if suits else unit_of_dimensions(get_dimensions(value))


def value_of(name: str, value: Any, *, where: str) -> Quantity | float:
    """A constant of a script, checked to be one number."""
    if isinstance(value, TimedArray):
        input_of_values = f"write {value.name}(t) or {value.name}(t, i), in equations of the group; or give its values as input, x_pre"
        fail("a TimedArray", f"{where}: {name}", shown(value.name), input_of_values)
    if isinstance(value, Function):
        fail("a function of your own", f"{where}: {name}", name, "write it out as a formula of " + ", ".join(FUNCTIONS))
    if not isinstance(value, Quantity | float | int | np.generic) or np.ndim(value) != 0:
        fail(
            "a constant that is not one number",
            f"{where}: {name}",
            shown(value),
            "make it a parameter of the equations, one value per neuron",
        )
    return value if isinstance(value, Quantity) else float(value)


@dataclass
class Constants:
    """Numbers that equations use by name, and where the names come from: each becomes a parameter of the model when it is used.

    ``used`` holds them by their names in the spec, ``origin`` the names that the script has for them; what stands in an equation has none.
    """

    used: dict[str, Quantity | float] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    origin: dict[str, str] = field(default_factory=dict)

    def name_for(self, name: str, value: Quantity | float) -> str:
        """The name of a constant in the spec: its own, unless that means something else there or ends in an underscore (``lambda_``)."""
        name = f"{name}1" if name.endswith("_") else name
        free, k = name, 1
        while free in self.taken or (free in self.used and not _same(self.used[free], value)):
            k += 1
            free = f"{name}_{k}"
        self.used[free] = value
        return free

    def name_of_value(self, value: Quantity | float) -> str:
        """The name of a value that has none in the script: ``mV_50`` for ``50*mV``, and ``mV_minus_65``."""
        unit = unit_of(value)
        number = float(value) / float(parse_unit(unit, where=unit))
        written = f"{number:.6g}".replace("-", "minus_").replace(".", "p").replace("+", "")
        plain = unit.isidentifier() and float(f"{number:.6g}") == number and "e" not in written
        return self.name_for(f"{unit}_{written}" if plain else "constant", value)


def _same(a: Quantity | float, b: Quantity | float) -> bool:
    return get_dimensions(a) is get_dimensions(b) and float(a) == float(b)


def rewrite(
    text: str,
    rename: Mapping[str, str],
    namespace: Mapping[str, Any],
    constants: Constants,
    *,
    where: str,
    inline: Mapping[str, str] | None = None,
) -> str:
    """An expression with its names as the spec has them.

    Parameters
    ----------
    text
        The expression, as Brian2 has it.
    rename
        Name -> name in the spec, for everything that the equations define.
    namespace
        Where all other names are looked up. What is found becomes a constant.
    inline
        Subexpressions that are written out, by their names.

    Raises
    ------
    SpecError
        If it holds what no spec does, or a name that nothing defines.
    """
    plain = without_comments(text, where=where)
    with at(where):
        check_words(plain)
        size_of(plain)
    try:
        tree = ast.parse(plain.strip(), mode="eval").body
    except SyntaxError:
        fail("this can't be read", where, shown(text), "correct it", "an expression in Brian2's language")
    return ast.unparse(_Rewriter(rename, namespace, constants, inline or {}, where).visit(tree))


@dataclass
class _Rewriter(ast.NodeTransformer):
    rename: Mapping[str, str]
    namespace: Mapping[str, Any]
    constants: Constants
    inline: Mapping[str, str]
    where: str

    def generic_visit(self, node: ast.AST) -> ast.AST:
        value = self.value(node) if isinstance(node, ast.BinOp | ast.UnaryOp) and self.has_unit(node) else None
        if value is None or not isinstance(node, ast.expr):
            return super().generic_visit(node)
        if get_dimensions(value).is_dimensionless:
            return ast.Constant(float(value)) if float(value) >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-float(value)))
        return ast.Name(self.constants.name_of_value(value))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id in self.namespace and node.func.id not in FUNCTIONS:
            value_of(node.func.id, self.namespace[node.func.id], where=self.where)  # refuses what can be called
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        name = node.id
        if name in self.inline:
            written: ast.AST = self.visit(ast.parse(self.inline[name].strip(), mode="eval").body)
            return written
        if name in self.rename:
            return ast.Name(self.rename[name])
        if self.is_unit(name):
            return ast.Name(self.constants.name_of_value(DEFAULT_UNITS[name] * 1.0))
        if name in DEFAULT_CONSTANTS:
            return ast.Constant(float(DEFAULT_CONSTANTS[name].value))
        if name in ("dt", "True", "False") or is_noise(name):
            return node
        if name in self.namespace:
            value = value_of(name, self.namespace[name], where=self.where)
            found = self.constants.name_for(name, value)
            self.constants.origin[found] = name
            return ast.Name(found)
        if refusal := refusal_of_name(name.removesuffix("_post")):
            with at(self.where):
                raise refuse(refusal, name)
        fail(
            "a name without a value",
            self.where,
            repr(name),
            "pass the variables of your script that the equations use: namespace={...}, or namespace=globals()",
            "a variable of the group, or a number from its namespace or from `namespace`",
        )

    def is_unit(self, name: str) -> bool:
        own = name in self.rename or name in self.inline
        return name in DEFAULT_UNITS and not own and self.namespace.get(name, DEFAULT_UNITS[name]) is DEFAULT_UNITS[name]

    def has_unit(self, node: ast.AST) -> bool:
        return any(isinstance(part, ast.Name) and self.is_unit(part.id) for part in ast.walk(node))

    def value(self, node: ast.AST) -> Quantity | float | None:
        """What comes out where all is numbers and units; None where there is anything else."""
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return float(node.value)
        if isinstance(node, ast.Name) and self.is_unit(node.id):
            return Quantity(DEFAULT_UNITS[node.id])
        if isinstance(node, ast.Name) and node.id in DEFAULT_CONSTANTS and node.id not in self.rename:
            return float(DEFAULT_CONSTANTS[node.id].value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            inner = self.value(node.operand)
            return None if inner is None else -inner if isinstance(node.op, ast.USub) else inner
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
            left, right = self.value(node.left), self.value(node.right)
            if left is None or right is None:
                return None
            try:
                return _OPERATIONS[type(node.op)](left, right)
            except (ArithmeticError, ValueError, TypeError) as error:
                fail("units do not fit together", self.where, f"{ast.unparse(node)} ({error})", "correct the units")
        return None

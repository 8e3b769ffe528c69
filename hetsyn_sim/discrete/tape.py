"""Expressions as a list of elementary operations, from a closed list: what every interpreter, differentiator and code generator reads.

A sympy tree becomes a :class:`Tape` by walking it; equal parts are computed once. No text is ever evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

import sympy
from sympy.core.function import AppliedUndef
from sympy.logic.boolalg import BooleanFalse, BooleanTrue

from ..errors import SpecError
from ..spec.equations import symbol

#: The name of a function in an expression (Brian2's and sympy's) -> the operation it is.
FUNCTIONS: Final[Mapping[str, str]] = {
    **{name: name for name in ("exp", "log", "log10", "log1p", "expm1", "exprel", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{"asin": "arcsin", "acos": "arccos", "atan": "arctan", "Abs": "abs", "sign": "sign", "floor": "floor", "ceiling": "ceil"},
    **{"Mod": "mod", "clip": "clip", "int_": "int", "where": "where"},
}
_RELATIONS: Final = {
    sympy.StrictGreaterThan: "gt",
    sympy.GreaterThan: "ge",
    sympy.StrictLessThan: "lt",
    sympy.LessThan: "le",
    sympy.Equality: "eq",
    sympy.Unequality: "ne",
    sympy.And: "and",
    sympy.Or: "or",
    sympy.Not: "not",
}
#: Operations whose result is true or false.
CONDITION: Final = frozenset(_RELATIONS.values())
#: Whole exponents up to this one are products.
_LARGEST_PRODUCT: Final = 8

where = sympy.Function("where")
"""``where(condition, a, b)``, an operation that our schemes use and no model's text can name."""


class Node(NamedTuple):
    """One operation. ``op`` is ``"number"`` or ``"symbol"`` for a leaf, whose ``value`` it is; ``args`` are places in the tape."""

    op: str
    args: tuple[int, ...] = ()
    value: float | str = 0.0


@dataclass(frozen=True)
class Tape:
    """Operations in an order in which each comes after what it needs, and where the results stand."""

    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The symbols it reads."""
        return tuple(str(node.value) for node in self.nodes if node.op == "symbol")

    def varying(self, constants: Collection[str]) -> list[bool]:
        """For every node, whether it depends on a symbol that is not one of ``constants``."""
        found: list[bool] = []
        for node in self.nodes:
            found.append(any(found[k] for k in node.args) or (node.op == "symbol" and node.value not in constants))
        return found


def make_tape(assignments: Iterable[tuple[str, sympy.Basic]], outputs: Sequence[str], constants: Collection[str] = ()) -> Tape:
    """Assignments, each of which sees the names assigned before it, as a tape with the values of ``outputs``.

    Sums and products are taken with their ``constants`` first, so that what does not change from step to step is one part of the tape.

    Raises
    ------
    SpecError
        If an expression holds a function that is not in :data:`FUNCTIONS`.
    """
    return _Builder(frozenset(constants)).build(assignments, outputs)


class _Builder:
    def __init__(self, constants: frozenset[str]) -> None:
        self.constants = constants
        self.nodes: list[Node] = []
        self.places: dict[Node, int] = {}
        self.varies: list[bool] = []
        self.names: dict[str, int] = {}
        self.seen: dict[sympy.Basic, int] = {}

    def build(self, assignments: Iterable[tuple[str, sympy.Basic]], outputs: Sequence[str]) -> Tape:
        for name, expression in assignments:
            place = self.walk(expression)
            self.names[name] = place
            self.seen = {}  # the name may mean something else from now on
        places = tuple(self.walk(symbol(name)) for name in outputs)  # may add to the nodes
        return Tape(tuple(self.nodes), places)

    def put(self, op: str, *args: int, value: float | str = 0.0) -> int:
        node = Node(op, args, value)
        if node not in self.places:
            self.places[node] = len(self.nodes)
            self.nodes.append(node)
            self.varies.append(any(self.varies[k] for k in args) or (op == "symbol" and value not in self.constants))
        return self.places[node]

    def walk(self, expression: sympy.Basic) -> int:
        if expression not in self.seen:
            self.seen[expression] = self._walk(expression)
        return self.seen[expression]

    def _walk(self, e: sympy.Basic) -> int:
        if isinstance(e, sympy.Symbol):
            return self.names[str(e)] if str(e) in self.names else self.put("symbol", value=str(e))
        if isinstance(e, BooleanTrue | BooleanFalse | bool):
            return self.put("number", value=float(bool(e)))
        if isinstance(e, sympy.Number | sympy.NumberSymbol):
            return self.put("number", value=float(e))
        if isinstance(e, sympy.Add):
            return self._sum(e)
        if isinstance(e, sympy.Mul):
            return self._product(e)
        if isinstance(e, sympy.Pow):
            return self._power(*e.args)
        if isinstance(e, sympy.exp):
            return self.put("exp", self.walk(e.args[0]))
        for kind, op in _RELATIONS.items():
            if isinstance(e, kind):
                return self._chain(op, [self.walk(a) for a in sorted(e.args, key=str) if op in ("and", "or")] or [*map(self.walk, e.args)])
        name = e.func.__name__ if isinstance(e, sympy.Function | AppliedUndef) else type(e).__name__
        if name not in FUNCTIONS:
            raise SpecError(
                "this has no meaning in a neuron model",
                where=name,
                got=str(e)[:200],
                expected="numbers, names, + - * / **, comparisons, and the functions " + ", ".join(sorted(FUNCTIONS.values())),
                remedy="write it with these",
            )
        return self.put(FUNCTIONS[name], *map(self.walk, e.args))

    def _chain(self, op: str, places: Sequence[int]) -> int:
        total = places[0]
        for place in places[1:]:
            total = self.put(op, total, place)
        return self.put(op, total) if op == "not" else total

    def _constants_first(self, places: Iterable[int]) -> list[int]:
        return sorted(places, key=lambda place: self.varies[place])  # stable: sympy's order otherwise

    def _sum(self, e: sympy.Add) -> int:
        plus: list[sympy.Expr] = []
        minus: list[sympy.Expr] = []
        for term in e.args:
            (minus if term.could_extract_minus_sign() else plus).append(term)
        added = self._constants_first(self.walk(term) for term in plus)
        taken = self._constants_first(self.walk(-term) for term in minus)
        n_fixed, m_fixed = (sum(not self.varies[k] for k in places) for places in (added, taken))
        total: int | None = None
        for op, places in (("add", added[:n_fixed]), ("sub", taken[:m_fixed]), ("add", added[n_fixed:]), ("sub", taken[m_fixed:])):
            for place in places:
                total = (place if op == "add" else self.put("neg", place)) if total is None else self.put(op, total, place)
        assert total is not None
        return total

    def _product(self, e: sympy.Mul) -> int:
        sign = 1
        above: list[int] = []
        below: list[int] = []
        for factor in e.args:
            if factor == -1:
                sign = -sign
            elif isinstance(factor, sympy.Rational) and factor.p in (1, -1) and factor.q != 1:
                sign, below = sign * int(factor.p), [*below, self.put("number", value=float(factor.q))]
            elif isinstance(factor, sympy.Pow) and factor.args[1].is_number and factor.args[1].is_negative:
                below.append(self._power(factor.args[0], -factor.args[1]))
            else:
                above.append(self.walk(factor))
        parts: dict[bool, int | None] = {False: None, True: None}
        for varying in (False, True):
            tops = [k for k in above if self.varies[k] == varying]
            bottoms = [k for k in below if self.varies[k] == varying]
            top = self._chain("mul", tops) if tops else None
            bottom = self._chain("mul", bottoms) if bottoms else None
            parts[varying] = top if bottom is None else self.put("div", self.put("number", value=1.0) if top is None else top, bottom)
        fixed, varied = parts[False], parts[True]
        both = [k for k in (fixed, varied) if k is not None]
        total = self._chain("mul", both) if both else self.put("number", value=1.0)
        return total if sign > 0 else self.put("neg", total)

    def _power(self, base: sympy.Expr, exponent: sympy.Expr) -> int:
        if exponent.is_number and float(exponent) < 0:
            return self.put("div", self.put("number", value=1.0), self._power(base, -exponent))
        place = self.walk(base)
        if exponent.is_number and float(exponent) == 0.5:
            return self.put("sqrt", place)
        if exponent.is_number and float(exponent) in range(1, _LARGEST_PRODUCT + 1):
            return self._chain("mul", [place] * int(float(exponent)))
        return self.put("pow", place, self.walk(exponent))


def run_tape(tape: Tape, values: Mapping[str, Any], operations: Mapping[str, Callable[..., Any]]) -> list[Any]:
    """The tape's outputs, with the numbers that ``operations`` are of: NumPy's, torch's, or numbers with an error bound."""
    results: list[Any] = []
    for node in tape.nodes:
        if node.op == "symbol":
            results.append(values[str(node.value)])
        elif node.op == "number":
            results.append(operations["number"](node.value))
        else:
            results.append(operations[node.op](*[results[k] for k in node.args]))
    return [results[k] for k in tape.outputs]


@lru_cache(maxsize=4096)
def tape_of(expression: sympy.Expr) -> Tape:
    """The tape of a single expression."""
    return make_tape([("result", expression)], ["result"])

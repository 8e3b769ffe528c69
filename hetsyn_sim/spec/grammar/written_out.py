"""How large an expression becomes when its subexpressions are put in and its products multiplied out: known before sympy does either.

Python's parser makes the tree; nothing is evaluated but numbers, as floats, to see that sympy may: it works out numbers exactly, and
``9**9**9**9`` has more digits than there is memory.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from ...errors import SpecError
from .arithmetic import CONSTANTS, LARGE, OPERATIONS, VALUES, number
from .guard import check_words, refuse, shown
from .words import FUNCTIONS, Refusal, refusal_of_call


class Size(NamedTuple):
    """Of an expression: its operations and leaves, the depth of its tree, its terms when multiplied out, the bits of its exact numbers.

    ``value`` is None unless the expression is made of numbers only; ``is_condition`` says that it is true or false.
    """

    parts: int = 1
    depth: int = 1
    terms: int = 1
    bits: int = 0
    value: float | None = None
    is_condition: bool = False


#: What is allowed, by far more than published models have. An expression of this size takes Brian2 and sympy about a second.
LIMITS: Final = Size(parts=1500, depth=80, terms=1000, bits=8192)
#: Of a power that is a number: x**100 is one.
MAX_EXPONENT: Final = 100
#: What a function of a number may be, in bits, where sympy works it out: floor(exp(700)) is an integer.
_BITS_OF_FUNCTION: Final = 1024
#: sympy takes as long for a remainder as for this many sums.
_COST_OF_REMAINDER: Final = 50

_NOTHING: Final[Mapping[str, Size]] = MappingProxyType({})


def size_of(text: str, known: Mapping[str, Size] = _NOTHING) -> Size:
    """The size of an expression whose words have been checked, with the sizes of the subexpressions that it names.

    A text that Python can't parse has the size of one name: Brian2 can't either, and says so.

    Raises
    ------
    SpecError
        If it is larger than :data:`LIMITS`, holds something that is not arithmetic, or a number that can't be worked out.
    """
    tree = _tree(text)
    return Size() if tree is None else _Measure(known).size(tree)


def sizes_of(subexpressions: Mapping[str, str]) -> dict[str, Size]:
    """The sizes of subexpressions that may name each other. In a circle of them, which Brian2 refuses, one counts as a name."""
    found: dict[str, Size] = {}

    def visit(name: str) -> None:
        found[name] = Size()  # while it is being looked at
        tree = _tree(subexpressions[name])
        if tree is not None:
            for needed in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & subexpressions.keys() - found.keys():
                visit(needed)
            found[name] = _Measure(found).size(tree)

    for name in subexpressions:
        if name not in found:
            visit(name)
    return found


@lru_cache(maxsize=4096)
def _tree(text: str) -> ast.expr | None:
    check_words(text)
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        return None
    except (MemoryError, RecursionError, ValueError) as error:
        raise _enormous(f"{shown(text)} ({type(error).__name__})") from error


def _enormous(got: object) -> SpecError:
    expected = f"{LIMITS.parts} parts, {LIMITS.depth} levels and {LIMITS.terms} terms at most, with subexpressions written out"
    return refuse(Refusal("an enormous expression", "write a smaller model, or make what is fixed a parameter"), got, expected)


class _Measure:
    def __init__(self, known: Mapping[str, Size]) -> None:
        self.known = known
        self.level = 0

    def size(self, node: ast.expr) -> Size:
        self.level += 1
        if self.level > LIMITS.depth:
            raise _enormous(f"more than {LIMITS.depth} levels")
        measure = getattr(self, f"_{type(node).__name__}", None)
        if measure is None:
            foreign = Refusal("this is no arithmetic", "use names, numbers, operators and the listed functions")
            raise refuse(foreign, type(node).__name__)
        size: Size = measure(node)
        self.level -= 1
        for what in ("parts", "depth", "terms", "bits"):
            if getattr(size, what) > getattr(LIMITS, what):
                raise _enormous(f"{getattr(size, what)} {what}")
        return size

    def _Name(self, node: ast.Name) -> Size:
        return self.known.get(node.id) or Size(value=CONSTANTS.get(node.id))

    def _Constant(self, node: ast.Constant) -> Size:
        if isinstance(node.value, bool):
            return Size(is_condition=True)
        if not isinstance(node.value, int | float):
            raise refuse(Refusal("a value that is not a number", "write a number or a name"), node.value)
        bits = node.value.bit_length() if isinstance(node.value, int) else 53
        if bits > _BITS_OF_FUNCTION or not abs(node.value) < LARGE:
            raise refuse(Refusal("an enormous number", "use other units"), "1e300 or more", "numbers below 1e300")
        return Size(bits=bits, value=float(node.value))

    def _UnaryOp(self, node: ast.UnaryOp) -> Size:
        inner = self.size(node.operand)
        if isinstance(node.op, ast.Not):
            return Size(inner.parts + 1, inner.depth + 1, bits=inner.bits, is_condition=True)
        self._no_condition(node, inner)
        negative = isinstance(node.op, ast.USub) and inner.value is not None
        return inner._replace(parts=inner.parts + 1, depth=inner.depth + 1, value=-inner.value if negative and inner.value else inner.value)

    def _BinOp(self, node: ast.BinOp) -> Size:
        a, b = self.size(node.left), self.size(node.right)
        self._no_condition(node, a, b)
        if type(node.op) not in OPERATIONS:
            raise refuse(Refusal("an operator without meaning here", "use + - * / // % **"), type(node.op).__name__)
        if b.value == 0 and isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod):
            raise refuse(Refusal("a division by zero", "correct the number"), ast.unparse(node))
        terms, bits = 1, a.bits + b.bits
        if isinstance(node.op, ast.Add | ast.Sub):
            terms = a.terms + b.terms
        elif isinstance(node.op, ast.Mult | ast.Mod):  # sympy looks for common terms in both sides of a remainder
            terms = a.terms * b.terms
        elif isinstance(node.op, ast.Div):
            terms = a.terms
        elif isinstance(node.op, ast.Pow):
            if b.value is not None and abs(b.value) > MAX_EXPONENT:
                enormous = Refusal("an enormous power", "use a smaller exponent, or exp and log")
                raise refuse(enormous, ast.unparse(node), f"exponents up to {MAX_EXPONENT}")
            n = abs(int(b.value)) if b.value is not None and float(b.value).is_integer() else 1
            terms, bits = math.comb(a.terms + n - 1, n), a.bits * max(n, 1)
        value = number(node, OPERATIONS[type(node.op)], a.value, b.value)
        cost = _COST_OF_REMAINDER if isinstance(node.op, ast.Mod) else 1
        return Size(a.parts + b.parts + cost, max(a.depth, b.depth) + 1, terms, bits, value)

    def _BoolOp(self, node: ast.BoolOp) -> Size:
        return self._together(*node.values)

    def _Compare(self, node: ast.Compare) -> Size:
        return self._together(node.left, *node.comparators)

    def _together(self, *nodes: ast.expr) -> Size:
        inner = [self.size(node) for node in nodes]
        return Size(sum(i.parts for i in inner) + 1, max(i.depth for i in inner) + 1, 1, sum(i.bits for i in inner), is_condition=True)

    @staticmethod
    def _no_condition(node: ast.expr, *inner: Size) -> None:
        if any(i.is_condition for i in inner):
            truth = Refusal("a condition in the place of a number", "write int(condition), which is 1 or 0")
            raise refuse(truth, ast.unparse(node))

    def _Call(self, node: ast.Call) -> Size:
        if not isinstance(node.func, ast.Name):
            raise refuse(Refusal("a call of something that has no name", "use the listed functions"), ast.unparse(node))
        name = node.func.id
        if name not in FUNCTIONS:
            raise refuse(refusal_of_call(name), f"{name}(...)")
        if len(node.args) != FUNCTIONS[name] or node.keywords:
            wrong = Refusal("a function with the wrong number of arguments", "correct the call")
            raise refuse(wrong, ast.unparse(node), f"{FUNCTIONS[name]} for {name}")
        inner = [self.size(argument) for argument in node.args]
        if name != "int":
            self._no_condition(node, *inner)
        value = number(node, VALUES[name], *(i.value for i in inner))
        bits = 0 if value is None else _BITS_OF_FUNCTION
        return Size(sum(i.parts for i in inner) + 1, max(i.depth for i in inner) + 1, 1, bits, value)

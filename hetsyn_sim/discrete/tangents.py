"""Forward-mode differentiation of a tape into a tape: beside every value, how it moves when some of the symbols move.

It uses the tape's own operations alone, so that NumPy, torch and the generated kernels all run what comes of it. Nothing moves through
conditions. :mod:`hetsyn_sim.kernels.codegen.adjoints` goes backwards, with the same table of derivatives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Final

from .slopes import DIVISORS, FACTORS, Nodes, Slope
from .tape import CONDITION, Node, Tape


def tangent_name(name: str) -> str:
    """The symbol of how ``name`` moves. It has a space, which no name in a model's text has."""
    return f"tangent of {name}"


def with_tangents(tape: Tape, moving: Collection[str]) -> Tape:
    """A tape with twice the outputs: first those of ``tape``, then their derivatives along the tangents of the ``moving`` symbols."""
    builder = _Builder(tape)
    moves: list[int | None] = []
    for place, node in enumerate(tape.nodes):
        if node.op == "symbol":
            moves.append(builder.put("symbol", value=tangent_name(str(node.value))) if node.value in moving else None)
        elif node.op == "number" or all(moves[k] is None for k in node.args) or node.op in _STILL:
            moves.append(None)
        else:
            moves.append(RULES[node.op](builder, place, node.args, tuple(moves[k] for k in node.args)))
    still = builder.number(0.0)
    found = [still if (move := moves[k]) is None else move for k in tape.outputs]
    return Tape(tuple(builder.nodes), (*tape.outputs, *found))


class _Builder:
    """The nodes of a tape, and those that are added to them; equal ones once."""

    def __init__(self, tape: Tape) -> None:
        self.nodes = list(tape.nodes)
        self.places = {node: place for place, node in enumerate(self.nodes)}

    def put(self, op: str, *args: int, value: float | str = 0.0) -> int:
        node = Node(op, args, value)
        if node not in self.places:
            self.places[node] = len(self.nodes)
            self.nodes.append(node)
        return self.places[node]

    def number(self, value: float) -> int:
        return self.put("number", value=value)

    def total(self, *places: int | None) -> int | None:
        """The sum of what is not still."""
        there = [place for place in places if place is not None]
        return None if not there else there[0] if len(there) == 1 else self.put("add", *there)


Moves = tuple[int | None, ...]
#: The tape so far, the node's place, its arguments' places and how they move. Result: how the node moves.
Rule = Callable[[_Builder, int, tuple[int, ...], Moves], int | None]


def _times(factor: Slope) -> Rule:
    """Of a function of one argument: ``factor`` makes its derivative from its result and its argument."""

    def rule(b: _Builder, y: int, args: tuple[int, ...], moves: Moves) -> int | None:
        assert moves[0] is not None
        return b.put("mul", factor(b, y, args[0]), moves[0])

    return rule


def _over(divisor: Slope) -> Rule:
    """Of a function of one argument whose derivative is 1 over something."""

    def rule(b: _Builder, y: int, args: tuple[int, ...], moves: Moves) -> int | None:
        assert moves[0] is not None
        return b.put("div", moves[0], divisor(b, y, args[0]))

    return rule


def _scaled(b: _Builder, move: int | None, by: int) -> int | None:
    return None if move is None else b.put("mul", by, move)


def _sub(b: _Builder, y: int, args: tuple[int, ...], moves: Moves) -> int | None:
    up, down = moves
    if up is None or down is None:
        return up if down is None else b.put("neg", down)
    return b.put("sub", up, down)


def _mul(b: _Builder, y: int, args: tuple[int, ...], moves: Moves) -> int | None:
    return b.total(_scaled(b, moves[0], args[1]), _scaled(b, moves[1], args[0]))


def _div(b: _Builder, y: int, args: tuple[int, ...], moves: Moves) -> int | None:
    above = _sub(b, y, args, (moves[0], _scaled(b, moves[1], y)))
    return None if above is None else b.put("div", above, args[1])


def _pow(b: _Builder, y: int, args: tuple[int, ...], moves: Moves) -> int | None:
    base, exponent = args
    lower = b.put("pow", base, b.put("sub", exponent, b.number(1.0)))
    of_base = _scaled(b, moves[0], b.put("mul", exponent, lower))
    if moves[1] is None:
        return of_base
    slope = b.put("where", b.put("eq", base, b.number(0.0)), b.number(0.0), b.put("mul", y, b.put("log", base)))
    return b.total(of_base, _scaled(b, moves[1], slope))


def _where(b: _Builder, y: int, args: tuple[int, ...], moves: Moves) -> int | None:
    still = b.number(0.0)
    return b.put("where", args[0], *(still if move is None else move for move in moves[1:]))


def _clip(b: _Builder, y: int, args: tuple[int, ...], moves: Moves) -> int | None:
    value, low, high = args
    inside, at_low, at_high = (b.number(0.0) if move is None else move for move in moves)
    return b.put("where", b.put("lt", value, low), at_low, b.put("where", b.put("gt", value, high), at_high, inside))


def _mod(b: _Builder, y: int, args: tuple[int, ...], moves: Moves) -> int | None:
    return _sub(b, y, args, (moves[0], _scaled(b, moves[1], b.put("floor", b.put("div", *args)))))


def _slope_of_exprel(b: Nodes, y: int, x: int) -> int:
    """``(exp(x) - exprel(x))/x``; near 0, where that loses digits, its series."""
    series = b.number(1.0 / (9 * math.factorial(7)))
    for k in range(6, -1, -1):  # the coefficient of x^k is 1/((k + 2) k!)
        series = b.put("add", b.put("mul", series, x), b.number(1.0 / ((k + 2) * math.factorial(k))))
    small = b.put("lt", b.put("abs", x), b.number(0.05))
    safe = b.put("where", small, b.number(1.0), x)
    return b.put("where", small, series, b.put("div", b.put("sub", b.put("exp", safe), b.put("exprel", safe)), safe))


#: Operations that do not move, whatever their arguments do.
_STILL: Final = frozenset({*CONDITION, "sign", "floor", "ceil", "int"})

#: Operation -> its rule.
RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "add": lambda b, y, args, moves: b.total(*moves),
        "sub": _sub,
        "mul": _mul,
        "div": _div,
        "neg": lambda b, y, args, moves: _sub(b, y, args, (None, moves[0])),
        "pow": _pow,
        "exprel": _times(_slope_of_exprel),
        **{op: _times(factor) for op, factor in FACTORS.items()},
        **{op: _over(divisor) for op, divisor in DIVISORS.items()},
        "mod": _mod,
        "clip": _clip,
        "where": _where,
    }
)

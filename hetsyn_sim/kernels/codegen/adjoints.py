"""Reverse-mode differentiation of a graph into itself: for every operation, what it hands on of the derivative that arrives at it.

Where an operation has a kink or a jump, the rule is torch's for the same function: the generated code and plain torch are to have one
gradient. Nothing flows through conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from ...discrete.slopes import DIVISORS, FACTORS, Slope
from .graph import Graph, Leaf

#: Arguments: the graph, the node's place, its arguments' places, the derivative that arrives. Result: one for each argument, None for none.
Rule = Callable[[Graph, int, tuple[int, ...], int], tuple[int | None, ...]]


def _over(g: Graph, above: int, below: int) -> int:
    """A quotient; a division by a constant is a product with what is computed once."""
    value = g.nodes[below].value
    if isinstance(value, Leaf) and value.kind == "constant":
        return g.put("mul", above, g.leaf("constant", g.constants.reciprocal(value.k)))
    return g.put("div", above, below)


def _times(factor: Slope) -> Rule:
    """Of a function of one argument: ``factor`` makes its derivative from its result and its argument."""
    return lambda g, y, args, d: (g.put("mul", d, factor(g, y, args[0])),)


def _through(divisor: Slope) -> Rule:
    """Of a function of one argument whose derivative is 1 over something."""
    return lambda g, y, args, d: (_over(g, d, divisor(g, y, args[0])),)


def _div(g: Graph, y: int, args: tuple[int, ...], d: int) -> tuple[int, int]:
    above = _over(g, d, args[1])
    return above, g.put("neg", g.put("mul", above, y))


def _pow(g: Graph, y: int, args: tuple[int, ...], d: int) -> tuple[int, int]:
    base, exponent = args
    zero, one = g.number(0.0), g.number(1.0)
    of_base = g.put("mul", d, g.put("mul", exponent, g.put("pow", base, g.put("sub", exponent, one))))
    of_exponent = g.put("mul", d, g.put("mul", y, g.put("log", base)))
    vanishes = g.put("and", g.put("eq", base, zero), g.put("ge", exponent, zero))
    return g.put("where", g.put("eq", exponent, zero), zero, of_base), g.put("where", vanishes, zero, of_exponent)


def _extremum(wins: str, loses: str) -> Rule:
    """Of the larger or smaller of two: equal ones share."""

    def rule(g: Graph, y: int, args: tuple[int, ...], d: int) -> tuple[int, int]:
        a, b = args
        zero, half, tie = g.number(0.0), g.put("mul", d, g.number(0.5)), g.put("eq", a, b)
        first, second = (g.put("where", g.put(op, a, b), d, g.put("where", tie, half, zero)) for op in (wins, loses))
        return first, second

    return rule


def _where(g: Graph, y: int, args: tuple[int, ...], d: int) -> tuple[None, int, int]:
    zero = g.number(0.0)
    return None, g.put("where", args[0], d, zero), g.put("where", args[0], zero, d)


def _reset(g: Graph, y: int, args: tuple[int, ...], d: int) -> tuple[int, int, int]:
    """Of ``reset(spike, after, before)``: besides the values, the choice hands on how much they differ."""
    spike, after, before = args
    zero = g.number(0.0)
    fired = g.put("gt", spike, zero)
    choice = g.put("mul", g.leaf("reset_gradient"), g.put("mul", d, g.put("sub", after, before)))
    return choice, g.put("where", fired, d, zero), g.put("where", fired, zero, d)


def _nothing(g: Graph, y: int, args: tuple[int, ...], d: int) -> tuple[None, ...]:
    return (None,) * len(args)


#: Operation -> its rule.
ADJOINTS: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "add": lambda g, y, args, d: (d, d),
        "sub": lambda g, y, args, d: (d, g.put("neg", d)),
        "mul": lambda g, y, args, d: (g.put("mul", d, args[1]), g.put("mul", d, args[0])),
        "div": _div,
        "neg": lambda g, y, args, d: (g.put("neg", d),),
        "pow": _pow,
        "exprel": _times(lambda g, y, x: g.put("exprel_slope", x)),
        **{op: _times(factor) for op, factor in FACTORS.items()},
        **{op: _through(divisor) for op, divisor in DIVISORS.items()},
        "mod": lambda g, y, args, d: (d, g.put("neg", g.put("mul", d, g.put("floor", g.put("div", *args))))),
        "maximum": _extremum("gt", "lt"),
        "minimum": _extremum("lt", "gt"),
        "where": _where,
        "reset": _reset,
        **dict.fromkeys(("sign", "floor", "ceil", "int", "gt", "ge", "lt", "le", "eq", "ne", "and", "or", "not"), _nothing),
    }
)


def pull_back(graph: Graph, seeds: Iterable[tuple[int, int]], wanted: Collection[Leaf]) -> dict[Leaf, int]:
    """What arrives at leaves of a derivative with respect to ``seeds``.

    Parameters
    ----------
    graph
        To which the nodes of the derivatives are added.
    seeds
        Pairs of a node and the derivative with respect to it.
    wanted
        The leaves it is wanted for.

    Returns
    -------
    dict
        Leaf -> the node of its derivative. A leaf that no seed depends on is not there.
    """
    arriving: dict[int, int] = {}

    def add(place: int, derivative: int) -> None:
        arriving[place] = graph.put("add", arriving[place], derivative) if place in arriving else derivative

    pairs = list(seeds)
    places = graph.reaching(place for place, _ in pairs)
    matters: dict[int, bool] = {}
    for place in places:
        node = graph.nodes[place]
        matters[place] = node.value in wanted if node.op == "leaf" else any(matters[k] for k in node.args)
    for place, derivative in pairs:
        add(place, derivative)
    found: dict[Leaf, int] = {}
    for place in reversed(places):
        if place not in arriving or not matters[place]:
            continue
        node = graph.nodes[place]
        if isinstance(node.value, Leaf):
            found[node.value] = arriving[place]
            continue
        for argument, handed in zip(node.args, _pull(graph, place, arriving[place]), strict=True):
            if handed is not None and matters[argument]:
                add(argument, handed)
    return found


def _pull(graph: Graph, place: int, derivative: int) -> tuple[int | None, ...]:
    node = graph.nodes[place]
    return ADJOINTS[node.op](graph, place, node.args, derivative)

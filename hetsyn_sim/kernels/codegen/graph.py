"""Tapes joined into one graph of a step: equal parts once, what does not change from step to step taken out.

A node is an operation of :mod:`hetsyn_sim.discrete.tape`, one of a few of our own, or a leaf: a place where the time loop puts a number.
Everything is named by indices, nothing by the model's text.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np

from ...discrete.operations import NUMPY
from ...discrete.tape import CONDITION, Node, Tape

#: Leaves that are conditions: whether a neuron is not refractory, in this step and at the end of the one before.
MASKS: Final = ("active", "active_before")


class Leaf(NamedTuple):
    """A number that the time loop has ready: the ``k``-th of its ``kind``."""

    kind: str
    k: int = 0


class Operation(NamedTuple):
    """A node. ``value`` is a number's value, or the leaf that it is."""

    op: str
    args: tuple[int, ...] = ()
    value: float | Leaf = 0.0


class Constants:
    """What a step needs that is made of constants alone: a tape that torch runs once for all steps, with its gradients."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.places: dict[Node, int] = {}
        self.wanted: dict[int, int] = {}

    def put(self, node: Node) -> int:
        """The place of a node on the tape."""
        if node not in self.places:
            self.places[node] = len(self.nodes)
            self.nodes.append(node)
        return self.places[node]

    def want(self, place: int) -> int:
        """The number of this place among the tape's outputs."""
        return self.wanted.setdefault(place, len(self.wanted))

    def reciprocal(self, number: int) -> int:
        """The number of the output that is 1 over another output."""
        place = list(self.wanted)[number]
        return self.want(self.put(Node("div", (self.put(Node("number", (), 1.0)), place))))

    @property
    def tape(self) -> Tape:
        """From a program's constants to what its steps need of them."""
        return Tape(tuple(self.nodes), tuple(self.wanted))


class Graph:
    """Nodes in an order in which each comes after what it needs."""

    def __init__(self, constants: Constants) -> None:
        self.constants = constants
        self.nodes: list[Operation] = []
        self.places: dict[Operation, int] = {}
        self.masks: list[bool] = []  # whether a node is a condition, not a number

    def put(self, op: str, *args: int) -> int:
        """The place of an operation, which may be simpler than it was asked for."""
        numbers = [node.value for node in (self.nodes[k] for k in args) if node.op == "number"]
        if args and len(numbers) == len(args) and op in NUMPY and op not in CONDITION:
            with np.errstate(all="ignore"):
                return self.number(float(NUMPY[op](*numbers)))
        return self._simpler(op, args) or self._add(Operation(op, args))

    def _simpler(self, op: str, args: tuple[int, ...]) -> int | None:
        """What is the same bit for bit with less work. Place 0 is never the answer: nothing is simpler than the first node."""
        if op == "neg" and self.nodes[args[0]].op == "neg":
            return self.nodes[args[0]].args[0]
        if op == "mul":
            for one, other in (args, args[::-1]):
                if self.nodes[one] == Operation("number", (), 1.0):
                    return other
        if op == "where" and args[1] == args[2]:
            return args[1]
        return None

    def number(self, value: float) -> int:
        """The place of a number."""
        return self._add(Operation("number", (), value + 0.0 if not math.isnan(value) else math.nan))

    def leaf(self, kind: str, index: int = 0) -> int:
        """The place of a leaf."""
        return self._add(Operation("leaf", (), Leaf(kind, index)))

    def _add(self, node: Operation) -> int:
        if node not in self.places:
            self.places[node] = len(self.nodes)
            self.nodes.append(node)
            flag = isinstance(node.value, Leaf) and node.value.kind in MASKS
            self.masks.append(node.op in CONDITION or flag)
        return self.places[node]

    def as_mask(self, place: int) -> int:
        """A node as a condition: a number is true unless it is 0."""
        return place if self.masks[place] else self.put("ne", place, self.number(0.0))

    def as_number(self, place: int) -> int:
        """A node as a number: a condition is 1 or 0."""
        return self.put("int", place) if self.masks[place] else place

    def constant(self, place: int) -> int:
        """A place on the tape of constants as a number of this graph."""
        node = self.constants.nodes[place]
        return self.number(float(node.value)) if node.op == "number" else self.leaf("constant", self.constants.want(place))

    def inline(self, tape: Tape, names: Mapping[str, int], fixed: frozenset[str]) -> list[int]:
        """The outputs of a tape whose symbols are these nodes; what depends on ``fixed`` names alone goes to the constants."""
        varying = tape.varying(fixed)
        found: list[int] = []  # a place here, or on the tape of constants where nothing varies
        for node, varies in zip(tape.nodes, varying, strict=True):
            if not varies:
                found.append(self._fixed(node, found))
            elif node.op == "symbol":
                found.append(names[str(node.value)])
            else:
                args = [found[k] if varying[k] else self.constant(found[k]) for k in node.args]
                found.append(self._operation(node.op, args))
        return [found[k] if varying[k] else self.constant(found[k]) for k in tape.outputs]

    def _fixed(self, node: Node, found: list[int]) -> int:
        args = tuple(found[k] for k in node.args)
        numbers = [self.constants.nodes[k].value for k in args if self.constants.nodes[k].op == "number"]
        if args and len(numbers) == len(args):
            with np.errstate(all="ignore"):
                return self.constants.put(Node("number", (), float(NUMPY[node.op](*numbers))))
        return self.constants.put(Node(node.op, args, node.value))

    def _operation(self, op: str, args: list[int]) -> int:
        if op in ("and", "or", "not"):
            return self.put(op, *map(self.as_mask, args))
        if op == "where":
            return self.put(op, self.as_mask(args[0]), *map(self.as_number, args[1:]))
        if op == "int":
            (x,) = args
            if self.masks[x]:
                return self.as_number(x)
            return self.put("where", self.put("lt", x, self.number(0.0)), self.put("ceil", x), self.put("floor", x))
        numbers = [self.as_number(k) for k in args]
        if op == "clip":
            return self.put("minimum", self.put("maximum", numbers[0], numbers[1]), numbers[2])
        return self.put(op, *numbers)

    def reaching(self, outputs: Iterable[int]) -> list[int]:
        """The nodes that outputs are made of, in order."""
        seen: set[int] = set()
        left = list(outputs)
        while left:
            place = left.pop()
            if place not in seen:
                seen.add(place)
                left += self.nodes[place].args
        return sorted(seen)

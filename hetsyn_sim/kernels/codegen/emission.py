"""A graph as straight-line C++ for one vector of neurons. Names are made of indices and numbers are written bit by bit: no text gets in."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from .graph import Leaf, Operation
from .steps import Step

_INFIX: Final = {"add": "+", "sub": "-", "mul": "*", "div": "/", "gt": ">", "ge": ">=", "lt": "<", "le": "<=", "eq": "==", "ne": "!="}
_LOGICAL: Final = {"and": "&", "or": "|"}

#: Leaf -> how a vector of it is loaded; ``{}`` is its index.
_LOADS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{kind: f"lane.full(f.{kind}[{{}}])" for kind in ("constant", "recurrent", "part", "dstate", "dsum")},
        **{kind: f"lane.load(f.{kind}[{{}}])" for kind in ("state", "now", "sum_before", "sum_now", "drive", "jump")},
        **{kind: f"lane.load(f.{kind})" for kind in ("spike", "refractory", "dv", "doutput")},
        **{kind: f"lane.full(f.{kind})" for kind in ("dspike", "inverse_scale", "theta")},
        **{kind: f"lane.flags(f.{kind})" for kind in ("active", "active_before")},
        "since": "f.now - lane.load(f.last)",
        "reset_gradient": "all<V>(f.reset_gradient)",
    }
)

#: Place -> how its vector ``{n}`` is stored, forwards and backwards. A spike is noted, and makes a neuron inactive.
FORWARD_STORES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "state": "lane.store(f.next[{k}], {n});",
        "sum": "lane.store(f.sum[{k}], {n});",
        "v": "lane.store(f.v, {n});",
        "output": "lane.store(f.output, {n});",
        "fired": "lane.store(f.z, {n} ? all<V>(F(1)) : V{{}}); lane.store(f.last, {n} ? all<V>(f.now) : lane.load(f.last));",
        "active": "lane.store_flags(f.active, {n}); lane.store_flags(f.active_after, {n} & ~{fired});",
    }
)
BACKWARD_STORES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "dstate": "lane.put(f.dstate[{k}], {n});",
        "dsum_before": "lane.put(f.dsum[{k}], {n});",
        "dspike": "lane.put(f.dspike, {n});",
        "dsum": "lane.store(f.to_sum[{k}], {n});",
        "djump": "lane.store(f.to_jump[{k}], {n});",
        "drecurrent": "lane.store(f.to_recurrent[{k}], {n});",
        "dconstant": "lane.put(f.dconstant[{k}], lane.full(f.dconstant[{k}]) + {n});",
    }
)


def statements(step: Step, stores: Mapping[str, str], wanted: Mapping[Leaf, int]) -> Iterator[str]:
    """The statements that compute and store ``wanted``: place -> the index by which it is stored."""
    graph = step.graph
    places = {leaf: step.stores[leaf] for leaf in wanted}
    for place in graph.reaching(places.values()):
        kind = "I" if graph.masks[place] else "V"
        yield f"const {kind} n{place} = {_expression(graph.nodes[place])};"
    fired = places.get(Leaf("fired"))
    for leaf, place in places.items():  # after every load: rows may be the same
        yield stores[leaf.kind].format(n=f"n{place}", k=wanted[leaf], fired="I{}" if fired is None else f"n{fired}")


def _expression(node: Operation) -> str:
    if isinstance(node.value, Leaf):
        return _LOADS[node.value.kind].format(node.value.k)
    if node.op == "number":
        return f"all<V>({_number(node.value)})"
    args = [f"n{k}" for k in node.args]
    if node.op in _INFIX:
        return f"{args[0]} {_INFIX[node.op]} {args[1]}"
    if node.op in _LOGICAL:
        return f"{args[0]} {_LOGICAL[node.op]} {args[1]}"
    if node.op in ("neg", "not"):
        return f"{'-' if node.op == 'neg' else '~'}{args[0]}"
    if node.op == "where":
        return f"{args[0]} ? {args[1]} : {args[2]}"
    if node.op == "reset":  # spike, after, before
        return f"{args[0]} > V{{}} ? {args[1]} : {args[2]}"
    if node.op == "int":
        return f"{args[0]} ? all<V>(F(1)) : V{{}}"
    if node.op == "pseudo":
        return f"pseudo<F, SURROGATE>({args[0]}, {args[1]}, f.numbers)"
    return f"f_{node.op}<F>({', '.join(args)})"


def _number(value: float) -> str:
    if math.isnan(value):
        return "std::numeric_limits<F>::quiet_NaN()"
    if math.isinf(value):
        return f"{'-' if value < 0 else ''}std::numeric_limits<F>::infinity()"
    return f"F({value.hex()})"

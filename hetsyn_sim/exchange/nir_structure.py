"""What a NIR graph is as layers: subgraphs opened, and for every population where its input comes from, with which weights and filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import CheckpointError
from .nir_conventions import Array
from .nir_flat import FlatGraph, kind_of_node

NEURONS = ("LIF", "IF", "CubaLIF", "LI", "CubaLI")
WEIGHTS = ("Linear", "Affine")
_REMEDIES = {
    "Conv1d": "write the convolution out as a Linear",
    "Conv2d": "write the convolution out as a Linear",
    "Flatten": "flatten the recordings instead, and remove the node",
    "Scale": "multiply the scale into the weights before or after it",
    "SumPool2d": "write the sums out as a Linear",
    "AvgPool2d": "write the means out as a Linear",
    "I": "use an LI with a time constant, or an IF",
}


@dataclass(frozen=True, eq=False)
class Arrival:
    """Spikes of ``source`` that reach a population through ``weight`` (post, pre), a ``bias`` and, before a threshold, the LI
    ``filter``.
    """

    source: str
    weight: Array
    bias: Array
    filter: str | None
    delay: Array | None


@dataclass(eq=False)
class Head:
    """A population: its node's name and kind, or ``filters`` for a readout of several LI; and what reaches it."""

    name: str
    kind: str
    size: int
    arrivals: list[Arrival] = field(default_factory=list)


def unsupported(where: str, got: str, expected: str, remedy: str) -> CheckpointError:
    """The error for a graph that is none of our networks."""
    return CheckpointError("this NIR graph can't be one of our networks", where=where, got=got, expected=expected, remedy=remedy)


def heads_of(graph: Any) -> tuple[int, list[Head]]:
    """The number of input channels, and the populations in the order in which a spike travels.

    Raises
    ------
    CheckpointError
        If a node is not supported, or the graph is no stack of layers; the message names the node.
    """
    flat = FlatGraph(graph)
    known = {*NEURONS, *WEIGHTS, "Input", "Output", "Threshold", "Delay"}
    for name, node in flat.nodes.items():
        kind = kind_of_node(node)
        if kind not in known:
            raise unsupported(f"node {name!r}", kind, ", ".join(sorted(known)), _REMEDIES.get(kind, "replace the node"))
    ends = {kind: [name for name in flat.nodes if flat.kind(name) == kind] for kind in ("Input", "Output")}
    for kind, names in ends.items():
        if len(names) != 1:
            raise unsupported("the graph", f"{len(names)} {kind} nodes", f"one {kind}", f"give the graph one {kind} node")
    (start,), (stop,) = ends["Input"], ends["Output"]
    shape = np.atleast_1d(flat.nodes[start].input_type["input"])
    if shape.shape != (1,):
        raise unsupported(f"node {start!r}", f"shape {tuple(shape.tolist())}", "a number of channels", "flatten the recordings")
    heads = {name: _head(flat, name) for name in flat.nodes if flat.kind(name) in ("LIF", "IF", "CubaLIF", "Threshold")}
    if (last := _readout(flat, stop)) is not None:
        heads[last.name] = last
    return int(shape[0]), _in_order(flat, heads, start, stop)


def _head(flat: FlatGraph, name: str) -> Head:
    node, kind = flat.nodes[name], flat.kind(name)
    head = Head(name, kind, 0)
    for source in flat.into(name):
        if kind == "Threshold":
            if flat.kind(source) != "LI":
                raise unsupported(f"node {name!r}", f"{flat.kind(source)} {source!r} before it", "LI nodes", "filter spikes by an LI first")
            head.arrivals += [_arrival(flat, w, source) for w in flat.into(source)]
        else:
            head.arrivals.append(_arrival(flat, source, None))
    return _sized(head, node)


def _arrival(flat: FlatGraph, name: str, filtered_by: str | None) -> Arrival:
    """What comes through the weights ``name``."""
    if flat.kind(name) not in WEIGHTS:
        raise unsupported(
            f"node {filtered_by or flat.out(name)[0]!r}",
            f"{flat.kind(name)} {name!r} before it",
            "a Linear or Affine before every neuron",
            "put a Linear between them; a unit matrix hands spikes on as they are",
        )
    node, sources = flat.nodes[name], flat.into(name)
    if len(sources) != 1:
        raise unsupported(f"node {name!r}", f"{len(sources)} sources", "one", "give every source weights of its own")
    source, delay = sources[0], None
    if flat.kind(source) == "Delay":
        delay, sources = np.asarray(flat.nodes[source].delay, dtype=np.float64), flat.into(source)
        if len(sources) != 1:
            raise unsupported(f"node {source!r}", f"{len(sources)} sources", "one", "give every source a delay of its own")
        source = sources[0]
    if flat.kind(source) not in ("Input", "LIF", "IF", "CubaLIF", "Threshold"):
        raise unsupported(
            f"node {name!r}",
            f"{flat.kind(source)} {source!r} before it",
            "spikes: Input, LIF, IF, CubaLIF or Threshold",
            "multiply matrices that follow each other; put a Threshold after an LI",
        )
    weight = np.asarray(node.weight, dtype=np.float64)
    if weight.ndim != 2:
        raise unsupported(f"node {name!r}", f"weights of shape {weight.shape}", "(post, pre)", "write the weights as one matrix")
    bias = np.asarray(getattr(node, "bias", 0.0), dtype=np.float64)
    if bias.shape not in ((), (1,), (weight.shape[0],)):
        raise unsupported(f"node {name!r}", f"a bias of shape {bias.shape}", f"({weight.shape[0]},)", "give a bias for every neuron")
    return Arrival(source, weight, np.broadcast_to(bias, (weight.shape[0],)), filtered_by, delay)


def _readout(flat: FlatGraph, stop: str) -> Head | None:
    """What the network puts out if that is no spikes: an LI or CubaLI, or several LI that are summed."""
    before = flat.into(stop)
    if len(before) == 1 and flat.kind(before[0]) in ("LIF", "IF", "CubaLIF", "Threshold"):
        return None
    if len(before) == 1 and flat.kind(before[0]) == "Linear" and all(flat.kind(name) == "LI" for name in flat.into(before[0])):
        if not np.array_equal(flat.nodes[before[0]].weight, np.eye(len(flat.nodes[before[0]].weight))):
            raise unsupported(
                f"node {before[0]!r}", "weights after the last LI", "an LI, or a sum of several", "leave weights to who reads it"
            )
        before = flat.into(before[0])
    kinds = {flat.kind(name) for name in before}
    if len(before) == 1 and kinds <= {"LI", "CubaLI"}:
        return _head(flat, before[0])
    if not before or kinds != {"LI"}:
        got = ", ".join(f"{name!r} ({flat.kind(name)})" for name in before) or "nothing"
        raise unsupported(f"node {stop!r}", f"{got} before it", "a spiking population, an LI or a CubaLI", "put an LI before the Output")
    head = Head(before[0], "filters", 0, [_arrival(flat, w, name) for name in before for w in flat.into(name)])
    return _sized(head, None)


def _sized(head: Head, node: Any) -> Head:
    if not head.arrivals:
        raise unsupported(f"node {head.name!r}", "nothing before it", "weights", "connect it, or remove it")
    sizes = {arrival.weight.shape[0] for arrival in head.arrivals}
    if node is not None:
        arrays = {k: np.asarray(v) for k, v in node.to_dict().items() if k not in ("type", "metadata")}
        wrong = {k: v.shape for k, v in arrays.items() if v.shape not in ((), (1,), *((n,) for n in sizes))}
        if wrong:
            raise unsupported(
                f"node {head.name!r}", f"{next(iter(wrong))} of shape {next(iter(wrong.values()))}", f"{sizes}", "one per neuron"
            )
    if len(sizes) != 1:
        raise unsupported(f"node {head.name!r}", f"weights for {sorted(sizes)} neurons", "one number", "give all weights the same rows")
    head.size = sizes.pop()
    return head


def _in_order(flat: FlatGraph, heads: Mapping[str, Head], start: str, stop: str) -> list[Head]:
    """The stack: each population is fed by the one before and by itself."""
    order: list[Head] = []
    source, size = start, int(np.atleast_1d(flat.nodes[start].input_type["input"])[0])
    while len(order) < len(heads):
        fed = [head for head in heads.values() if head not in order and any(a.source == source for a in head.arrivals)]
        if len(fed) != 1:
            got = ", ".join(repr(head.name) for head in fed) or "nothing"
            raise unsupported(f"node {source!r}", f"{got} behind it", "one population", "a stack of layers is what is understood")
        (head,) = fed
        for arrival in head.arrivals:
            if arrival.source not in (source, head.name):
                raise unsupported(
                    f"node {head.name!r}", f"input from {arrival.source!r}", f"input from {source!r}", "remove the connection"
                )
            expected = size if arrival.source == source else head.size
            if arrival.weight.shape[1] != expected:
                got = f"weights of shape {arrival.weight.shape}"
                raise unsupported(f"node {head.name!r}", got, f"({head.size}, {expected})", "give one column for every source")
        order.append(head)
        source, size = head.name, head.size
    last = order[-1] if order else None
    used = {name for head in heads.values() for name in (head.name, *(a.filter for a in head.arrivals))}
    if last is None or (last.kind in ("LIF", "IF", "CubaLIF", "Threshold") and last.name not in flat.into(stop)):
        raise unsupported(f"node {stop!r}", "an earlier layer's output", "that of the last", "read the last layer")
    for name in flat.nodes:
        if flat.kind(name) in NEURONS and name not in used:
            raise unsupported(
                f"node {name!r}", "a neuron that leads to no threshold and not to the Output", "a stack of layers", "remove it"
            )
    return order

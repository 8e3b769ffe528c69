"""The layers of a NIR graph: subgraphs opened, and for every population where its input comes from, with which weights and filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...errors import CheckpointError
from .vocabulary import NEURONS, SPIKING, WEIGHTS, Array, kind_of

_KNOWN = sorted({*NEURONS, *SPIKING, *WEIGHTS, "Input", "Output", "Delay"})
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
class GraphProjection:
    """Spikes of ``source`` that reach a population through ``weight`` (post, pre), a ``bias`` and, before a threshold, the LI
    ``filter``.
    """

    source: str
    weight: Array
    bias: Array
    filter: str | None
    delay: Array | None


@dataclass(eq=False)
class GraphPopulation:
    """A population: its node's name and kind, or ``filters`` for a readout of several LI; and what reaches it."""

    name: str
    kind: str
    size: int
    projections: list[GraphProjection] = field(default_factory=list)


def unsupported(node: str, got: str, expected: str, remedy: str) -> CheckpointError:
    """The error for a graph that is none of our networks; without a ``node``, about the graph as a whole."""
    where = f"node {node!r}" if node else "the graph"
    return CheckpointError("this NIR graph can't be one of our networks", where=where, got=got, expected=expected, remedy=remedy)


class FlatGraph:
    """Nodes by name and edges, with subgraphs opened and everything that only hands on taken out."""

    def __init__(self, graph: Any) -> None:
        self.nodes: dict[str, Any] = {}
        self.edges: list[tuple[str, str]] = []
        self._open(graph, "")
        for name in [name for name in self.nodes if self.kind(name) in ("Input", "Output") and name not in graph.nodes]:
            into, out = self.into(name), self.out(name)
            self.edges = [edge for edge in self.edges if name not in edge] + [(a, b) for a in into for b in out]
            del self.nodes[name]
        self.edges = list(dict.fromkeys(self.edges))

    def _open(self, graph: Any, prefix: str) -> None:
        ends: dict[str, dict[str, list[str]]] = {}
        for name, node in graph.nodes.items():
            path = f"{prefix}{name}"
            if kind_of(node) == "NIRGraph":
                self._open(node, f"{path}/")
                ends[name] = {end: [f"{path}/{n}" for n, m in node.nodes.items() if kind_of(m) == end] for end in ("Input", "Output")}
            else:
                self.nodes[path] = node
        for a, b in graph.edges:
            starts = ends[a]["Output"] if a in ends else [f"{prefix}{a}"]
            stops = ends[b]["Input"] if b in ends else [f"{prefix}{b}"]
            self.edges += [(start, stop) for start in starts for stop in stops]

    def into(self, name: str) -> list[str]:
        """Where a node's input comes from."""
        return [a for a, b in self.edges if b == name]

    def out(self, name: str) -> list[str]:
        """Where a node's output goes to."""
        return [b for a, b in self.edges if a == name]

    def kind(self, name: str) -> str:
        """The name of the node's type."""
        return kind_of(self.nodes[name])

    def only_source(self, name: str, each: str) -> str:
        """Where a node's input comes from, if that is one node."""
        sources = self.into(name)
        if len(sources) != 1:
            raise unsupported(name, f"{len(sources)} sources", "one", f"give every source {each} of its own")
        return sources[0]


def populations_of(graph: Any) -> tuple[int, list[GraphPopulation]]:
    """The number of input channels, and the populations in the order in which a spike travels."""
    flat = FlatGraph(graph)
    for name in flat.nodes:
        if (kind := flat.kind(name)) not in _KNOWN:
            raise unsupported(name, kind, ", ".join(_KNOWN), _REMEDIES.get(kind, "replace the node"))
    ends = {end: [name for name in flat.nodes if flat.kind(name) == end] for end in ("Input", "Output")}
    for end, names in ends.items():
        if len(names) != 1:
            raise unsupported("", f"{len(names)} {end} nodes", f"one {end}", f"give the graph one {end} node")
    (start,), (stop,) = ends["Input"], ends["Output"]
    shape = np.atleast_1d(flat.nodes[start].input_type["input"])
    if shape.shape != (1,):
        raise unsupported(start, f"shape {tuple(shape.tolist())}", "a number of channels", "flatten the recordings")
    populations = {name: _population(flat, name) for name in flat.nodes if flat.kind(name) in SPIKING}
    if (last := _readout(flat, stop)) is not None:
        populations[last.name] = last
    return int(shape[0]), _in_order(flat, populations, start, int(shape[0]), stop)


def _population(flat: FlatGraph, name: str) -> GraphPopulation:
    kind = flat.kind(name)
    population = GraphPopulation(name, kind, 0)
    for source in flat.into(name):
        if kind == "Threshold":
            if flat.kind(source) != "LI":
                raise unsupported(name, f"{flat.kind(source)} {source!r} before it", "LI nodes", "filter spikes by an LI first")
            population.projections += [_projection(flat, w, source) for w in flat.into(source)]
        else:
            population.projections.append(_projection(flat, source, None))
    return _sized(population, flat.nodes[name])


def _projection(flat: FlatGraph, name: str, filtered_by: str | None) -> GraphProjection:
    """What comes through the weights ``name``."""
    before = f"{flat.kind(name)} {name!r} before it"
    if flat.kind(name) not in WEIGHTS:
        remedy = "put a Linear between them; a unit matrix hands spikes on as they are"
        raise unsupported(filtered_by or flat.out(name)[0], before, "a Linear or Affine before every neuron", remedy)
    source, delay = flat.only_source(name, "weights"), None
    if flat.kind(source) == "Delay":
        delay, source = np.asarray(flat.nodes[source].delay, dtype=np.float64), flat.only_source(source, "a delay")
    if flat.kind(source) not in ("Input", *SPIKING):
        remedy = "multiply matrices that follow each other; put a Threshold after an LI"
        raise unsupported(name, f"{flat.kind(source)} {source!r} before it", "spikes: Input, LIF, IF, CubaLIF or Threshold", remedy)
    weight = np.asarray(flat.nodes[name].weight, dtype=np.float64)
    if weight.ndim != 2:
        raise unsupported(name, f"weights of shape {weight.shape}", "(post, pre)", "write the weights as one matrix")
    bias = np.asarray(getattr(flat.nodes[name], "bias", 0.0), dtype=np.float64)
    if bias.shape not in ((), (1,), (weight.shape[0],)):
        raise unsupported(name, f"a bias of shape {bias.shape}", f"({weight.shape[0]},)", "give a bias for every neuron")
    return GraphProjection(source, weight, np.broadcast_to(bias, (weight.shape[0],)), filtered_by, delay)


def _readout(flat: FlatGraph, stop: str) -> GraphPopulation | None:
    """What the network puts out if that is no spikes: an LI or CubaLI, or several LI that are summed."""
    before = flat.into(stop)
    if len(before) == 1 and flat.kind(before[0]) in SPIKING:
        return None
    if len(before) == 1 and flat.kind(before[0]) == "Linear" and all(flat.kind(name) == "LI" for name in flat.into(before[0])):
        weight = flat.nodes[before[0]].weight
        if not np.array_equal(weight, np.eye(len(weight))):
            raise unsupported(before[0], "weights after the last LI", "an LI, or a sum of several", "leave weights to who reads it")
        before = flat.into(before[0])
    kinds = {flat.kind(name) for name in before}
    if len(before) == 1 and kinds <= {"LI", "CubaLI"}:
        return _population(flat, before[0])
    if not before or kinds != {"LI"}:
        got = ", ".join(f"{name!r} ({flat.kind(name)})" for name in before) or "nothing"
        raise unsupported(stop, f"{got} before it", "a spiking population, an LI or a CubaLI", "put an LI before the Output")
    return _sized(GraphPopulation(before[0], "filters", 0, [_projection(flat, w, name) for name in before for w in flat.into(name)]), None)


def _sized(population: GraphPopulation, node: Any) -> GraphPopulation:
    """The population with its size, which its weights, and all arrays of its node if it is one, have to agree about."""
    if not population.projections:
        raise unsupported(population.name, "nothing before it", "weights", "connect it, or remove it")
    sizes = {projection.weight.shape[0] for projection in population.projections}
    arrays = {} if node is None else {k: np.asarray(v) for k, v in node.to_dict().items() if k not in ("type", "metadata")}
    for key, array in arrays.items():
        if array.shape not in ((), (1,), *((n,) for n in sizes)):
            raise unsupported(population.name, f"{key} of shape {array.shape}", f"{sizes}", "one per neuron")
    if len(sizes) != 1:
        raise unsupported(population.name, f"weights for {sorted(sizes)} neurons", "one number", "give all weights the same rows")
    population.size = sizes.pop()
    return population


def _in_order(flat: FlatGraph, populations: Mapping[str, GraphPopulation], source: str, size: int, stop: str) -> list[GraphPopulation]:
    """The stack: each population is fed by the one before, of ``size`` neurons, and by itself."""
    order: list[GraphPopulation] = []
    while len(order) < len(populations):
        fed = [
            population
            for population in populations.values()
            if population not in order and any(a.source == source for a in population.projections)
        ]
        if len(fed) != 1:
            got = ", ".join(repr(population.name) for population in fed) or "nothing"
            raise unsupported(source, f"{got} behind it", "one population", "a stack of layers is what is understood")
        (population,) = fed
        for projection in population.projections:
            if projection.source not in (source, population.name):
                raise unsupported(population.name, f"input from {projection.source!r}", f"input from {source!r}", "remove the connection")
            expected = size if projection.source == source else population.size
            if projection.weight.shape[1] != expected:
                got = f"weights of shape {projection.weight.shape}"
                raise unsupported(population.name, got, f"({population.size}, {expected})", "give one column for every source")
        order.append(population)
        source, size = population.name, population.size
    if not order or (order[-1].kind in SPIKING and order[-1].name not in flat.into(stop)):
        raise unsupported(stop, "an earlier layer's output", "that of the last", "read the last layer")
    used = {name for population in populations.values() for name in (population.name, *(a.filter for a in population.projections))}
    for name in flat.nodes:
        if flat.kind(name) in NEURONS and name not in used:
            raise unsupported(name, "a neuron that leads to no threshold and not to the Output", "a stack of layers", "remove it")
    return order

"""A NIR graph in the making: nodes, edges, and what can't be read off them again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...data.checkpoint import Checkpoint
from ...errors import TransferError
from .file import nir_package
from .vocabulary import Array, Reading, kind_of

Form = Literal["groups", "synapses"]


@dataclass
class Draft:
    """Nodes and edges as plain data.

    Attributes
    ----------
    nodes
        Name -> NIR type and its arrays.
    edges
        From, to.
    values
        Slots that can't be read off a node again, to the last bit.
    members
        ``projection.state`` -> the group that each synapse is in, (post, pre).
    """

    checkpoint: Checkpoint
    reading: Reading
    form: Form
    nodes: dict[str, tuple[str, dict[str, Array]]] = field(default_factory=dict)
    edges: list[tuple[str, str]] = field(default_factory=list)
    values: dict[str, NDArray[Any]] = field(default_factory=dict)
    members: dict[str, NDArray[np.integer]] = field(default_factory=dict)

    @property
    def dt(self) -> float:
        """The time step in seconds."""
        return self.checkpoint.spec.dt_s

    def store(self, owner: str) -> None:
        """Note the values of all slots of an owner, such as ``layer_1.neuron``, or of the one slot of that key."""
        for key, slot in self.checkpoint.spec.slots.items():
            if owner in (key, slot.owner):
                self.values[key] = self.checkpoint.values[key]

    def add(self, name: str, kind: str, sources: list[str], **arrays: Array) -> str:
        """Add a node behind others."""
        self.nodes[name] = (kind, arrays)
        self.edges += [(source, name) for source in sources]
        return name

    def linear(self, name: str, source: str, weight: Array) -> str:
        """Add weights, post x pre."""
        return self.add(name, "Linear", [source], weight=weight)

    def filter(self, name: str, sources: list[str], tau: Array, gain: Array, size: int) -> str:
        """Add leaky integrators whose step, read as it will be, keeps exp(-dt/tau) and adds ``gain`` for 1."""
        tau, r = self.reading.node_of(np.broadcast_to(tau, (size,)).astype(np.float64), np.broadcast_to(gain, (size,)), self.dt)
        if not np.all(np.isfinite(tau) & np.isfinite(r) & (tau > 0.0)):
            other = " (0 can be written for readers that step by forward Euler)" if self.reading.keeps_tau else ""
            raise TransferError(
                "a time constant of 0 or infinity has no leaky integrator",
                where=f"{name}, reading {self.reading.name!r}",
                got=f"{int(np.sum(~(np.isfinite(tau) & (tau > 0.0))))} of {tau.size}",
                expected=f"finite times above 0{other}",
                remedy="give those states a finite time constant first; a thousandth of dt and a thousand recordings are as good",
            )
        return self.add(name, "LI", sources, tau=tau, r=r, v_leak=np.zeros(size))

    def to_graph(self) -> Any:
        """The ``nir.NIRGraph``, with recurrent neurons as subgraphs where the reader wants them so."""
        nir = nir_package()

        def node(kind: str, arrays: dict[str, Array]) -> Any:
            if kind in ("Input", "Output"):
                return getattr(nir, kind)(arrays["shape"])
            return getattr(nir, kind)(**{key: np.array(array, dtype=np.float64) for key, array in arrays.items()})

        nodes, edges = {name: node(*contents) for name, contents in self.nodes.items()}, list(self.edges)
        if self.reading.nested:
            for population in self.checkpoint.spec.populations:
                edges = _nest(nir, nodes, edges, population.name)
        return nir.NIRGraph(nodes=nodes, edges=edges)


def _nest(nir: Any, nodes: dict[str, Any], edges: list[tuple[str, str]], name: str) -> list[tuple[str, str]]:
    """Put a recurrent LIF or CubaLIF and its weights into a subgraph ``NAME_neurons``; the edges that are left.

    HDF5 hands out nodes by the alphabet, and NIRTorch 2.6 fails on a subgraph that it meets before what feeds it; so its name comes after
    ``NAME_feedforward_weight``.
    """
    weight, outside = f"{name}_recurrent_weight", f"{name}_neurons"
    if kind_of(nodes.get(name)) not in ("LIF", "CubaLIF") or weight not in nodes:
        return edges
    size = np.array([nodes[name].v_threshold.size])
    inside = {"input": nir.Input(size), name: nodes.pop(name), weight: nodes.pop(weight), "output": nir.Output(size)}
    nodes[outside] = nir.NIRGraph(inside, [("input", name), (name, weight), (weight, name), (name, "output")])
    return [(outside if a == name else a, outside if b == name else b) for a, b in edges if weight not in (a, b)]

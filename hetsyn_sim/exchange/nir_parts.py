"""A NIR graph in the making: nodes, edges, and what can't be read off them again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..data.checkpoint import Checkpoint
from ..errors import TransferError
from .nir_conventions import Array, Reading

Form = Literal["groups", "synapses"]


@dataclass
class Parts:
    """A graph in the making.

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
        dt = self.checkpoint.spec.dt_s
        tau, r = self.reading.node_of(np.broadcast_to(tau, (size,)).astype(np.float64), np.broadcast_to(gain, (size,)), dt)
        if not np.all(np.isfinite(tau) & np.isfinite(r) & (tau > 0.0)):
            raise TransferError(
                "a time constant of 0 or infinity has no leaky integrator",
                where=f"{name}, reading {self.reading.name!r}",
                got=f"{int(np.sum(~(np.isfinite(tau) & (tau > 0.0))))} of {tau.size}",
                expected="finite times above 0"
                + (" (0 can be written for readers that step by forward Euler)" if self.reading.delays else ""),
                remedy="give those states a finite time constant first; a thousandth of dt and a thousand recordings are as good",
            )
        return self.add(name, "LI", sources, tau=tau, r=r, v_leak=np.zeros(size))

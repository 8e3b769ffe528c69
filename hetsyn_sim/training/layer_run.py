"""What running a layer over a piece of time gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor


class PopulationState(Protocol):
    """The state of a layer between two pieces of time."""

    def detach(self) -> PopulationState:
        """The same state, cut from the graph (truncated backpropagation through time)."""


@dataclass(frozen=True)
class LayerRun:
    """A layer's response to a piece of time, each tensor (time, batch, post).

    Attributes
    ----------
    z
        Spikes; None for a readout.
    v
        Before the reset.
    output
        The graded output; None for a model without one.
    state
        To go on with.
    traces
        Recorded states and synaptic sums by name.
    """

    z: Tensor | None
    v: Tensor
    output: Tensor | None
    state: Any
    traces: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def out(self) -> Tensor:
        """The graded output if there is one; else spikes, or v of a readout."""
        if self.output is not None:
            return self.output
        return self.v if self.z is None else self.z

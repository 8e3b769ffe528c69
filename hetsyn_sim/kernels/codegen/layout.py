"""The layout of a generated kernel: what arrives where, and the order of its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from ...discrete.stepping import SteppedProgram

Refractoriness = Literal["never", "timed", "crossing"]
RecurrentSum = Literal["", "synaptic", "shared"]


@dataclass(frozen=True)
class Layout:
    """A step and what drives it, by indices."""

    #: The step.
    program: SteppedProgram
    #: Indices of the states on which feed-forward spikes, and the population's own, make jumps.
    jumped: tuple[int, ...]
    recurrent: tuple[int, ...]
    #: Names of the sums over synapses, in the order of their indices.
    sums: tuple[str, ...]
    #: For every sum, whether a part of it comes through feed-forward synapses.
    driven: tuple[bool, ...]
    #: For every sum, how its recurrent synapses decay: each on its own, all of a neuron alike, or "" if there are none. Those that decay
    #: alike are one more state of the neuron, which stands behind the model's own.
    looped: tuple[RecurrentSum, ...]
    #: How a neuron becomes ready again.
    refractory: Refractoriness

    @cached_property
    def shared(self) -> tuple[int, ...]:
        """Sums whose recurrent synapses are one state for each neuron."""
        return tuple(k for k, kind in enumerate(self.looped) if kind == "shared")

    @cached_property
    def synaptic(self) -> tuple[int, ...]:
        """Sums whose recurrent synapses are a state each."""
        return tuple(k for k, kind in enumerate(self.looped) if kind == "synaptic")

    @property
    def n_states(self) -> int:
        """States of the neuron, with those that recurrent synapses share."""
        return len(self.program.states) + len(self.shared)

    @property
    def jumps_of_spikes(self) -> tuple[int, ...]:
        """States on which the population's own spikes make jumps, with those that recurrent synapses share."""
        return (*self.recurrent, *range(len(self.program.states), self.n_states))

    @property
    def phases(self) -> tuple[str, ...]:
        """What a step does before input arrives, in order."""
        return tuple(phase for phase in self.program.step_order.phases if phase in ("decay", "reset", "recurrent"))

    @property
    def decays_first(self) -> bool:
        """Whether synapses decay before the population's own spikes arrive."""
        return self.phases.index("decay") < self.phases.index("recurrent")

    @property
    def needs_recurrent_again(self) -> bool:
        """Whether the backward pass has to know what spikes added, because more happened to the states after that."""
        return bool(self.jumps_of_spikes) and self.phases[-1] != "recurrent"


class Sections:
    """Pointers in groups, one after the other; where each group begins is known to both sides."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.begins: dict[str, int] = {}
        self.counts: Final = dict(counts)
        total = 0
        for name, count in counts.items():
            self.begins[name] = total
            total += count
        self.total: Final = total

    @classmethod
    def forward(cls, layout: Layout) -> Sections:
        """Of the forward pass."""
        states, sums = layout.n_states, len(layout.sums)
        return cls(
            {
                "jumps": len(layout.jumped),
                "drive": sums,
                "weights": len(layout.jumps_of_spikes),  # (pre, post)
                "amplitudes": sums,  # (pre, post)
                "decays": sums,
                "begin_states": states,
                "begin_sums": sums,
                "begin_spikes": 1,
                "constants": 1,  # (constant, post)
                "refractory": 1,
                "carried": sums,  # (batch, pre, post), changed in place
                "last": 1,  # changed in place
                "z": 1,
                "v": 1,
                "output": 1,
                "states": states,
                "sums": sums,
                "active": 1,
                "end_states": states,
                "end_sums": sums,
                "end_active": 1,  # changed in place
            }
        )

    @classmethod
    def backward(cls, layout: Layout) -> Sections:
        """Of the backward pass."""
        states, sums, loops = layout.n_states, len(layout.sums), len(layout.jumps_of_spikes)
        return cls(
            {
                "drive": sums,
                "weights": loops,  # (post, pre)
                "weights_again": loops,  # (pre, post)
                "amplitudes": sums,  # (post, pre)
                "decays": sums,
                "begin_states": states,
                "begin_sums": sums,
                "begin_spikes": 1,
                "begin_active": 1,
                "z": 1,
                "states": states,
                "sums": sums,
                "active": 1,
                "constants": 1,  # (constant, post)
                "inverse_scale": 1,
                "theta": 1,
                "dz": 1,
                "dv": 1,
                "doutput": 1,
                "dstates": states,
                "dsums": sums,
                "dend_states": states,
                "dend_sums": sums,
                "dend_spikes": 1,
                "carried": sums,  # (batch, post, pre): in, the derivative of the end; out, of the beginning
                "to_jumps": len(layout.jumped),
                "to_sums": sums,
                "to_recurrent": loops,
                "to_weights": loops,  # (pre, post)
                "to_states": states,
                "to_begin_sums": sums,
                "to_spikes": 1,
                "to_constants": 1,  # (constant, post), double
            }
        )

"""Data of a step scan: where it begins, what drives it, its options and its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from .plain_synapses import SteppedSynapses
from .scan import DecayPath


@dataclass(frozen=True)
class Carried:
    """A population between two steps, each (batch, post), but ``recurrent`` (batch, post, pre) and ``sent`` (lag, batch, pre)."""

    #: The neuron's states.
    states: Mapping[str, Tensor]
    #: The synaptic sums as they were taken last.
    sums: Mapping[str, Tensor]
    #: Sum -> what each recurrent synapse carries of it.
    recurrent: Mapping[str, Tensor]
    #: Of the last step.
    spikes: Tensor
    #: Steps since the last spike; of a large number if there was none.
    since: Tensor
    #: Whether it is not refractory.
    active: Tensor
    #: The states of recurrent synapses that are stepped, (batch, 1 or post, pre).
    synapses: Mapping[str, Tensor] = field(default_factory=dict)
    #: Its last spikes, the newest first; None unless its recurrent synapses have delays.
    sent: Tensor | None = None

    def detach(self) -> Carried:
        """The same, cut from the graph."""
        parts = (self.states, self.sums, self.recurrent, self.synapses)
        states, sums, recurrent, synapses = ({name: x.detach() for name, x in part.items()} for part in parts)
        sent = None if self.sent is None else self.sent.detach()
        return Carried(states, sums, recurrent, self.spikes.detach(), self.since, self.active, synapses, sent)


@dataclass(frozen=True)
class Drive:
    """What drives a population over a piece of time."""

    #: State -> what feed-forward spikes add to it, (time, batch, post).
    jumps: Mapping[str, Tensor] = field(default_factory=dict)
    #: Sum -> the part of it that comes through feed-forward synapses, (time, batch, post).
    sums: Mapping[str, Tensor] = field(default_factory=dict)
    #: State -> weights (post, pre) by which the population's own spikes add to it, one step later.
    recurrent_jumps: Mapping[str, Tensor] = field(default_factory=dict)
    #: Sum -> amplitude (post, pre) and decay of its recurrent synapses.
    recurrent_sums: Mapping[str, DecayPath] = field(default_factory=dict)
    #: Recurrent synapses that are more than that, and stepped with the neurons.
    recurrent_synapses: SteppedSynapses | None = None
    #: By how many steps more recurrent spikes are delayed, (post, pre), less than ``Carried.sent`` has lags by two; None if by none.
    recurrent_delay: Tensor | None = None


@dataclass(frozen=True)
class StepOptions:
    """What stays as it is over a piece of time."""

    #: The surrogate sees the distance to the threshold over ``scale``, and ``theta / scale``; shape (post,) or (), in units of v.
    scale: Tensor
    theta: Tensor
    #: Steps for which a neuron is refractory, shape (post,) or (); None if it is not, or if it spikes where it crosses.
    refractory: Tensor | None = None
    #: Whether the first step is a recording's first, in which nothing has decayed yet.
    fresh: bool = True
    #: Whether gradients go through the choice of who is reset. States that a reset sets pass them on in any case.
    reset_gradient: bool = True
    #: States and sums to keep.
    record: tuple[str, ...] = ()


@dataclass(frozen=True)
class StepResult:
    """Spikes (None for a readout), v, graded output (None without), each (time, batch, post); the traces asked for; and the end."""

    z: Tensor | None
    v: Tensor
    output: Tensor | None
    traces: Mapping[str, Tensor]
    end: Carried

"""What goes into a population that is stepped, and what comes out of it, whichever kernel runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from .scan import DecayPath


@dataclass(frozen=True)
class Carried:
    """A population between two steps, each (batch, post), but ``recurrent`` (batch, post, pre).

    Attributes
    ----------
    states
        The neuron's states.
    sums
        The synaptic sums as they were taken last.
    recurrent
        Sum -> what each recurrent synapse carries of it.
    spikes
        Of the last step.
    since
        Steps since the last spike; of a large number if there was none.
    active
        Whether it is not refractory.
    """

    states: Mapping[str, Tensor]
    sums: Mapping[str, Tensor]
    recurrent: Mapping[str, Tensor]
    spikes: Tensor
    since: Tensor
    active: Tensor

    def detach(self) -> Carried:
        """The same, cut from the graph."""
        states, sums, recurrent = ({name: x.detach() for name, x in part.items()} for part in (self.states, self.sums, self.recurrent))
        return Carried(states, sums, recurrent, self.spikes.detach(), self.since, self.active)


@dataclass(frozen=True)
class Drive:
    """What drives a population over a piece of time.

    Attributes
    ----------
    jumps
        State -> what feed-forward spikes add to it, (time, batch, post).
    sums
        Sum -> the part of it that comes through feed-forward synapses, (time, batch, post).
    recurrent_jumps
        State -> weights (post, pre) by which the population's own spikes add to it, one step later.
    recurrent_sums
        Sum -> amplitude (post, pre) and decay of its recurrent synapses.
    """

    jumps: Mapping[str, Tensor] = field(default_factory=dict)
    sums: Mapping[str, Tensor] = field(default_factory=dict)
    recurrent_jumps: Mapping[str, Tensor] = field(default_factory=dict)
    recurrent_sums: Mapping[str, DecayPath] = field(default_factory=dict)


@dataclass(frozen=True)
class StepOptions:
    """What stays as it is over a piece of time.

    Attributes
    ----------
    scale, theta
        The surrogate sees the distance to the threshold over ``scale``, and ``theta / scale``; shape (post,) or (), in units of v.
    refractory
        Steps for which a neuron is refractory, shape (post,) or (); None if it is not, or if it spikes where it crosses.
    fresh
        Whether the first step is a recording's first, in which nothing has decayed yet.
    reset_gradient
        Whether gradients go through the choice of who is reset. States that a reset sets pass them on in any case.
    record
        States and sums to keep.
    """

    scale: Tensor
    theta: Tensor
    refractory: Tensor | None = None
    fresh: bool = True
    reset_gradient: bool = True
    record: tuple[str, ...] = ()


@dataclass(frozen=True)
class StepResult:
    """Spikes (None for a readout), v, graded output (None without), each (time, batch, post); the traces asked for; and the end."""

    z: Tensor | None
    v: Tensor
    output: Tensor | None
    traces: Mapping[str, Tensor]
    end: Carried

"""The inputs and results of one run of generated kernels, in groups, and its settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from torch import Tensor

from .kernel_set import KernelSet

Group = Sequence[Any]


@dataclass(frozen=True)
class Plan:
    """What a run does, beside its tensors."""

    #: Of its layout and dtype.
    kernels: KernelSet
    #: The formula's place in ``SURROGATE_KERNELS`` and its numbers.
    surrogate: int
    settings: tuple[float, ...]
    #: Constants whose derivatives are wanted.
    wanted: tuple[int, ...]
    #: As in ``plain_step_scan``.
    fresh: bool
    reset_gradient: bool
    #: Whether there may be a backward pass.
    keep: bool
    #: Indices of states and of looped sums that are asked for.
    traced_states: tuple[int, ...]
    traced_sums: tuple[int, ...]
    #: Numbers that have no derivatives, (batch, post) and (post,).
    begin_active: Tensor
    refractory: Tensor | None
    inverse_scale: Tensor
    theta: Tensor
    #: The step of each neuron's last spike, (batch, post); changed in place.
    last: Tensor


@dataclass(frozen=True)
class Inputs:
    """The tensors that a run is a function of, in groups, all contiguous; or something of each of them."""

    constants: Group  # one, (constant, post)
    jumps: Group  # (time, batch, post)
    drive: Group  # (time, batch, post), of sums that are driven
    weights: Group  # (post, pre)
    amplitudes: Group  # (post, pre), of synaptic sums
    decays: Group  # (post, pre), of synaptic sums
    states: Group  # (batch, post)
    sums: Group  # (batch, post)
    spikes: Group  # one, (batch, post)
    carried: Group  # (batch, post, pre), of synaptic sums

    def flat(self) -> list[Tensor]:
        """All of them, in order."""
        return [tensor for f in fields(self) for tensor in getattr(self, f.name)]

    @property
    def counts(self) -> tuple[int, ...]:
        """How many there are in each group."""
        return tuple(len(getattr(self, f.name)) for f in fields(self))


@dataclass(frozen=True)
class Results:
    """What comes out, in groups, or something of each; ``active`` has no derivatives."""

    z: Group  # one, or none for a readout, (time, batch, post)
    v: Group  # one
    output: Group  # one, or none
    traced_states: Group  # (time, batch, post)
    traced_sums: Group
    states: Group  # at the end, (batch, post)
    sums: Group
    carried: Group  # (batch, post, pre)
    spikes: Group  # one, or none for a readout
    active: Group  # one


def grouped(flat: Sequence[Any], counts: Sequence[int]) -> list[list[Any]]:
    """A flat sequence in groups of these sizes."""
    left = iter(flat)
    return [[next(left) for _ in range(n)] for n in counts]


def spread(indices: Sequence[int], tensors: Sequence[Any], n: int) -> list[Any]:
    """Tensors at their indices among n."""
    found: list[Any] = [None] * n
    for k, tensor in zip(indices, tensors, strict=True):
        found[k] = tensor
    return found

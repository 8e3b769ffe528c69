"""What an STL-SNN is made of: convolutions with batch norm, pooling of spikes, dense layers, and an output population that votes.

No torch here: the same description is trained, folded and built in Brian2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from hetsyn_sim.discrete.stepping import stepped
from hetsyn_sim.errors import SpecError
from hetsyn_sim.models import RESET_FIRST, STLLIF
from hetsyn_sim.spec import NeuronModel

#: Seconds. The leak belongs to a step however long it is, so that this only says how fast the clock of a simulation runs.
DT: Final = 1e-3
Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Conv:
    """A convolution without bias, padded to keep the size, then batch norm, then a map of neurons. ``kernel`` is odd."""

    channels: int
    kernel: int = 5


@dataclass(frozen=True)
class Pool:
    """Max pooling of spikes: a unit spikes if any neuron of its ``size`` x ``size`` square does, in the same step. A rest is cut off."""

    size: int = 2


@dataclass(frozen=True)
class Dense:
    """Neurons that see all spikes before them through weights without bias; ``dropout`` of what arrives is left out in training."""

    neurons: int
    dropout: float = 0.0


@dataclass(frozen=True)
class Stage:
    """A part with its place: what it is called, and the shapes (channel, height, width) before and after it."""

    name: str
    part: Conv | Pool | Dense
    before: Shape
    after: Shape

    @property
    def n_pre(self) -> int:
        """Units before it."""
        return self.before[0] * self.before[1] * self.before[2]

    @property
    def n_post(self) -> int:
        """Units after it."""
        return self.after[0] * self.after[1] * self.after[2]


@dataclass(frozen=True)
class Architecture:
    """A network as published (Sun et al. 2023, STL-SNN), at any size.

    Parameters
    ----------
    input_shape
        (channel, height, width) of the input spikes.
    parts
        From the input on, dense layers last. The output layer comes behind them.
    n_classes, voters
        The output layer has ``voters`` neurons for each class, whose spikes are averaged.
    dropout
        Before the output layer.
    neuron
        A model on which spikes act by ``v_post += w``, with parameters per neuron or per layer.

    Raises
    ------
    SpecError
        If parts do not fit each other, or the neuron is of another kind.
    """

    input_shape: Shape
    parts: Sequence[Conv | Pool | Dense]
    n_classes: int = 10
    voters: int = 10
    dropout: float = 0.0
    neuron: NeuronModel = STLLIF

    def __post_init__(self) -> None:
        object.__setattr__(self, "input_shape", tuple(self.input_shape))
        object.__setattr__(self, "parts", tuple(self.parts))
        if len(self.input_shape) != 3 or min(self.input_shape) < 1 or min(self.n_classes, self.voters) < 1:
            _refuse("this is no network", "Architecture", f"input {self.input_shape}, {self.n_classes} classes, {self.voters} voters")
        _check_neuron(self.neuron)
        _ = self.stages

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """All parts in order, called ``conv_1``, ``pool_1``, ``dense_1`` and so on; the last one is ``output``."""
        stages: list[Stage] = []
        shape, numbers = self.input_shape, dict.fromkeys((Conv, Pool, Dense), 0)
        for part in (*self.parts, Dense(self.n_classes * self.voters, self.dropout)):
            numbers[type(part)] += 1
            name = f"{type(part).__name__.lower()}_{numbers[type(part)]}"
            after = _after(part, shape, "output" if len(stages) == len(self.parts) else name)
            if not isinstance(part, Dense) and numbers[Dense]:
                _refuse("a map of neurons was lost", name, "a dense layer before it", "convolutions and pooling before all dense layers")
            stages.append(Stage("output" if len(stages) == len(self.parts) else name, part, shape, after))
            shape = after
        return tuple(stages)

    @property
    def spiking(self) -> tuple[Stage, ...]:
        """The stages that have neurons."""
        return tuple(stage for stage in self.stages if not isinstance(stage.part, Pool))


def _after(part: Conv | Pool | Dense, shape: Shape, name: str) -> Shape:
    if isinstance(part, Conv):
        if part.channels < 1 or part.kernel < 1 or part.kernel % 2 == 0:
            _refuse("this is no convolution", name, repr(part), "at least 1 channel and an odd kernel")
        return part.channels, shape[1], shape[2]
    if isinstance(part, Pool):
        if not 1 <= part.size <= min(shape[1:]):
            _refuse("nothing is left to pool", name, f"{part!r} of {shape}", "a square that fits into the map")
        return shape[0], shape[1] // part.size, shape[2] // part.size
    if part.neurons < 1 or not 0.0 <= part.dropout < 1.0:
        _refuse("this is no dense layer", name, repr(part), "at least 1 neuron, dropout from 0 to below 1")
    return part.neurons, 1, 1


def _check_neuron(model: NeuronModel) -> None:
    jumps = [jump.text.replace(" ", "") for jump in model.on_pre_jumps]
    # a step made of matrix exponentials, or sums over synapses, would need what a convolution can't carry
    simple = model.spiking and not (model.synapse or model.refractory or model.output or any(model.initial.values()))
    if not simple or jumps != ["v_post+=w"] or model.scheme != "exact" or stepped(model, RESET_FIRST).propagators:
        _refuse(
            "this neuron has no place in a convolution",
            model.name,
            f"on_pre {model.on_pre!r}, synapse {model.synapse!r}, scheme {model.scheme!r}",
            "a spiking neuron whose synapses have no states (on_pre v_post += w), with uncoupled linear equations",
        )


def _refuse(what: str, where: str, got: str, expected: str = "positive sizes") -> None:
    raise SpecError(what, where=where, got=got, expected=expected, remedy="correct this part of the architecture")

"""Learning-rate schedules: the factor of the rate at each step. Plain functions of the step, so that resuming needs no state."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from .sections import Section

Share = Annotated[float, Field(gt=0.0, le=1.0)]

#: Step (0, 1, ...) -> factor; what ``torch.optim.lr_scheduler.LambdaLR`` takes.
Schedule = Callable[[int], float]


def constant() -> Schedule:
    """The same rate all the time."""
    return lambda step: 1.0


def warmup_cosine(total_steps: int, warmup: float = 0.05, span: float = 1.0, hold: float = 1.0) -> Schedule:
    """Rising in a straight line over the first ``warmup`` of all steps, then half a cosine down to 0 (Deng et al. 2025, HetSyn, App. D).

    Step -1 and the step after the last have the rate 0, so that no step of the training is wasted on it. With ``span`` below 1, rise and
    fall take that share of the training only; above 1, it ends before they do. With ``hold`` below 1, the rate stays from that share of the
    span on as it is then. The published code has 40 of 100 epochs and 0.95.
    """
    spanned = round(span * total_steps)
    rising, held = round(warmup * spanned), round(hold * spanned)

    def factor(step: int) -> float:
        step = min(step, held) if hold < 1.0 else step
        if step < rising:
            return (step + 1) / (rising + 1)
        progress = (step - rising) / max(1, spanned - rising)
        return 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))

    return factor


def step_decay(every: int, factor: float) -> Schedule:
    """Multiplied with ``factor`` after each ``every`` steps (Deng et al. 2025, HetSyn, App. B and C: 0.8 after 100)."""
    return lambda step: factor ** (step // every)


class OverTraining(Section):
    """A learning rate over the steps of a training."""

    @property
    def depends_on_length(self) -> bool:
        """Whether the rate of a step depends on how many there will be."""
        return False


class Constant(OverTraining):
    """A constant learning rate."""

    name: Literal["constant"] = "constant"

    def make(self, total_steps: int, epochs: int) -> Schedule:
        """The factor of the learning rate at each step."""
        return constant()


class WarmupCosine(OverTraining):
    """See :func:`~hetsyn_sim.training.schedules.warmup_cosine`."""

    name: Literal["warmup_cosine"] = "warmup_cosine"
    warmup: float = Field(default=0.05, ge=0.0, lt=1.0, description="part of the steps in which the rate rises")
    span: Share = Field(default=1.0, description="part of the training that the schedule takes")
    span_epochs: PositiveInt | None = Field(default=None, description="epochs that it takes instead, however many the training has")
    hold: Share = Field(default=1.0, description="part of the span after which the rate stays as it is")

    @property
    def depends_on_length(self) -> bool:
        """Whether the rate of a step depends on how many there will be."""
        return self.span_epochs is None

    def make(self, total_steps: int, epochs: int) -> Schedule:
        """The factor of the learning rate at each step."""
        span = self.span if self.span_epochs is None else self.span_epochs / epochs
        return warmup_cosine(total_steps, self.warmup, span, self.hold)


class StepDecay(OverTraining):
    """See :func:`~hetsyn_sim.training.schedules.step_decay`."""

    name: Literal["step_decay"] = "step_decay"
    every: PositiveInt = Field(default=100, description="steps between two reductions")
    factor: PositiveFloat = Field(default=0.8, description="factor of the rate at each of them")

    def make(self, total_steps: int, epochs: int) -> Schedule:
        """The factor of the learning rate at each step."""
        return step_decay(self.every, self.factor)


#: Every schedule by the name that a recipe calls it.
SCHEDULES: Mapping[str, type[Section]] = MappingProxyType({"constant": Constant, "warmup_cosine": WarmupCosine, "step_decay": StepDecay})

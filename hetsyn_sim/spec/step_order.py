"""The order of events inside one time step, a property of a neuron model: another order is another neuron."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..errors import SpecError

_PHASES: Final = ("decay", "reset", "recurrent", "feedforward", "threshold")


@dataclass(frozen=True)
class StepOrder:
    """In what order a step does its work.

    Decay, reset and recurrent deliveries are done for all populations, phase by phase. Then, layer by layer, input arrives and v is
    compared with the threshold, so that a spike crosses all layers in the step it happens.

    Parameters
    ----------
    phases
        ``decay``: every state follows its equations for dt. ``reset``: neurons that spiked in the step before jump. ``recurrent``: their
        spikes reach recurrent synapses. These three may stand in any order: what jumps before ``decay`` decays in the same step.
        Then ``feedforward``: this step's input spikes arrive; ``threshold``: v is read, the neuron spikes or not.

    Raises
    ------
    SpecError
        If a phase is missing, doubled or unknown, or if ``feedforward, threshold`` are not the last two.
    """

    phases: tuple[str, ...] = _PHASES

    def __post_init__(self) -> None:
        object.__setattr__(self, "phases", tuple(self.phases))
        if sorted(self.phases) != sorted(_PHASES) or self.phases[-2:] != _PHASES[-2:]:
            raise SpecError(
                "this is not an order of one step",
                where="step_order",
                got=str(self) or "nothing",
                expected="decay, reset and recurrent in any order, then feedforward, threshold",
                remedy="name each phase once and leave feedforward and threshold at the end",
            )

    def __str__(self) -> str:
        return ", ".join(self.phases)

    def decays_in_same_step(self, phase: str) -> bool:
        """Whether what jumps in ``phase`` is subject to this step's decay."""
        return self.phases.index(phase) < self.phases.index("decay")


DEFAULT_STEP_ORDER: Final = StepOrder()
#: A spike resets its neuron before the next step's decay, so that the decay starts from the reset state: hard resets are published so.
RESET_FIRST: Final = StepOrder(("reset", "decay", "recurrent", "feedforward", "threshold"))

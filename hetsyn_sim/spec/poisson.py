"""Many sources that spike at random, all with the same weight: a binomial number of events in every step, as Brian2's ``PoissonInput``."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from ..errors import SpecError
from .quantities import to_si

if TYPE_CHECKING:
    from .model import NeuronModel

#: How many events a step may have on average: beyond it they are noise.
MOST_PER_STEP: Final = 50.0
_AS_NOISE: Final = "so many events are as good as noise: n*rate*w + w*sqrt(n*rate)*xi in the equation of the state"


@dataclass(frozen=True)
class PoissonDrive:
    """``n`` independent sources of ``rate`` for each neuron, whose events add ``weight`` to a state, after the state has made its step.

    Attributes
    ----------
    target
        A state of the neuron.
    weight
        An expression in parameters of the neuron, in the state's unit.
    n
        How many sources; each has one event in a step at the most.
    rate
        Of each of them, as text with a unit: ``"20 Hz"``.
    """

    target: str
    weight: str
    n: int
    rate: str

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def probability(self, dt: float, *, where: str) -> float:
        """Of an event of one source in a step of dt seconds.

        Raises
        ------
        SpecError
            If it is above 1, or more than :data:`MOST_PER_STEP` events come in a step on average.
        """
        p = to_si(self.rate, "Hz", where=where) * dt
        if p > 1.0 or self.n * p > MOST_PER_STEP:
            expected = f"at most one event of a source, and {MOST_PER_STEP:g} of all on average"
            raise SpecError(
                "too many events in a step",
                where=where,
                got=f"{self.n} sources of {self.rate}, {self.n * p:g} events in {dt:g} s",
                expected=expected,
                remedy=f"shorten dt; {_AS_NOISE}",
            )
        return p


def name_of_drive(number: int) -> str:
    """What the numbers of a drive are called, among those of noise; drives are counted from 0."""
    return f"xi_poisson_{number + 1}"


def drives_are_possible(model: NeuronModel) -> None:
    """A rule: drives act on states, have sources and rates, and names of their own."""
    for k, drive in enumerate(model.poisson):
        where = f"{model.name}: poisson {k + 1}"
        if drive.target not in model.neuron_equations.states:
            states = ", ".join(model.neuron_equations.states) or "a state, of which there is none"
            _refuse(
                "random events act on something that is no state", f"{where}: target", drive.target, states, "name a state of the neuron"
            )
        if isinstance(drive.n, bool) or not isinstance(drive.n, int) or drive.n < 1:
            _refuse("random events without sources", f"{where}: n", repr(drive.n), "1, 2, ...", "say how many sources there are")
        rate = to_si(drive.rate, "Hz", where=f"{where}: rate")
        if not (math.isfinite(rate) and rate >= 0.0):
            _refuse("this is not a rate", f"{where}: rate", drive.rate, "0 Hz or more", "correct it")
        if name_of_drive(k) in model.white_noise:
            other = f"call the noise {name_of_drive(k).replace('poisson', 'own')}, or anything else that begins with xi_"
            _refuse("a name of noise that random events have", where, name_of_drive(k), "another name", other)


def _refuse(what: str, where: str, got: str, expected: str, remedy: str) -> None:
    raise SpecError(what, where=where, got=got, expected=expected, remedy=remedy)

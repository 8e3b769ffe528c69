"""What a biophysical simulation adds to a network that its equations do not say: axonal delays, refractoriness, noise."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import TransferError
from ..spec import NetworkSpec


@dataclass(frozen=True)
class Surroundings:
    """Additions to a network in Brian2. The default is nothing.

    Attributes
    ----------
    delays
        Projection -> axonal delay of every synapse in seconds, shape (post, pre), on top of the step order's own.
    refractory
        Seconds after a spike during which a neuron can't spike again.
    noise
        State of the neurons -> standard deviation, in the state's SI unit, and time constant in seconds of the Ornstein-Uhlenbeck process
        that the state becomes. Its own equation is the decay; in every step it gets the Gaussian number that makes the process exact.
    seed
        Of the noise.
    """

    delays: Mapping[str, NDArray[np.float64]] = field(default_factory=lambda: MappingProxyType({}))
    refractory: float = 0.0
    noise: Mapping[str, tuple[float, float]] = field(default_factory=lambda: MappingProxyType({}))
    seed: int = 0


NOTHING = Surroundings()

#: The neurons' refractory period, a parameter of each group that spikes.
REFRACTORY = "refractory_period"


def kick_of(state: str) -> str:
    """The parameter that holds the size of a state's Gaussian number."""
    return f"kick_of_{state}"


def kick_size(sd: float, tau: float, dt: float) -> float:
    """Of the Gaussian number per step that keeps an Ornstein-Uhlenbeck process at its standard deviation."""
    return sd * math.sqrt(-math.expm1(-2.0 * dt / tau))


def check_surroundings(spec: NetworkSpec, added: Surroundings) -> None:
    """Raise a TransferError if the additions do not fit the network."""

    def fail(what: str, where: str, got: str, expected: str, remedy: str) -> Any:
        raise TransferError(what, where=where, got=got, expected=expected, remedy=remedy)

    projections = {q.name: q for q in spec.projections}
    for name, delays in added.delays.items():
        if name not in projections:
            fail("there is no such projection to delay", "delays", repr(name), ", ".join(projections), "use one of these")
        shape = (projections[name].n_post, projections[name].n_pre)
        if delays.shape != shape:
            fail("delays of the wrong shape", name, f"shape {delays.shape}", f"shape {shape}", "give one per synapse, (post, pre)")
        if not np.all((delays >= 0.0) & np.isfinite(delays)):
            fail("a delay is not a time", name, f"{float(np.min(delays))!r} s", "finite times, 0 s or more", "correct the delays")
    if not (np.isfinite(added.refractory) and added.refractory >= 0.0):
        fail("the refractory period is not a time", "refractory", f"{added.refractory!r} s", "a finite time, 0 s or more", "correct it")
    for population in spec.populations if added.refractory else ():
        if population.model.refractory:
            where = f"{population.name}: {population.model.name}"
            got = f"refractory={population.model.refractory!r} and {added.refractory!r} s"
            fail("the neurons are refractory already", where, got, "one of them", "change the model's own, or leave the other out")
    for name in added.delays:
        if spec.population(projections[name].target).model.takes_values:
            fail("values can't be delayed", name, "synapses that read x_pre", "synapses that spikes drive", "leave this delay out")
    for state, (sd, tau) in added.noise.items():
        if not any(state in p.model.neuron_equations.states for p in spec.populations):
            known = sorted({name for p in spec.populations for name in p.model.neuron_equations.states})
            fail("there is no such state to make noise of", "noise", repr(state), ", ".join(known), "use a state of the neuron")
        if not (np.isfinite(sd) and sd >= 0.0 and tau > 0.0):
            fail(
                "noise without a size",
                f"noise of {state}",
                f"{sd!r}, {tau!r} s",
                "a deviation of 0 or more, a time above 0 s",
                "correct it",
            )

"""Axonal delays, refractoriness and noise that are added to a network in Brian2, beyond what its equations say."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ..errors import TransferError
from ..spec import NetworkSpec, Projection
from ..spec.scope import DELAY
from ..spec.values import steps_of_delay


@dataclass(frozen=True)
class Additions:
    """Additions to a network in Brian2. The default is nothing."""

    #: Projection -> axonal delay of every synapse in seconds, shape (post, pre), on top of the step order's own.
    delays: Mapping[str, NDArray[np.float64]] = field(default_factory=lambda: MappingProxyType({}))
    #: Seconds after a spike during which a neuron can't spike again.
    refractory: float = 0.0
    #: State of the neurons -> standard deviation, in the state's SI unit, and time constant in seconds of the Ornstein-Uhlenbeck process
    #: that the state becomes. Its own equation is the decay; in every step it gets the Gaussian number that makes the process exact.
    noise: Mapping[str, tuple[float, float]] = field(default_factory=lambda: MappingProxyType({}))
    #: Of the noise.
    seed: int = 0


NOTHING = Additions()

#: The neurons' refractory period, a parameter of each group that spikes.
REFRACTORY = "refractory_period"


def steps_of_delays(
    spec: NetworkSpec, projection: Projection, values: Mapping[str, NDArray[np.float64]], added: Additions
) -> NDArray[np.int64] | None:
    """The delay of every synapse in steps, (post, pre), or () where all have the same: the model's own and what is added to it.

    Whole numbers, as Brian2's own queue rounds them: what is compared with it must not be half a step off. None if nothing says how long.
    """
    own, more = values.get(f"{projection.name}.{DELAY}"), added.delays.get(projection.name)
    if own is None and more is None:
        return None
    # each rounded on its own: what is added to a network does not change the network
    steps = [steps_of_delay(part, spec.dt_s) for part in (own, more) if part is not None]
    if any(part.ndim for part in steps):
        shape = (projection.n_post, projection.n_pre)
        steps = [np.broadcast_to(part[:, None] if part.ndim == 1 else part, shape) for part in steps]
    total: NDArray[np.int64] = np.sum(steps, axis=0)
    return total


def kick_of(state: str) -> str:
    """The parameter that holds the size of a state's Gaussian number."""
    return f"kick_of_{state}"


def kick_size(sd: float, tau: float, dt: float) -> float:
    """Of the Gaussian number per step that keeps an Ornstein-Uhlenbeck process at its standard deviation."""
    # expm1, not 1 - exp: for tau much longer than dt the difference would lose its digits
    return sd * math.sqrt(-math.expm1(-2.0 * dt / tau))


def check_additions(spec: NetworkSpec, added: Additions) -> None:
    """Raise a TransferError if the additions do not fit the network."""
    for what, where, got, expected, remedy in _misfits(spec, added):
        raise TransferError(what, where=where, got=got, expected=expected, remedy=remedy)


def _misfits(spec: NetworkSpec, added: Additions) -> Iterator[tuple[str, str, str, str, str]]:
    """The five parts of an error for everything that does not fit."""
    projections = {q.name: q for q in spec.projections}
    for name, delays in added.delays.items():
        if name not in projections:
            yield "there is no such projection to delay", "delays", repr(name), ", ".join(projections), "use one of these"
        shape = (projections[name].n_post, projections[name].n_pre)
        if delays.shape != shape:
            yield "delays of the wrong shape", name, f"shape {delays.shape}", f"shape {shape}", "give one per synapse, (post, pre)"
        if not np.all((delays >= 0.0) & np.isfinite(delays)):
            yield "a delay is not a time", name, f"{float(np.min(delays))!r} s", "finite times, 0 s or more", "correct the delays"
        if spec.population(projections[name].target).model.takes_values:
            yield "values can't be delayed", name, "synapses that read x_pre", "synapses that spikes drive", "leave this delay out"
    if not (np.isfinite(added.refractory) and added.refractory >= 0.0):
        yield "the refractory period is not a time", "refractory", f"{added.refractory!r} s", "a finite time, 0 s or more", "correct it"
    for p in spec.populations if added.refractory else ():
        if p.model.refractory:
            got = f"refractory={p.model.refractory!r} and {added.refractory!r} s"
            remedy = "change the model's own, or leave the other out"
            yield "the neurons are refractory already", f"{p.name}: {p.model.name}", got, "one of them", remedy
    known = sorted({name for p in spec.populations for name in p.model.neuron_equations.states})
    for state, (sd, tau) in added.noise.items():
        if state not in known:
            yield "there is no such state to make noise of", "noise", repr(state), ", ".join(known), "use a state of the neuron"
        if not (np.isfinite(sd) and sd >= 0.0 and tau > 0.0):
            expected = "a deviation of 0 or more, a time above 0 s"
            yield "noise without a size", f"noise of {state}", f"{sd!r}, {tau!r} s", expected, "correct it"

"""The corners of what is valid, by name. They are tried every time, whatever else a strategy draws."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from hetsyn_sim.discrete import is_time_constant
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec, NeuronModel

from .strategies import Case


@dataclass(frozen=True)
class Corner:
    """The numbers of a small network: time constants in steps, weights in thresholds, the steps with a spike on every channel, sizes."""

    tau: float = 3.7
    w: float = 0.55
    w_rec: float = 0.3
    spikes: tuple[int, ...] = (0, 1, 2, 5, 6, 7)
    n_steps: int = 12
    n_neurons: int = 2
    n_input: int = 2


#: Every corner by its name.
CORNERS: Mapping[str, Corner] = MappingProxyType(
    {
        "nothing special": Corner(),
        "tau << dt": Corner(tau=1e-3),
        "tau >> T": Corner(tau=1e5),
        "rho exactly 0": Corner(tau=0.0),
        "rho exactly 1": Corner(tau=math.inf),
        "no weights": Corner(w=0.0),
        "negative weights": Corner(w=-1.3),
        "coincident spikes": Corner(spikes=tuple(range(12))),
        "silent input": Corner(spikes=()),
        "a spike in the first step": Corner(w=1.3, spikes=(0,)),
        "a spike in the last step": Corner(w=1.3, spikes=(11,)),
        "v exactly at theta": Corner(w=1.0, spikes=(3,), n_neurons=1, n_input=1),
        "one neuron": Corner(w=1.3, n_neurons=1, n_input=1),
        "one step": Corner(spikes=(0,), n_steps=1),
        "self-connections only": Corner(w_rec=0.8, n_neurons=1),
    }
)


def corner(name: str, model: NeuronModel = HetSynLIF, readout: NeuronModel | None = LeakyReadout, *, recurrent: bool = True) -> Case:
    """The layer of the corner called ``name``, recurrent or not, with a readout of one neuron or without."""
    facts = CORNERS[name]
    layers = [Layer(model, facts.n_neurons, recurrent)]
    spec = NetworkSpec(1e-3, facts.n_input, layers, None if readout is None else Layer(readout, 1))
    values: dict[str, NDArray[np.float64]] = {}
    for key, slot in spec.slots.items():
        number = {"w": facts.w_rec if ".recurrent." in key else facts.w, "theta": 1.0}.get(slot.name, 0.25)
        values[key] = np.broadcast_to(facts.tau * spec.dt_s if is_time_constant(slot) else number, slot.shape).astype(np.float64)
    inputs = np.zeros((facts.n_steps, 1, facts.n_input), dtype=np.bool_)
    inputs[list(facts.spikes)] = True
    return Case(spec, values, inputs)


def corners_of(
    models: Iterable[NeuronModel], readout: NeuronModel | None = LeakyReadout, *, recurrent: bool = True, but: Iterable[str] = ()
) -> dict[str, Case]:
    """Every corner of some models, called ``"HetSynLIF, rho exactly 1"``, without those named in ``but``."""
    chosen = [name for name in CORNERS if name not in set(but)]
    return {f"{model.name}, {name}": corner(name, model, readout, recurrent=recurrent) for model in models for name in chosen}

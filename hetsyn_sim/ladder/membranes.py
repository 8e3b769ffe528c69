"""Rungs 3 and 5: a membrane that takes time, and synapses that open conductances. Both are texts, which Brian2 solves."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
from brian2 import ms
from numpy.typing import NDArray

from ..spec import NeuronModel, Parameter
from .rung import Setting, refuse

_CURRENTS = "a current I at every synapse with its tau_syn, and v = I_syn, less what a reset adds up (HetSynLIF, LeakyReadout)"
#: Closer to the membrane's time constant than this, relative to it, a synapse's is moved up: two exponentials have a pole there.
_APART = 1e-3


def _has_currents(model: NeuronModel) -> bool:
    return model.synapse == "dI/dt = -I/tau_syn : 1" and model.on_pre == "I += w" and bool(re.search(r"^v = I_syn\b", model.neuron, re.M))


def with_capacitance(setting: Setting, tau_mem_ms: float, rng: np.random.Generator) -> Setting:
    """The membrane follows its synaptic current with ``tau_mem_ms`` milliseconds, where it did so at once; the reset stays the voltage's.

    ``tau_mem dV/dt = -V + I`` is solved by V = sum over synapses of w g (exp(-t/tau_syn) - exp(-t/tau_mem)), g = 1/(1 - tau_mem/tau_syn).
    The first part is a state of the synapse as before, the second one of the neuron: linear states that decay each on its own, which
    PyTorch trains as well. A spike moves V from the next step on; as tau_mem goes to 0, that is all the difference there is.
    """
    tau = float(tau_mem_ms * ms)

    def change(model: NeuronModel) -> NeuronModel:
        if not _has_currents(model):
            raise refuse("membrane capacitance", model, _CURRENTS)
        neuron = "dM/dt = -M/tau_mem : 1\n" + re.sub(r"^v = I_syn\b", "v = I_syn - M", model.neuron, flags=re.M)
        jump = "w/(1 - tau_mem_post/tau_syn)"
        facts = {**model.parameters, "tau_mem": Parameter(axes="layer", unit=ms, initial=1 * ms)}
        return replace(model, name=f"{model.name}WithCapacitance", neuron=neuron, on_pre=f"I += {jump}; M_post += {jump}", parameters=facts)

    def value(key: str, before: NDArray[np.float64] | None) -> Any:
        if before is None:
            return tau
        if key.endswith(".tau_syn"):
            near = np.abs(before - tau) < _APART * tau
            return np.where(near, (1.0 + _APART) * tau, before)
        return before

    return setting.rewritten(change, value)


def with_conductances(setting: Setting, reversal_mv: float, rng: np.random.Generator) -> Setting:
    """Synapses open conductances: excitation reverses ``reversal_mv`` above rest, inhibition a quarter of that below.

    Millivolts are counted with a threshold at 15 mV above rest. A weight becomes the conductance that gives the same current at half the
    threshold: g = w / (E - theta/2), in units of the leak's. ``v = sum g E / (1 + sum g)``, less the reset. The readout, a decoder, keeps
    its currents. The larger the reversal potentials, the nearer the network is to the trained one.
    """
    excitation = reversal_mv / 15.0

    def change(model: NeuronModel) -> NeuronModel:
        if not _has_currents(model):
            raise refuse("conductances", model, _CURRENTS)
        facts = {name: fact for name, fact in model.parameters.items() if name != "w"}
        facts |= {name: Parameter(axes="post pre", initial=1.0) for name in ("g_max", "E_rev")}
        return replace(
            model,
            name=f"{model.name}WithConductances",
            synapse="dg/dt = -g/tau_syn : 1\ndh/dt = -h/tau_syn : 1",
            on_pre="g += g_max; h += g_max*E_rev",
            neuron=re.sub(r"^v = I_syn\b", "v = h_syn/(1 + g_syn)", model.neuron, flags=re.M),
            parameters=facts,
        )

    def value(key: str, before: NDArray[np.float64] | None) -> Any:
        if before is not None:
            return before
        owner, name = key.rsplit(".", 1)
        w, theta = setting.values[f"{owner}.w"], setting.theta(owner.split(".")[0])[:, None]  # (post, pre), (post, 1)
        reversal = np.where(w > 0.0, excitation * theta, -0.25 * excitation * theta)
        return reversal if name == "E_rev" else w / (reversal - 0.5 * theta)

    return setting.rewritten(change, value, readout=False)

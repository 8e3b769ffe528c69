"""The HetSyn form of the textbook neurons: Propositions 1 to 3 of the HetSyn paper as rewritings of a network and of its values.

A textbook neuron has one membrane that leaks. In HetSyn form every synapse has a state of its own and so has the reset; if all of them
decay alike, their sum obeys the textbook's equation. Tied time constants are written out as full arrays of equal entries, so that the
HetSyn side takes the same path through every simulator as a network whose time constants differ.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from brian2 import ms
from numpy.typing import NDArray

from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec, NeuronModel, Parameter

from .strategies import Case

__all__ = ["SplitResetHetSyn", "SplitResetHetSynNormalised", "in_hetsyn_form", "in_hetsyn_spec", "tied_slots"]

_SPLIT = {
    "w": HetSynLIF.parameters["w"],
    "tau_syn": HetSynLIF.parameters["tau_syn"],
    "tau_reset": HetSynLIF.parameters["tau_reset"],
    "theta": HetSynLIF.parameters["theta"],
    "tau_adapt": Parameter(axes="layer", unit=ms, initial=400 * ms),
    "a": Parameter(axes="layer", initial=0.05),
}

#: HetSynLIF whose reset current is split in two: the spike's own and a slower one that adapts the neuron (Proposition 2).
SplitResetHetSyn = NeuronModel(
    name="SplitResetHetSyn",
    synapse="dI/dt = -I/tau_syn : 1",
    on_pre="I += w",
    neuron="""
        dJ_theta/dt = -J_theta/tau_reset : 1
        dJ_a/dt = -J_a/tau_adapt : 1
        v = I_syn - J_theta - J_a : 1
        """,
    threshold="v > theta",
    reset="J_theta += theta; J_a += a",
    parameters=_SPLIT,
    reference="Deng et al. 2025 (HetSyn, NeurIPS), eq. 10-11",
)

#: The same with the other reading of the adaptation, in which a is the current that a neuron spiking in every step approaches.
SplitResetHetSynNormalised = replace(
    SplitResetHetSyn, name="SplitResetHetSynNormalised", reset="J_theta += theta; J_a += a*(1 - exp(-dt/tau_adapt))"
)

_HETSYN_FORM = {
    "HomNeuLIF": HetSynLIF,
    "HetNeuLIF": HetSynLIF,
    "HomNeuALIF": SplitResetHetSyn,
    "HomNeuALIFNormalised": SplitResetHetSynNormalised,
    "HomNeuReadout": LeakyReadout,
    "HetNeuReadout": LeakyReadout,
}


def in_hetsyn_spec(spec: NetworkSpec) -> NetworkSpec:
    """The network with every textbook model replaced by its HetSyn form; the neuron's parameters keep their axes, bounds and training."""

    def rewritten(layer: Layer) -> Layer:
        textbook, form = layer.model, _HETSYN_FORM.get(layer.model.name)
        if form is None:
            return layer
        facts = dict(form.parameters)
        membrane = textbook.parameters["tau_mem"]
        for name in facts:
            if name == "tau_syn":
                facts[name] = replace(membrane, axes="post pre")
            else:
                facts[name] = membrane if name == "tau_reset" else textbook.parameters[name]
        return replace(layer, model=replace(form, parameters=facts))

    readout = None if spec.readout is None else rewritten(spec.readout)
    return replace(spec, layers=[rewritten(layer) for layer in spec.layers], readout=readout)


def tied_slots(spec: NetworkSpec, population: str) -> list[str]:
    """The slots of a network in HetSyn form that all stand for the ``tau_mem`` of one textbook population."""
    names = ("tau_syn", "tau_reset")
    return [key for key, slot in spec.slots.items() if key.startswith(f"{population}.") and slot.name in names]


def in_hetsyn_form(case: Case) -> Case:
    """The same network in HetSyn form, every synapse's time constant and the reset's equal to the membrane's."""
    spec = in_hetsyn_spec(case.spec)
    values: dict[str, NDArray[np.float64]] = {}
    for key, slot in spec.slots.items():
        if key in case.values:
            values[key] = case.values[key]
        else:
            membrane = case.values[f"{key.split('.')[0]}.neuron.tau_mem"]
            per_synapse = slot.parameter.axes == "post pre" and membrane.ndim == 1
            values[key] = np.broadcast_to(membrane[:, None] if per_synapse else membrane, slot.shape).copy()
    return Case(spec, values, case.inputs)

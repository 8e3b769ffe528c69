"""Rung 1: the same network in physical units. Spikes stay where they are."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
from brian2 import Mohm, mV, pA
from numpy.typing import NDArray

from ..spec import NeuronModel, Parameter
from .rung import Setting, refuse

#: Input resistance in ohm. It divides weights and multiplies currents, so that its size is of no account.
R_M = 100e6


def in_physical_units(setting: Setting, theta_mv: float, rng: np.random.Generator) -> Setting:
    """V in mV, with ``theta_mv`` millivolts for the trained network's 1; synaptic currents in pA through a resistance in MOhm."""
    volt = float(theta_mv * mV)
    by_name = {p.name: p.model for p in setting.spec.populations}

    def value(key: str, before: NDArray[np.float64] | None) -> Any:
        population, name = key.split(".")[0], key.rsplit(".", 1)[1]
        if before is None:
            return R_M
        if by_name[population].parameters[name].unit != "1":
            return before
        return before * (volt / R_M if name in _weights(by_name[population]) else volt)

    return replace(setting.rewritten(lambda model: _with_units(model, volt), value), unit_of_v=volt * setting.unit_of_v)


def _weights(model: NeuronModel) -> set[str]:
    """Parameters that jump onto synaptic currents; what jumps onto the membrane is a voltage."""
    jumps = [jump for jump in model.on_pre_jumps if jump.target in model.synapse_equations.states]
    return {str(s) for jump in jumps for s in jump.amount.free_symbols} & set(model.parameters)


def _with_units(model: NeuronModel, volt: float) -> NeuronModel:
    dimensions = (*model.neuron_equations.dimensions.values(), *model.synapse_equations.dimensions.values())
    if any(not d.is_dimensionless for d in dimensions):
        raise refuse("physical units", model, "a model whose v is a pure number")
    if not model.spikes_add:
        raise refuse("physical units", model, "spikes that add a current, whatever the synapse's states are")
    currents = _weights(model)
    parameters = {}
    for name, parameter in model.parameters.items():
        if parameter.unit == "1":
            unit, initial, scale = ("pA", 1 * pA, volt / R_M) if name in currents else ("mV", 1 * mV, volt)
            low, high = parameter.si_bounds
            bounds = None if parameter.bounds is None else (scale * low, scale * high)
            parameter = Parameter(parameter.axes, unit, initial, bounds, parameter.trainable)
        parameters[name] = parameter
    neuron = re.sub(r": 1$", ": volt", model.neuron, flags=re.MULTILINE)
    for total in model.summed:
        neuron = re.sub(rf"\b{total}\b", f"R_m*{total}", neuron)
    if model.summed:
        parameters["R_m"] = Parameter(axes="layer", unit="Mohm", initial=100 * Mohm)
    return replace(
        model,
        name=f"{model.name}InPhysicalUnits",
        synapse=re.sub(r": 1$", ": amp", model.synapse, flags=re.MULTILINE),
        neuron=neuron,
        parameters=parameters,
    )

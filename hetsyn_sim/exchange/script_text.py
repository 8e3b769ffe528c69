"""What names mean, in a neuroscientist's words: comments for exported scripts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..brian.values import used_entries
from ..spec import NetworkSpec, NeuronModel, Population
from ..spec.quantities import parse_unit

#: The field's names, as the models that ship and their variants use them.
MEANINGS = {
    "w": "synaptic weight: what a presynaptic spike adds",
    "tau_syn": "time constant of the synaptic current",
    "tau_mem": "membrane time constant",
    "tau_reset": "time constant at which the effect of the neuron's own spike wears off",
    "tau_adapt": "time constant of adaptation",
    "tau_noise": "time constant of the noise",
    "theta": "threshold",
    "a": "adaptation: what a spike adds to the slow reset current",
    "R_m": "input resistance of the membrane",
    "g_max": "conductance that a presynaptic spike opens",
    "E_rev": "reversal potential of the synapse, from rest",
    "I": "synaptic current: jumps with a presynaptic spike, then decays with the synapse's own time constant",
    "R": "reset current: jumps with each spike of the neuron and is taken from v, so that it is harder to excite for a while",
    "J_theta": "reset current: jumps by the threshold with each spike of the neuron and is taken from v",
    "J_a": "adaptation current: a slower reset current",
    "M": "what the membrane's capacitance takes from the synaptic currents",
    "g": "synaptic conductance",
    "h": "synaptic conductance times reversal potential",
    "noise": "fluctuations of the membrane potential",
    "v": "membrane potential",
}
_AXES = {"post pre": "one for every synapse", "post": "one for every neuron", "layer": "one for the whole layer"}
_OWN = "a name of the model's own"


def equation_comments(model: NeuronModel) -> Iterator[str]:
    """A line for each state of the synapse and the neuron, and for v."""
    for name in model.synapse_equations.states:
        yield f"{name} (each synapse): {MEANINGS.get(name, _OWN)}"
    for name in model.neuron_equations.states:
        if name != "v":
            yield f"{name} (each neuron): {MEANINGS.get(name, _OWN)}"
    if "v" in model.neuron_equations.states:
        yield f"v (each neuron): {MEANINGS['v']}, with a membrane that takes time to follow its input"
    else:
        yield f"v (each neuron): {MEANINGS['v']}, given at every moment by the currents: a membrane without a capacitance of its own"
    for total, state in zip(model.summed, model.synapse_equations.states, strict=True):
        yield f"{total} (each neuron): the sum of {state} over all its synapses"


def parameter_comments(spec: NetworkSpec, population: Population, values: dict[str, NDArray[np.float64]]) -> Iterator[str]:
    """A line for each parameter: meaning, what it is one value per, range, and whether training found it."""
    for key, slot in spec.slots.items():
        owner, name = key.rsplit(".", 1)
        if owner.partition(".")[0] != population.name:
            continue
        found = values[key][used_entries(slot)]
        unit = slot.parameter.unit
        scaled = np.asarray(found, dtype=np.float64) / float(parse_unit(unit, where=key))
        shown = "" if unit == "1" else f" {unit}"
        low, middle, high = (f"{number:.3g}" for number in (scaled.min(), np.median(scaled), scaled.max())) if scaled.size else ("-",) * 3
        spread = f"{middle}{shown}" if low == high else f"{low} to {high}{shown}, median {middle}{shown}"
        how = "learned" if slot.parameter.trainable else "fixed"
        yield f"{key}: {MEANINGS.get(name, _OWN)}; {_AXES[str(slot.parameter.axes)]}; {spread}; {how}"

"""The numbers of a generated network: values for every slot from a seed, and weights that make it spike."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from brian2.units.allunits import hertz
from numpy.typing import NDArray

from hetsyn_sim.discrete import discretise, is_time_constant, simulate_reference
from hetsyn_sim.spec import NetworkSpec, NeuronModel, ParameterSlot
from hetsyn_sim.spec.quantities import dimensions_of, to_si


@cache
def per_neuron(model: NeuronModel) -> NeuronModel:
    """The model with every parameter of the layer as one value per neuron."""
    of_layer = [name for name, parameter in model.parameters.items() if parameter.axes == "layer"]
    return model.with_parameters(**{name: {"axes": "post"} for name in of_layer})


def _is_rate(slot: ParameterSlot) -> bool:
    return dimensions_of(slot.parameter.unit, where=slot.key) is hertz.dim


def _is_weight(slot: ParameterSlot) -> bool:
    return slot.parameter.axes == "post pre" and not is_time_constant(slot) and not _is_rate(slot)


def values_of(slot: ParameterSlot, times: list[float], rng: np.random.Generator) -> NDArray[np.float64]:
    """Times from a short list, weights from a normal distribution with zeros, everything else near where its model starts."""
    if is_time_constant(slot):
        return np.asarray(rng.choice(times, slot.shape), dtype=np.float64)
    if _is_rate(slot):  # finite: a rate has no value for a state that forgets at once
        return np.asarray(1.0 / np.maximum(rng.choice(times, slot.shape), 1e-9), dtype=np.float64)
    if _is_weight(slot):
        unit = to_si(f"1 {slot.parameter.unit}".removesuffix(" 1"), slot.parameter.unit, where=slot.key)
        normal = unit * rng.normal(0.8, 1.0, slot.shape) / math.sqrt(slot.shape[-1])
        return np.where(rng.random(slot.shape) < 0.06, 0.0, normal)
    initial = slot.parameter.distribution.sample(rng, slot.shape)
    return np.clip(initial * rng.uniform(0.5, 2.0, slot.shape), *slot.parameter.si_bounds)


def drive(spec: NetworkSpec, values: dict[str, Any], inputs: NDArray[np.bool_], population: str, factor: float) -> None:
    """Scale the weights onto a population, in place, so that the largest v of most of its neurons would be above ``factor`` thresholds.

    If nobody is excited, inhibition and excitation are exchanged.
    """
    theta = discretise(spec.population(population).model).theta
    assert theta is not None
    out_of_reach = {f"{population}.neuron.{name}" for name in map(str, theta.free_symbols)}
    n_layers = [p.name for p in spec.populations].index(population) + 1
    prefix = replace(spec, layers=spec.layers[:n_layers], readout=None)
    silent = {key: np.full_like(values[key], 1e300) if key in out_of_reach else values[key] for key in prefix.slots}
    v = simulate_reference(prefix, silent, inputs).traces[f"{population}.v"]
    threshold = float(np.mean([np.mean(values[key]) for key in out_of_reach]))
    sign = 1.0 if v.max() > 0.0 else -1.0
    peaks = (sign * v).max(axis=(0, 1))
    scale = sign * factor * threshold / float(np.quantile(peaks[peaks > 0.0], 0.2)) if peaks.max() > 0.0 else sign
    for key, slot in spec.slots.items():
        if slot.owner == f"{population}.feedforward" and _is_weight(slot):
            values[key] = values[key] * scale

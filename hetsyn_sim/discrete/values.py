"""Parameter values of one population or projection, shaped so that they broadcast in a step's expressions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..spec import NetworkSpec, Projection


def neuron_values(spec: NetworkSpec, population: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """dt and the neuron's parameters by name, each of shape (post,) or ()."""
    names = spec.population(population).model.parameters_of("neuron")
    return {"dt": spec.dt_s} | {name: values[f"{population}.neuron.{name}"] for name in names}


def synapse_values(spec: NetworkSpec, projection: Projection, values: Mapping[str, Any]) -> dict[str, Any]:
    """dt and what the synapses of a projection see, each of shape (post, pre), (post, 1) or (): own parameters, and ``name_post``."""
    model = spec.population(projection.target).model
    seen: dict[str, Any] = {"dt": spec.dt_s}
    for name, parameter in model.parameters_of("synapse").items():
        value = values[f"{projection.name}.{name}"]
        seen[name] = value[..., None] if parameter.axes == "post" else value
    for name, parameter in model.parameters_of("neuron").items():
        value = values[f"{projection.target}.neuron.{name}"]
        # a column: a neuron's own parameter is the same for all that reaches it, and must not broadcast over the presynaptic side
        seen[f"{name}_post"] = value[..., None] if parameter.axes == "post" else value
    return seen

"""Which values an expression sees: the parameters of one projection or of one population, shaped to broadcast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..spec import NetworkSpec, Projection

__all__ = ["neuron_values", "synapse_values"]


def neuron_values(spec: NetworkSpec, population: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Dt and the neuron's parameters by name, each of shape (post,) or ()."""
    names = spec.population(population).model.parameters_of("neuron")
    return {"dt": spec.dt_s} | {name: values[f"{population}.neuron.{name}"] for name in names}


def synapse_values(spec: NetworkSpec, projection: Projection, values: Mapping[str, Any]) -> dict[str, Any]:
    """Dt and what the synapses of a projection see, each of shape (post, pre), (post, 1) or (): own parameters, and ``name_post``."""
    model = spec.population(projection.target).model
    seen: dict[str, Any] = {"dt": spec.dt_s}
    for name, parameter in model.parameters_of("synapse").items():
        value = values[f"{projection.name}.{name}"]
        seen[name] = value[..., None] if parameter.axes == "post" else value
    for name, parameter in model.parameters_of("neuron").items():
        value = values[f"{projection.target}.neuron.{name}"]
        seen[f"{name}_post"] = value[..., None] if parameter.axes == "post" else value
    return seen

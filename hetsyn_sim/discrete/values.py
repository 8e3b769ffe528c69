"""Parameter values of a network: checked as a whole, and picked for one projection or population, shaped to broadcast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.units.allunits import second
from numpy.typing import NDArray

from ..errors import SpecError
from ..spec import NetworkSpec, ParameterSlot, Projection
from ..spec.quantities import dimensions_of


def is_time_constant(slot: ParameterSlot) -> bool:
    """Whether the slot holds times."""
    return dimensions_of(slot.parameter.unit, where=slot.key) is second.dim


def check_values(spec: NetworkSpec, values: Mapping[str, Any]) -> dict[str, NDArray[np.float64]]:
    """The values as float64 arrays: one for every slot of the network, of its shape, and made of numbers.

    A time constant may be 0 (its state forgets within a step) or infinite (it never forgets); everything else is finite.

    Raises
    ------
    SpecError
        If that is not so.
    """
    shapes = {key: slot.shape for key, slot in spec.slots.items()}
    given = {key: np.shape(value) for key, value in values.items()}
    if given != shapes:
        wrong = sorted(key for key in shapes.keys() | given.keys() if shapes.get(key) != given.get(key))
        raise SpecError(
            "these values are not those of the network",
            where=", ".join(wrong[:3]) + (", ..." if len(wrong) > 3 else ""),
            got=", ".join(str(given.get(key, "missing")) for key in wrong[:3]),
            expected=", ".join(str(shapes.get(key, "no such slot")) for key in wrong[:3]),
            remedy="pass one array per key of spec.slots, of its shape",
        )
    checked = {key: np.asarray(value, dtype=np.float64) for key, value in values.items()}
    for key, slot in spec.slots.items():
        is_time = is_time_constant(slot)
        good = checked[key] >= 0.0 if is_time else np.isfinite(checked[key])
        if not np.all(good):
            first = tuple(int(k) for k in np.argwhere(~good)[0])
            raise SpecError(
                "a time constant is negative or not a number" if is_time else "a value is not finite",
                where=f"{key}{list(first) if first else ''}",
                got=f"{float(checked[key][first])!r} in SI units ({int(np.sum(~good))} of {good.size} values)",
                expected="0 s or more; infinity never forgets" if is_time else "a finite number",
                remedy="correct the values; after training, look at the loss and the learning rate",
            )
    return checked


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

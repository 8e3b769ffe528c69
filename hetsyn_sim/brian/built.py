"""The Brian2 objects of one network, and how their variables are set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import brian2
import numpy as np
from brian2 import Clock, Network, NeuronGroup, SpikeGeneratorGroup, Synapses
from brian2.core.variables import DynamicArrayVariable
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from numpy.typing import NDArray

from ..spec import NetworkSpec, Projection
from .additions import NOTHING, Additions
from .devices import Device
from .forms import Form
from .methods import Method


@dataclass
class BuiltNetwork:
    """The Brian2 objects of one network, by the spec's names. ``source`` puts out the input: spikes, or values.

    With several ``copies`` each object holds that many of the network, one after the other, with no synapse from one to another: as many
    recordings go side by side.
    """

    spec: NetworkSpec
    form: Form
    clock: Clock
    source: SpikeGeneratorGroup | NeuronGroup
    copies: int = 1
    additions: Additions = NOTHING
    groups: dict[str, NeuronGroup] = field(default_factory=dict)
    methods: dict[str, Method] = field(default_factory=dict)
    synapses: dict[str, Synapses] = field(default_factory=dict)
    network: Network = field(default_factory=lambda: Network(name="network"))

    def add(self, brian_object: Any) -> None:
        """Put an object into the network."""
        self.network.add(brian_object)
        # What Network.run does at first. Without it, Brian2 warns of every object of a network that was made to be looked at only.
        brian_object._network = self.network.id

    def for_copies(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values of the neurons, or synapses, of one network for those of all copies; a number that a group shares is itself."""
        return np.tile(values, self.copies) if np.ndim(values) else values


def copies_for(device: Device, spec: NetworkSpec, added: Additions, n_runs: int) -> int:
    """How many copies of a network stand side by side for ``n_runs`` recordings: evenly many, in as few rounds as the device has room for.

    Noise that is added is drawn in Brian2's own order, which copies would change: with it, recordings go one after the other.
    """
    most = 1 if added.noise else max(1, device.side_by_side // sum(q.n_pre * q.n_post for q in spec.projections))
    n_rounds = -(-n_runs // most)
    return -(-n_runs // n_rounds)


def synapse_mask(projection: Projection) -> NDArray[np.bool_]:
    """Which synapses a projection has, shape (pre, post)."""
    mask = np.ones((projection.n_pre, projection.n_post), dtype=bool)
    if not projection.self_connections:
        np.fill_diagonal(mask, False)
    return mask


def brian_name(name: str) -> str:
    """The Brian2 name of a population or projection: ``layer_1.feedforward`` is ``layer_1_feedforward`` there."""
    return name.replace(".", "_")


def set_value(owner: NeuronGroup | Synapses, variable: str, value: Any) -> None:
    """Set a variable."""
    device = brian2.get_device()
    # As data, never as text: Brian2 would write a single number into the code of a standalone program, which would then be another program
    # for every other number, and compiled again.
    if isinstance(device, CPPStandaloneDevice) and np.size(value) == 1:
        target = owner.variables[variable]
        array = np.full(1, value, dtype=target.dtype)
        name = device.get_array_name(target, access_data=False)
        device.array_cache[target] = array  # as Brian2's own fill_with_array() does
        device.main_queue.append(("set_by_array", (name, device.static_array(name, array), isinstance(target, DynamicArrayVariable))))
    else:
        owner.state(variable, use_units=False).set_item(slice(None), value)  # not as an attribute: a variable may be called as one is


def set_by_expression(owner: NeuronGroup | Synapses, variable: str, text: str) -> None:
    """Set a variable by a model's text, which Brian2 evaluates with the values that the owner's parameters have."""
    owner.state(variable).set_item(slice(None), text, namespace={})

"""A network of the spec as an explicit ``brian2.Network``: one group per population, one Synapses object per projection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2 import Clock, Network, NeuronGroup, SpikeGeneratorGroup, Synapses
from brian2.core.base import BrianObjectException
from brian2.stateupdaters.base import UnsupportedEquationsException
from brian2.stateupdaters.exact import exact
from brian2.units.allunits import second
from numpy.typing import NDArray

from ..errors import TransferError
from ..spec import NetworkSpec, Population, Projection
from .equations import STEPS_PER_RECORDING, neuron_equations, sum_name, sums_in_use, synapse_equations, wipe_code
from .schedule import SLOT, Schedule, place
from .values import Array, synapse_mask

__all__ = ["METHOD", "BuiltNetwork", "brian_name", "build_network", "set_input"]

#: Brian2's method of integration: it solves the equations itself, from their text.
METHOD = "exact"


@dataclass
class BuiltNetwork:
    """The Brian2 objects of one network, by the spec's names."""

    spec: NetworkSpec
    clock: Clock
    source: SpikeGeneratorGroup
    groups: dict[str, NeuronGroup] = field(default_factory=dict)
    synapses: dict[str, Synapses] = field(default_factory=dict)
    updates: dict[str, str] = field(default_factory=dict)
    network: Network = field(default_factory=Network)


def brian_name(name: str) -> str:
    """The Brian2 name of a population or projection: ``layer_1.feedforward`` is ``layer_1_feedforward`` there."""
    return name.replace(".", "_")


def build_network(spec: NetworkSpec, values: Mapping[str, Array]) -> BuiltNetwork:
    """Make the network on the active Brian2 device, without input spikes and monitors. ``values`` must have been checked.

    Raises
    ------
    TransferError
        If Brian2 refuses the equations.
    """
    clock = Clock(dt=spec.dt_s * second, name="step_clock")
    schedule = Schedule(spec.step_order)
    source = SpikeGeneratorGroup(
        spec.n_input, [], [] * second, clock=clock, when=SLOT, order=schedule.input_order, name="input", sorted=True
    )
    built = BuiltNetwork(spec, clock, source)
    built.network.add(source)
    try:
        for number, population in enumerate(spec.populations, start=1):
            _add_population(built, population, number, schedule, values)
            for projection in spec.projections_to(population.name):
                _add_projection(built, projection, number, schedule, values)
    except (UnsupportedEquationsException, BrianObjectException, TypeError, ValueError, SyntaxError, NotImplementedError) as error:
        raise TransferError(
            "Brian2 refuses this network",
            where=f"{population.name}: {population.model.name}",
            got=str(error).strip() or type(error).__name__,
            expected=f"equations that Brian2's method {METHOD!r} solves",
            remedy="correct the model's text; Brian2 solves linear equations with real eigenvalues exactly",
        ) from error
    return built


def set_input(built: BuiltNetwork, channels: NDArray[np.int32], times: Array, n_steps: int) -> None:
    """Give a network its input spikes (see :func:`hetsyn_sim.brian.inputs.concatenated_spikes`) and the length of its recordings."""
    built.source.set_spikes(channels, times * second, sorted=True)
    for group in built.groups.values():
        setattr(group, STEPS_PER_RECORDING, n_steps)


def _add_population(built: BuiltNetwork, population: Population, number: int, schedule: Schedule, values: Mapping[str, Array]) -> None:
    model, name = population.model, brian_name(population.name)
    equations = neuron_equations(built.spec, population)
    spiking: dict[str, Any] = {"threshold": model.threshold, "reset": model.reset} if model.spiking else {}
    group = NeuronGroup(population.size, equations, **spiking, method=METHOD, clock=built.clock, namespace={}, name=name)
    for parameter in model.parameters_of("neuron"):
        setattr(group, f"{parameter}_", values[f"{population.name}.neuron.{parameter}"])
    states = list(model.neuron_equations.states)
    if states:
        built.updates[population.name] = exact(equations, group.variables)
        place(group.state_updater, schedule.phase("decay"))
        group.run_regularly(wipe_code(states), clock=built.clock, when=SLOT, order=schedule.wipe_order, name=f"{name}_wipe")
    if model.spiking:
        place(group.thresholder["spike"], schedule.threshold(number))
        place(group.resetter["spike"], schedule.phase("reset"))
    built.groups[population.name] = group
    built.network.add(group)


def _add_projection(built: BuiltNetwork, projection: Projection, number: int, schedule: Schedule, values: Mapping[str, Array]) -> None:
    name, target = brian_name(projection.name), built.groups[projection.target]
    model = built.spec.population(projection.target).model
    equations = synapse_equations(built.spec, projection)
    synapses = Synapses(
        built.source if projection.source == "input" else built.groups[projection.source],
        target,
        equations,
        on_pre=model.on_pre,
        delay=0 * second,  # one delay for all, instead of an array with a zero for every synapse
        method=METHOD,
        clock=built.clock,
        namespace={},
        name=name,
    )
    # Source neuron slow, target neuron fast: the order in which the sums run fastest.
    mask = synapse_mask(projection)
    i, j = np.nonzero(mask)
    synapses.connect(i=i.astype(np.int32), j=j.astype(np.int32))
    for parameter, facts in model.parameters_of("synapse").items():
        value = values[f"{projection.name}.{parameter}"]
        if facts.axes == "layer":
            setattr(synapses, f"{parameter}_", value)
        else:
            per_synapse = value.T if facts.axes == "post pre" else np.broadcast_to(value, mask.shape)
            setattr(synapses, f"{parameter}_", per_synapse[mask])
    states = list(model.synapse_equations.states)
    if states:
        built.updates[projection.name] = exact(equations, synapses.variables)
        place(synapses.state_updater, schedule.phase("decay"))
        code = wipe_code(states, suffix="_post")
        synapses.run_regularly(code, clock=built.clock, when=SLOT, order=schedule.wipe_order, name=f"{name}_wipe")
    place(synapses.pre, schedule.phase("recurrent") if projection.kind == "recurrent" else schedule.deliver(number))
    for total in sums_in_use(model):
        place(synapses.summed_updaters[f"{sum_name(total, projection)}_post"], schedule.sums(number))
    built.synapses[projection.name] = synapses
    built.network.add(synapses)

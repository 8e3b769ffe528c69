"""A network of the spec as an explicit ``brian2.Network``: one group per population, one Synapses object per projection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import brian2
import numpy as np
from brian2 import Clock, Network, NeuronGroup, SpikeGeneratorGroup, Synapses
from brian2.core.base import BrianObjectException
from brian2.core.variables import DynamicArrayVariable
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.equations.equations import Equations
from brian2.stateupdaters.base import UnsupportedEquationsException
from brian2.stateupdaters.exact import exact
from brian2.units.allunits import second

from ..errors import TransferError
from ..recording import Raster
from ..spec import NetworkSpec, Population, Projection
from .equations import STEPS_PER_RECORDING, delayed, forget_spikes, neuron_equations, wipe_code
from .forms import FORMS, Form
from .inputs import spikes_with_room
from .schedule import SLOT, Schedule, place
from .surroundings import NOTHING, REFRACTORY, Surroundings, check_surroundings, kick_of, kick_size
from .values import Array, synapse_mask

__all__ = ["METHOD", "BuiltNetwork", "brian_name", "build_network", "check_finite", "derived_update", "run_network", "set_input"]

#: Brian2's method of integration: it solves the equations itself, from their text.
METHOD = "exact"


@dataclass
class BuiltNetwork:
    """The Brian2 objects of one network, by the spec's names."""

    spec: NetworkSpec
    form: Form
    clock: Clock
    source: SpikeGeneratorGroup
    surroundings: Surroundings = NOTHING
    groups: dict[str, NeuronGroup] = field(default_factory=dict)
    synapses: dict[str, Synapses] = field(default_factory=dict)
    network: Network = field(default_factory=lambda: Network(name="network"))

    def add(self, brian_object: Any) -> None:
        """Put an object into the network."""
        self.network.add(brian_object)
        # What Network.run does at first. Without it, Brian2 warns of every object of a network that was made to be looked at only.
        brian_object._network = self.network.id


def brian_name(name: str) -> str:
    """The Brian2 name of a population or projection: ``layer_1.feedforward`` is ``layer_1_feedforward`` there."""
    return name.replace(".", "_")


def build_network(
    spec: NetworkSpec,
    values: Mapping[str, Array],
    form: Form = FORMS["ode"],
    surroundings: Surroundings = NOTHING,
    clock: Clock | None = None,
) -> BuiltNetwork:
    """Make the network on the active Brian2 device, without input spikes and monitors. ``values`` must have been checked.

    ``clock`` has the network's dt; by default it is a new one.

    Raises
    ------
    TransferError
        If the form can't express the network, the surroundings do not fit it, or Brian2 refuses the equations.
    """
    form.check(spec)
    check_surroundings(spec, surroundings)
    clock = clock or Clock(dt=spec.dt_s * second, name="step_clock")
    schedule = Schedule(spec.step_order)
    source = SpikeGeneratorGroup(
        spec.n_input, [], [] * second, clock=clock, when=SLOT, order=schedule.input_order, name="input", sorted=True
    )
    built = BuiltNetwork(spec, form, clock, source, surroundings)
    built.add(source)
    try:
        for number, population in enumerate(spec.populations, start=1):
            _add_population(built, population, number, schedule, values)
            for projection in spec.projections_to(population.name):
                _add_projection(built, projection, number, schedule, values)
    except (BrianObjectException, TypeError, ValueError, SyntaxError, NotImplementedError) as error:
        raise _refused(f"{population.name}: {population.model.name}", error) from error
    return built


def derived_update(owner: NeuronGroup | Synapses, equations: Equations) -> str:
    """The step that Brian2 derives from differential equations, as code. Takes a second or more for coupled states: sympy at work."""
    try:
        return str(exact(equations, owner.variables))
    except UnsupportedEquationsException as error:
        raise _refused(owner.name, error) from error


def check_finite(built: BuiltNetwork) -> None:
    """Look at all states after a run: what was not finite once stays so, because wiping multiplies with 0.

    Raises
    ------
    TransferError
        If a state is NaN or infinite. Brian2 accepts coupled equations with complex eigenvalues (oscillations), and makes NaN of them.
    """
    owners = [(p.name, built.groups[p.name], p.model.neuron_equations.states) for p in built.spec.populations]
    targets = {q.name: built.spec.population(q.target).model for q in built.spec.projections}
    owners += [(name, synapses, targets[name].synapse_equations.states) for name, synapses in built.synapses.items()]
    for name, owner, states in owners:
        for state in states:
            n_bad = int(np.sum(~np.isfinite(np.asarray(getattr(owner, f"{state}_")))))
            if n_bad:
                raise TransferError(
                    "Brian2 computed values that are not finite",
                    where=f"{name}: {state}",
                    got=f"{n_bad} of {len(owner)} values are NaN or infinite",
                    expected=f"states that Brian2's method {METHOD!r} can compute: eigenvalues that are real, and not positive",
                    remedy="look at the coupled equations of this state: if they oscillate, Brian2 can't solve them exactly",
                )


def _refused(where: str, error: Exception) -> TransferError:
    cause = error.__cause__ or error
    return TransferError(
        "Brian2 refuses this network",
        where=where,
        got=str(cause).strip() or type(cause).__name__,
        expected=f"equations that Brian2's method {METHOD!r} solves",
        remedy="correct the model's text: differential equations must be linear",
    )


def set_input(built: BuiltNetwork, raster: Raster, room: int | None = None) -> None:
    """Give a network its input spikes, shape (time, batch, channel), recording after recording, and the length of a recording.

    ``room`` is the length of the list of spikes, if it is to be longer than there are spikes.
    """
    channels, steps = spikes_with_room(raster, room)
    built.source.set_spikes(channels, np.multiply(steps, built.spec.dt_s) * second, sorted=True)
    for group in built.groups.values():
        setattr(group, STEPS_PER_RECORDING, raster.shape[0])


def run_network(built: BuiltNetwork, n_steps: int, n_runs: int, report: Any = None) -> None:
    """Run ``n_runs`` recordings of ``n_steps`` each.

    Raises
    ------
    TransferError
        If Brian2 can't turn the equations into code.
    """
    try:
        built.network.run(n_steps * n_runs * built.spec.dt_s * second, report=report, report_period=0.5 * second, namespace={})
    except BrianObjectException as error:
        raise _refused("Network.run", error) from error


def set_value(owner: NeuronGroup | Synapses, variable: str, value: Any) -> None:
    """Set a variable, as data and never as text: Brian2 would write a single number into the code of a standalone program.

    With other values it would be another program, and compiled again.
    """
    device = brian2.get_device()
    if isinstance(device, CPPStandaloneDevice) and np.size(value) == 1:
        found = owner.variables[variable]
        array = np.full(1, value, dtype=found.dtype)
        name = device.get_array_name(found, access_data=False)
        device.array_cache[found] = array
        device.main_queue.append(("set_by_array", (name, device.static_array(name, array), isinstance(found, DynamicArrayVariable))))
    else:
        setattr(owner, f"{variable}_", value)


def _add_population(built: BuiltNetwork, population: Population, number: int, schedule: Schedule, values: Mapping[str, Array]) -> None:
    model, name = population.model, brian_name(population.name)
    added = built.surroundings
    equations = neuron_equations(built.spec, population, added)
    spiking: dict[str, Any] = {"threshold": model.threshold, "reset": model.reset} if model.spiking else {}
    refractory = bool(added.refractory) and model.spiking
    if refractory:
        spiking["refractory"] = REFRACTORY
    group = NeuronGroup(population.size, equations, **spiking, method=METHOD, clock=built.clock, namespace={}, name=name)
    built.groups[population.name] = group
    built.add(group)
    for parameter in model.parameters_of("neuron"):
        set_value(group, parameter, values[f"{population.name}.neuron.{parameter}"])
    states = list(model.neuron_equations.states)
    if states:
        place(group.state_updater, schedule.phase("decay"))
        group.run_regularly(wipe_code(states), clock=built.clock, when=SLOT, order=schedule.wipe_order, name=f"{name}_wipe")
    for state in [state for state in added.noise if state in states]:
        set_value(group, kick_of(state), kick_size(*added.noise[state], built.spec.dt_s))
        code = f"{state} += {kick_of(state)}*randn()"
        group.run_regularly(code, clock=built.clock, when=SLOT, order=schedule.noise_order, name=f"{name}_noise_of_{state}")
    if refractory:
        set_value(group, REFRACTORY, added.refractory)
        group.run_regularly(forget_spikes(), clock=built.clock, when=SLOT, order=schedule.forget_order, name=f"{name}_forget")
    if model.spiking:
        place(group.thresholder["spike"], schedule.threshold(number))
        place(group.resetter["spike"], schedule.phase("reset"))


def _add_projection(built: BuiltNetwork, projection: Projection, number: int, schedule: Schedule, values: Mapping[str, Array]) -> None:
    mask = synapse_mask(projection)
    if not mask.any():  # one neuron without a synapse onto itself: Brian2 has no empty Synapses, and the sum it leaves alone is 0
        return
    name, target = brian_name(projection.name), built.groups[projection.target]
    model = built.spec.population(projection.target).model
    form, delays = built.form, built.surroundings.delays.get(projection.name)
    synapses = Synapses(
        built.source if projection.source == "input" else built.groups[projection.source],
        target,
        form.equations(built.spec, projection),
        on_pre=form.on_pre(built.spec, projection) if delays is None else delayed(form.on_pre(built.spec, projection), projection),
        delay=0 * second if delays is None else None,  # one delay for all, instead of an array with a zero for every synapse
        method=METHOD,
        clock=built.clock,
        namespace={},
        name=name,
    )
    built.synapses[projection.name] = synapses
    built.add(synapses)
    # Source neuron slow, target neuron fast: the order in which the sums run fastest.
    i, j = np.nonzero(mask)
    synapses.connect(i=i.astype(np.int32), j=j.astype(np.int32))
    for parameter, facts in model.parameters_of("synapse").items():
        value = values[f"{projection.name}.{parameter}"]
        if facts.axes == "layer":
            set_value(synapses, parameter, value)
        else:
            per_synapse = value.T if facts.axes == "post pre" else np.broadcast_to(value, mask.shape)
            set_value(synapses, parameter, per_synapse[mask])
    for variable, value in form.own_values(built.spec, projection, values).items():
        set_value(synapses, variable, value.T[mask])
    if delays is not None:
        # on the grid, as Brian2's own queue rounds them: what is compared with it must not be half a step off
        synapses.delay = np.rint(delays.T[mask] / built.spec.dt_s) * built.spec.dt_s * second
    place(synapses.pre, schedule.phase("recurrent") if projection.kind == "recurrent" else schedule.deliver(number))
    form.schedule(built.spec, projection, synapses, j, schedule, number)

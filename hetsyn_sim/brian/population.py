"""The NeuronGroup of a population, where its states begin, and its places in the step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import NeuronGroup

from ..errors import TransferError
from ..spec import NeuronModel, Population
from ..spec.values import Array
from .additions import REFRACTORY, kick_of, kick_size
from .built import BuiltNetwork, brian_name, set_by_expression, set_value
from .equations import (
    beginning_code,
    begins_somewhere,
    forget_spikes,
    hands_on_values,
    initial_name,
    neuron_equations,
    output_name,
    sum_name,
    sums_in_use,
    sums_move_states,
)
from .methods import choose_method
from .noise import code_of_events, counted
from .schedule import SLOT, Schedule, keep_last_spikes, place
from .time_courses import add_time_course


def add_population(built: BuiltNetwork, population: Population, number: int, schedule: Schedule, values: Mapping[str, Array]) -> None:
    """Make the group of a population, the ``number``-th, and give what it does its places in the step.

    Raises
    ------
    TransferError
        If its values give no step.
    """
    model, name = population.model, brian_name(population.name)
    added = built.additions
    method = choose_method(built.spec, population, values)
    if model.noise:
        method = counted(method, population, recordings=schedule.recordings, copies=built.copies)
    holds_sums = not built.form.sums_stand_still and sums_move_states(model)
    equations = neuron_equations(
        built.spec, population, added, constants=method.declared, holds_sums=holds_sums, recordings=schedule.recordings
    )
    spiking = _spiking(model, refractory=bool(added.refractory))
    size, namespace = built.copies * population.size, dict(method.namespace)
    group = NeuronGroup(size, equations, **spiking, method=method.updater, clock=built.clock, namespace=namespace, name=name)
    built.groups[population.name] = group
    built.methods[population.name] = method
    built.add(group)
    for parameter in model.time_courses:
        add_time_course(built, population, parameter, schedule, values)
    for parameter in [name for name in model.parameters_of("neuron") if name not in model.time_courses]:
        set_value(group, parameter, built.for_copies(values[f"{population.name}.neuron.{parameter}"]))
    for parameter, value in method.parameters.items():
        set_value(group, parameter, np.broadcast_to(built.for_copies(value), (size,)))
    for state in begins_somewhere(model):
        # evaluated once, and by Brian2; a step may not begin at 0, where the equations need not have a value
        set_by_expression(group, initial_name(model, state), model.initial[state])
        set_by_expression(group, state, initial_name(model, state))

    def each_step(code: str, order: int, ending: str) -> None:
        group.run_regularly(code, clock=built.clock, when=SLOT, order=order, name=f"{name}_{ending}")

    if model.neuron_equations.states or "refractory" in spiking:
        place(group.state_updater, schedule.phase("decay"))
    for event in model.random_events:
        code = code_of_events(population, event, built.spec.dt_s, recordings=schedule.recordings, copies=built.copies)
        each_step(code, schedule.phase("decay") + 1, f"events_of_{event}")
    if model.neuron_equations.states and schedule.recordings:
        each_step(beginning_code(model), schedule.wipe_order, "wipe")
    for state in [state for state in added.noise if state in model.neuron_equations.states]:
        set_value(group, kick_of(state), kick_size(*added.noise[state], built.spec.dt_s))
        each_step(f"{state} += {kick_of(state)}*randn()", schedule.noise_order, f"noise_of_{state}")
    if added.refractory and model.spiking:
        set_value(group, REFRACTORY, added.refractory)
    if "refractory" in spiking:
        _check_refractory(built, population, values)
    if "refractory" in spiking and schedule.recordings:
        each_step(forget_spikes(model), schedule.forget_order, "forget")
    if holds_sums:
        parts = {total: [sum_name(total, q) for q in built.spec.projections_to(population.name)] for total in sums_in_use(model)}
        each_step("\n".join(f"{total} = {' + '.join(names)}" for total, names in parts.items()), schedule.sums(number), "hold")
    if model.spiking:
        place(group.thresholder["spike"], schedule.threshold(number))
        if not schedule.recordings:
            keep_last_spikes(group)
    if model.reset:
        place(group.resetter["spike"], schedule.phase("reset"))
    if hands_on_values(built.spec, population.name):
        each_step(f"{output_name(built.spec, population.name)} = {model.output}", schedule.output(number), "output")


def _spiking(model: NeuronModel, *, refractory: bool) -> dict[str, Any]:
    """The arguments of a NeuronGroup that are about spikes."""
    if not model.spiking:
        return {}
    arguments = {"threshold": model.threshold}
    if model.reset:
        arguments["reset"] = model.reset
    if refractory or model.refractory:
        arguments["refractory"] = REFRACTORY if refractory else model.refractory
    return arguments


def _check_refractory(built: BuiltNetwork, population: Population, values: Mapping[str, Array]) -> None:
    period = population.model.refractory_period
    if period is None:
        return
    from ..discrete import evaluate, neuron_values

    found = np.asarray(evaluate(period, neuron_values(built.spec, population.name, values)))
    if not np.all(np.isfinite(found) & (found >= 0.0)):
        raise TransferError(
            "the refractory period is not a time",
            where=f"{population.name}: refractory = {population.model.refractory}",
            got=f"{float(np.min(found))!r} to {float(np.max(found))!r} s",
            expected="finite times, 0 s or more",
            remedy="correct the parameters that it is made of",
        )

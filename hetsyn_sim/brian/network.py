"""A network of the spec as an explicit ``brian2.Network``: one group per population, one Synapses object per projection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import Clock, NeuronGroup, Synapses
from brian2.core.base import BrianObjectException
from brian2.equations.equations import Equations
from brian2.stateupdaters.base import UnsupportedEquationsException
from brian2.units.allunits import second

from ..errors import TransferError
from ..spec import NetworkSpec, Projection
from ..spec.scope import DELAY
from ..spec.values import Array
from .additions import NOTHING, Additions, check_additions, steps_of_delays
from .built import BuiltNetwork, brian_name, set_by_expression, set_value, synapse_mask
from .equations import STEPS_PER_RECORDING, delayed, initial_name, renamed, synapse_begins_somewhere, synapse_names
from .forms import FORMS, Form
from .inputs import Inputs
from .methods import EXACT, Method, choose_synapse_method
from .population import add_population
from .schedule import Schedule, place
from .sources import fill_source, make_source

#: Brian2's method of integration for synapses: it solves the equations itself, from their text.
METHOD = "exact"


def build_network(
    spec: NetworkSpec,
    values: Mapping[str, Array],
    form: Form = FORMS["ode"],
    additions: Additions = NOTHING,
    clock: Clock | None = None,
    *,
    copies: int = 1,
    recordings: bool = True,
) -> BuiltNetwork:
    """Make the network on the active Brian2 device, without input spikes and monitors. ``values`` must have been checked.

    ``clock`` has the network's dt; by default it is a new one. ``copies`` of the network stand side by side. Without ``recordings`` time
    goes on and nothing begins again.

    Raises
    ------
    TransferError
        If the form can't express the network, the additions do not fit it, or Brian2 refuses the equations.
    """
    form.check(spec)
    check_additions(spec, additions)
    clock = clock or Clock(dt=spec.dt_s * second, name="step_clock")
    built = BuiltNetwork(spec, form, clock, make_source(spec, clock, copies), copies, additions)
    built.add(built.source)
    try:
        for number, population in enumerate(spec.populations, start=1):
            schedule = Schedule(population.step_order, recordings)  # each its own: until input arrives, no population acts on another
            add_population(built, population, number, schedule, values)
            for projection in spec.projections_to(population.name):
                _add_projection(built, projection, number, schedule, values)
    except TransferError:
        raise
    except (BrianObjectException, TypeError, ValueError, SyntaxError, NotImplementedError) as error:
        raise _refused(f"{population.name}: {population.model.name}", error) from error
    return built


def derived_update(owner: NeuronGroup | Synapses, equations: Equations, method: Method = EXACT) -> str:
    """The step that the method makes of differential equations, as code. Takes a second or more for coupled states: sympy at work."""
    try:
        return method.derive(equations, owner.variables)
    except UnsupportedEquationsException as error:
        raise _refused(owner.name, error, method.name) from error


def check_finite(built: BuiltNetwork) -> None:
    """Look at all states after a run: what was not finite once stays so, because wiping multiplies with 0.

    Raises
    ------
    TransferError
        If a state is NaN or infinite: a solution that runs away, or at synapses coupled equations with complex eigenvalues (oscillations),
        which Brian2 accepts and makes NaN of.
    """
    owners = [(p.name, built.groups[p.name], p.model.neuron_equations.states, built.methods[p.name].name) for p in built.spec.populations]
    targets = {q.name: built.spec.population(q.target).model for q in built.spec.projections}
    owners += [(name, s, targets[name].synapse_equations.states, built.methods[name].name) for name, s in built.synapses.items()]
    names = {q.name: synapse_names(built.spec, q) for q in built.spec.projections}
    for name, owner, states, method in owners:
        for state in states:
            n_bad = int(np.sum(~np.isfinite(np.asarray(owner.state(names.get(name, {}).get(state, state), use_units=False)))))
            if n_bad:
                coupled = name in built.synapses  # of neurons, these are taken care of
                raise TransferError(
                    "Brian2 computed values that are not finite",
                    where=f"{name}: {state}",
                    got=f"{n_bad} of {len(owner)} values are NaN or infinite",
                    expected=f"states that Brian2's method {method!r} can compute"
                    + (": eigenvalues that are real, and not positive" if coupled else ": a solution that does not run away"),
                    remedy="look at the coupled equations of this state: if they oscillate, Brian2 can't solve them exactly"
                    if coupled
                    else "use a smaller dt, or another scheme; look at the parameters, and at where the recording begins",
                )


def _refused(where: str, error: Exception, method: str = METHOD) -> TransferError:
    cause = error.__cause__ or error
    return TransferError(
        "Brian2 refuses this network",
        where=where,
        got=str(cause).strip() or type(cause).__name__,
        expected=f"equations that Brian2's method {method!r} solves",
        remedy="correct the model's text: differential equations must be linear, or name a scheme for those that are not",
    )


def set_input(built: BuiltNetwork, inputs: Inputs, room: int | None = None) -> None:
    """Give a network its input, shape (time, batch, channel), recording after recording, and the length of a recording.

    ``room`` is the length of the list of input spikes, if it is to be longer than there are spikes.
    """
    fill_source(built, inputs, room)
    for group in built.groups.values():
        setattr(group, STEPS_PER_RECORDING, inputs.shape[0])


def run_network(built: BuiltNetwork, n_steps: int, n_runs: int, report: Any = None) -> None:
    """Run ``n_runs`` recordings of ``n_steps`` each: a multiple of the copies.

    Raises
    ------
    TransferError
        If Brian2 can't turn the equations into code.
    """
    n_total = n_steps * (n_runs // built.copies)
    try:
        built.network.run(n_total * built.spec.dt_s * second, report=report, report_period=0.5 * second, namespace={})
    except BrianObjectException as error:
        methods = dict.fromkeys(method.name for method in built.methods.values())
        raise _refused("Network.run", error, ", ".join(methods)) from error


def _add_projection(built: BuiltNetwork, projection: Projection, number: int, schedule: Schedule, values: Mapping[str, Array]) -> None:
    mask = synapse_mask(projection)
    if not mask.any():  # one neuron without a synapse onto itself: Brian2 has no empty Synapses, and the sum it leaves alone is 0
        return
    name, target = brian_name(projection.name), built.groups[projection.target]
    model, names = built.spec.population(projection.target).model, synapse_names(built.spec, projection)
    form, delays = built.form, steps_of_delays(built.spec, projection, values, built.additions)
    on_pre = form.on_pre(built.spec, projection)
    # a form that does not leave the step to Brian2 has no equations for it to solve
    method = choose_synapse_method(built.spec, projection, values) if form.solves_synapses else EXACT
    built.methods[projection.name] = method
    equations = form.equations(built.spec, projection) + Equations(list(method.declared))
    held_back = delays is not None and schedule.recordings
    synapses = Synapses(
        built.source if projection.source == "input" else built.groups[projection.source],
        target,
        equations,
        on_pre=(delayed(on_pre, projection, [names[x] for x in model.on_pre_locals]) if held_back else on_pre) or None,
        # one delay for all, instead of an array with a zero for every synapse
        delay=0 * second if (delays is None or not delays.ndim) and on_pre else None,
        method=method.updater,
        clock=built.clock,
        namespace={},
        name=name,
    )
    built.synapses[projection.name] = synapses
    built.add(synapses)
    # Source neuron slow, target neuron fast: the order in which the sums run fastest.
    i, j = (
        (index + size * np.arange(built.copies)[:, None]).ravel().astype(np.int32)
        for index, size in zip(np.nonzero(mask), mask.shape, strict=True)
    )
    synapses.connect(i=i, j=j)
    for parameter, facts in model.parameters_of("synapse").items():
        if parameter == DELAY:
            continue
        value = values[f"{projection.name}.{parameter}"]
        if facts.axes == "layer":
            set_value(synapses, names[parameter], value)
        else:
            per_synapse = value.T if facts.axes == "post pre" else np.broadcast_to(value, mask.shape)
            set_value(synapses, names[parameter], built.for_copies(per_synapse[mask]))
    for variable, value in form.own_values(built.spec, projection, values).items():
        set_value(synapses, variable, built.for_copies(value.T[mask]))
    for variable, value in method.parameters.items():
        set_value(synapses, variable, built.for_copies(np.broadcast_to(value, mask.T.shape).T[mask]))
    for state in synapse_begins_somewhere(model):
        begin = names[initial_name(model, state)]
        set_by_expression(synapses, begin, renamed(model.initial[state], names))
        set_by_expression(synapses, names[state], begin)
    if delays is not None:
        set_value(synapses.pre, DELAY, built.for_copies(delays.T[mask] if delays.ndim else delays) * built.spec.dt_s)
    if on_pre:
        place(synapses.pre, schedule.phase("recurrent") if projection.kind == "recurrent" else schedule.deliver(number))
    form.schedule(built.spec, projection, synapses, j, schedule, number)

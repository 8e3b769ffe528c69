"""Transfer reports made of Brian2's own objects, not of the plan that they were built by."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from ..spec import ParameterSlot, Population, Projection
from ..spec.quantities import parse_unit
from ..spec.values import Array, is_time_constant, used_entries
from .built import BuiltNetwork, brian_name
from .equations import begins_somewhere, hands_on_values, synapse_names
from .network import METHOD, derived_update
from .report import MappedParameter, MappedPopulation, MappedProjection, ScheduledObject, TransferReport

_KINDS = {
    "SpikeGeneratorGroup": "input spikes are made",
    "StateUpdater": "states follow their equations",
    "Resetter": "neurons that spiked one step before are reset",
    "SynapticPathway": "spikes arrive",
    "SummedVariableUpdater": "synapses are summed",
    "DecayAndSum": "states decay and synapses are summed",
    "Thresholder": "neurons spike",
    "SpikeMonitor": "spikes are recorded",
    "StateMonitor": "traces are recorded",
}

#: Ends of the names of what is added to Brian2's own objects.
_OURS = {
    "_wipe": "states are zeroed if a recording begins",
    "_forget": "spikes are forgotten if a recording begins",
    "_noise": "noise is drawn",
    "_hold": "synapses are summed",
    "_output": "values are put out",
    "_course": "time courses are read",
}


def make_report(built: BuiltNetwork, values: Mapping[str, Array], device: str) -> TransferReport:
    """The report of a built network."""
    spec = built.spec
    names = {q.name: synapse_names(spec, q) for q in spec.projections}
    solved = [built.methods[p.name].name for p in spec.populations if p.model.neuron_equations.states]
    return TransferReport(
        dt=f"{spec.dt_s * 1e3:.12g} ms",
        device=device,
        form=built.form.name,
        method=", ".join(dict.fromkeys([*(built.methods[name].name for name in built.synapses), *solved])) or METHOD,
        step_order=spec.phases,
        populations=tuple(_population(built, p) for p in spec.populations),
        projections=tuple(_projection(built, q) for q in spec.projections if q.name in built.synapses),
        parameters=tuple(
            _parameter(slot, names.get(slot.owner, {}).get(slot.name, slot.name), values[key]) for key, slot in spec.slots.items()
        ),
        schedule=tuple(_schedule(built)),
    )


def _population(built: BuiltNetwork, population: Population) -> MappedPopulation:
    group, method, model = built.groups[population.name], built.methods[population.name], population.model
    return MappedPopulation(
        name=population.name,
        group=group.name,
        size=len(group),
        equations=str(group.equations),
        threshold=model.threshold,
        reset=model.reset,
        refractory=model.refractory,
        update=derived_update(group, group.equations, method) if model.neuron_equations.states else "",
        method=method.name,
        reason=method.reason,
        initial={x: str(model.initial[x]) for x in begins_somewhere(model)},
        output=model.output if hands_on_values(built.spec, population.name) else "",
    )


def _projection(built: BuiltNetwork, projection: Projection) -> MappedProjection:
    synapses, form, spec = built.synapses[projection.name], built.form, built.spec
    solved = form.solves_synapses and spec.population(projection.target).model.synapse_equations.states
    return MappedProjection(
        name=projection.name,
        synapses=synapses.name,
        n_synapses=len(synapses),
        equations=str(form.equations(spec, projection)),  # Synapses.equations leaves out the sums
        on_pre=form.on_pre(spec, projection),
        update=derived_update(synapses, synapses.equations, built.methods[projection.name]) if solved else "",
    )


def _schedule(built: BuiltNetwork) -> Iterator[ScheduledObject]:
    idle = {f"{brian_name(p.name)}_stateupdater" for p in built.spec.populations if not p.model.neuron_equations.states}
    begun = {f"{brian_name(p.name)}_wipe" for p in built.spec.populations if begins_somewhere(p.model)}
    for item in built.network.sorted_objects:
        does = next((_KINDS[c.__name__] for c in type(item).__mro__ if c.__name__ in _KINDS), None)
        if does is None:
            does = next((text for end, text in _OURS.items() if item.name.endswith(end) or f"{end}_of_" in item.name), None)
        if item.name in begun:
            does = "states are set to where they begin, if a recording does"
        if does is not None and item.name not in idle:
            yield ScheduledObject(object=item.name, when=item.when, order=item.order, does=does)


def _parameter(slot: ParameterSlot, variable: str, value: Array) -> MappedParameter:
    used = value[used_entries(slot)]
    shown = used / float(parse_unit(slot.parameter.unit, where=slot.key))
    # a recurrent neuron alone has no synapse, and no values
    low, middle, high = (float(f(shown)) for f in (np.min, np.median, np.max)) if used.size else (math.nan,) * 3
    is_time = is_time_constant(slot)
    return MappedParameter(
        key=slot.key,
        variable=f"{brian_name(slot.owner.removesuffix('.neuron'))}.{variable}",
        unit=slot.parameter.unit,
        n_values=used.size,
        minimum=low,
        median=middle,
        maximum=high,
        n_zero=int(np.sum(used == 0.0)) if is_time else 0,
        n_infinite=int(np.sum(np.isinf(used))) if is_time else 0,
    )

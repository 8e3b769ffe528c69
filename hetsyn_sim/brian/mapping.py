"""The report of a built network, read off the Brian2 objects themselves and not off the plan they were made by."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from ..spec import ParameterSlot
from ..spec.quantities import parse_unit
from .built import BuiltNetwork, brian_name
from .equations import begins_somewhere, hands_on_values, synapse_names
from .network import METHOD, derived_update
from .report import MappedParameter, MappedPopulation, MappedProjection, ScheduledObject, TransferReport
from .values import Array, is_time, used_entries

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
}


def make_report(built: BuiltNetwork, values: Mapping[str, Array], device: str) -> TransferReport:
    """The report of a built network."""
    spec = built.spec
    populations = tuple(
        MappedPopulation(
            p.name,
            (group := built.groups[p.name]).name,
            len(group),
            str(group.equations),
            p.model.threshold,
            p.model.reset,
            derived_update(group, group.equations, built.methods[p.name]) if p.model.neuron_equations.states else "",
            built.methods[p.name].name,
            built.methods[p.name].reason,
            p.model.refractory,
            {x: str(p.model.initial[x]) for x in begins_somewhere(p.model)},
            p.model.output if hands_on_values(spec, p.name) else "",
        )
        for p in spec.populations
    )
    projections = tuple(
        MappedProjection(
            q.name,
            (synapses := built.synapses[q.name]).name,
            len(synapses),
            str(built.form.equations(spec, q)),  # Synapses.equations leaves out the sums
            built.form.on_pre(spec, q),
            derived_update(synapses, synapses.equations)
            if built.form.solves_synapses and spec.population(q.target).model.synapse_equations.states
            else "",
        )
        for q in spec.projections
        if q.name in built.synapses
    )
    names = {q.name: synapse_names(spec, q) for q in spec.projections}
    parameters = tuple(
        _parameter(slot, names.get(slot.owner, {}).get(slot.name, slot.name), values[key]) for key, slot in spec.slots.items()
    )
    dt = f"{spec.dt_s * 1e3:.12g} ms"
    methods = dict.fromkeys([METHOD, *(built.methods[p.name].name for p in spec.populations if p.model.neuron_equations.states)])
    order, schedule = spec.phases, tuple(_schedule(built))
    return TransferReport(dt, device, built.form.name, ", ".join(methods), order, populations, projections, parameters, schedule)


def _schedule(built: BuiltNetwork) -> Iterator[ScheduledObject]:
    idle = {f"{brian_name(p.name)}_stateupdater" for p in built.spec.populations if not p.model.neuron_equations.states}
    begun = {f"{brian_name(p.name)}_wipe" for p in built.spec.populations if begins_somewhere(p.model)}
    for found in built.network.sorted_objects:
        kind = next((_KINDS[c.__name__] for c in type(found).__mro__ if c.__name__ in _KINDS), None)
        if kind is None:
            kind = next((does for end, does in _OURS.items() if found.name.endswith(end) or f"{end}_of_" in found.name), None)
        if found.name.endswith("_wipe") and found.name in begun:
            kind = "states are set to where they begin, if a recording does"
        if kind is not None and found.name not in idle:
            yield ScheduledObject(found.name, found.when, found.order, kind)


def _parameter(slot: ParameterSlot, variable: str, value: Array) -> MappedParameter:
    used = value[used_entries(slot)]
    shown = used / float(parse_unit(slot.parameter.unit, where=slot.key))
    some = used.size > 0  # a recurrent neuron alone has no synapse, and no values
    low, middle, high = (float(f(shown)) for f in (np.min, np.median, np.max)) if some else (math.nan,) * 3
    n_zero, n_infinite = (int(np.sum(used == 0.0)), int(np.sum(np.isinf(used)))) if is_time(slot) else (0, 0)
    owner = brian_name(slot.owner.removesuffix(".neuron"))
    return MappedParameter(slot.key, f"{owner}.{variable}", slot.parameter.unit, used.size, low, middle, high, n_zero, n_infinite)

"""The values that a script's objects hold, as those of a spec, and trained values back into the objects."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import Quantity, get_dimensions

from ..spec.scope import DELAY
from .brian2_delays import matrix_of_delays, write_delays
from .brian2_objects import fail
from .brian2_texts import INPUT
from .brian2_translation import Array, Facts, Translation


def values_of(script: Translation) -> dict[str, Array]:
    """What the objects hold now, in SI units by slot key, of shape (post, pre) where there is a value for every synapse."""
    group, values = script.neurons.group, {}
    kinds = {"feedforward": script.sources, **({"recurrent": [group]} if script.recurrent else {})}
    for kind, sources in kinds.items():
        for n, f in script.facts["synapse"].items():
            values[f"layer_1.{kind}.{n}"] = f.values if f.axes == "layer" else _matrix(script, n, f, sources)  # (post, pre)
    return values | {f"layer_1.neuron.{n}": np.array(f.values) for n, f in script.facts["neuron"].items()}


def write_values(script: Translation, values: Mapping[str, Array], names: Collection[str]) -> None:
    """Put values of a network into the objects: those of the parameters called ``names`` in the spec."""
    group, known = script.neurons.group, {**script.facts["synapse"], **script.facts["neuron"]}
    if foreign := sorted(set(names) - set(known)):
        made_from = "pass the group and the synapses that the network was made from"
        fail("these objects have no such parameter", group.name, ", ".join(foreign), made_from, ", ".join(known))
    if script.alone and INPUT in names:
        bring = "give the group Synapses with weights of 0, and bring it again"
        fail("the script has no synapses that trained input could go to", group.name, INPUT, bring, "Synapses onto the group")
    for s in script.synapses:
        c, recurrent = s.connections, s.connections.source is group
        kind, begin = ("recurrent", 0) if recurrent else ("feedforward", _first_channel(script, c.source))
        for own in c.parameters:
            if (n := s.rename.get(own)) in names:
                c.synapses.state(own, use_units=False).set_item(c.chosen, values[f"layer_1.{kind}.{n}"][c.post, begin + c.pre])
        if DELAY in names:
            delays = values[f"layer_1.{kind}.{DELAY}"]
            write_delays(c, delays[c.post, begin + c.pre] if delays.ndim else delays, group.dt)
        for own in c.begin:
            if (n := s.initial[s.rename[own]]) in names:
                trained = values[f"layer_1.{kind}.{n}"]
                own_values = trained[c.post, begin + c.pre] if trained.ndim else trained
                c.synapses.state(own, use_units=False).set_item(c.chosen, own_values)
    written = {spelled: n for n, spelled in script.neurons.spelled.items()}
    of_neuron = written | {n: written[state] for state, n in script.initial.items() if state in written}
    for n in names:
        if n in script.constants.used:
            _set_constant(script, n, values)
        elif n in of_neuron:
            group.write(of_neuron[n], values[f"layer_1.neuron.{n}"])


def _first_channel(script: Translation, source: Any) -> int:
    return sum(len(before) for before in script.sources[: script.sources.index(source)])


def _set_constant(script: Translation, name: str, values: Mapping[str, Array]) -> None:
    group = script.neurons.group
    if name not in script.constants.origin:
        variable = "give it a name in the script, and use the name in the equation"
        fail("a number that was trained stands in the text of an equation", group.name, name, variable, "a variable of the script")
    key = next(key for key in values if key.startswith("layer_1.") and key.rsplit(".", 1)[1] == name)
    value = Quantity(float(values[key]), dim=get_dimensions(script.constants.used[name]))
    for owner in (*group.members, *(s.connections.synapses for s in script.synapses)):
        owner.namespace = {**(owner.namespace or {}), script.constants.origin[name]: value}


def _matrix(script: Translation, name: str, facts: Facts, sources: list[Any]) -> Array:
    """Values as post x pre. A parameter that is no weight has the mean of its values where there is no synapse."""
    if script.alone:
        return np.zeros((len(script.neurons.group), script.inputs))
    if name == DELAY:
        return matrix_of_delays([s.connections for s in script.synapses], sources, (len(script.neurons.group), script.inputs))
    of = next(s for s in script.synapses if name in s.values())
    rest = 0.0 if name in of.weights or not facts.values.size else float(np.mean(facts.values))
    blocks = []
    for source in sources:
        block = np.full((len(script.neurons.group), len(source)), rest)
        if of.connections.source is source:
            block[of.connections.post, of.connections.pre] = facts.values
        blocks.append(block)
    # a network has at least one input channel, even if all synapses are recurrent
    return np.concatenate(blocks, axis=1) if blocks else np.full((len(script.neurons.group), script.inputs), rest)

"""From a model's text to Brian2 equations. The text itself is untouched: what is added are declarations, sums and flags."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from brian2.equations.codestrings import Expression
from brian2.equations.equations import DIFFERENTIAL_EQUATION, INTEGER, PARAMETER, SUBEXPRESSION, Equations, SingleEquation
from brian2.units.allunits import second
from brian2.units.fundamentalunits import DIMENSIONLESS

from ..spec import NetworkSpec, NeuronModel, Population, Projection
from ..spec.derived import Side
from ..spec.equations import X_PRE, symbol
from ..spec.parameter import OF_TIME
from ..spec.scope import DELAY
from .additions import NOTHING, REFRACTORY, Additions, kick_of

#: The neurons' count of steps after which the next recording begins.
STEPS_PER_RECORDING = "steps_per_recording"


#: Flags of a parameter by its axes; a time course changes from step to step.
_FLAGS: Final[Mapping[str, list[str]]] = {"layer": ["constant", "shared"], **{axes: [] for axes in OF_TIME}}


def sums_in_use(model: NeuronModel) -> dict[str, str]:
    """Sum -> synaptic state (``I_syn`` -> ``I``) for the sums that the neuron's text mentions; the others would be work for nothing."""
    seen = {str(s) for _, expression, side in model.expressions() if side == "neuron" for s in expression.free_symbols}
    return {total: total.removesuffix("_syn") for total in model.summed if total in seen}


def sums_move_states(model: NeuronModel) -> bool:
    """Whether a sum over synapses is read at any other moment of a step than with the threshold, where it has just been taken."""
    block = model.neuron_equations
    read = [*block.states.values(), *(jump.expression for jump in model.reset_jumps)]
    read += list(model.condition or ()) if model.spikes_where_crossed else []
    sums = {symbol(total) for total in model.summed}
    return any(block.expand(expression).free_symbols & sums for expression in read)


def output_name(spec: NetworkSpec, source: str) -> str:
    """The variable that a source of values holds them in, as the synapses' ``x_pre`` reads it: ``x``, unless the name is taken."""
    targets = [spec.population(q.target).model for q in spec.projections if q.source == source]
    taken = set[str]().union(*(model.names_of("synapse") for model in targets))
    return free_name("x", taken if source == "input" else taken | spec.population(source).model.names_of("neuron"))


def initial_name(model: NeuronModel, state: str) -> str:
    """The parameter that holds where a state begins."""
    return free_name(f"initial_{state}", model.names_of("neuron") | model.names_of("synapse"))


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, or one like it that is not taken."""
    while name in taken:
        name += "0"  # no underscore: Brian2 reads x_ as x without its unit
    return name


def synapse_names(spec: NetworkSpec, projection: Projection) -> dict[str, str]:
    """Each state, subexpression and parameter of a synapse, and what holds where a state begins -> its variable in Brian2.

    The same name, unless the neurons before the synapse have it, too: Brian2 refuses a synaptic variable called as one of its source.
    """
    model = spec.population(projection.target).model
    own = model.names_of("synapse") | {initial_name(model, state) for state in synapse_begins_somewhere(model)}
    before = set[str]() if projection.source == "input" else _names_of_group(spec, projection.source)
    taken = own | before | _names_of_group(spec, projection.target)
    return {name: free_name(f"{name}_synapse", taken) if name in before else name for name in own}


def _names_of_group(spec: NetworkSpec, population: str) -> set[str]:
    model = spec.population(population).model
    sums = {sum_name(total, projection) for total in model.summed for projection in spec.projections_to(population)}
    added = {initial_name(model, state) for state in begins_somewhere(model)} | {STEPS_PER_RECORDING, REFRACTORY}
    return model.names_of("neuron") | sums | added


def renamed(text: str, names: Mapping[str, str]) -> str:
    """A model's text with its names replaced by others."""
    return re.sub(r"(?<![\w.])[A-Za-z]\w*", lambda match: names.get(match[0], match[0]), text)


def sum_name(total: str, projection: Projection) -> str:
    """The neuron's variable that one projection sums into: ``I_syn_recurrent``. Brian2 allows one source for each such variable."""
    return f"{total}_{projection.kind}"


def neuron_equations(
    spec: NetworkSpec,
    population: Population,
    added: Additions = NOTHING,
    *,
    constants: Iterable[SingleEquation] = (),
    holds_sums: bool = False,
    recordings: bool = True,
) -> Equations:
    """The neuron's own equations, with its parameters declared and each sum written as the sum over its projections.

    ``constants`` are declarations of what the method of integration needs. With ``holds_sums`` a sum is not an expression but a number,
    taken once per step. With ``recordings`` it knows how long each of them is.
    """
    model = population.model
    dimensions = model.dimensions()
    lines = list(Equations(model.neuron).values())
    for total in sums_in_use(model):
        parts = [sum_name(total, projection) for projection in spec.projections_to(population.name)]
        if holds_sums:
            lines.append(SingleEquation(PARAMETER, total, dimensions[total]))
        else:
            lines.append(SingleEquation(SUBEXPRESSION, total, dimensions[total], expr=Expression(" + ".join(parts))))
        lines += [SingleEquation(PARAMETER, part, dimensions[total]) for part in parts]
    lines += declarations(model, "neuron")
    lines += [SingleEquation(PARAMETER, initial_name(model, x), dimensions[x], flags=["constant"]) for x in begins_somewhere(model)]
    if hands_on_values(spec, population.name):
        lines.append(SingleEquation(PARAMETER, output_name(spec, population.name), DIMENSIONLESS))
    lines += constants
    lines += [
        SingleEquation(PARAMETER, kick_of(state), dimensions[state], flags=["constant", "shared"])
        for state in added.noise
        if state in model.neuron_equations.states
    ]
    if added.refractory and model.spiking:
        lines.append(SingleEquation(PARAMETER, REFRACTORY, second.dim, flags=["constant", "shared"]))
    if recordings:
        lines.append(SingleEquation(PARAMETER, STEPS_PER_RECORDING, DIMENSIONLESS, var_type=INTEGER, flags=["constant", "shared"]))
    return Equations(lines)


def begins_somewhere(model: NeuronModel) -> list[str]:
    """States of a neuron that do not begin at 0."""
    return [state for state, value in model.initial_states.items() if value != 0]


def synapse_begins_somewhere(model: NeuronModel) -> list[str]:
    """States of a synapse that do not begin at 0."""
    return [state for state, value in model.initial_synapse_states.items() if value != 0]


def hands_on_values(spec: NetworkSpec, source: str) -> bool:
    """Whether synapses read values that a population, or the input, puts out."""
    return any(q.source == source and spec.population(q.target).model.takes_values for q in spec.projections)


def synapse_equations(spec: NetworkSpec, projection: Projection) -> Equations:
    """The synapse's own equations, updated every step, with its parameters declared and its part of the neuron's sums."""
    model = spec.population(projection.target).model
    dimensions = model.dimensions()
    names = synapse_names(spec, projection)
    replaced = names | {X_PRE: f"{output_name(spec, projection.source)}_pre"}
    lines = [
        SingleEquation(
            e.type,
            names[name],
            e.dim,
            expr=Expression(renamed(e.expr.code, replaced)),
            flags=["clock-driven"] if e.type == DIFFERENTIAL_EQUATION else [],
        )
        for name, e in Equations(model.synapse).items()
    ]
    for total, state in sums_in_use(model).items():
        target = f"{sum_name(total, projection)}_post"
        lines.append(SingleEquation(SUBEXPRESSION, target, dimensions[total], expr=Expression(names[state]), flags=["summed"]))
    for state in synapse_begins_somewhere(model):
        lines.append(SingleEquation(PARAMETER, names[initial_name(model, state)], dimensions[state], flags=["constant"]))
    return Equations(lines + declarations(model, "synapse", names))


def wipe_code(states: Iterable[str], *, suffix: str = "") -> str:
    """Statements that zero ``states`` in the first step of every recording and do nothing in all other steps.

    They run on the simulation's one clock. A second clock that ticks once per recording would be cheaper, but Brian2's C++ standalone mode
    takes two clocks as equal only within 1e-14 s, which is less than one rounding of ``t`` after some 64 s of concatenated recordings.
    """
    kept = f"int(timestep(t, dt) % {STEPS_PER_RECORDING}{suffix} != 0)"
    return "\n".join(f"{state} *= {kept}" for state in states)


def beginning_code(model: NeuronModel) -> str:
    """Statements that set the neuron's states, in the first step of every recording, to where it begins."""
    begin = {x: initial_name(model, x) for x in begins_somewhere(model)}
    return _set_at_beginning({x: begin.get(x) for x in model.neuron_equations.states})


def synapse_beginning_code(model: NeuronModel, names: Mapping[str, str]) -> str:
    """The same for the synapse's states, under the ``names`` that they have in Brian2."""
    begin = {x: names[initial_name(model, x)] for x in synapse_begins_somewhere(model)}
    return _set_at_beginning({names[x]: begin.get(x) for x in model.synapse_equations.states}, suffix="_post")


def _set_at_beginning(states: Mapping[str, str | None], *, suffix: str = "") -> str:
    """What was not finite stays so: 0 times it is not a number. So a look at the end finds it."""
    first = f"int(timestep(t, dt) % {STEPS_PER_RECORDING}{suffix} == 0)"
    zeroed = [x for x, begin in states.items() if begin is None]
    begun = [f"{x} = {x}*(1 - {first}) + {begin}*{first}" for x, begin in states.items() if begin is not None]
    return "\n".join(([wipe_code(zeroed, suffix=suffix)] if zeroed else []) + begun)


def forget_spikes(model: NeuronModel) -> str:
    """A statement that makes neurons forget, in the first step of a recording, when they spiked last, or that they are above threshold."""
    first = f"timestep(t, dt) % {STEPS_PER_RECORDING} == 0"
    if model.spikes_where_crossed:
        return f"not_refractory = not_refractory or ({first})"
    return f"lastspike -= 1e4*second*int({first})"


def delayed(on_pre: str, projection: Projection, between: Collection[str]) -> str:
    """The statements of a spike with a delay: what was sent before the recording began has no effect in it.

    A recurrent spike is sent one step after it happened, when the step order comes to it. Names that statements set for those after them,
    ``between``, are set in any case.
    """
    lag = int(projection.kind == "recurrent")
    here = f"int(timestep(t, dt) % {STEPS_PER_RECORDING}_post >= timestep(delay, dt) + {lag})"
    return "\n".join(_only_if(here, statement.strip(), between) for statement in re.split(r"[\n;]", on_pre) if statement.strip())


def _only_if(here: str, statement: str, between: Collection[str]) -> str:
    """A statement that does nothing where ``here`` is 0."""
    target, operator, expression = re.split(r"\s*([-+*/]?=)\s*", statement, maxsplit=1)
    if target in between:
        return statement
    if operator in ("+=", "-="):
        return f"{target} {operator} ({expression})*{here}"
    after = {"=": f"({expression})", "*=": f"{target}*({expression})", "/=": f"{target}/({expression})"}[operator]
    return f"{target} = {after}*{here} + {target}*(1 - {here})"


def declarations(model: NeuronModel, side: Side, names: Mapping[str, str] | None = None) -> list[SingleEquation]:
    """The parameters of one side, under the ``names`` they have in Brian2; what the layer shares is one number."""
    dimensions, names = model.dimensions(), names or {}
    return [
        SingleEquation(PARAMETER, names.get(name, name), dimensions[name], flags=_FLAGS.get(parameter.axes or "", ["constant"]))
        for name, parameter in model.parameters_of(side).items()
        if name != DELAY  # Brian2 has it without being told
    ]

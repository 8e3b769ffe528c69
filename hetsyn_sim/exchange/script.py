"""The text of an exported script: the network's own equations, one Brian2 object after the other, with comments."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator, Mapping

import numpy as np
from brian2.equations.equations import DIFFERENTIAL_EQUATION, SUBEXPRESSION, Equations
from brian2.units import allunits
from brian2.units.fundamentalunits import DIMENSIONLESS, Unit
from numpy.typing import NDArray

from ..brian.built import brian_name, synapse_mask
from ..brian.equations import (
    STEPS_PER_RECORDING,
    beginning_code,
    begins_somewhere,
    delayed,
    forget_spikes,
    initial_name,
    neuron_equations,
    renamed,
    sum_name,
    sums_in_use,
    synapse_beginning_code,
    synapse_begins_somewhere,
    synapse_equations,
    synapse_names,
)
from ..brian.methods import choose_method, choose_synapse_method
from ..brian.schedule import Schedule
from ..data.decoding import DECODERS, Decoder
from ..data.escape import docstring, one_line
from ..spec import NetworkSpec, NeuronModel, Population, Projection
from ..spec.quantities import dimensions_of, name_of_dimensions, parse_unit
from ..spec.scope import DELAY
from ..spec.values import used_entries
from .script_frame import AXES, BEGINNING, ENDING, MEANINGS, OWN_NAME, VERDICT

_WIDTH = 116


def script_of(spec: NetworkSpec, values: Mapping[str, NDArray[np.floating]], *, title: str, decoder: Decoder) -> str:
    """The script for a network."""
    checked = {key: np.asarray(value, dtype=np.float64) for key, value in values.items()}
    orders = "\n".join(f"# {line}" for line in table_of_orders(spec))
    parts = [
        BEGINNING.format(title=docstring(title), dt=repr(spec.dt_s), n_input=spec.n_input, orders=orders, names=", ".join(_units_in(spec)))
    ]
    for number, population in enumerate(spec.populations, start=1):
        schedule = Schedule(population.step_order)
        parts.append("\n".join(_population(spec, population, number, schedule, checked)))
        for projection in spec.projections_to(population.name):
            if synapse_mask(projection).any():
                parts.append("\n".join(_projection(spec, projection, number, schedule, checked)))
    layers = [population.name for population in spec.populations if population.model.spiking]
    last = spec.populations[-1].name
    parts.append(
        ENDING.format(
            layers="\n".join(f'    "{name}": SpikeMonitor({name}, when="end", name="{name}_spikes"),' for name in layers),
            readout=f'StateMonitor({last}, "v", record=True, when="end", name="readout_v")' if spec.readout is not None else "None",
            last=last,
            out="readout_traces()" if spec.readout is not None else f'raster_of("{last}")',
            rule=inspect.getsource(DECODERS[decoder.name]).rstrip(),
            decoder=decoder.name,
            burn_in=f"[{decoder.burn_in}:]" if decoder.burn_in else "",
            verdict=VERDICT[any(p.model.noise for p in spec.populations)],
        )
    )
    return "\n\n".join(parts)


def table_of_orders(spec: NetworkSpec) -> list[str]:
    """What happens in a step, in its order, a line each."""
    orders = {p.name: Schedule(p.step_order) for p in spec.populations}
    schedule = orders["layer_1"]
    phases = {
        "decay": "every state follows its equation for one step",
        "reset": "neurons that spiked in the step before are reset",
        "recurrent": "spikes of the step before arrive at recurrent synapses",
    }
    lines = [(schedule.input_order, "input spikes of this step are made")]
    for phase, text in phases.items():
        where: dict[int, list[str]] = {}
        for name, own in orders.items():
            where.setdefault(own.phase(phase), []).append(name)
        lines += [(order, text + (f" ({', '.join(names)})" if len(where) > 1 else "")) for order, names in where.items()]
    somewhere = any(begins_somewhere(p.model) or synapse_begins_somewhere(p.model) for p in spec.populations)
    lines.append((schedule.wipe_order, f"if a recording begins: every state is set to {'where it begins' if somewhere else 'zero'}"))
    if any(p.model.refractory for p in spec.populations):
        lines.append((schedule.forget_order, "if a recording begins: neurons are ready to spike"))
    for number, population in enumerate(spec.populations, start=1):
        lines.append((schedule.deliver(number), f"spikes of this step arrive at {population.name}"))
        if any(sums_in_use(population.model)):
            lines.append((schedule.sums(number), f"{population.name} sums up its synapses"))
        if population.model.spiking:
            lines.append((schedule.threshold(number), f"{population.name}: neurons above threshold spike"))
    return [f"{order:4}  {text}" for order, text in sorted(lines)]


def _population(
    spec: NetworkSpec, population: Population, number: int, schedule: Schedule, values: dict[str, NDArray[np.float64]]
) -> Iterator[str]:
    model, name = population.model, population.name
    yield f"# --- {name}: {population.size} neurons, {one_line(model.name)} ".ljust(_WIDTH, "-")
    yield "#"
    if model.reference:
        yield _comment(f"Published in: {model.reference}")
        yield "#"
    for line in (*_equation_comments(model), *_parameter_comments(spec, population, values)):
        yield _comment(line)
    yield f"{name} = NeuronGroup("
    yield f"    {population.size},"
    yield from _text_argument(neuron_equations(spec, population))
    if model.spiking:
        yield f"    threshold={model.threshold!r},"
    if model.reset:
        yield f"    reset={'; '.join(model.reset.splitlines())!r},"
    if model.refractory:
        yield f"    refractory={model.refractory!r},"
    yield f'    method="{choose_method(spec, population, values).name}", clock=clock, namespace={{}}, name="{name}",'
    yield ")"
    yield f"{name}.{STEPS_PER_RECORDING} = N_STEPS"
    for parameter, facts in model.parameters_of("neuron").items():
        yield _assignment(name, parameter, f'values["{name}.neuron.{parameter}"]', facts.unit)
    for state in begins_somewhere(model):
        yield f"{name}.{initial_name(model, state)} = {model.initial[state]!r}"
        yield f"{name}.{state} = {initial_name(model, state)!r}"
    if model.neuron_equations.states or model.refractory:
        yield f"in_step({name}.state_updater, {schedule.phase('decay')})"
    if model.neuron_equations.states:
        yield _each_step(name, beginning_code(model), schedule.wipe_order)
    if model.refractory:
        yield _each_step(name, forget_spikes(model), schedule.forget_order)
    if model.reset:
        yield f'in_step({name}.resetter["spike"], {schedule.phase("reset")})'
    if model.spiking:
        yield f'in_step({name}.thresholder["spike"], {schedule.threshold(number)})'
    yield f"network.add({name})"


def _projection(
    spec: NetworkSpec, projection: Projection, number: int, schedule: Schedule, values: dict[str, NDArray[np.float64]]
) -> Iterator[str]:
    model, name, names = spec.population(projection.target).model, brian_name(projection.name), synapse_names(spec, projection)
    source = "inputs" if projection.source == "input" else projection.source
    title = "recurrent synapses" if projection.kind == "recurrent" else "synapses"
    yield f"# {title} from {projection.source} onto {projection.target}"
    yield f"{name} = Synapses("
    yield f"    {source}, {projection.target},"
    yield from _text_argument(synapse_equations(spec, projection))
    method, late = choose_synapse_method(spec, projection, values).name, model.parameters_of("synapse").get(DELAY)
    on_pre = renamed(model.on_pre, names)
    on_pre = "; ".join((on_pre if late is None else delayed(on_pre, projection, [names[x] for x in model.on_pre_locals])).splitlines())
    delay = "delay=0 * second, " if late is None or late.axes == "layer" else ""
    yield f'    on_pre={on_pre!r}, {delay}method="{method}", clock=clock, namespace={{}}, name="{name}",'
    yield ")"
    # known before the run, also where Brian2 only writes a program
    pairs, who = ("np.ones", "every one onto every one") if projection.self_connections else ("1 - np.eye", "nobody onto itself")
    shape = f"({projection.n_pre}, {projection.n_post})" if projection.self_connections else str(projection.n_post)
    yield f"pre, post = np.nonzero({pairs}({shape}))  # {who}"
    yield f"{name}.connect(i=pre, j=post)"
    for parameter, facts in model.parameters_of("synapse").items():
        stored = f'values["{projection.name}.{parameter}"]'
        index = {"post pre": "[post, pre]", "post": "[post]", "layer": ""}[str(facts.axes)]
        if parameter == DELAY:
            yield f"{name}.delay = np.rint({stored}{index} / float(DT)) * DT  # whole steps"
            continue
        yield _assignment(name, names[parameter], stored + index, facts.unit)
    order = schedule.phase("recurrent") if projection.kind == "recurrent" else schedule.deliver(number)
    yield f"in_step({name}.pre, {order})"
    for state in synapse_begins_somewhere(model):
        begin = names[initial_name(model, state)]
        yield f"{name}.{begin} = {renamed(model.initial[state], names)!r}"
        yield f"{name}.{names[state]} = {begin!r}"
    if model.synapse_equations.states:
        yield f"in_step({name}.state_updater, {schedule.phase('decay')})"
        yield _each_step(name, synapse_beginning_code(model, names), schedule.wipe_order)
    for total in sums_in_use(model):
        yield f'in_step({name}.summed_updaters["{sum_name(total, projection)}_post"], {schedule.sums(number)})'
    yield f"network.add({name})"


def _equation_comments(model: NeuronModel) -> Iterator[str]:
    """A line for each state of the synapse and the neuron, and for v."""
    for name in model.synapse_equations.states:
        yield f"{name} (each synapse): {MEANINGS.get(name, OWN_NAME)}"
    for name in model.neuron_equations.states:
        if name != "v":
            yield f"{name} (each neuron): {MEANINGS.get(name, OWN_NAME)}"
    if "v" in model.neuron_equations.states:
        yield f"v (each neuron): {MEANINGS['v']}, with a membrane that takes time to follow its input"
    else:
        yield f"v (each neuron): {MEANINGS['v']}, given at every moment by the currents: a membrane without a capacitance of its own"
    for total in model.summed:
        yield f"{total} (each neuron): the sum of {total.removesuffix('_syn')} over all its synapses"


def _parameter_comments(spec: NetworkSpec, population: Population, values: dict[str, NDArray[np.float64]]) -> Iterator[str]:
    """A line for each parameter: meaning, what it is one value per, range, and whether training found it."""
    for key, slot in spec.slots.items():
        owner, name = key.rsplit(".", 1)
        if owner.partition(".")[0] != population.name:
            continue
        unit = slot.parameter.unit
        scaled = np.asarray(values[key][used_entries(slot)], dtype=np.float64) / float(parse_unit(unit, where=key))
        shown = "" if unit == "1" else f" {unit}"
        low, middle, high = (f"{number:.3g}" for number in (scaled.min(), np.median(scaled), scaled.max())) if scaled.size else ("-",) * 3
        spread = f"{middle}{shown}" if low == high else f"{low} to {high}{shown}, median {middle}{shown}"
        how = "learned" if slot.parameter.trainable else "fixed"
        yield f"{key}: {MEANINGS.get(name, OWN_NAME)}; {AXES[str(slot.parameter.axes)]}; {spread}; {how}"


def _each_step(name: str, code: str, order: int) -> str:
    return f'{name}.run_regularly({"; ".join(code.splitlines())!r}, clock=clock, when="groups", order={order})'


def _assignment(owner: str, variable: str, stored: str, unit: str) -> str:
    """With its unit where that has a name in Brian2, else as the bare SI number."""
    name = _unit(unit)
    if name is None:
        return f"{owner}.{variable}_ = {stored}  # SI units"
    return f"{owner}.{variable} = {stored}" + (f" * {name}" if name else "")


def _units_in(spec: NetworkSpec) -> list[str]:
    """What the script has to import for its units, and to set Brian2's preferences."""
    units = {_unit(parameter.unit) for p in spec.populations for parameter in p.model.parameters.values()}
    return sorted({"prefs", "second", *(unit for unit in units if unit)})


def _unit(unit: str) -> str | None:
    """The name in Brian2 of the SI unit that belongs to a unit; empty for a pure number, None if there is no name."""
    dimensions = dimensions_of(unit, where=unit)
    if dimensions is DIMENSIONLESS:
        return ""
    name = name_of_dimensions(dimensions)
    return name if isinstance(getattr(allunits, name, None), Unit) else None


def _text_argument(equations: Equations) -> Iterator[str]:
    yield '    """'
    for name, equation in equations.items():
        flags = f" ({', '.join(equation.flags)})" if equation.flags else ""
        unit = name_of_dimensions(equation.dim) if equation.dim is not DIMENSIONLESS else "1"
        if equation.var_type == "integer":
            unit = "integer"
        left = {DIFFERENTIAL_EQUATION: f"d{name}/dt = {equation.expr}", SUBEXPRESSION: f"{name} = {equation.expr}"}
        yield f"    {docstring(left.get(equation.type, name))} : {unit}{flags}"
    yield '    """,'


def _comment(text: str) -> str:
    return textwrap.fill(one_line(text), _WIDTH, initial_indent="# ", subsequent_indent="#     ")

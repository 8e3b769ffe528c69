"""From a model's text to Brian2 equations. The text itself is untouched: what is added are declarations, sums and flags."""

from __future__ import annotations

import re
from collections.abc import Iterable

from brian2.equations.codestrings import Expression
from brian2.equations.equations import DIFFERENTIAL_EQUATION, INTEGER, PARAMETER, SUBEXPRESSION, Equations, SingleEquation
from brian2.units.allunits import second
from brian2.units.fundamentalunits import DIMENSIONLESS

from ..spec import NetworkSpec, NeuronModel, Population, Projection
from ..spec.model import Side
from .surroundings import NOTHING, REFRACTORY, Surroundings, kick_of

__all__ = [
    "STEPS_PER_RECORDING",
    "declarations",
    "delayed",
    "forget_spikes",
    "neuron_equations",
    "sum_name",
    "sums_in_use",
    "synapse_equations",
    "wipe_code",
]

#: The neurons' count of steps after which the next recording begins.
STEPS_PER_RECORDING = "steps_per_recording"


def sums_in_use(model: NeuronModel) -> dict[str, str]:
    """Sum -> synaptic state (``I_syn`` -> ``I``) for the sums that the neuron's text mentions; the others would be work for nothing."""
    seen = {str(s) for _, expression, side in model.expressions() if side == "neuron" for s in expression.free_symbols}
    return {total: state for total, state in zip(model.summed, model.synapse_equations.states, strict=True) if total in seen}


def sum_name(total: str, projection: Projection) -> str:
    """The neuron's variable that one projection sums into: ``I_syn_recurrent``. Brian2 allows one source for each such variable."""
    return f"{total}_{projection.kind}"


def neuron_equations(spec: NetworkSpec, population: Population, added: Surroundings = NOTHING) -> Equations:
    """The neuron's own equations, with its parameters declared and each sum written as the sum over its projections."""
    model = population.model
    dimensions = model.dimensions()
    lines = list(Equations(model.neuron).values())
    for total in sums_in_use(model):
        parts = [sum_name(total, projection) for projection in spec.projections_to(population.name)]
        lines.append(SingleEquation(SUBEXPRESSION, total, dimensions[total], expr=Expression(" + ".join(parts))))
        lines += [SingleEquation(PARAMETER, part, dimensions[total]) for part in parts]
    lines += declarations(model, "neuron")
    lines += [
        SingleEquation(PARAMETER, kick_of(state), dimensions[state], flags=["constant", "shared"])
        for state in added.noise
        if state in model.neuron_equations.states
    ]
    if added.refractory and model.spiking:
        lines.append(SingleEquation(PARAMETER, REFRACTORY, second.dim, flags=["constant", "shared"]))
    lines.append(SingleEquation(PARAMETER, STEPS_PER_RECORDING, DIMENSIONLESS, var_type=INTEGER, flags=["constant", "shared"]))
    return Equations(lines)


def synapse_equations(spec: NetworkSpec, projection: Projection) -> Equations:
    """The synapse's own equations, updated every step, with its parameters declared and its part of the neuron's sums."""
    model = spec.population(projection.target).model
    dimensions = model.dimensions()
    lines = [
        SingleEquation(e.type, name, e.dim, expr=e.expr, flags=["clock-driven"] if e.type == DIFFERENTIAL_EQUATION else [])
        for name, e in Equations(model.synapse).items()
    ]
    for total, state in sums_in_use(model).items():
        target = f"{sum_name(total, projection)}_post"
        lines.append(SingleEquation(SUBEXPRESSION, target, dimensions[total], expr=Expression(state), flags=["summed"]))
    return Equations(lines + declarations(model, "synapse"))


def wipe_code(states: Iterable[str], *, suffix: str = "") -> str:
    """Statements that zero ``states`` in the first step of every recording and do nothing in all other steps.

    They run on the simulation's one clock. A second clock that ticks once per recording would be cheaper, but Brian2's C++ standalone mode
    takes two clocks as equal only within 1e-14 s, which is less than one rounding of ``t`` after some 64 s of concatenated recordings.
    """
    kept = f"int(timestep(t, dt) % {STEPS_PER_RECORDING}{suffix} != 0)"
    return "\n".join(f"{state} *= {kept}" for state in states)


def forget_spikes() -> str:
    """A statement that makes neurons forget, in the first step of a recording, when they spiked last."""
    return f"lastspike -= 1e4*second*int(timestep(t, dt) % {STEPS_PER_RECORDING} == 0)"


def delayed(on_pre: str, projection: Projection) -> str:
    """The statements of a spike with a delay: what was sent before the recording began has no effect in it.

    A recurrent spike is sent one step after it happened, when the step order comes to it.
    """
    lag = int(projection.kind == "recurrent")
    here = f"int(timestep(t, dt) % {STEPS_PER_RECORDING}_post >= timestep(delay, dt) + {lag})"
    return "\n".join(re.sub(r"([-+]=)\s*(.+)$", rf"\1 (\2)*{here}", line) for line in re.split(r"[\n;]", on_pre) if line.strip())


def declarations(model: NeuronModel, side: Side) -> list[SingleEquation]:
    """The parameters of one side; what the layer shares is one number."""
    dimensions = model.dimensions()
    return [
        SingleEquation(PARAMETER, name, dimensions[name], flags=["constant", "shared"] if parameter.axes == "layer" else ["constant"])
        for name, parameter in model.parameters_of(side).items()
    ]

"""What the parts of a model's text may name, and the units that they must have; parameters with some facts changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final

import sympy
from brian2.units.allunits import second
from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension

from ..errors import one_of
from .equations import X_PRE, symbol
from .parameter import Parameter

if TYPE_CHECKING:
    from .derived import ModelText, Side
    from .model import NeuronModel

#: How long a spike takes to arrive: a parameter of the synapse that stands in no equation, by Brian2's own name.
DELAY: Final = "delay"


def expressions_of(model: ModelText) -> Iterator[tuple[str, sympy.Expr, Side]]:
    """Every expression with the place it stands in and the side whose names it sees."""
    for name, expression in model.synapse_equations.states.items():
        yield f"synapse: d{name}/dt", expression, "synapse"
    for name, expression in model.synapse_equations.subexpressions.items():
        yield f"synapse: {name}", expression, "synapse"
    for name, expression in (*model.neuron_equations.states.items(), *model.neuron_equations.subexpressions.items()):
        yield f"neuron: {name}", expression, "neuron"
    for jump in model.on_pre_jumps:
        yield f"on_pre: {jump.text}", jump.expression, "synapse"
    for jump in model.reset_jumps:
        yield f"reset: {jump.text}", jump.expression, "neuron"
    for name, expression in model.weights_of_events.items():
        yield f"events: {name}", expression, "neuron"
    for name, expression in model.initial_synapse_states.items():
        yield f"initial of a synapse: {name}", expression, "synapse"
    for name, expression in model.initial_states.items():
        yield f"initial: {name}", expression, "neuron"
    if model.refractory_period is not None:
        yield "refractory", model.refractory_period, "neuron"
    if model.condition is not None:
        for side in model.condition:
            yield "threshold", side, "neuron"


def visible_names(model: NeuronModel, where: str) -> set[str]:
    """The names that an expression at ``where`` may use."""
    neuron, parameters = {*model.neuron_equations.dimensions}, {*model.parameters} - {DELAY}
    if where.startswith(("synapse", "on_pre")):
        post = {f"{n}_post" for n in (*neuron, *parameters)}
        more = (X_PRE,) if where.startswith("synapse") else tuple(model.on_pre_locals)
        return {"dt", *parameters, *model.synapse_equations.dimensions, *post, *more}
    if where.startswith("initial of a synapse"):
        return {"dt", *parameters, *(f"{n}_post" for n in parameters)}
    if where.startswith(("initial", "refractory", "events")):
        return {"dt", *parameters}
    return {"dt", *parameters, *neuron, *model.summed, *model.white_noise}


def is_used_on(model: ModelText, side: Side, name: str) -> bool:
    """Whether ``side`` holds the parameter: it stands in that side's text (``name_post`` counts for the neuron)."""
    if name == DELAY:
        return side == "synapse"
    own, post = symbol(name), symbol(f"{name}_post")
    return any(
        own in expression.free_symbols if place == side else side == "neuron" and post in expression.free_symbols
        for _, expression, place in model.expressions()
    )


def unit_checks(model: NeuronModel) -> Iterator[tuple[str, str, Dimension | None]]:
    """Place, text and expected dimensions of everything that has a unit; None: only consistent in itself."""
    known = model.dimensions()
    for block, where in ((model.synapse_equations, "synapse"), (model.neuron_equations, "neuron")):
        for name, text in block.texts.items():
            is_state = name in block.states
            yield (
                f"{where}: d{name}/dt" if is_state else f"{where}: {name}",
                text,
                known[name] / second.dim if is_state else known[name],
            )
    for where, jumps in (("on_pre", model.on_pre_jumps), ("reset", model.reset_jumps)):
        for jump in jumps:
            scales = jump.operator in ("*=", "/=")
            of_target = None if where == "on_pre" and jump.target in model.on_pre_locals else known[jump.target]
            yield f"{where}: {jump.text}", jump.text.split("=", 1)[1].strip(), DIMENSIONLESS if scales else of_target
    for name, drive in model.random_events.items():
        yield f"events: {name}", drive.weight, known[drive.target]
    for name, text in model.initial.items():
        yield f"initial: {name}", text, known[name]
    if model.refractory_period is not None:
        yield "refractory", model.refractory, second.dim
    if model.spiking:
        yield "threshold", model.threshold, None


def changed_parameters(model: NeuronModel, changes: Mapping[str, Mapping[str, Any]]) -> dict[str, Parameter]:
    """The parameters named, with other facts. A model without a delay is given one by naming it.

    Raises
    ------
    SpecError
        If there is no such parameter, or a parameter has no such property.
    """
    known = sorted(f.name for f in fields(Parameter))
    known_ones = model.parameters if model.takes_values else {DELAY: Parameter(axes="post pre", unit="ms"), **model.parameters}
    for name, facts in changes.items():
        one_of(name, known_ones, "parameter", where=model.name, remedy="correct the name")
        for fact in facts:
            one_of(fact, known, "property of a parameter", where=model.name, remedy="remove it or correct its name")
    return {name: replace(known_ones[name], **facts) for name, facts in changes.items()}

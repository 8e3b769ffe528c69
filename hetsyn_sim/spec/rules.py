"""The rules a neuron model must keep, one small function each. A rule raises :class:`SpecError` or returns nothing.

``RULES`` is run in order when a model is made, so each rule may rely on the ones above it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.parsing.expressions import parse_expression_dimensions
from brian2.units.fundamentalunits import DIMENSIONLESS, DimensionMismatchError, get_dimensions, get_unit

from ..errors import SpecError
from .equations import X_PRE, symbol
from .quantities import name_of_dimensions
from .scope import is_used_on, unit_checks, visible_names
from .screening import text_is_harmless
from .words import is_sympys_word

if TYPE_CHECKING:
    from .model import NeuronModel

__all__ = ["RULES", "SCHEMES"]

#: How the differential equations of a neuron become a step. All but the first are for equations that have no exact one.
SCHEMES: Final = ("exact", "exponential_euler", "symplectic_euler", "euler", "rk2", "rk4")

_RESERVED = frozenset({X_PRE, "t", "dt", "i", "j", "N", "lastspike", "not_refractory", *DEFAULT_FUNCTIONS})


def names_are_free(model: NeuronModel) -> None:
    """No name means two things, and none is a word of Brian2's."""
    states = [*model.synapse_equations.dimensions, *model.neuron_equations.dimensions]
    for name in [*states, *model.parameters]:
        taken = name in _RESERVED or [*states, *model.parameters, *model.summed].count(name) > 1
        if taken or name.endswith("_post") or name.endswith("_pre"):
            raise SpecError(
                "a name is reserved or used twice",
                where=f"{model.name}: {name}",
                got=repr(name),
                expected="one meaning per name, none of Brian2's own names, and no suffix _pre or _post",
                remedy="rename the state or the parameter",
            )


def states_keep_their_names_in_brian2(model: NeuronModel) -> None:
    """Brian2's exact method hands the names of states to sympy as text. What sympy knows becomes something else there: E is 2.718...

    The imaginary unit I is the exception: Brian2 prints it as I again, so it stays the name that it was.
    """
    for name in (*model.synapse_equations.states, *model.neuron_equations.states):
        if is_sympys_word(name) and name != "I":
            raise SpecError(
                "Brian2 would misread the name of a state",
                where=f"{model.name}: {name}",
                got=f"{name!r}, which sympy takes for something of its own",
                expected="a name that is only a name, as I, R, u, g_exc",
                remedy=f"rename the state, for example to {name}_state",
            )


def has_voltage(model: NeuronModel) -> None:
    """There is a ``v``: what is compared with the threshold and what a readout hands out."""
    if "v" not in model.neuron_equations.dimensions:
        raise SpecError(
            "the neuron has no v",
            where=f"{model.name}: neuron",
            got=", ".join(model.neuron_equations.dimensions) or "no equations",
            expected='a state or a subexpression called v, as in "v = I_syn - R : 1"',
            remedy="name the membrane potential v",
        )


def has_input(model: NeuronModel) -> None:
    """A spike, or the output of an analogue source, does something; not both."""
    if model.on_pre_jumps and model.takes_values:
        raise SpecError(
            "a synapse takes spikes and values",
            where=f"{model.name}: synapse",
            got=f"on_pre={model.on_pre!r} and an equation with {X_PRE}",
            expected="one of them",
            remedy=f"remove on_pre, or write the equation without {X_PRE}",
        )
    if not model.on_pre_jumps and not model.takes_values:
        raise SpecError(
            "an input spike changes nothing",
            where=f"{model.name}: on_pre",
            got=repr(model.on_pre),
            expected='at least one statement such as "I += w"',
            remedy="say what a presynaptic spike does",
        )


def threshold_and_reset_come_together(model: NeuronModel) -> None:
    """A spiking neuron has both, a readout neither; a neuron that spikes where it crosses its threshold needs no reset."""
    if bool(model.threshold.strip()) != bool(model.reset.strip()) and not model.spikes_where_crossed:
        missing = "reset" if model.threshold.strip() else "threshold"
        raise SpecError(
            f"the {missing} is missing",
            where=f"{model.name}: {missing}",
            got=f"threshold={model.threshold!r}, reset={model.reset!r}",
            expected="both, or neither (a readout)",
            remedy=f"add the {missing}, or remove the other one",
        )


def every_name_is_known(model: NeuronModel) -> None:
    """Every name in every expression is a state, a sum, a parameter or dt."""
    for where, expression, _ in model.expressions():
        known = visible_names(model, where)
        for free in sorted(str(s) for s in expression.free_symbols):
            if free not in known:
                raise SpecError(
                    "unknown name",
                    where=f"{model.name}: {where}",
                    got=repr(free),
                    expected="one of " + ", ".join(sorted(known)),
                    remedy=f"declare {free} in `parameters`, or correct its name",
                )


def jumps_hit_states(model: NeuronModel) -> None:
    """Jumps go to states: of the synapse or, with the suffix ``_post``, of the neuron; a reset to the neuron's.

    A reset may depend on states: it happens once. Presynaptic spikes may arrive together, so what they do has to add up.
    """
    allowed = {
        "on_pre": [*model.synapse_equations.states, *(f"{n}_post" for n in model.neuron_equations.states)],
        "reset": list(model.neuron_equations.states),
    }
    # subexpressions count as states: they are made of them
    states = {symbol(n) for n in (*model.synapse_equations.dimensions, *model.neuron_equations.dimensions)}
    states |= {symbol(f"{n}_post") for n in model.neuron_equations.dimensions} | {symbol(n) for n in model.summed}
    for where, jumps in (("on_pre", model.on_pre_jumps), ("reset", model.reset_jumps)):
        for jump in jumps:
            if jump.target not in allowed[where]:
                raise SpecError(
                    "a jump has no state to act on",
                    where=f"{model.name}: {where}",
                    got=repr(jump.text),
                    expected="a change of " + (" or ".join(allowed[where]) or "a state, but there is none"),
                    remedy="act on a state that has a differential equation",
                )
            if where == "on_pre" and not (jump.is_additive and not jump.amount.free_symbols & states):
                raise SpecError(
                    "what a presynaptic spike does is not a sum",
                    where=f"{model.name}: {where}",
                    got=repr(jump.text),
                    expected="an addition whose size is made of parameters and dt",
                    remedy="several may arrive at once, in no order: let them add, and put what depends on a state into the equations",
                )


def parameters_are_used_on_one_side(model: NeuronModel) -> None:
    """Each parameter belongs to the synapse or to the neuron, is used, and has axes that its owner can hold."""
    for name, parameter in model.parameters.items():
        on_synapse, on_neuron = is_used_on(model, "synapse", name), is_used_on(model, "neuron", name)
        if not on_synapse and not on_neuron:
            raise SpecError(
                "a parameter is never used",
                where=f"{model.name}: parameters",
                got=repr(name),
                expected="parameters that appear in an equation, a threshold, a reset or on_pre",
                remedy=f"remove {name}",
            )
        if on_synapse and on_neuron:
            raise SpecError(
                "a parameter is used by the synapse and by the neuron",
                where=f"{model.name}: {name}",
                got=f"{name} in the synapse's text and in the neuron's",
                expected=f"one owner; the synapse reads the neuron's parameter as {name}_post",
                remedy=f"write {name}_post in the synapse's text, or use two parameters",
            )
        if on_neuron and parameter.axes == "post pre":
            raise SpecError(
                "a neuron can't hold one value per synapse",
                where=f"{model.name}: {name}",
                got='axes="post pre"',
                expected='axes="post" or axes="layer"',
                remedy="give it the neuron's axes, or use it in the synapse's equation",
            )


def units_agree(model: NeuronModel) -> None:
    """Brian2's own dimension check, equation by equation; the message names the equation and both units."""
    dimensions = model.dimensions()
    # Brian2's checker takes anything that has dimensions: here, one unit of each name's kind
    variables = {name: get_unit(dim) for name, dim in dimensions.items()} | dict(DEFAULT_FUNCTIONS)
    for where, text, expected in unit_checks(model):
        try:
            found = get_dimensions(parse_expression_dimensions(text, variables))
        except DimensionMismatchError as error:
            raise SpecError(
                "units do not fit together",
                where=f"{model.name}: {where}",
                got=f"{text!r}: {str(error).splitlines()[0]}",
                expected="terms of the same unit",
                remedy="correct the equation, or the unit of a parameter",
            ) from error
        except (SyntaxError, ValueError, TypeError, KeyError, ArithmeticError) as error:  # as for a unit to the power of a parameter
            raise SpecError(
                "Brian2 can't find the unit of this",
                where=f"{model.name}: {where}",
                got=f"{text!r}: {error.args[0] if error.args else type(error).__name__}",
                expected="an expression whose unit is known before any number is: a power of a unit is a number",
                remedy="divide by a unit first, so that the power is of a pure number",
            ) from error
        if expected is not None and found is not expected:
            raise SpecError(
                "wrong unit",
                where=f"{model.name}: {where}",
                got=f"{text!r} is in {name_of_dimensions(found)}",
                expected=name_of_dimensions(expected),
                remedy="correct the equation, the unit after its colon, or the unit of a parameter",
            )


def initial_values_are_of_states(model: NeuronModel) -> None:
    """What begins somewhere is a state of the neuron."""
    foreign = sorted(set(model.initial) - set(model.neuron_equations.states))
    if foreign:
        raise SpecError(
            "an initial value of something that is not a state",
            where=f"{model.name}: initial",
            got=", ".join(foreign),
            expected="states of the neuron: " + (", ".join(model.neuron_equations.states) or "there is none"),
            remedy="remove it; subexpressions follow from the states",
        )


def scheme_is_known(model: NeuronModel) -> None:
    """The scheme is one of ours."""
    if model.scheme not in SCHEMES:
        raise SpecError(
            "unknown scheme",
            where=f"{model.name}: scheme",
            got=repr(model.scheme),
            expected=", ".join(SCHEMES),
            remedy="exact for linear equations; for others one of the rest",
        )


def refractoriness_is_whole(model: NeuronModel) -> None:
    """Only a neuron that spikes is refractory, and only one that is refractory for a time has states that stand still meanwhile."""
    frozen = model.synapse_equations.frozen | (
        model.neuron_equations.frozen if not model.refractory or model.spikes_where_crossed else set()
    )
    if frozen:
        raise SpecError(
            "a state stands still unless refractory, but there is no refractory period",
            where=f"{model.name}: {', '.join(sorted(frozen))}",
            got=f"refractory={model.refractory!r}",
            expected='a time, such as refractory="t_ref", and the flag on states of the neuron only',
            remedy="remove the flag (unless refractory), or say how long the neuron is refractory",
        )
    if model.refractory and not model.spiking:
        raise SpecError(
            "a neuron that does not spike can't be refractory",
            where=f"{model.name}: refractory",
            got=repr(model.refractory),
            expected="a threshold",
            remedy="add the threshold, or remove refractory",
        )


def output_is_a_value(model: NeuronModel) -> None:
    """A graded output is a state or subexpression of the neuron without a unit."""
    if model.output and model.neuron_equations.dimensions.get(model.output) is not DIMENSIONLESS:
        raise SpecError(
            "the output is not a value of the neuron without a unit",
            where=f"{model.name}: output",
            got=repr(model.output),
            expected="a state or subexpression of the neuron, in units of 1",
            remedy='define it in the equations, as in "s = clip((v - v_th)/(v_sat - v_th), 0, 1) : 1"',
        )


RULES = (
    text_is_harmless,
    names_are_free,
    states_keep_their_names_in_brian2,
    has_voltage,
    has_input,
    threshold_and_reset_come_together,
    every_name_is_known,
    jumps_hit_states,
    initial_values_are_of_states,
    scheme_is_known,
    refractoriness_is_whole,
    output_is_a_value,
    parameters_are_used_on_one_side,
    units_agree,
)

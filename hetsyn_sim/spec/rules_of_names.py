"""The rules about names: each means one thing, to us and to Brian2, is known where it is used, and has an owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brian2.core.functions import DEFAULT_FUNCTIONS

from ..errors import SpecError
from .equations import X_PRE, is_noise
from .grammar.words import is_sympys_word
from .scope import is_used_on, visible_names

if TYPE_CHECKING:
    from .model import NeuronModel

_RESERVED = frozenset({X_PRE, "t", "dt", "i", "j", "N", "lastspike", "not_refractory", *DEFAULT_FUNCTIONS})


def names_are_free(model: NeuronModel) -> None:
    """No name means two things, and none is a word of Brian2's."""
    states = [*model.synapse_equations.dimensions, *model.neuron_equations.dimensions]
    for name in [*states, *model.parameters, *model.on_pre_locals]:
        taken = name in _RESERVED or is_noise(name) or [*states, *model.parameters, *model.summed].count(name) > 1
        if taken or name.endswith("_post") or name.endswith("_pre"):
            raise SpecError(
                "a name is reserved or used twice",
                where=f"{model.name}: {name}",
                got=repr(name),
                expected="one meaning per name, none of Brian2's own names, and no suffix _pre or _post",
                remedy="rename the state or the parameter",
            )


def names_keep_their_units_in_brian2(model: NeuronModel) -> None:
    """No name ends in an underscore: ``group.x_`` is Brian2's way to read ``x`` without its unit, so a variable ``x_`` is out of reach."""
    for name in (*model.synapse_equations.dimensions, *model.neuron_equations.dimensions, *model.parameters):
        if name.endswith("_"):
            raise SpecError(
                "a name ends in an underscore",
                where=f"{model.name}: {name}",
                got=f"{name!r}, which Brian2 reads as {name.rstrip('_')!r} without its unit",
                expected="names that end in a letter or a digit",
                remedy=f"rename it, for example to {name.strip('_') or 'x'}_1",
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
    unset = set(model.on_pre_locals)
    for jump in model.on_pre_jumps:
        if early := sorted(unset & {str(s) for s in jump.expression.free_symbols}):
            raise SpecError(
                "a name is used before it is set",
                where=f"{model.name}: on_pre",
                got=repr(jump.text),
                expected=f"{', '.join(early)} set by a statement before",
                remedy="change the order of the statements",
            )
        unset.discard(jump.target)


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

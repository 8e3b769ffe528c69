"""The rules about the parts of a model: which ones a neuron has, and what belongs together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import sympy
from brian2.units.allunits import second
from brian2.units.fundamentalunits import DIMENSIONLESS

from ..errors import SpecError, one_of
from .equations import X_PRE
from .quantities import dimensions_of
from .scope import DELAY

if TYPE_CHECKING:
    from .model import NeuronModel

#: How the differential equations of a neuron become a step. All but the first are for equations that have no exact one, and the last two,
#: as Euler's, for those with noise.
SCHEMES: Final = ("exact", "exponential_euler", "symplectic_euler", "euler", "rk2", "rk4", "heun", "milstein")


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


def a_reset_needs_a_threshold(model: NeuronModel) -> None:
    """A reset needs spikes. A spike needs no reset: channels may do what a reset does elsewhere."""
    if model.reset.strip() and not model.threshold.strip():
        raise SpecError(
            "a reset without a threshold",
            where=f"{model.name}: threshold",
            got=f"threshold='', reset={model.reset!r}",
            expected='a threshold such as "v > theta", or neither of the two (a readout)',
            remedy="say when the neuron spikes, or remove the reset",
        )


def jumps_hit_states(model: NeuronModel) -> None:
    """Jumps go to states: of the synapse or, with the suffix ``_post``, of the neuron; a reset to the neuron's.

    A reset may depend on the neuron's states, and what a presynaptic spike does on those of its own synapse: it happens there once. But
    spikes of several synapses may arrive at a neuron together, so what they do to it has to add up, and can't depend on it.
    """
    allowed = {
        "on_pre": [*model.synapse_equations.states, *(f"{n}_post" for n in model.neuron_equations.states)],
        "reset": list(model.neuron_equations.states),
    }
    for where, jumps in (("on_pre", model.on_pre_jumps), ("reset", model.reset_jumps)):
        for jump in jumps:
            if jump.target not in allowed[where] and not (where == "on_pre" and jump.target in model.on_pre_locals):
                raise SpecError(
                    "a jump has no state to act on",
                    where=f"{model.name}: {where}",
                    got=repr(jump.text),
                    expected="a change of " + (" or ".join(allowed[where]) or "a state, but there is none"),
                    remedy="act on a state that has a differential equation",
                )
            if where == "on_pre" and _of_neuron(model, jump.expression):
                raise SpecError(
                    "what a presynaptic spike does depends on the neuron",
                    where=f"{model.name}: {where}",
                    got=repr(jump.text),
                    expected="an expression of the synapse's own states and of parameters",
                    remedy="several may arrive at once, in no order: let them add to a state, and put what depends on the neuron's "
                    "states into its equations",
                )
            if where == "on_pre" and jump.target.endswith("_post") and not jump.is_additive:
                raise SpecError(
                    "what a presynaptic spike does to the neuron is not a sum",
                    where=f"{model.name}: {where}",
                    got=repr(jump.text),
                    expected="an addition, += or -=",
                    remedy="several may arrive at once, in no order: let them add to a state, and let its equation do the rest",
                )


def synapses_see_themselves(model: NeuronModel) -> None:
    """A synapse's equations are of its own states, of parameters and of its source's output: not of the states of its neuron."""
    block = model.synapse_equations
    for name, expression in (*block.states.items(), *block.subexpressions.items()):
        if seen := _of_neuron(model, expression):
            raise SpecError(
                "the equation of a synapse depends on the neuron's state",
                where=f"{model.name}: synapse: {name}",
                got=", ".join(seen),
                expected="the synapse's own states, parameters, and parameters of the neuron with the suffix _post",
                remedy="sum the synapse's state, and multiply in the neuron's equations: g_syn*(E - v)",
            )


def _of_neuron(model: NeuronModel, expression: sympy.Expr) -> list[str]:
    """The neuron's states, subexpressions (which are made of them) and sums in an expression of its synapses."""
    names = {f"{n}_post" for n in model.neuron_equations.dimensions} | set(model.summed)
    return sorted(names & {str(s) for s in expression.free_symbols})


def initial_values_are_of_states(model: NeuronModel) -> None:
    """What begins somewhere is a state."""
    states = [*model.neuron_equations.states, *model.synapse_equations.states]
    foreign = sorted(set(model.initial) - set(states))
    if foreign:
        raise SpecError(
            "an initial value of something that is not a state",
            where=f"{model.name}: initial",
            got=", ".join(foreign),
            expected="states of the neuron or of the synapse: " + (", ".join(states) or "there is none"),
            remedy="remove it; subexpressions follow from the states",
        )


def scheme_is_known(model: NeuronModel) -> None:
    """The schemes are among ours."""
    remedy = "exact for linear equations; for others one of the rest"
    one_of(model.scheme, SCHEMES, "scheme", where=f"{model.name}: scheme", remedy=remedy)
    # of a synapse, which Brian2 has to step by itself: symplectic_euler is not Brian2's
    of_synapses = [scheme for scheme in SCHEMES if scheme not in ("symplectic_euler", "heun", "milstein")]
    one_of(model.synapse_scheme, of_synapses, "scheme of synapses", where=f"{model.name}: synapse_scheme", remedy=remedy)


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


def a_delay_is_a_lag(model: NeuronModel) -> None:
    """Spikes that arrive later do so by a time of 0 or more, and where it is learned, by a longest time at most."""
    delay = model.parameters.get(DELAY)
    if delay is None:
        return
    low, high = delay.si_bounds
    if delay.bounds is None:
        low = 0.0  # what it begins with, and every value of it, is looked at where it is used
    got = ""
    if dimensions_of(delay.unit, where=DELAY) is not second.dim:
        got = f"unit {delay.unit!r}"
    elif low < 0.0 or (delay.trainable and not high < float("inf")):
        got = f"bounds of {low:g} to {high:g} s"
    elif str(delay.axes).startswith("time"):
        got = f"axes={delay.axes!r}"
    elif model.takes_values:
        got = f"synapses that read {X_PRE} at every moment"
    if got:
        raise SpecError(
            "this delay can't be one",
            where=f"{model.name}: {DELAY}",
            got=got,
            expected="a time with bounds of 0 s or more, and a longest one where it is learned, at synapses that spikes drive",
            remedy="give unit=ms and bounds such as (0*ms, 20*ms), or leave it out",
        )

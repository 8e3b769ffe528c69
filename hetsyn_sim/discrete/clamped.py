"""The step of a neuron that is held to a recording: its current is given, it is reset where the recorded neuron spiked, and its voltage is
drawn towards the recorded one.

Between resets at given times, everything that a neuron does is smooth in its parameters: this makes a spiking neuron fittable. After every
step v goes a part of the way to the recorded one. So a neuron with wrong parameters stays near it, and the error has no local minima where
spikes lie a period apart (synchronisation: Abarbanel et al. 2009, SIAM J. Appl. Dyn. Syst. 8:1341; an observer of fixed gain). Without
a pull and with its own threshold, the same step is the free neuron.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

import sympy

from ..errors import SpecError, one_of
from ..spec import RESET_FIRST, NeuronModel
from ..spec.equations import symbol
from ..spec.scope import DELAY
from .propagators import exact_step
from .schemes import ACTIVE, STEPPERS, next_name
from .stepping import DISTANCE, SteppedProgram, stepped, synaptic_steps
from .synapses import is_plain
from .tangents import tangent_name, with_tangents
from .tape import Tape, make_tape, where

# Names of ours have a space, which no name in a model's text has.
#: A value per step: the recorded voltage at its end; the part of the way to it that v is drawn then; 1 where the recorded neuron spiked.
RECORDED_V, PULL, RECORDED_SPIKE = "recorded v", "pull", "recorded spike"
#: Constants, between which v is kept while it is drawn: beyond them a neuron with wrong parameters blows up.
LOWEST, HIGHEST = "lowest v", "highest v"
_OURS: Final = {name: symbol(name) for name in (RECORDED_V, RECORDED_SPIKE, PULL, LOWEST, HIGHEST)}


@dataclass(frozen=True)
class ClampedProgram:
    """A step with what a recording has to do with it.

    Attributes
    ----------
    program
        The step. Its sums are what is given from outside, by name: inputs, the recorded voltage, recorded spikes. Spikes of input channels
        make jumps on its states, among which the sums over synapses are now.
    readout
        A tape from states, inputs and constants to v and, if there is a threshold, the distance to it.
    initial
        State -> where it begins, an expression in parameters.
    jumps
        State -> what an input spike adds to it, an expression in parameters.
    parameters
        The names that a value has to be given for, besides dt.
    moving
        What has tangents: states, and parameters with what is made of them.
    """

    program: SteppedProgram
    readout: Tape
    initial: Mapping[str, sympy.Expr]
    jumps: Mapping[str, sympy.Expr]
    parameters: tuple[str, ...]
    moving: frozenset[str] = field(default=frozenset())

    def tangential(self, parameters: Collection[str]) -> ClampedProgram:
        """The same step for a neuron together with its derivative along a direction of ``parameters``.

        Every state ``x`` has a companion ``tangent of x``, and so has every constant that depends on these parameters.
        """
        old = self.program
        entries = {
            name
            for p in old.propagators
            if {str(s) for row in p.rates for e in row for s in e.free_symbols} & {*parameters}
            for name in p.names
        }
        moving = frozenset({*old.states, *parameters, *entries})
        program = replace(
            old,
            states=(*old.states, *map(tangent_name, old.states)),
            frozen=old.frozen | {tangent_name(x) for x in old.frozen},
            advance=with_tangents(old.advance, moving),
            reset=with_tangents(old.reset, moving),
            _constants=old._constants | {tangent_name(x) for x in moving - {*old.states}},
        )
        return replace(self, program=program, readout=with_tangents(self.readout, moving), moving=moving)


@lru_cache(maxsize=64)
def clamped(model: NeuronModel, inputs: tuple[str, ...], *, forced: bool, drawn: bool, driven: bool = False) -> ClampedProgram:
    """The step of a model that is held to a recording.

    Parameters
    ----------
    model
        Its own step order, or one in which resets come before the step.
    inputs
        Parameters of the neuron, or sums over its synapses (``I_syn``), that are given step by step.
    forced
        Whether it spikes where the recorded neuron did, and not where it crosses its threshold.
    drawn
        Whether v is drawn to the recorded one and kept between bounds. For that v has to be a state.
    driven
        Whether input spikes arrive at its synapses. All channels share the synapse's parameters.

    Raises
    ------
    UnknownNameError
        If the neuron has no such input.
    SpecError
        If the scheme does not fit the equations with this input, or input spikes can't act on the synapses.
    """
    allowed = [*model.parameters_of("neuron"), *model.summed]
    for name in inputs:
        one_of(name, allowed, "input", where=model.name, remedy="name what the current or conductance is called in the equations")
    if driven:
        _check_synapses(model)
    whole, block = stepped(model, model.step_order or RESET_FIRST), model.neuron_equations
    synaptic = {f"{s.name}_syn": s for s in (synaptic_steps(model) if driven else ()) if f"{s.name}_syn" in whole.sums}
    synaptic = {total: s for total, s in synaptic.items() if total not in inputs}
    own = {name: _own(s.decay) for name, s in synaptic.items()}
    jumps: dict[str, sympy.Expr] = {}
    for jump in model.on_pre_jumps if driven else ():
        target = f"{jump.target}_syn" if jump.target in model.synapse_equations.states else jump.target.removesuffix("_post")
        if target in synaptic or target in block.states:
            jumps[target] = jumps.get(target, sympy.Integer(0)) + _own(jump.amount)
    silent = {symbol(total): sympy.Integer(0) for total in whole.sums if total not in inputs and total not in synaptic}
    rates = {x: block.expand(rate).subs(silent) for x, rate in block.states.items()}
    made_of = {str(s) for e in (*own.values(), *jumps.values()) for s in e.free_symbols}
    parameters = tuple(
        name for name in model.parameters if (name in model.parameters_of("neuron") or name in made_of) and name not in inputs
    )
    constants = frozenset({"dt", *parameters, LOWEST, HIGHEST})
    if model.scheme == "exact":
        assignments, propagators = exact_step(rates, block.frozen, constants, at=model.name)
    else:
        assignments, propagators = STEPPERS[model.scheme](rates, block.frozen, at=model.name), ()
    assignments = [*assignments, *((next_name(total), symbol(total) * rho) for total, rho in own.items())]
    if drawn:
        after, high, low = symbol(next_name("v")), _OURS[HIGHEST], _OURS[LOWEST]
        pulled = after + _OURS[PULL] * (_OURS[RECORDED_V] - after)
        if "v" in block.frozen:
            pulled = where(ACTIVE, pulled, after)
        # in this order a value that is no number becomes the highest
        for value in (where(after < high, after, high), where(after > low, after, low), pulled):
            assignments.append((next_name("v"), value))
    constants = constants.union(*(p.names for p in propagators))
    states = (*block.states, *own)
    shown = [("read v", block.expand(symbol("v")).subs(silent))]
    if model.condition is not None:
        left, right = (block.expand(side).subs(silent) for side in model.condition)
        shown.append((DISTANCE, left - right))
    threshold = [(DISTANCE, _OURS[RECORDED_SPIKE] - sympy.Rational(1, 2))] if forced else shown[1:]
    resets = [(jump.target, block.expand(jump.after).subs(silent)) for jump in model.reset_jumps]
    program = replace(
        whole,
        states=states,
        sums=(*inputs, *((RECORDED_V, PULL) if drawn else ()), *((RECORDED_SPIKE,) if forced else ())),
        propagators=propagators,
        advance=make_tape(assignments, [next_name(x) for x in states], constants),
        reset=make_tape(resets, states, constants),
        read=make_tape([shown[0], *threshold], [name for name, _ in (shown[0], *threshold)], constants),
        _constants=constants,
    )
    initial = {**model.initial_states, **{total: sympy.Integer(0) for total in own}}
    return ClampedProgram(program, make_tape(shown, [name for name, _ in shown], constants), initial, jumps, parameters)


def _check_synapses(model: NeuronModel) -> None:
    """Raise unless input spikes have something to act on that is a state of the neuron as well as of a synapse."""
    got = "synapses that take values" if model.takes_values else "a model without on_pre" if not model.on_pre_jumps else ""
    if not got and not is_plain(model):
        got = "synapses that are more than filters of their spikes"
    if not got and DELAY in model.parameters:
        got = "synapses with a delay"
    if got:
        raise SpecError(
            "input spikes can't act on this model in a fit",
            where=model.name,
            got=got,
            expected='synapses on which spikes make jumps that decay: on_pre="I += w"',
            remedy="shift the input spikes instead" if "delay" in got else "give the current or the conductance as an input instead",
        )


def _own(expression: sympy.Expr) -> sympy.Expr:
    """A synapse's expression as the neuron's own: a neuron and a single synapse see the same parameters."""
    return expression.subs({s: symbol(str(s).removesuffix("_post")) for s in expression.free_symbols if str(s).endswith("_post")})

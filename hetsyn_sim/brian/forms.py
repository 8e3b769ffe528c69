"""Two ways to write the same synapses in Brian2.

``ode``, the textbook: every synapse has its differential equation, which Brian2 solves exactly, with one exponential per synapse and step.
``fast``: the factor by which a state decays in a step is a parameter of the synapse, computed once; a spike is added to the synapse's state
and to the neuron's sum at once; and one pass per step lets states decay and sums them up. Both are held to ``pytest equivalence/``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol, get_args

import numpy as np
from brian2 import Synapses
from brian2.equations.codestrings import Expression
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER, SUBEXPRESSION, Equations, SingleEquation
from brian2.units.fundamentalunits import DIMENSIONLESS
from numpy.typing import NDArray

from ..errors import TransferError, one_of
from ..spec import NetworkSpec, Projection
from ..spec.derived import Side
from ..spec.values import Array
from .equations import declarations, free_name, renamed, sum_name, sums_in_use, synapse_beginning_code, synapse_equations, synapse_names
from .fused import DecayAndSum, Wipe
from .schedule import SLOT, Schedule, place


class Form(Protocol):
    """How a projection's synapses are written."""

    name: str
    #: Whether Brian2 derives the step of a synapse itself, from differential equations.
    solves_synapses: bool
    #: Whether a sum over synapses changes only when it is taken.
    sums_stand_still: bool

    def check(self, spec: NetworkSpec) -> None:
        """Raise a TransferError if the form can't express a model of the network."""

    def equations(self, spec: NetworkSpec, projection: Projection) -> Equations:
        """The synapse's equations."""

    def on_pre(self, spec: NetworkSpec, projection: Projection) -> str:
        """What a spike does."""

    def own_values(self, spec: NetworkSpec, projection: Projection, values: Mapping[str, Array]) -> dict[str, Array]:
        """Variables of the synapse that are not parameters of the model, each (post, pre)."""

    def schedule(
        self, spec: NetworkSpec, projection: Projection, synapses: Synapses, post: NDArray[np.integer[Any]], at: Schedule, number: int
    ) -> None:
        """Give decay, sums and wiping their places in the step. ``post`` are the synapses' targets, ``number`` is the population's."""


class Ode:
    """Clock-driven differential equations and summed variables: nothing but Brian2, and none of our propagators."""

    name = "ode"
    solves_synapses = True
    sums_stand_still = True

    def check(self, spec: NetworkSpec) -> None:
        """Brian2 says itself what it can't solve."""

    def equations(self, spec: NetworkSpec, projection: Projection) -> Equations:
        return synapse_equations(spec, projection)

    def on_pre(self, spec: NetworkSpec, projection: Projection) -> str:
        return renamed(spec.population(projection.target).model.on_pre, synapse_names(spec, projection))

    def own_values(self, spec: NetworkSpec, projection: Projection, values: Mapping[str, Array]) -> dict[str, Array]:
        return {}

    def schedule(
        self, spec: NetworkSpec, projection: Projection, synapses: Synapses, post: NDArray[np.integer[Any]], at: Schedule, number: int
    ) -> None:
        model, names = spec.population(projection.target).model, synapse_names(spec, projection)
        states = model.synapse_equations.states
        if states:
            place(synapses.state_updater, at.phase("decay"))
        if states and at.recordings:
            code = synapse_beginning_code(model, names)
            synapses.run_regularly(code, clock=synapses.clock, when=SLOT, order=at.wipe_order, name=f"{synapses.name}_wipe")
        for total in sums_in_use(model):
            place(synapses.summed_updaters[f"{sum_name(total, projection)}_post"], at.sums(number))


class Fast:
    """Decays as parameters, sums kept up by the spikes, one pass over memory per step (:mod:`hetsyn_sim.brian.fused`)."""

    name = "fast"
    solves_synapses = False
    sums_stand_still = False

    def check(self, spec: NetworkSpec) -> None:
        # our own propagators: the form ode must do without, so nobody imports them for it
        from ..discrete import is_plain, synaptic_block

        for population in spec.populations:
            got = expected = ""
            if population.model.takes_values:
                got, expected = "synapses that read the output of an analogue source, x_pre", "synapses that spikes drive"
            elif not population.model.spikes_add:
                got, expected = f"on_pre={population.model.on_pre!r}", "spikes that add what is made of parameters"
            elif population.model.synapse_scheme == "exact" and not (block := synaptic_block(population.model)).is_diagonal:
                got, expected = f"coupled synaptic states {', '.join(block.states)}", "synaptic states that decay each on its own"
            elif not is_plain(population.model):
                got, expected = "synapses that are not linear, begin somewhere, or are summed in another way", "states that decay from 0"
            if got:
                raise TransferError(
                    "the form 'fast' can't express this model",
                    where=f"{population.name}: {population.model.name}",
                    got=got,
                    expected=expected,
                    remedy='use form="ode", or rewrite the model in uncoupled states that spikes drive',
                )

    def equations(self, spec: NetworkSpec, projection: Projection) -> Equations:
        model, names = spec.population(projection.target).model, synapse_names(spec, projection)
        lines = []
        for name, equation in Equations(model.synapse).items():
            if equation.type == DIFFERENTIAL_EQUATION:
                lines.append(SingleEquation(PARAMETER, names[name], equation.dim))
                lines.append(SingleEquation(PARAMETER, _decay_name(spec, projection, name), DIMENSIONLESS, flags=["constant"]))
            elif equation.type == SUBEXPRESSION:
                lines.append(SingleEquation(SUBEXPRESSION, names[name], equation.dim, expr=Expression(renamed(equation.expr.code, names))))
        return Equations(lines + declarations(model, "synapse", names))

    def on_pre(self, spec: NetworkSpec, projection: Projection) -> str:
        model, names = spec.population(projection.target).model, synapse_names(spec, projection)
        state_of = {state: total for total, state in sums_in_use(model).items()}
        statements = []
        for jump in model.on_pre_jumps:
            text = renamed(jump.text, names)
            statements.append(text)
            if jump.target in state_of:
                statements.append(text.replace(names[jump.target], f"{sum_name(state_of[jump.target], projection)}_post", 1))
        return "\n".join(statements)

    def own_values(self, spec: NetworkSpec, projection: Projection, values: Mapping[str, Array]) -> dict[str, Array]:
        from ..discrete import evaluate, synapse_values, synaptic_block

        model = spec.population(projection.target).model
        block = synaptic_block(model)
        seen = synapse_values(spec, projection, values)
        shape = (projection.n_post, projection.n_pre)
        return {_decay_name(spec, projection, state): np.broadcast_to(evaluate(block.decay(state), seen), shape) for state in block.states}

    def schedule(
        self, spec: NetworkSpec, projection: Projection, synapses: Synapses, post: NDArray[np.integer[Any]], at: Schedule, number: int
    ) -> None:
        model, names = spec.population(projection.target).model, synapse_names(spec, projection)
        states = list(model.synapse_equations.states)
        if not states:
            return
        totals = {state: f"{sum_name(total, projection)}_post" for total, state in sums_in_use(model).items()}
        for state in states:
            decay, name = _decay_name(spec, projection, state), f"{synapses.name}_decay_and_sum_{state}"
            DecayAndSum(synapses, names[state], decay, totals.get(state), post, order=at.phase("decay"), name=name)
        if at.recordings:
            Wipe(synapses, [names[state] for state in states], list(totals.values()), order=at.wipe_order, name=f"{synapses.name}_wipe")


def _decay_name(spec: NetworkSpec, projection: Projection, state: str) -> str:
    """The synapse's variable that holds the decay of a state: a name that no model on either side uses."""
    models = [spec.population(name).model for name in (projection.source, projection.target) if name != "input"]
    return free_name(f"decay_of_{state}", set[str]().union(*(model.names_of(side) for model in models for side in get_args(Side))))


#: Every form by its name; the textbook first.
FORMS: Mapping[str, Form] = MappingProxyType({form.name: form for form in (Ode(), Fast())})


def find_form(name: str) -> Form:
    """The form called ``name``.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    """
    remedy = "ode is the textbook's, fast the one for many recordings; both are the same network"
    form: Form = one_of(name, FORMS, "form", where="Brian2 simulation", remedy=remedy)
    return form

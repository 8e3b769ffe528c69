"""The step of synapses that are more than filters: what happens within dt, what a spike does there, and what the neuron gets of it.

A synapse whose states decay each on its own, and to which spikes add what parameters say, is a filter of its spikes
(:func:`hetsyn_sim.discrete.synaptic_steps`). For all other synapses this is the step: short-term plasticity, states that are coupled,
equations that are not linear. Nothing that happens at the neuron acts on them, so a projection's synapses can be run ahead of the neurons.

A state that only decays, and to which other states say how much a spike adds, stays a filter: ``I`` in ``I += w*u*x``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

import sympy

from ..errors import SpecError
from ..spec import NeuronModel
from ..spec.equations import symbol
from .linear import coefficients_of
from .propagators import Propagator, coupled, exact_step
from .schemes import STEPPERS, Assignments, next_name
from .tape import Tape, make_tape


@dataclass(frozen=True)
class Part:
    """What a synapse hands on: ``weight``, an expression of parameters, times an output of a tape.

    ``name`` is the neuron's state or the filter that it is added to, or the sum that it is part of.
    """

    name: str
    weight: sympy.Expr
    output: int


@dataclass(frozen=True)
class SynapseProgram:
    """One step of a synapse, as tapes over its states and constants.

    Attributes
    ----------
    states
        Its states, without those that are filters.
    begin
        Where they begin: expressions in what the synapse sees of parameters, as are all that are named constants here.
    filters
        States that only decay -> the part of them that they keep.
    propagators
        Matrix exponentials whose entries are constants of the step.
    advance
        A tape from states and constants to the states after dt, in their order.
    on_pre
        A tape from states and constants to the states after a spike, and on to outputs of ``arrivals``.
    arrivals
        What a spike adds to filters and to the neuron's states.
    read
        A tape from states and constants to outputs of ``sums``.
    sums
        What a synapse is in each sum that the neuron's text uses; sums of filters aside.
    """

    model: NeuronModel
    states: tuple[str, ...]
    begin: Mapping[str, sympy.Expr]
    filters: Mapping[str, sympy.Expr]
    propagators: tuple[Propagator, ...]
    advance: Tape
    on_pre: Tape
    arrivals: tuple[Part, ...]
    read: Tape
    sums: tuple[Part, ...]
    _constants: frozenset[str] = field(repr=False)

    @cached_property
    def constants(self) -> tuple[str, ...]:
        """Names of what does not change from step to step, as far as the tapes read them."""
        used = {name for tape in (self.advance, self.on_pre, self.read) for name in tape.inputs}
        return tuple(sorted(used & self._constants))


@dataclass(frozen=True)
class Mode:
    """One of the exponentials that a sum over synapses is made of: a spike adds ``weight``, of which a step leaves ``decay``."""

    name: str
    weight: sympy.Expr
    decay: sympy.Expr


@dataclass(frozen=True)
class Exponentials:
    """Synapses whose sums are exponentials though their states are coupled: double exponentials, as differences of two.

    Attributes
    ----------
    modes
        Of all sums together.
    jumps
        State of the neuron -> what a spike adds to it.
    apart
        State that is driven, the state that drives it, by how much more than a step their rates have to differ, and the factor by which
        both exponentials are larger than the driving state: digits are lost in proportion.
    """

    modes: tuple[Mode, ...]
    jumps: Mapping[str, sympy.Expr]
    apart: tuple[tuple[str, str, sympy.Expr, sympy.Expr], ...]


#: Rates that differ by less than this per step make a difference of exponentials in which too many digits are lost.
APART: Final = 0.02


@lru_cache(maxsize=256)
def is_plain(model: NeuronModel) -> bool:
    """Whether a model's synapses are filters of what arrives, so that their states need not be stepped."""
    if model.takes_values:
        return True
    if model.synapse_scheme != "exact" or not model.spikes_add or model.summed_expressions:
        return False
    if any(value != 0 for value in model.initial_synapse_states.values()):
        return False
    rates = _rates(model)
    return all(_own_rate(x, rates) is not None for x in rates)


@lru_cache(maxsize=256)
def synapse_program(model: NeuronModel) -> SynapseProgram:
    """The step of a model's synapses.

    Raises
    ------
    SpecError
        If the scheme does not fit the equations.
    """
    block, rates = model.synapse_equations, _rates(model)
    constants = {"dt", *model.parameters_of("synapse"), *(f"{name}_post" for name in model.parameters_of("neuron"))}
    jumps = [(jump, block.expand(jump.expression)) for jump in model.on_pre_jumps]
    filters = {x: sympy.exp(rate * symbol("dt")) for x in rates if (rate := _own_rate(x, rates)) is not None and _is_filter(model, x)}
    states = tuple(x for x in rates if x not in filters)
    moving = [symbol(x) for x in (*states, *model.on_pre_locals)]
    assignments, propagators = _advance(model, {x: rates[x] for x in states}, constants)
    names = constants.union(*(p.names for p in propagators))

    statements: Assignments = []
    arrivals: list[Part] = []
    for k, (jump, expression) in enumerate(jumps):
        if jump.target in states:
            statements.append((jump.target, block.expand(jump.after)))
            continue
        if jump.target in model.on_pre_locals:
            statements.append((jump.target, expression))
            continue
        weight, rest = (expression if jump.operator == "+=" else -expression).as_independent(*moving, as_Add=False)
        statements.append((f"arrival {k}", rest))
        arrivals.append(Part(jump.target.removesuffix("_post"), weight, len(states) + len(arrivals)))
    outputs = [name for name, _ in statements if " " in name]  # as no name of a model has
    reads: Assignments = []
    sums: list[Part] = []
    for name, expression in ({x: symbol(x) for x in states} | model.summed_expressions).items():
        if f"{name}_syn" not in sums_read(model):
            continue
        weight, rest = expression.as_independent(*moving, as_Add=False)
        sums.append(Part(f"{name}_syn", weight, len(sums)))
        reads.append((f"sum of {name}", rest))
    return SynapseProgram(
        model,
        states,
        {x: model.initial_synapse_states[x] for x in states},
        filters,
        propagators,
        make_tape(assignments, [next_name(x) for x in states], names),
        make_tape(statements, [*states, *outputs], names),
        tuple(arrivals),
        make_tape(reads, [name for name, _ in reads], names),
        tuple(sums),
        frozenset(names),
    )


@lru_cache(maxsize=256)
def exponentials(model: NeuronModel) -> Exponentials | None:
    """The exponentials of a model's sums; None if they are not, or if two of them have the same decay whatever the parameters are."""
    if model.synapse_scheme != "exact" or not model.spikes_add or model.summed_expressions or any(model.initial_synapse_states.values()):
        return None
    rates, dt = _rates(model), symbol("dt")
    own = [symbol(x) for x in rates]
    rows = {x: coefficients_of(rate, own, where=f"{model.name}: synapse: d{x}/dt") for x, rate in rates.items()}
    if any(rest != 0 or set[sympy.Basic]().union(*(c.free_symbols for c in row)) & set(own) for row, rest in rows.values()):
        return None
    added: dict[str, sympy.Expr] = {}
    for jump in model.on_pre_jumps:
        name = jump.target.removesuffix("_post")
        added[name] = added.get(name, sympy.Integer(0)) + model.synapse_equations.expand(jump.amount)
    modes: list[Mode] = []
    apart = []
    for total in sums_read(model):
        x = total.removesuffix("_syn")
        rate = dict(zip(rates, rows[x][0], strict=True))
        a, drivers = rate.pop(x), {y: c for y, c in rate.items() if c != 0}
        direct = added.get(x, sympy.Integer(0))
        if not drivers:
            modes.append(Mode(total, direct, sympy.exp(a * dt)))
            continue
        (y, c), *others = drivers.items()
        b = _own_rate(y, rates)
        if others or b is None or sympy.simplify(a - b) == 0:
            return None
        ratio = c / (a - b)
        driven = ratio * added.get(y, sympy.Integer(0))
        modes += [Mode(total, direct + driven, sympy.exp(a * dt)), Mode(total, -driven, sympy.exp(b * dt))]
        apart.append((x, y, (a - b) * dt, ratio))
    on_neuron = {name: amount for name, amount in added.items() if name not in rates}
    return Exponentials(tuple(mode for mode in modes if mode.weight != 0), on_neuron, tuple(apart))


def sums_read(model: NeuronModel) -> tuple[str, ...]:
    """The synaptic sums that the neuron's text uses."""
    used = {str(s) for _, e, side in model.expressions() if side == "neuron" for s in e.free_symbols}
    return tuple(total for total in model.summed if total in used)


def _rates(model: NeuronModel) -> dict[str, sympy.Expr]:
    block = model.synapse_equations
    return {x: block.expand(rate) for x, rate in block.states.items()}


def _own_rate(x: str, rates: Mapping[str, sympy.Expr]) -> sympy.Expr | None:
    """The rate of a state that decays on its own; None of others."""
    own = {symbol(y) for y in rates}
    rate = sympy.expand(rates[x] / symbol(x))
    return None if rate.free_symbols & own else sympy.diff(rates[x], symbol(x))


def _is_filter(model: NeuronModel, x: str) -> bool:
    """Whether nothing reads a state but its sum, and spikes only add to it: the rest of the synapse does not need it."""
    if model.synapse_scheme != "exact" or model.initial_synapse_states[x] != 0:
        return False
    block, own = model.synapse_equations, symbol(x)
    read = [rate for y, rate in _rates(model).items() if y != x] + list(model.summed_expressions.values())
    read += [block.expand(jump.expression) for jump in model.on_pre_jumps]
    return not any(own in e.free_symbols for e in read) and all(jump.is_additive for jump in model.on_pre_jumps if jump.target == x)


def _advance(model: NeuronModel, rates: Mapping[str, sympy.Expr], constants: set[str]) -> tuple[Assignments, tuple[Propagator, ...]]:
    at = f"{model.name}: synapse"
    if model.synapse_scheme != "exact":
        return STEPPERS[model.synapse_scheme](rates, frozenset(), at=at), ()
    try:
        cascades = _cascades(rates, constants, at=at)
        rest = {x: rate for x, rate in rates.items() if x not in cascades}
        assignments, propagators = exact_step(rest, frozenset(), constants, at=at)
    except SpecError as error:
        raise SpecError(
            "the equations of a synapse are not linear",
            where=error.where,
            got=error.got,
            expected='linear equations, with rates of parameters, for synapse_scheme="exact"',
            remedy='name a scheme that takes any equation: synapse_scheme="exponential_euler", "rk2", "rk4" or "euler"',
        ) from error
    return [*assignments, *((next_name(x), after) for x, after in cascades.items())], propagators


def _cascades(rates: Mapping[str, sympy.Expr], constants: set[str], *, at: str) -> dict[str, sympy.Expr]:
    """States after dt of every two of which one drives the other, and nothing drives that: alpha functions, double exponentials.

    Of ``x' = a x + c y``, ``y' = b y``: what comes of y is ``c dt exp(m dt) exprel(-|a - b| dt)``, m the larger of a and b. No digits are
    lost where a and b are close, nothing overflows where they are not, and its derivatives are right where they are equal.
    """
    names, dt = tuple(rates), symbol("dt")
    symbols = [symbol(x) for x in names]
    rows = {x: coefficients_of(rate, symbols, where=f"{at}: d{x}/dt") for x, rate in rates.items()}
    known = {symbol(name) for name in constants}
    found: dict[str, sympy.Expr] = {}
    for group in coupled(names, {x: row for x, (row, _) in rows.items()}):
        if len(group) != 2 or any(rows[x][1] != 0 or set().union(*(e.free_symbols for e in rows[x][0])) - known for x in group):
            continue
        for x, y in (group, group[::-1]):
            a, c = (rows[x][0][names.index(name)] for name in (x, y))
            back, b = (rows[y][0][names.index(name)] for name in (x, y))
            if back == 0:
                apart = sympy.Abs(sympy.simplify(a - b))
                shape = 1 if apart == 0 else sympy.Function("exprel")(-apart * dt)
                driven = c * dt * sympy.exp((a + b + apart) / 2 * dt) * shape
                found |= {x: sympy.exp(a * dt) * symbol(x) + driven * symbol(y), y: sympy.exp(b * dt) * symbol(y)}
                break
    return found

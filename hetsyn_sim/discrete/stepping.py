"""The step of any neuron model, as assignments: what the neuron's equations, resets and threshold do, one after the other.

Where v is a sum of exponentially filtered events, :func:`hetsyn_sim.discrete.discretise` says so, and no step has to be taken one by one.
For all other models this is the step. Time is laid out as in :class:`hetsyn_sim.spec.StepOrder`; what it does not say is said here:

- A recording begins with its first input: in its first step nothing has decayed yet, and the states have their initial values.
- Differential equations see sums over synapses, and an analogue source's output, as they were taken last: in the step before.
- A time course is seen as it is at the time of the step that is taken.
- Noise ``xi`` is a number of each step, neuron and recording (:mod:`hetsyn_sim.discrete.noise`), over the root of dt.
- While a neuron is refractory it does not spike, and its frozen states neither move nor take jumps, except the reset's. A period of k steps
  ends in the k-th step after the spike, before that step's decay (Brian2's ``timestep``).
- A neuron that spikes where it crosses is ready again in the decay of the first step after its condition was false.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final

import numpy as np
import sympy
from numpy.typing import NDArray

from ..errors import SpecError
from ..spec import DEFAULT_STEP_ORDER, NeuronModel, StepOrder
from ..spec.equations import X_PRE, symbol
from .linear import coefficients_of
from .program import discretise, evaluate
from .propagators import Propagator, exact_step
from .schemes import ACTIVE, STEPPERS, Assignments, next_name
from .synapses import SynapseProgram, is_plain, sums_read, synapse_program
from .tape import Tape, make_tape, where

#: How far the neuron is above its threshold; what it hands on, if that is a value.
DISTANCE, OUTPUT = "distance to threshold", "graded output"
#: Steps since the last spike of a neuron that never spiked: longer than any recording, and half of what fits, so counting on is safe.
NEVER: Final = np.iinfo(np.int64).max // 2


@dataclass(frozen=True)
class SynapticStep:
    """What a synapse carries, step by step: ``decay`` of it is kept, and ``drive`` times the output of an analogue source is added.

    Expressions in the synapse's parameters and, with the suffix ``_post``, the neuron's. ``held`` says that the drive is by the output as
    it was in the step before, as for every differential equation; otherwise it is this step's. Presynaptic spikes come on top.
    """

    name: str
    decay: sympy.Expr
    drive: sympy.Expr | None
    held: bool


@dataclass(frozen=True)
class SteppedProgram:
    """One step of a neuron model on a grid, as tapes over states, sums and constants."""

    #: What it was made from.
    model: NeuronModel
    step_order: StepOrder
    #: The neuron's states. ``frozen`` are those that stand still while it is refractory.
    states: tuple[str, ...]
    frozen: frozenset[str]
    #: The synaptic sums that the neuron's text uses, the noise, and the time courses: a number for each neuron and step that decay sees.
    sums: tuple[str, ...]
    noise: tuple[str, ...]
    time_courses: tuple[str, ...]
    #: Matrix exponentials whose entries are constants of the step.
    propagators: tuple[Propagator, ...]
    #: A tape from states, sums, ``active`` and constants to the states after dt, in the order of ``states``.
    advance: Tape
    #: A tape from states, sums and constants to the states after a spike.
    reset: Tape
    #: A tape from states, sums and constants to v, then the distance to the threshold if there is one, then the output if it is graded.
    read: Tape
    _constants: frozenset[str] = field(repr=False)

    @cached_property
    def constants(self) -> tuple[str, ...]:
        """Names of what does not change from step to step: parameters, dt and the entries of propagators, as far as tapes read them."""
        used = {name for tape in (self.advance, self.reset, self.read) for name in tape.inputs}
        return tuple(sorted(used & self._constants))

    @property
    def spiking(self) -> bool:
        """Whether it has a threshold."""
        return self.model.spiking

    @cached_property
    def reset_states(self) -> frozenset[str]:
        """The states that a spike changes."""
        outputs = zip(self.states, (self.reset.nodes[place] for place in self.reset.outputs), strict=True)
        return frozenset(state for state, node in outputs if (node.op, node.value) != ("symbol", state))

    @property
    def synapses(self) -> tuple[SynapticStep, ...]:
        """What its synapses carry, one for every sum that the neuron may see; none where they are stepped by a program of their own."""
        return synaptic_steps(self.model) if self.synapse is None else ()

    @cached_property
    def synapse(self) -> SynapseProgram | None:
        """The step of its synapses, where they are more than filters of what arrives."""
        return None if is_plain(self.model) else synapse_program(self.model)

    @cached_property
    def distances(self) -> tuple[sympy.Expr, ...]:
        """Distances to the threshold, expressions in parameters: from where v begins, and from where a spike leaves it.

        Where v has a unit, the largest of them in a population counts as 1 for a surrogate derivative. It can't be each neuron's own:
        one that begins near its threshold would have a gradient without bounds. Empty where v has no unit: there 1 is 1.
        """
        if self.model.dimensions()["v"].is_dimensionless:
            return ()
        left, right = self._condition_at_rest
        after = [jump.after for jump in self.model.reset_jumps if jump.target == "v"]
        at_threshold = self._rest | {symbol("v"): right}
        return (right - left, *(right - value.subs(at_threshold, simultaneous=True) for value in after))

    @cached_property
    def theta(self) -> sympy.Expr:
        """The threshold at rest, an expression in parameters."""
        return self._condition_at_rest[1]

    @property
    def _condition_at_rest(self) -> tuple[sympy.Expr, sympy.Expr]:
        """The two sides of the threshold where a recording begins, expressions in parameters."""
        model = self.model
        assert model.condition is not None
        left, right = (model.neuron_equations.expand(side).subs(self._rest, simultaneous=True) for side in model.condition)
        return left, right

    @property
    def _rest(self) -> dict[sympy.Symbol, sympy.Expr]:
        model = self.model
        return {symbol(s): e for s, e in model.initial_states.items()} | {symbol(s): sympy.Integer(0) for s in model.summed}


@lru_cache(maxsize=256)
def is_linear(model: NeuronModel, step_order: StepOrder | None = None) -> bool:
    """Whether v is a sum of events that linear equations, coupled or not, carry on: what :func:`discretise` takes."""
    if (
        model.scheme != "exact"
        or model.refractory
        or model.output
        or model.takes_values
        or any(model.initial.values())
        or model.time_courses
        or model.poisson
    ):
        return False
    if not all(jump.is_additive for jump in model.reset_jumps):
        return False
    try:
        discretise(model, step_order)
    except SpecError:
        return False
    return True


def is_filter(model: NeuronModel, step_order: StepOrder | None = None) -> bool:
    """Whether v is a sum of exponentially filtered events, so that the step need not be taken one by one."""
    return is_linear(model, step_order) and discretise(model, step_order).is_diagonal


@lru_cache(maxsize=256)
def stepped(model: NeuronModel, step_order: StepOrder | None = None) -> SteppedProgram:
    """The step of a model in its scheme.

    Raises
    ------
    SpecError
        If a scheme does not fit the equations, of the neuron or of its synapses, or a synapse is active without its analogue source.
    """
    block = model.neuron_equations
    (synaptic_steps if is_plain(model) else synapse_program)(model)  # refuses what has no step
    rates = {x: block.expand(e) for x, e in block.states.items()}
    parameters = {"dt", *model.parameters_of("neuron")} - {*model.time_courses}
    propagators: tuple[Propagator, ...] = ()
    if model.scheme == "exact":
        assignments, propagators = exact_step(rates, block.frozen, parameters, at=model.name)
    else:
        assignments = STEPPERS[model.scheme](rates, block.frozen, at=model.name)
    for name, weight in model.weights_of_events.items():  # what comes of them is there when the state has made its step
        x = model.random_events[name].target
        stepped_x = symbol(next_name(x))
        moved = stepped_x + weight * symbol(name)
        assignments.append((next_name(x), where(ACTIVE, moved, stepped_x) if x in block.frozen else moved))
    constants = frozenset(parameters.union(*(p.names for p in propagators)))
    states = tuple(block.states)
    advance = make_tape(assignments, [next_name(x) for x in states], constants)
    resets: Assignments = [(jump.target, block.expand(jump.after)) for jump in model.reset_jumps]
    outputs: Assignments = [("read v", block.expand(symbol("v")))]
    if model.condition is not None:
        left, right = (block.expand(side) for side in model.condition)
        outputs.append((DISTANCE, left - right))
    if model.output:
        outputs.append((OUTPUT, block.expand(symbol(model.output))))
    return SteppedProgram(
        model,
        step_order or model.step_order or DEFAULT_STEP_ORDER,
        states,
        block.frozen,
        sums_read(model),
        model.noise,
        model.time_courses,
        propagators,
        advance,
        make_tape(resets, states, constants),
        make_tape(outputs, [name for name, _ in outputs], constants),
        constants,
    )


@lru_cache(maxsize=256)
def synaptic_steps(model: NeuronModel) -> tuple[SynapticStep, ...]:
    """The steps of what the neuron sums over its synapses, in the order of ``model.summed``.

    Raises
    ------
    SpecError
        If the states of a synapse do not decay each on its own, or a synapse is active without its source.
    """
    block, found = model.synapse_equations, []
    own = [symbol(x) for x in block.states]
    for x, rate in block.states.items():
        where = f"{model.name}: synapse: d{x}/dt"
        rates, rest = coefficients_of(block.expand(rate), own, where=where)
        (gain,), alone = coefficients_of(rest, [symbol(X_PRE)], where=where)
        a = rates[own.index(symbol(x))]
        if any(rate != 0 for y, rate in zip(own, rates, strict=True) if y != symbol(x)):
            raise SpecError(
                "the states of a synapse are coupled",
                where=where,
                got=str(rate),
                expected="states that decay each on its own",
                remedy="give the neuron these states, one set for each kind of synapse, and let spikes jump on them",
            )
        _check_silent(alone, where=where)
        dt = symbol("dt")
        drive = dt * gain if a == 0 else gain * sympy.Function("expm1")(a * dt) / a
        found.append(SynapticStep(x, sympy.exp(a * dt), None if gain == 0 else drive, held=True))
    for name, expression in model.analogue.items():
        where = f"{model.name}: synapse: {name}"
        (gain,), alone = coefficients_of(expression, [symbol(X_PRE)], where=where)
        _check_silent(alone, where=where)
        found.append(SynapticStep(name, sympy.Integer(0), gain, held=False))
    return tuple(found)


def constants_of(program: SteppedProgram, values: Mapping[str, Any]) -> dict[str, Any]:
    """The constants of a step with NumPy, each of shape (post,) or (), from dt and the neuron's parameters."""
    found = {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}
    for propagator in program.propagators:
        found |= propagator.evaluate(values)
    return {name: found[name] for name in program.constants}


def refractory_steps(program: SteppedProgram, values: Mapping[str, Any]) -> NDArray[np.float64] | None:
    """After how many steps a neuron is ready again. None if it is never refractory for a time."""
    period = program.model.refractory_period
    if period is None:
        return None
    dt = float(values["dt"])
    # As Brian2's timestep() rounds: a thousandth of a step on top, so that a period of 3 dt is 3 steps however dt is rounded.
    steps: NDArray[np.float64] = np.floor((np.asarray(evaluate(period, values), dtype=np.float64) + 1e-3 * dt) / dt)
    return steps


def _check_silent(alone: sympy.Expr, *, where: str) -> None:
    if alone != 0:
        raise SpecError(
            "a synapse is active without its source",
            where=where,
            got=f"the term {alone}",
            expected="something times a state of the synapse, or times x_pre",
            remedy="put what does not come from the source into the neuron's equations",
        )

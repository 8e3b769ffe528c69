"""From continuous time to one step: what a step does to a neuron, as expressions in its parameters and dt.

Nothing is approximated: a linear equation's step over dt is an exponential. Nothing is numeric either: the same program is evaluated
with NumPy by the reference interpreter and with torch by the layers, where it is differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import sympy

from ..errors import SpecError
from ..spec import DEFAULT_STEP_ORDER, NeuronModel, StepOrder
from ..spec.equations import Jump, ParsedEquations, symbol
from .linear import LinearBlock, coefficients_of, tidy
from .operations import NUMPY
from .tape import run_tape, tape_of


@dataclass(frozen=True)
class Path:
    """How an event reaches v: it adds ``amplitude`` to ``state``, which keeps ``decay`` of itself per step and enters v times ``gain``.

    For synaptic paths the expressions see the synapse's parameters and, with the suffix ``_post``, the neuron's; for reset paths the
    neuron's.
    """

    state: str
    amplitude: sympy.Expr
    decay: sympy.Expr
    gain: sympy.Expr

    @cached_property
    def size(self) -> sympy.Expr:
        """What the event adds to v."""
        return self.gain * self.amplitude


@dataclass(frozen=True)
class StepProgram:
    """One step of a neuron model on a grid."""

    #: What it was made from.
    model: NeuronModel
    step_order: StepOrder
    #: The linear blocks of both sides.
    synapse: LinearBlock
    neuron: LinearBlock
    #: v as a sum of the synaptic sums (by synaptic state) and of the neuron's states, each times a gain.
    v_of_sums: Mapping[str, sympy.Expr]
    v_of_states: Mapping[str, sympy.Expr]
    #: The neuron spikes if v is above this. None for a readout.
    theta: sympy.Expr | None

    @property
    def is_diagonal(self) -> bool:
        """Whether every state decays on its own, so that v is a sum of exponentially filtered events."""
        return self.synapse.is_diagonal and self.neuron.is_diagonal

    @cached_property
    def synaptic_paths(self) -> tuple[Path, ...]:
        """The paths from a presynaptic spike to v."""
        return tuple(self._path(jump) for jump in self.model.on_pre_jumps)

    @cached_property
    def reset_paths(self) -> tuple[Path, ...]:
        """The paths from the neuron's own spike to v."""
        return tuple(self._path(jump) for jump in self.model.reset_jumps)

    def _path(self, jump: Jump) -> Path:
        on_synapse = jump in self.model.on_pre_jumps
        if on_synapse and jump.target in self.synapse.states:
            return Path(jump.target, jump.amount, self.synapse.decay(jump.target), at_synapse(self.v_of_sums[jump.target]))
        state = jump.target.removesuffix("_post") if on_synapse else jump.target
        decay, gain = self.neuron.decay(state), self.v_of_states[state]
        return Path(state, jump.amount, at_synapse(decay) if on_synapse else decay, at_synapse(gain) if on_synapse else gain)


@lru_cache(maxsize=256)
def synaptic_block(model: NeuronModel) -> LinearBlock:
    """The linear block of a synapse's states alone, whatever the neuron makes of their sums.

    Raises
    ------
    SpecError
        If the synapse's dynamics are not linear.
    """
    return _block(model, "synapse", model.synapse_equations)


def _block(model: NeuronModel, side: str, block: ParsedEquations) -> LinearBlock:
    constants = {"dt", *model.parameters, *(f"{n}_post" for n in model.parameters)}
    return LinearBlock.from_states({n: block.expand(e) for n, e in block.states.items()}, constants, where=f"{model.name}: {side}")


@lru_cache(maxsize=256)
def discretise(model: NeuronModel, step_order: StepOrder | None = None) -> StepProgram:
    """The exact step of a model with linear dynamics. The value of dt enters when the program is evaluated.

    Models and programs never change, so each is made once.

    Raises
    ------
    SpecError
        If the dynamics are not linear, if v or the threshold are not linear in the states, if the threshold depends on a state other than
        through v, or if what a presynaptic spike does depends on the synapse's states.
    """
    where = model.name
    if not model.spikes_add or model.synapse_scheme != "exact" or model.summed_expressions:
        raise SpecError(
            "the synapses are not linear",
            where=f"{where}: synapse",
            got=f"on_pre={model.on_pre!r}, synapse_scheme={model.synapse_scheme!r}",
            expected="spikes that add what is made of parameters to states with linear equations, which the neuron sums",
            remedy="take its step as a program, hetsyn_sim.discrete.stepped, which any model has",
        )
    synapse, neuron = synaptic_block(model), _block(model, "neuron", model.neuron_equations)
    names = [*model.summed, *neuron.states]
    symbols = [symbol(n) for n in names]
    v = model.neuron_equations.expand(symbol("v"))
    gains, offset = coefficients_of(v, symbols, where=f"{where}: v")
    if offset != 0:
        raise SpecError(
            "v has a constant part",
            where=f"{where}: v",
            got=str(offset),
            expected="v = 0 for a neuron that nothing has reached",
            remedy="measure v from rest, and shift the threshold instead",
        )
    theta = None
    if model.condition is not None:
        left, right = (model.neuron_equations.expand(side) for side in model.condition)
        theta = tidy(v - (left - right))
        if theta.free_symbols & set(symbols):
            raise SpecError(
                "the threshold is not a threshold of v",
                where=f"{where}: threshold",
                got=model.threshold,
                expected='"v > " and an expression of parameters',
                remedy="subtract what moves the threshold from v: v = u - J_a with v > theta is u > theta + J_a",
            )
    by_name = dict(zip(names, gains, strict=True))
    return StepProgram(
        model,
        step_order or model.step_order or DEFAULT_STEP_ORDER,
        synapse,
        neuron,
        {n: by_name[f"{n}_syn"] for n in synapse.states},
        {n: by_name[n] for n in neuron.states},
        theta,
    )


def evaluate(expression: sympy.Expr, values: Mapping[str, Any], operations: Mapping[str, Callable[..., Any]] = NUMPY) -> Any:
    """The value of an expression, with NumPy or, if ``operations`` are torch's, with torch.

    ``values`` are arrays that broadcast against each other, in SI units; ``dt`` among them.
    """
    tape = tape_of(expression)
    seen = {name: np.float64(values[name]) if isinstance(values[name], float) else values[name] for name in tape.inputs}
    with np.errstate(divide="ignore"):  # tau = 0 is a decay of exactly 0
        return run_tape(tape, seen, operations)[0]


def at_synapse(expression: sympy.Expr) -> sympy.Expr:
    """A neuron's expression as the synapse sees it: every name but dt gets the suffix ``_post``."""
    return expression.subs({s: symbol(f"{s}_post") for s in expression.free_symbols if str(s) != "dt"}, simultaneous=True)

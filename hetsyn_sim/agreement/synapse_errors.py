"""How far rounding can move synapses that are stepped, and what they hand on to their neurons.

Along the path that the reference takes, each operation of a step adds its rounding, and a difference that a state has already travels on
through the step's slopes: running error analysis to first order (:mod:`hetsyn_sim.agreement.rounding`), each synapse by itself, with the
sizes of all errors added up whatever their signs. In units of roundoff.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import sympy
from numpy.typing import NDArray

from ..discrete import SynapseProgram, evaluate
from ..discrete.reference_synapses import ReferenceSynapses
from ..discrete.synapses import APART, exponentials
from ..discrete.tape import Tape, run_tape
from .rounding import ROUNDED, Rounded

Array = NDArray[np.float64]


class SynapseErrors:
    """The errors of one projection's synapses, beside the reference that moves their states.

    Parameters
    ----------
    program
        Their step.
    synapses
        The reference's; each method has to be called before the reference takes the same part of a step.
    constant_error
        Units of roundoff in a constant of the step.
    """

    def __init__(self, program: SynapseProgram, synapses: ReferenceSynapses, constant_error: float) -> None:
        self.program, self.synapses, self.constant_error = program, synapses, constant_error
        constants = dict(synapses.values)
        for propagator in program.propagators:
            constants |= propagator.evaluate(synapses.values)
        self.constants = {x: Rounded(c, 0.0, constant_error * np.abs(c)) for x, c in constants.items()}
        #: Steps so far; and the driven state, the driving one and the factor of modes that PyTorch may sum up instead of their states.
        self.n_steps, self.modes = 0, _modes(synapses)
        #: State -> its error at every synapse, (run, post, pre). Where it begins, an expression is rounded.
        self.errors: dict[str, Array] = {x: constant_error * np.abs(value) for x, value in synapses.states.items()}

    def _run(self, tape: Tape) -> list[tuple[Array, Array]]:
        """Each output, (run, post, pre), and its error."""
        states = self.program.states
        shape = next(iter(self.errors.values())).shape
        seen = {}
        for k, x in enumerate(states):
            slopes = np.zeros((len(states), *shape))
            slopes[k] = 1.0
            seen[x] = Rounded(self.synapses.states[x], slopes, 0.0)
        with np.errstate(all="ignore"):
            outputs = run_tape(tape, {**self.constants, **seen}, ROUNDED)
        found = []
        for y in outputs:
            # the slope as a whole: of u + U*(1 - u) it is 1 - U, while u and U*(1 - u) by themselves would add up to 1 + U
            slopes = np.broadcast_to(y.slopes, (len(states), *shape))
            travelled = [np.abs(slope) * self.errors[x] for x, slope in zip(states, slopes, strict=True)]
            found.append((np.broadcast_to(y.value, shape), np.broadcast_to(y.error + sum(travelled), shape)))
        return found

    def _weight(self, weight: sympy.Expr) -> Array:
        size: Array = np.abs(np.asarray(evaluate(weight, self.synapses.values), dtype=np.float64)) * self.synapses.connected
        return size

    def decay(self) -> None:
        """Time goes on by dt."""
        self.n_steps += 1
        after = {x: error for x, (_, error) in zip(self.program.states, self._run(self.program.advance), strict=True)}
        for x, keeps in self.program.filters.items():
            rho = np.abs(np.asarray(evaluate(keeps, self.synapses.values)))
            after[x] = rho * self.errors[x] + (self.constant_error + 1.0) * rho * np.abs(self.synapses.states[x])
        self.errors = after

    def deliver(self, source: Array) -> dict[str, tuple[Array, Array]]:
        """Spikes (run, post or 1, pre) arrive; the neuron's states with the size of what is added and its error, (run, post)."""
        arrived = source > 0
        outputs = self._run(self.program.on_pre)
        added: dict[str, tuple[Array, Array]] = {}
        for part in self.program.arrivals:
            weight, (handed, of_handed) = self._weight(part.weight), outputs[part.output]
            size = np.where(arrived, weight * np.abs(handed), 0.0)
            error = np.where(arrived, weight * of_handed, 0.0) + (self.constant_error + 1.0) * size
            if part.name in self.program.filters:
                self.errors[part.name] = self.errors[part.name] + error + size + np.abs(self.synapses.states[part.name]) * arrived
            else:
                before = added.get(part.name, (np.zeros(1), np.zeros(1)))
                added[part.name] = before[0] + size.sum(axis=-1), before[1] + error.sum(axis=-1)
        for x, (_, after) in zip(self.program.states, outputs, strict=False):
            self.errors[x] = np.where(arrived, after, self.errors[x])
        return added

    def total(self, name: str) -> tuple[Array, Array]:
        """The sum of sizes of a state or subexpression over a neuron's synapses, and of its errors, (run, post)."""
        if name in self.program.filters:
            return np.abs(self.synapses.states[name]).sum(axis=-1), self.errors[name].sum(axis=-1)
        part = next((part for part in self.program.sums if part.name == f"{name}_syn"), None)
        if part is None:  # the neuron does not read it
            return np.zeros(1), np.zeros(1)
        weight, (read, of_read) = self._weight(part.weight), self._run(self.program.read)[part.output]
        size = weight * np.abs(read)
        for x, y, factor in self.modes:
            if x == name:  # a difference of two exponentials, each rounded by itself: as any sum of decaying events
                of_read = of_read + (3 * self.n_steps + 2 * self.constant_error) * 2.0 * factor * np.abs(self.synapses.states[y])
        return size.sum(axis=-1), (weight * of_read + (self.constant_error + 1.0) * size).sum(axis=-1)


def _modes(synapses: ReferenceSynapses) -> list[tuple[str, str, Array]]:
    found = exponentials(synapses.model)
    sizes = []
    for x, y, apart, ratio in () if found is None else found.apart:
        away, factor = (np.abs(np.asarray(evaluate(e, synapses.values), dtype=np.float64)) for e in (apart, ratio))
        sizes.append((x, y, np.where(away >= APART, factor, 0.0)))
    return sizes


def of_projections(
    programs: SynapseProgram | None, synapses: Mapping[str, ReferenceSynapses], constant_error: float
) -> dict[str, SynapseErrors]:
    """The errors of every projection whose synapses are stepped, by its kind."""
    return {} if programs is None else {kind: SynapseErrors(programs, s, constant_error) for kind, s in synapses.items()}

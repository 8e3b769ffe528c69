"""The reference interpreter's synapses that are more than filters: every state of every synapse, statement by statement as in the text.

It knows nothing of :mod:`hetsyn_sim.discrete.synapses`: linear equations are stepped by the exponential of their whole matrix.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import sympy
from numpy.typing import NDArray
from scipy.linalg import expm

from ..spec import NeuronModel
from ..spec.equations import symbol
from .program import evaluate
from .schemes import STEPPERS, next_name

Array = NDArray[np.float64]


class ReferenceSynapses:
    """The synapses of one projection in a batch of runs.

    Parameters
    ----------
    model
        What they are.
    values
        dt and parameters, as a synapse sees them: each of shape (post, pre), (post, 1) or ().
    connected
        1 where there is a synapse, (post, pre).
    n_runs
        Size of the batch.
    """

    def __init__(self, model: NeuronModel, values: Mapping[str, Array], connected: Array, n_runs: int) -> None:
        self.model, self.values, self.connected = model, dict(values), connected
        self.block = model.synapse_equations
        shape = (n_runs, *connected.shape)
        begin = {x: evaluate(e, self.values) for x, e in model.initial_synapse_states.items()}
        #: State -> its value at every synapse, (batch, post, pre).
        self.states: dict[str, Array] = {x: np.broadcast_to(begin[x], shape).copy() for x in self.block.states}
        self.rates = {x: self.block.expand(rate) for x, rate in self.block.states.items()}
        exact = model.synapse_scheme == "exact"
        self.propagator = self._propagator() if exact else None
        self.assignments = [] if exact else STEPPERS[model.synapse_scheme](self.rates, frozenset(), at=model.name)
        # what a spike does: target, what is added to the neuron's or what the synapse's own becomes
        own = {*self.states, *model.on_pre_locals}
        self.statements = [(j.target, self.block.expand(j.after if j.target in own else j.amount)) for j in model.on_pre_jumps]

    def _now(self, expression: sympy.Expr, known: Mapping[str, Array] = MappingProxyType({})) -> Array:
        with np.errstate(all="ignore"):  # what overflows shows in the traces
            return np.broadcast_to(evaluate(expression, {**self.values, **self.states, **known}), self._shape)

    @property
    def _shape(self) -> tuple[int, ...]:
        return next(iter(self.states.values())).shape

    def _propagator(self) -> Array:
        """exp of ``[[A, r], [0, 0]] dt`` for ``y' = A y + r``, one matrix for every synapse."""
        names = list(self.block.states)
        n = len(names)
        rates = np.zeros((*self.connected.shape, n + 1, n + 1))
        nothing = {symbol(x): sympy.Integer(0) for x in names}
        for k, rate in enumerate(self.rates.values()):
            rates[..., k, n] = evaluate(rate.subs(nothing), self.values)
            for m, y in enumerate(names):
                rates[..., k, m] = evaluate(sympy.diff(rate, symbol(y)), self.values)
        return np.asarray(expm(rates * float(self.values["dt"])))

    def decay(self) -> None:
        """Time goes on by dt."""
        names = list(self.states)
        if self.propagator is not None:
            y = np.stack([*self.states.values(), np.ones(self._shape)], axis=-1)
            moved = np.einsum("...km,b...m->b...k", self.propagator, y)
            self.states = {x: moved[..., k] for k, x in enumerate(names)}
            return
        seen = {**self.values, **self.states}
        with np.errstate(all="ignore"):
            for name, expression in self.assignments:
                seen[name] = evaluate(expression, seen)
        self.states = {x: np.broadcast_to(seen[next_name(x)], self._shape) for x in names}

    def deliver(self, source: Array) -> list[tuple[str, Array]]:
        """Spikes that arrive, (batch, post or 1, pre), do what the text says; the neuron's states with what is added."""
        arrived = np.broadcast_to(source > 0, self._shape)
        added, known = [], dict[str, Array]()
        for target, expression in self.statements:
            value = self._now(expression, known)
            if target in self.states:
                self.states[target] = np.where(arrived, value, self.states[target])
            elif target in self.model.on_pre_locals:
                known[target] = value
            else:
                added.append((target.removesuffix("_post"), np.where(arrived, self.connected * value, 0.0)))
        return added

    def total(self, name: str) -> Array:
        """The sum of a state or subexpression over each neuron's synapses, (batch, post)."""
        total: Array = (self.connected * self._now(self.block.expand(symbol(name)))).sum(axis=-1)
        return total

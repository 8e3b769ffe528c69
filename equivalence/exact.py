"""A network of numbers with 300 bits, stepped state by state as its text says: a second route to what proofs of spike trains prove.

mpmath and nothing of :mod:`hetsyn_sim.agreement.proofs`: no events, no intervals, no Arb. Its rounding, some 1e-88, is far below any bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
import sympy

from hetsyn_sim.data.recording import Recording
from hetsyn_sim.discrete import discretise, neuron_values, synapse_values
from hetsyn_sim.discrete.linear import LinearBlock
from hetsyn_sim.spec import NetworkSpec, Population

from .strategies import Case

#: Precision of every number.
BITS = 300
Values = Mapping[str, Any]


@lru_cache(maxsize=1024)
def _function(expression: sympy.Expr) -> tuple[tuple[str, ...], Callable[..., Any]]:
    names = tuple(sorted(map(str, expression.free_symbols)))
    return names, np.frompyfunc(sympy.lambdify(names, expression, "mpmath"), len(names), 1) if names else lambda: mpmath.mpf(
        str(expression)
    )


def _value(expression: sympy.Expr, values: Values) -> Any:
    names, function = _function(sympy.sympify(expression))
    return function(*(np.frompyfunc(mpmath.mpf, 1, 1)(np.asarray(values[name], dtype=float)) for name in names))


class _States:
    """The states of a linear block at units of some shape, and the exponential of its matrix over dt."""

    def __init__(self, block: LinearBlock, values: Values, units: tuple[int, ...]) -> None:
        n, self.names = len(block.states), block.states
        rates = np.empty((n, n, *units), dtype=object)
        for k in range(n):
            for m in range(n):
                rates[k, m] = np.broadcast_to(_value(block.matrix[k, m], values), units)
        self.step = np.empty_like(rates)
        dt = mpmath.mpf(values["dt"])
        for unit in np.ndindex(units) if n else ():
            scaled = mpmath.matrix(rates[(slice(None), slice(None), *unit)].tolist()) * dt
            exponential = mpmath.matrix([[mpmath.exp(scaled[0, 0])]]) if n == 1 else mpmath.expm(scaled)
            for k in range(n):
                for m in range(n):
                    self.step[(k, m, *unit)] = exponential[k, m]
        self.states = np.full((n, *units), mpmath.mpf(0), dtype=object)

    def decay(self) -> None:
        if len(self.states):
            self.states = (self.step * self.states[None]).sum(axis=1)

    def jump(self, name: str, amount: Any) -> None:
        self.states[self.names.index(name)] += amount


class _Neurons:
    def __init__(self, spec: NetworkSpec, population: Population, values: Values) -> None:
        self.name, self.program = population.name, discretise(population.model, population.step_order)
        self.own = neuron_values(spec, population.name, values)
        self.neuron = _States(self.program.neuron, self.own, (population.size,))
        self.projections = spec.projections_to(population.name)
        self.seen = {p.kind: synapse_values(spec, p, values) for p in self.projections}
        self.synapses = {p.kind: _States(self.program.synapse, self.seen[p.kind], (p.n_post, p.n_pre)) for p in self.projections}
        self.spikes = np.zeros(population.size, dtype=bool)
        assert self.program.theta is not None
        self.theta = _value(self.program.theta, self.own)

    def do(self, phase: str, source: Any) -> None:
        if phase == "decay":
            for states in (self.neuron, *self.synapses.values()):
                states.decay()
        elif phase == "reset":
            for jump in self.program.model.reset_jumps:
                self.neuron.jump(jump.target, self.spikes.astype(int) * _value(jump.amount, self.own))
        for p in self.projections:
            if p.kind == phase:
                arriving = np.broadcast_to((self.spikes if phase == "recurrent" else source).astype(int), (p.n_post, p.n_pre)).copy()
                if not p.self_connections:
                    np.fill_diagonal(arriving, 0)
                for jump in self.program.model.on_pre_jumps:
                    amount = arriving * _value(jump.amount, self.seen[phase])
                    if jump.target in self.program.synapse.states:
                        self.synapses[phase].jump(jump.target, amount)
                    else:
                        self.neuron.jump(jump.target.removesuffix("_post"), amount.sum(axis=1))

    def distance(self) -> Any:
        """v - theta."""
        v = -self.theta
        for k, name in enumerate(self.program.synapse.states):
            gain = _value(self.program.v_of_sums[name], self.own)
            v = v + gain * sum(states.states[k].sum(axis=1) for states in self.synapses.values())
        for k, name in enumerate(self.program.neuron.states):
            v = v + _value(self.program.v_of_states[name], self.own) * self.neuron.states[k]
        return v


def run_exactly(case: Case) -> tuple[Recording, dict[str, Any]]:
    """The rasters of a case's spiking populations, and v - theta of each, arrays of numbers with 300 bits (time, run, post)."""
    spec, (n_steps, n_runs, _) = case.spec, case.inputs.shape
    spiking = [p for p in spec.populations if p.model.spiking]
    distances = {p.name: np.empty((n_steps, n_runs, p.size), dtype=object) for p in spiking}
    rasters = {"input": case.inputs.astype(bool)} | {p.name: np.zeros((n_steps, n_runs, p.size), dtype=bool) for p in spiking}
    with mpmath.workprec(BITS):
        for run in range(n_runs):
            populations = [_Neurons(spec, p, case.values) for p in spiking]
            for t in range(n_steps):
                for neurons in populations if t else ():
                    for phase in neurons.program.step_order.phases[:3]:
                        neurons.do(phase, None)
                source = rasters["input"][t, run]
                for neurons in populations:
                    neurons.do("feedforward", source)
                    distances[neurons.name][t, run] = neurons.distance()
                    source = neurons.spikes = (distances[neurons.name][t, run] > 0).astype(bool)
                    rasters[neurons.name][t, run] = source
    return Recording(spec.dt_s, rasters, {}, "numbers of 300 bits"), distances

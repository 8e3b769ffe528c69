"""The reference interpreter: a network stepped in the plainest way, float64 NumPy, one state per synapse. Slow, readable, the oracle.

It does the phases of the step order one by one, on every state that the spec names, and shares no arithmetic with the torch kernels. Models
whose equations are linear are stepped here from their linear blocks, coupled or not; all others in
:mod:`hetsyn_sim.discrete.reference_stepped`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import sympy
from numpy.typing import NDArray
from scipy.linalg import expm

from ..data.recording import Recording
from ..errors import DataError
from ..spec import NetworkSpec, Population, Projection
from ..spec.values import check_values
from .linear import LinearBlock
from .noise import check_seed
from .program import StepProgram, discretise, evaluate
from .reference_axons import Axons
from .reference_stepped import SteppedPopulation
from .stepping import is_linear
from .values import neuron_values, synapse_values

Array = NDArray[np.float64]


class _Block:
    """The states of a linear block: an array of shape (batch, *units, state) and the propagator that moves it one step."""

    def __init__(self, block: LinearBlock, values: Mapping[str, Array], units: tuple[int, ...], n_runs: int) -> None:
        n = len(block.states)
        rates = np.zeros((*units, n, n))
        for k in range(n):
            for m in range(n):
                rates[..., k, m] = evaluate(sympy.sympify(block.matrix[k, m]), values)
        # exp of the whole matrix, also where it is diagonal: not the scalar exponentials of the kernels
        scaled = rates * float(values["dt"])
        self.propagator = expm(scaled) if np.all(np.isfinite(scaled)) else np.exp(scaled) * np.eye(n)  # tau = 0: rate -inf
        self.states = np.zeros((n_runs, *units, n))
        self.names = block.states

    def decay(self) -> None:
        self.states = np.einsum("...km,b...m->b...k", self.propagator, self.states)

    def jump(self, state: str, amount: Array) -> None:
        self.states[..., self.names.index(state)] += amount


class _Population:
    def __init__(self, spec: NetworkSpec, population: Population, values: Mapping[str, Array], n_runs: int) -> None:
        self.spec, self.name = spec, population.name
        self.program: StepProgram = discretise(population.model, population.step_order)
        self.values = neuron_values(spec, population.name, values)
        self.neuron = _Block(self.program.neuron, self.values, (population.size,), n_runs)
        self.projections = spec.projections_to(population.name)
        self.synapse_values = {p.kind: synapse_values(spec, p, values) for p in self.projections}
        self.axons = {p.kind: Axons(spec, p, values, n_runs) for p in self.projections}
        self.synapses = {
            p.kind: _Block(self.program.synapse, self.synapse_values[p.kind], (p.n_post, p.n_pre), n_runs) for p in self.projections
        }
        self.spikes: Array = np.zeros((n_runs, population.size))
        self.output: Array = self.spikes  # nothing reads it: these models hand on spikes only
        self.v: Array = np.zeros((n_runs, population.size))

    def do(self, phase: str, arriving: Array) -> None:
        if phase == "decay":
            for block in (self.neuron, *self.synapses.values()):
                block.decay()
        elif phase == "reset":
            for jump in self.program.model.reset_jumps:
                self.neuron.jump(jump.target, self.spikes * evaluate(jump.amount, self.values))
        elif phase == "threshold":
            self.read_v()
        else:
            for projection in self.projections:
                if projection.kind == phase:
                    self.deliver(projection, self.spikes if phase == "recurrent" else arriving)

    def deliver(self, projection: Projection, spikes: Array) -> None:
        connected = np.ones((projection.n_post, projection.n_pre))
        if not projection.self_connections:
            np.fill_diagonal(connected, 0.0)
        arriving = self.axons[projection.kind].arriving(spikes)  # (batch, post, pre)
        for jump in self.program.model.on_pre_jumps:
            amount = arriving * (connected * evaluate(jump.amount, self.synapse_values[projection.kind]))
            if jump.target in self.program.synapse.states:
                self.synapses[projection.kind].jump(jump.target, amount)
            else:
                self.neuron.jump(jump.target.removesuffix("_post"), amount.sum(axis=-1))

    @property
    def variables(self) -> list[str]:
        """v, the synaptic sums and the neuron's states."""
        return list(dict.fromkeys(("v", *self.program.model.summed, *self.program.neuron.states)))

    def variable(self, variable: str) -> Array:
        """A variable at this moment, (batch, post)."""
        if variable in self.program.neuron.states:
            state: Array = self.neuron.states[..., self.program.neuron.states.index(variable)]
            return state
        if variable == "v":
            return self.v
        k = self.program.model.summed.index(variable)
        total: Array = np.sum([block.states[..., k].sum(axis=-1) for block in self.synapses.values()], axis=0)
        return total

    def read_v(self) -> None:
        v = np.zeros_like(self.v)
        for name in self.program.synapse.states:
            v += evaluate(self.program.v_of_sums[name], self.values) * self.variable(f"{name}_syn")
        for name in self.program.neuron.states:
            v += evaluate(self.program.v_of_states[name], self.values) * self.variable(name)
        self.v = v
        if self.program.theta is not None:
            self.spikes = (v > evaluate(self.program.theta, self.values)).astype(np.float64)


def simulate_reference(
    spec: NetworkSpec,
    values: Mapping[str, Array],
    inputs: NDArray[np.generic],
    record: Collection[str] = ("v",),
    *,
    noise_seed: int = 0,
) -> Recording:
    """Run a network in float64 NumPy.

    Parameters
    ----------
    spec
        The network; its dt is that of the inputs.
    values
        Parameter values in SI units by slot key, as ``spec.initial_values`` gives them.
    inputs
        Input spikes (or analogue input), shape (time, batch, channel).
    record
        Names of the variables to keep of every population that has them: ``v``, synaptic sums such as ``I_syn``, states such as ``R``.
    noise_seed
        Of the numbers that noise ``xi`` in the equations is made of.

    Returns
    -------
    Recording
        ``rasters["input"]``, ``rasters["layer_1"]`` ... and ``traces["layer_1.v"]``, ..., ``traces["readout.v"]``. Graded outputs are
        always kept, and so is an input of values, as ``traces["input.x"]``.

    Raises
    ------
    DataError
        If the inputs are not (time, batch, n_input) or not finite, or the seed is out of range.
    SpecError
        If the values are not those of the network.
    """
    checked = check_values(spec, values)
    given: Array = np.asarray(inputs, dtype=np.float64)
    if given.ndim != 3 or given.shape[2] != spec.n_input or not np.all(np.isfinite(given)):
        raise DataError(
            "these inputs do not fit the network",
            where="simulate_reference",
            got=f"shape {given.shape}" + ("" if np.all(np.isfinite(given)) else ", with NaN or infinite values"),
            expected=f"finite values of shape (time, batch, {spec.n_input})",
            remedy="pass (time, batch, channel) with the network's number of channels",
        )
    n_steps, n_runs, _ = given.shape
    noise_seed = check_seed(noise_seed, where="simulate_reference")
    populations = [
        _Population(spec, p, checked, n_runs)
        if is_linear(p.model, p.step_order)
        else SteppedPopulation(spec, p, checked, n_runs, noise_seed)
        for p in spec.populations
    ]
    rasters: dict[str, NDArray[np.bool_]] = {"input": given > 0.0}
    rasters |= {p.name: np.zeros((n_steps, n_runs, p.v.shape[1]), dtype=bool) for p in populations if p.program.model.spiking}
    kept = {p.name: [name for name in p.variables if name in record or name == p.program.model.output] for p in populations}
    traces = {f"{p.name}.{name}": np.zeros((n_steps, n_runs, p.v.shape[1])) for p in populations for name in kept[p.name]}
    if spec.takes_values:
        traces["input.x"] = given.copy()
    for t in range(n_steps):
        for population in populations if t else ():  # a recording begins with its first input
            for phase in population.program.step_order.phases[:3]:  # each in its own order: until input arrives, none acts on another
                population.do(phase, given[t])
        spikes: Array = given[t]
        outputs: Array = given[t]
        for population in populations:
            population.do("feedforward", outputs if population.program.model.takes_values else spikes)
            population.do("threshold", spikes)
            spikes, outputs = population.spikes, population.output
            for name in kept[population.name]:
                traces[f"{population.name}.{name}"][t] = population.variable(name)
            if population.name in rasters:
                rasters[population.name][t] = population.spikes > 0
    return Recording(spec.dt_s, rasters, traces, simulator="reference (NumPy float64)", noise_seed=noise_seed)

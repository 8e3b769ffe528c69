"""The cost of an inference on event-driven hardware: parameters, spikes, synaptic operations, and states that decay in every step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..data.recording import Recording
from ..errors import DataError
from ..spec import NetworkSpec, NeuronModel, Projection
from . import is_plain, synapse_program, synaptic_steps


@dataclass(frozen=True)
class Cost:
    """Means over the runs of a recording; a run is one inference."""

    #: Trainable numbers of the network.
    parameters: int
    #: Projection -> number of synapses.
    synapses: Mapping[str, int]
    #: Population -> spikes for one inference; ``input`` too.
    spikes_of: Mapping[str, float]
    #: Projection -> synaptic operations for one inference: every spike of the source, times the synapses it reaches.
    operations_of: Mapping[str, float]
    #: Synaptic and membrane states that decay in every step. Synapses onto a neuron that share their time constants share their states.
    states: int
    #: Steps of an inference.
    n_steps: int

    @property
    def spikes(self) -> float:
        """Spikes of all neurons for one inference, the input's aside."""
        return sum(n for name, n in self.spikes_of.items() if name != "input")

    @property
    def synaptic_operations(self) -> float:
        """Synaptic operations for one inference."""
        return sum(self.operations_of.values())

    @property
    def state_updates(self) -> int:
        """Decays for one inference of hardware that does them step by step."""
        return self.states * self.n_steps


def count_cost(spec: NetworkSpec, recording: Recording) -> Cost:
    """Count what a recording of the network cost, whichever simulator it is of.

    Parameters
    ----------
    recording
        With the input and the spikes of every spiking population, as simulations give by default; rasters (time, run, unit).

    Raises
    ------
    DataError
        If the spikes of a population are missing, or there is no run.
    """
    spiking = ["input", *(p.name for p in spec.populations if p.model.threshold)]
    missing = [name for name in spiking if name not in recording.rasters]
    if missing or 0 in recording.rasters["input"].shape:
        raise DataError(
            "the cost of this recording can't be counted",
            where="count_cost",
            got=f"no spikes of {', '.join(missing)}" if missing else f"an input of shape {recording.rasters['input'].shape}",
            expected="rasters of the input and of every spiking population, and at least one run",
            remedy="record every population",
        )
    n_steps, n_runs = recording.rasters["input"].shape[:2]
    per_unit = {name: recording.rasters[name].sum(axis=(0, 1)) / n_runs for name in spiking}  # (unit,)
    reached = {p.name: _n_synapses(p) / p.n_pre for p in spec.projections}
    return Cost(
        parameters=count_parameters(spec),
        synapses=count_synapses(spec),
        spikes_of={name: float(np.sum(n)) for name, n in per_unit.items()},
        operations_of={p.name: float(np.sum(per_unit[p.source]) * reached[p.name]) for p in spec.projections},
        states=count_states(spec),
        n_steps=n_steps,
    )


def count_parameters(spec: NetworkSpec) -> int:
    """Trainable numbers: MN for a projection of HomNeuLIF, N more for HetNeuLIF, 2 MN for HetSynLIF (Deng et al. 2025, HetSyn, Table 3)."""
    sizes = (int(np.prod(s.shape)) - (s.shape[0] if s.without_diagonal else 0) for s in spec.slots.values() if s.parameter.trainable)
    return sum(sizes)


def count_synapses(spec: NetworkSpec) -> dict[str, int]:
    """Projection -> number of synapses."""
    return {p.name: _n_synapses(p) for p in spec.projections}


def _n_synapses(projection: Projection) -> int:
    missing = 0 if projection.kind == "feedforward" or projection.self_connections else projection.n_post
    return projection.n_pre * projection.n_post - missing


def count_states(spec: NetworkSpec) -> int:
    """States that decay in every step; synapses onto a neuron that share their time constants share their states."""
    total = 0
    for population in spec.populations:
        if not is_plain(population.model):
            total += len(population.model.neuron_equations.states) * population.size
            total += sum(_stepped_states(population.model, projection) for projection in spec.projections_to(population.name))
            continue
        model, synapses = population.model, [step for step in synaptic_steps(population.model) if step.held]
        total += len(model.neuron_equations.states) * population.size
        used = {str(s) for step in synapses for s in step.decay.free_symbols}
        own = any(f.axes == "post pre" for name, f in population.model.parameters_of("synapse").items() if name in used)
        for projection in spec.projections_to(population.name):
            total += len(synapses) * (_n_synapses(projection) if own else projection.n_post)
    return total


def _stepped_states(model: NeuronModel, projection: Projection) -> int:
    """States of synapses that are more than filters: of a presynaptic neuron, where a layer shares all that moves them."""
    program, parameters = synapse_program(model), model.parameters_of("synapse")
    per_neuron = {f"{name}_post" for name, p in model.parameters_of("neuron").items() if p.axes == "post"}
    per_neuron |= {name for name, p in parameters.items() if p.axes == "post"}
    per_synapse = {name for name, p in parameters.items() if p.axes == "post pre"}
    read = {*program.constants, *(str(s) for e in program.begin.values() for s in e.free_symbols)}
    read |= {str(s) for propagator in program.propagators for row in propagator.rates for e in row for s in e.free_symbols}
    n = _n_synapses(projection) if read & (per_neuron | per_synapse) else projection.n_pre
    decays = [{str(s) for s in decay.free_symbols} for decay in program.filters.values()]
    return n * len(program.states) + sum(_n_synapses(projection) if names & per_synapse else projection.n_post for names in decays)

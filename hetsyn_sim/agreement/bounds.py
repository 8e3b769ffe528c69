"""How far rounding can move a voltage, and how close voltages came to their thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.recording import Recording
from ..discrete import discretise, evaluate, neuron_values, synapse_values
from ..spec import NetworkSpec, Projection
from .trajectories import Trajectory, trajectories

Array = NDArray[np.float64]


def voltage_bounds(
    spec: NetworkSpec,
    values: Mapping[str, NDArray[Any]],
    recording: Recording,
    dtype: str,
    followed: Mapping[str, Trajectory] | None = None,
) -> dict[str, float]:
    """Population -> how far rounding in ``dtype`` can move v, from the spikes of a recording: the bound of :mod:`hetsyn_sim.agreement`.

    ``followed`` are the stepped populations' trajectories, if they are known already.
    """
    unit = float(np.finfo(dtype).eps) / 2
    bounds = {name: path.bound for name, path in (trajectories(spec, values, recording, dtype) if followed is None else followed).items()}
    for population in spec.populations:
        if population.name in bounds:
            continue
        program = discretise(population.model, population.step_order)
        gains, n_terms = np.zeros(recording.n_runs), 0
        for projection in spec.projections_to(population.name):
            source = recording.rasters["input" if projection.source == "input" else projection.source]
            counts = source.sum(axis=0).astype(np.float64)  # (run, pre)
            seen = synapse_values(spec, projection, values)
            for path in program.synaptic_paths:
                amplitude = np.abs(evaluate(path.size, seen))
                gains += _peak(counts, amplitude, evaluate(path.decay, seen), projection)
                n_terms += projection.n_pre
        own = neuron_values(spec, population.name, values)
        for path in program.reset_paths:
            counts = recording.rasters[population.name].sum(axis=0).astype(np.float64)  # (run, post)
            amplitude = np.abs(evaluate(path.size, own))
            gains += np.max(amplitude * np.minimum(counts, _memory(evaluate(path.decay, own))), axis=1)
            n_terms += 1
        theta = 0.0 if program.theta is None else float(np.max(np.abs(evaluate(program.theta, own))))
        bounds[population.name] = unit * (n_terms + 3 * recording.n_steps + 32) * (float(np.max(gains, initial=0.0)) + theta)
    return {population.name: bounds[population.name] for population in spec.populations}


def _peak(counts: Array, amplitude: Array, decay: Array, projection: Projection) -> Array:
    """Per run, the largest sum over a neuron's synapses of |amplitude| times the most that its spikes can add up to."""
    shape = (projection.n_post, projection.n_pre)
    amplitude, memory = np.broadcast_to(amplitude, shape), np.broadcast_to(_memory(decay), shape)
    return np.array([np.max((amplitude * np.minimum(run, memory)).sum(axis=1)) for run in counts])


def _memory(decay: Array) -> Array:
    """A spike per step adds up to 1 / (1 - rho)."""
    with np.errstate(divide="ignore"):
        return 1.0 / (1.0 - np.asarray(decay, dtype=np.float64))


def thresholds(
    spec: NetworkSpec, values: Mapping[str, NDArray[Any]], recording: Recording, followed: Mapping[str, Trajectory] | None = None
) -> dict[str, Array]:
    """Spiking population -> what v has to exceed, shape (time, run, neuron); it may move with a neuron's states.

    ``followed`` are the stepped populations' trajectories, if they are known already.
    """
    paths = trajectories(spec, values, recording, "float64") if followed is None else followed
    levels = {}
    for p in spec.populations:
        if not p.model.spiking:
            continue
        moving = paths[p.name].theta if p.name in paths else None
        own = evaluate(discretise(p.model).theta, neuron_values(spec, p.name, values)) if moving is None else moving
        levels[p.name] = np.broadcast_to(own, (recording.n_steps, recording.n_runs, p.size))
    return levels


def closest_margins(spec: NetworkSpec, values: Mapping[str, NDArray[Any]], recording: Recording) -> Array:
    """The smallest ``|v - theta|`` of every run over all steps and spiking neurons, shape (run,)."""
    smallest = [
        np.abs(recording.traces[f"{name}.v"] - theta).min(axis=(0, 2)) for name, theta in thresholds(spec, values, recording).items()
    ]
    closest: Array = np.min(smallest, axis=0)
    return closest

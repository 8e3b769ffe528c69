"""How close voltages came to their thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.recording import Recording
from ..discrete import discretise, evaluate, neuron_values
from ..spec import NetworkSpec
from .trajectories import Trajectory, trajectories

Array = NDArray[np.float64]


def thresholds(
    spec: NetworkSpec, values: Mapping[str, NDArray[Any]], recording: Recording, followed: Mapping[str, Trajectory] | None = None
) -> dict[str, Array]:
    """Spiking population -> what v has to exceed, shape (time, run, neuron); it may move with a neuron's states.

    ``followed`` are the stepped populations' trajectories, if they are known already.
    """
    paths = trajectories(spec, values, recording, "float64") if followed is None else followed
    found = {}
    for p in spec.populations:
        if not p.model.spiking:
            continue
        moving = paths[p.name].theta if p.name in paths else None
        own = evaluate(discretise(p.model).theta, neuron_values(spec, p.name, values)) if moving is None else moving
        found[p.name] = np.broadcast_to(own, (recording.n_steps, recording.n_runs, p.size))
    return found


def closest_margins(spec: NetworkSpec, values: Mapping[str, NDArray[Any]], recording: Recording) -> Array:
    """The smallest ``|v - theta|`` of every run over all steps and spiking neurons, shape (run,)."""
    found = [np.abs(recording.traces[f"{name}.v"] - theta).min(axis=(0, 2)) for name, theta in thresholds(spec, values, recording).items()]
    smallest: Array = np.min(found, axis=0)
    return smallest

"""How close voltages came to their thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..discrete import discretise, evaluate, neuron_values
from ..recording import Recording
from ..spec import NetworkSpec

__all__ = ["closest_margins", "thresholds"]

Array = NDArray[np.float64]


def thresholds(spec: NetworkSpec, values: Mapping[str, NDArray[Any]]) -> dict[str, Array]:
    """Spiking population -> theta of every neuron, shape (neuron,)."""
    return {
        p.name: np.broadcast_to(evaluate(discretise(p.model).theta, neuron_values(spec, p.name, values)), (p.size,))
        for p in spec.populations
        if p.model.spiking
    }


def closest_margins(spec: NetworkSpec, values: Mapping[str, NDArray[Any]], recording: Recording) -> Array:
    """The smallest ``|v - theta|`` of every run over all steps and spiking neurons, shape (run,)."""
    found = [np.abs(recording.traces[f"{name}.v"] - theta).min(axis=(0, 2)) for name, theta in thresholds(spec, values).items()]
    smallest: Array = np.min(found, axis=0)
    return smallest

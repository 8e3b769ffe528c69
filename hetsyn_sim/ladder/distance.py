"""Van Rossum's distance between spike trains, in closed form (van Rossum 2001, Neural Computation 13, eq. 2.2)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def van_rossum(one: NDArray[np.bool_], other: NDArray[np.bool_], dt: float, tau: float) -> float:
    """The squared distance of two rasters, summed over runs and neurons, over the number of spikes in both, times two.

    ``one`` and ``other`` have the shape (time, run, neuron) and a step of ``dt`` seconds.

    Every spike becomes an exponential of ``tau`` seconds; D^2 is 1/tau times the integral of the squared difference. A spike without a
    partner counts 1/2, a pair at a distance T counts 1 - exp(-T/tau). So the result is 0 for equal trains (or none), 1 for sparse trains
    that have nothing in common, and more where spikes without partners crowd.
    """
    n = int(one.sum()) + int(other.sum())
    if n == 0:
        return 0.0
    decay = math.exp(-dt / tau)
    difference = one.astype(np.int8) - other.astype(np.int8)
    state, total = np.zeros(one.shape[1:]), 0.0
    for now in difference:
        state = state * decay + now
        total += float((state**2).sum()) * (1.0 - decay**2)
    return (total + float((state**2).sum()) * decay**2) / n  # to the end of the recording, and on for ever

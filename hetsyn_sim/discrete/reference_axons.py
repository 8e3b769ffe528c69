"""The reference interpreter's axons: every spike is kept until the last synapse that it leads to has had it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..spec import NetworkSpec, Projection

Array = NDArray[np.float64]


class Axons:
    """What a projection's source has sent, and when each synapse gets it: after the whole number of steps that is nearest to its delay."""

    def __init__(self, spec: NetworkSpec, projection: Projection, values: Mapping[str, Array], n_runs: int) -> None:
        shape = (projection.n_post, projection.n_pre)
        delay = np.asarray(values.get(f"{projection.name}.delay", 0.0))
        if delay.ndim == 1:  # one for all synapses onto a neuron
            delay = delay[:, None]
        self.steps = np.broadcast_to(np.rint(delay / spec.dt_s).astype(int), shape)
        self.sent = [np.zeros((n_runs, projection.n_pre)) for _ in range(int(self.steps.max(initial=0)) + 1)]

    def arriving(self, now: Array) -> Array:
        """What arrives at each synapse, (batch, post or 1, pre), if the source sends ``now``, (batch, pre). To be called once per step."""
        if len(self.sent) == 1:
            return now[:, None, :]
        self.sent = [now, *self.sent[:-1]]
        found = np.zeros((len(now), *self.steps.shape))
        for steps, past in enumerate(self.sent):
            found += np.where(self.steps == steps, past[:, None, :], 0.0)
        return found

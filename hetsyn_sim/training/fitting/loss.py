"""How badly lanes explain a recording: minus the log likelihood of its voltage and its spikes, with derivatives and their products.

The voltage is the lane's with white noise of a known size: squares. A spike is likely where the lane, which is reset where the recording
is, comes above its threshold: in each sample with the probability ``1/(1 + exp(-distance/width))`` (an escape rate; Pillow et al. 2005,
Mensi et al. 2012). That is smooth in every parameter, so that no distance between spike trains has to be smoothed, and its expected second
derivatives are products of first ones, as with squares. Where the neuron is deterministic the best width tends to 0, and the threshold is
left to lie anywhere between the highest v that did not spike and the lowest that did.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .box import Box
from .lanes import Lanes, Traces

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Loss:
    """A loss of places in a box: fitted parameters, and as the last place, where spikes count, the width of the threshold.

    Attributes
    ----------
    lanes
        What runs.
    box
        Where parameters may be.
    noise
        Of the recorded voltage, in volts; None where the voltage does not count.
    spikes
        Whether spikes count: where the voltage does too, only when the pull is gone, for a lane that is drawn to a recording with noise
        crosses its threshold at random.
    """

    lanes: Lanes
    box: Box
    noise: float | None
    spikes: bool

    @property
    def n_fitted(self) -> int:
        return len(self.lanes.fitted)

    def cost(self, places: Array, pull: float) -> Array:
        """Of places (set, place): (set,). Infinite where the lane left the numbers."""
        parts = [self._cost(traces, values, pull) for values, traces in self._runs(places, pull, tangents=False)]
        return np.concatenate(parts)

    def curvature(self, places: Array, pull: float) -> tuple[Array, Array]:
        """The gradient (set, place) and the expected second derivatives (set, place, place) at places (set, place) of the box."""
        slopes = self.box.slopes(places)
        parts = [self._curvature(traces, values, pull) for values, traces in self._runs(places, pull, tangents=True)]
        gradient, products = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
        return gradient * slopes, products * slopes[:, :, None] * slopes[:, None, :]

    def _runs(self, places: Array, pull: float, *, tangents: bool) -> Iterator[tuple[Array, Traces]]:
        values, size = self.box.values(places), self.lanes.group_size(tangents=tangents)
        for begin in range(0, len(values), size):
            group = values[begin : begin + size]
            yield group, self.lanes.run(group[:, : self.n_fitted], pull=pull, tangents=tangents)

    def _residuals(self, v: Array) -> Array:
        """(sample, set), in units of the noise."""
        trials = self.lanes.trials
        assert trials.v is not None
        assert self.noise is not None
        found: Array = (v[trials.counted] - trials.v[trials.counted][:, None]) / self.noise
        return found

    def _spikes_count(self, pull: float) -> bool:
        return self.spikes and (pull == 0.0 or self.noise is None)

    def _cost(self, traces: Traces, values: Array, pull: float) -> Array:
        total = np.zeros(len(values))
        trials = self.lanes.trials
        with np.errstate(all="ignore"):
            if self.noise is not None:
                total += 0.5 * (self._residuals(traces.v) ** 2).sum(axis=0)
            if self._spikes_count(pull):
                assert traces.distance is not None
                assert trials.spikes is not None
                u = traces.distance[trials.watched] / values[:, -1]
                seen = trials.spikes[trials.watched]
                total += np.logaddexp(0.0, np.where(seen[:, None], -u, u)).sum(axis=0)
        return np.where(np.isfinite(total), total, np.inf)

    def _curvature(self, traces: Traces, values: Array, pull: float) -> tuple[Array, Array]:
        trials, n_sets, n = self.lanes.trials, *values.shape
        gradient, products = np.zeros((n_sets, n)), np.zeros((n_sets, n, n))
        fitted = slice(0, self.n_fitted)
        if self.noise is not None:
            assert traces.v_moves is not None
            moves = np.nan_to_num(traces.v_moves[trials.counted]).transpose(1, 2, 0) / self.noise  # (set, parameter, sample)
            gradient[:, fitted] += np.einsum("spn,ns->sp", moves, self._residuals(traces.v), optimize=True)
            products[:, fitted, fitted] += moves @ moves.transpose(0, 2, 1)
        if self._spikes_count(pull):
            assert traces.distance is not None
            assert traces.distance_moves is not None
            assert trials.spikes is not None
            width = values[:, -1]
            u = (traces.distance[trials.watched] / width).T  # (set, sample)
            chance = 0.5 * (1.0 + np.tanh(0.5 * u))
            moves = np.nan_to_num(traces.distance_moves[trials.watched]).transpose(1, 2, 0) / width[:, None, None]
            moves = np.concatenate([moves, -(u / width[:, None])[:, None]], axis=1)
            wrong = chance - trials.spikes[trials.watched]
            gradient += np.einsum("spn,sn->sp", moves, wrong, optimize=True)
            products += (moves * (chance * (1.0 - chance))[:, None]) @ moves.transpose(0, 2, 1)
        return gradient, products

"""Trials of a recording: currents, conductances or spikes that went in, and the voltage and spikes that came out, on one grid of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Trials:
    """Trials side by side, each array (time, trial), in SI units; behind the end of shorter ones nothing counts.

    Attributes
    ----------
    dt
        In seconds.
    inputs
        What was given, by the name that it has in the equations. A value acts from its sample to the next.
    v
        The recorded voltage, a sample at the beginning of every step. None if only spikes were recorded.
    spikes
        Whether a spike is seen in a sample: in the first one after it. None if the neuron is not to be held to spikes.
    input_spikes
        How many spikes arrive in every step.
    counted
        Which samples of the voltage count.
    watched
        Which samples count for spikes.
    """

    dt: float
    inputs: Mapping[str, Array]
    v: Array | None
    spikes: NDArray[np.bool_] | None
    input_spikes: Array | None
    counted: NDArray[np.bool_]
    watched: NDArray[np.bool_]

    @property
    def n_steps(self) -> int:
        return int(self.counted.shape[0])

    @property
    def n_trials(self) -> int:
        return int(self.counted.shape[1])

    def first(self, n_steps: int) -> Trials:
        """The beginning of every trial."""
        cut = {name: getattr(self, name) for name in ("v", "spikes", "input_spikes", "counted", "watched")}
        cut = {name: None if x is None else x[:n_steps] for name, x in cut.items()}
        return replace(self, inputs={name: x[:n_steps] for name, x in self.inputs.items()}, **cut)

    @cached_property
    def noise(self) -> float:
        """The standard deviation of the voltage's white noise, from its second differences; a thousandth of that of v at least."""
        assert self.v is not None
        bends = np.diff(self.v, n=2, axis=0)[(self.counted[2:] & self.counted[1:-1] & self.counted[:-2])]
        spread = float(np.median(np.abs(bends))) / 0.6745 / np.sqrt(6.0) if bends.size else 0.0
        return max(spread, 1e-3 * float(self.v[self.counted].std()), np.finfo(float).tiny)

    @property
    def highest(self) -> float:
        """Half the recorded range above the highest voltage: no lane that is drawn to it goes further."""
        return float("inf") if self.v is None else float(self.v.max() + 0.5 * np.ptp(self.v))

    @property
    def lowest(self) -> float:
        """Half the recorded range below the lowest voltage."""
        return -float("inf") if self.v is None else float(self.v.min() - 0.5 * np.ptp(self.v))

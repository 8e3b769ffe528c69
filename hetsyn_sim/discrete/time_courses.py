"""Which sample of a time course a step sees: the one that Brian2's ``TimedArray`` gives at the time of the step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..spec import NeuronModel
from ..spec.initial import Samples


def samples_of(model: NeuronModel, name: str) -> Samples:
    """How many samples a time course has, and how far apart they are."""
    found = model.parameters[name].distribution
    assert isinstance(found, Samples)
    return found


def sample_of_step(model: NeuronModel, name: str, steps: Any, dt: float) -> NDArray[np.int64]:
    """The numbers of the samples that some steps of ``dt`` seconds see; after the last sample it stays.

    A time is first rounded to a part of a sample, a power of two of them, as Brian2 does it: else a step could see the sample before.
    """
    samples = samples_of(model, name)
    n, between = int(float(samples.n)), float(samples.dt)
    parts = max(2 ** math.ceil(math.log2(8 * between / dt)), 1)
    found = np.floor(np.round(np.asarray(steps) * dt * parts / between) / parts)
    numbers: NDArray[np.int64] = np.clip(found, 0, n - 1).astype(np.int64)
    return numbers

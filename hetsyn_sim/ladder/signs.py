"""Dale's law: what a neuron sends out is excitatory everywhere or inhibitory everywhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .rung import Setting, refuse


def with_one_sign(setting: Setting, share: float, rng: np.random.Generator) -> Setting:
    """Of every neuron's weights of the other sign, ``share`` is taken away: all of them is Dale's law.

    A neuron's own sign, and that of an input channel, is the one whose weights have the larger sum of squares: without the others the
    network is the nearest with Dale's law, its Euclidean projection. The readout, a decoder, does not count and keeps its weights.
    """
    projections = [q for q in setting.spec.projections if q.target != "readout"]
    #: By source: the squares of positive weights less those of negative ones.
    power: dict[str, NDArray[np.float64]] = {}
    for q in projections:
        model = setting.spec.population(q.target).model
        if "w" not in model.parameters:
            raise refuse("Dale's law", model, "weights w of either sign")
        w = setting.values[f"{q.name}.w"]
        power[q.source] = power.get(q.source, np.zeros(q.n_pre)) + (w * np.abs(w)).sum(axis=0)  # (pre,)
    values = dict(setting.values)
    for q in projections:
        w = values[f"{q.name}.w"]
        values[f"{q.name}.w"] = np.where(w * power[q.source] < 0.0, (1.0 - share) * w, w)
    return replace(setting, values=values)

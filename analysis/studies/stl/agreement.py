"""Is a trained network the same in Brian2? Spike for spike, stage by stage, against torch in float64."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray

from .brian import simulate
from .folding import fold
from .network import STLNetwork


@torch.no_grad()
def count_mismatches(network: STLNetwork, spikes: NDArray[np.bool_], *, device: str = "numpy") -> tuple[int, int]:
    """Cells of all stages' rasters that differ between torch in float64 and Brian2, and spikes of all stages, the input's aside.

    Parameters
    ----------
    spikes
        Input, (time, image, channel, height, width).
    """
    there = simulate(fold(network), spikes, device=device)
    here = deepcopy(network).double().eval().spikes(torch.from_numpy(np.asarray(spikes, dtype=np.float64)))
    rasters = {name: z.flatten(2).numpy() > 0 for name, z in here.items() if name != "input"}
    return sum(int(np.sum(z != there.rasters[name])) for name, z in rasters.items()), sum(int(z.sum()) for z in rasters.values())

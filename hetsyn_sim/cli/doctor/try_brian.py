"""Run as a program, with the name of a device: runs a tiny network there in Brian2, beside the NumPy reference, and prints JSON."""

from __future__ import annotations

import sys
from typing import Any

from .children import answer


def try_brian(device: str) -> dict[str, Any]:
    """Whether ``device`` gives the spikes of the reference; Brian2's version, and where it keeps its Cython modules."""
    import brian2
    import numpy as np
    from brian2.codegen.runtime.cython_rt.extension_manager import get_cython_cache_dir

    from ...brian import BrianSimulation
    from ...discrete import simulate_reference
    from ...models import HetSynLIF
    from ...spec import Layer, NetworkSpec

    spec = NetworkSpec(dt="1 ms", n_input=4, layers=[Layer(HetSynLIF, 3)])
    values = spec.initial_values(0)
    values["layer_1.feedforward.w"] = np.abs(values["layer_1.feedforward.w"]) + 0.5
    x = np.zeros((12, 1, 4))  # (time, batch, channel)
    x[::3] = 1.0
    recording = BrianSimulation(spec, values, device=device, form="fast", record=()).run(x)  # the least to compile
    reference = simulate_reference(spec, values, x)
    same = bool(np.array_equal(recording.rasters["layer_1"], reference.rasters["layer_1"]))
    return {
        "version": brian2.__version__,
        "n_spikes": int(reference.rasters["layer_1"].sum()),
        "same": same,
        "cython_cache": str(get_cython_cache_dir() or ""),  # empty without Cython
    }


if __name__ == "__main__":
    answer(try_brian, sys.argv[1])

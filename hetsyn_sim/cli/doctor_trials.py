"""Trials of `hetsyn doctor`, each in a process of its own: a step in torch, Lightning's import, a tiny network in Brian2; prints JSON."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from typing import Any

from ..errors import HetSynError


def try_lightning() -> dict[str, Any]:
    """Version of Lightning, if a training can import it."""
    from ..training.modules import import_lightning

    import_lightning()
    import lightning

    return {"version": str(lightning.__version__)}


def try_torch() -> dict[str, Any]:
    """Version, threads, devices, kernel libraries, and whether the kernels compute what plain torch does."""
    import torch

    from ..kernels.backends import use_backend
    from ..kernels.filters import exponential_filter
    from ..kernels.library import LEVELS, best_library, find_library

    x = (torch.arange(60, dtype=torch.float64).reshape(10, 2, 3) % 4 == 0).double()  # (time, batch, pre)
    w, rho = (torch.linspace(low, high, 12, dtype=torch.float64).reshape(4, 3) for low, high in ((-1.0, 1.0), (0.1, 0.9)))  # (post, pre)

    def run() -> list[torch.Tensor]:
        leaves = [w.clone().requires_grad_(), rho.clone().requires_grad_()]
        v = exponential_filter(x, *leaves)
        return [v.detach(), *torch.autograd.grad(v.square().sum(), leaves)]

    with use_backend("plain"):
        expected = run()
    libraries = {}
    for level in LEVELS:
        try:
            find_library(level)
            libraries[level] = ""
        except OSError as error:
            libraries[level] = str(error)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        best = best_library()
    difference = None
    if best is not None:
        with use_backend("fused"):
            difference = max(float((a - b).abs().max() / b.abs().max()) for a, b in zip(run(), expected, strict=True))
    devices = [torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    return {
        "version": torch.__version__,
        "threads": torch.get_num_threads(),
        "cuda": torch.version.cuda,
        "devices": devices,
        "libraries": libraries,
        "level": None if best is None else best.level,
        "difference": difference,
    }


def try_brian(device: str) -> dict[str, Any]:
    """Whether ``device`` gives the spikes of the reference; Brian2's version, and where it keeps its Cython modules."""
    import brian2
    import numpy as np
    from brian2.codegen.runtime.cython_rt.extension_manager import get_cython_cache_dir

    from ..brian import BrianSimulation
    from ..discrete import simulate_reference
    from ..models import HetSynLIF
    from ..spec import Layer, NetworkSpec

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


_TRIALS: dict[str, Callable[..., dict[str, Any]]] = {"torch": try_torch, "lightning": try_lightning, "brian": try_brian}


def answer(trial: str, *arguments: str) -> dict[str, Any]:
    """What a trial returns, or why it failed."""
    try:
        return _TRIALS[trial](*arguments)
    except HetSynError as error:
        return {"error": str(error.got), "remedy": error.remedy}
    except Exception as error:  # whatever it is, it is what we want to know
        return {"error": f"{type(error).__name__}: {' '.join(str(error).split())}"}


if __name__ == "__main__":
    print("\n" + json.dumps(answer(*sys.argv[1:])))

"""The libraries that read NIR, each by its own import or by our loader, and what they put out step by step."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from hetsyn_sim.exchange.nir.loading import load_nir

Raster = NDArray[np.bool_]


def read_by_snntorch(graph: Any, dt: float, dtype: torch.dtype) -> nn.Module:
    """snnTorch's own import."""
    from snntorch.import_nir import import_from_nir

    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does
        return import_from_nir(graph).to(dtype)


def read_by_norse(graph: Any, dt: float, dtype: torch.dtype) -> nn.Module:
    """Norse's own import."""
    import norse.torch as norse

    return norse.from_nir(graph, dt=dt).to(dtype)


def loaded_into(library: str) -> Callable[[Any, float, torch.dtype], nn.Module]:
    """Our loader, with the neurons of a library."""
    return lambda graph, dt, dtype: load_nir(graph, library, dtype=dtype)


#: Reader -> what reads, and the reading that it wants.
READERS: Mapping[str, tuple[Callable[[Any, float, torch.dtype], nn.Module], str]] = {
    "snnTorch": (read_by_snntorch, "snntorch"),
    "Norse": (read_by_norse, "norse"),
    "load_nir, snnTorch": (loaded_into("snntorch"), "ode"),
    "load_nir, Norse": (loaded_into("norse"), "ode"),
}


@torch.no_grad()
def outputs_of(module: nn.Module, layer: str, raster: Raster, dtype: torch.dtype) -> tuple[Raster, NDArray[np.float64]]:
    """Spikes of a layer and what the graph puts out, both (time, batch, neuron)."""
    spikes: list[torch.Tensor] = []
    caught = dict(module.named_modules()).get(layer)
    hook = None if caught is None else caught.register_forward_hook(lambda _, __, out: spikes.append(_first(out)))
    state, out = None, []
    for now in torch.from_numpy(raster).to(dtype):
        result = module(now) if state is None else module(now, state)
        value, state = result if isinstance(result, tuple) else (result, None)
        out.append(value)
    if hook is not None:
        hook.remove()
    found = torch.stack(out).double().numpy()
    return (torch.stack(spikes).numpy() > 0 if spikes else found > 0), found


def _first(out: Any) -> torch.Tensor:
    return out[0] if isinstance(out, tuple) else out

"""The libraries that read NIR, each by its own import, and what they put out step by step."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

Raster = NDArray[np.bool_]


class _Threshold(nn.Module):
    def __init__(self, node: Any) -> None:
        super().__init__()
        self.register_buffer("theta", torch.as_tensor(node.threshold))

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        return (v > self.theta).to(v.dtype)


class _Scaled(nn.Module):
    """Norse's LIBoxCell with NIR's R before it."""

    def __init__(self, node: Any, dt: float, dtype: torch.dtype) -> None:
        import norse.torch as norse

        super().__init__()
        self.register_buffer("r", torch.as_tensor(node.r))
        tau, leak = (torch.as_tensor(array, dtype=dtype) for array in (node.tau, node.v_leak))  # no buffers: `to` passes them by
        parameters = norse.LIBoxParameters(tau_mem_inv=1 / tau, v_leak=leak)
        self.cell = norse.LIBoxCell(parameters, dt=dt)

    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        return self.cell(self.r * x, state)


def read_by_snntorch(graph: Any, dt: float, dtype: torch.dtype) -> nn.Module:
    """snnTorch's own import."""
    from snntorch.import_nir import import_from_nir

    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does
        return import_from_nir(graph).to(dtype)


def read_by_norse(graph: Any, dt: float, dtype: torch.dtype) -> nn.Module:
    """Norse's own import."""
    import norse.torch as norse

    return norse.from_nir(graph, dt=dt).to(dtype)


def read_by_nirtorch(graph: Any, dt: float, dtype: torch.dtype) -> nn.Module:
    """NIRTorch's executor, with Norse's leaky integrator."""
    import nir
    import nirtorch

    known = {nir.LI: lambda node: _Scaled(node, dt, dtype), nir.Threshold: _Threshold}
    return nirtorch.nir_to_torch(graph, known, dtype=dtype)


READERS: Mapping[str, tuple[Callable[[Any, float, torch.dtype], nn.Module], str]] = {
    "snnTorch": (read_by_snntorch, "snntorch"),
    "Norse": (read_by_norse, "norse"),
    "NIRTorch with Norse's cell": (read_by_nirtorch, "euler"),
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

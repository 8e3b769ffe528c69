"""LIF neurons with one time constant, in plain torch, as fast as a loop over time gets: the strongest of the homogeneous opponents.

The input is multiplied for all steps at once, and sequences are taken apart by ``unbind``: indexing ``current[t]`` in the loop would make
the backward pass allocate a gradient of the whole sequence per step, which is quadratic in time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .shapes import Shape

#: The middle of what HetSynLIF's time constants start from.
TAU_MS = 40.0


def steps_of_tau(shape: Shape) -> float:
    """The time constant in steps."""
    return TAU_MS / shape.dt_ms


def weight(values: Mapping[str, NDArray[np.float64]], key: str) -> nn.Parameter:
    """The weights that HetSynLIF starts from, so that activities are comparable."""
    return nn.Parameter(torch.as_tensor(values[key], dtype=torch.float32))


def linear(values: Mapping[str, NDArray[np.float64]], key: str) -> nn.Linear:
    """The same as a layer without bias."""
    made = nn.Linear(values[key].shape[1], values[key].shape[0], bias=False)
    made.weight = weight(values, key)
    return made


class _Spike(torch.autograd.Function):
    """With the cheapest surrogate there is, the fast sigmoid's."""

    @staticmethod
    def forward(ctx: Any, distance: Tensor) -> Tensor:
        ctx.save_for_backward(distance)
        return (distance > 0).to(distance.dtype)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        (distance,) = ctx.saved_tensors
        return g / (1.0 + 10.0 * distance.abs()).square()


def _lif(current: Tensor, decay: float, w_rec: Tensor | None) -> Tensor:
    v = z = torch.zeros_like(current[0])
    spikes = []
    for now in current.unbind(0):
        v = decay * v + now - z
        if w_rec is not None:
            v = torch.addmm(v, z, w_rec.T)
        z = _Spike.apply(v - 1.0)
        spikes.append(z)
    return torch.stack(spikes)


def _integrate(current: Tensor, decay: float) -> Tensor:
    v, out = torch.zeros_like(current[0]), []
    for now in current.unbind(0):
        v = decay * v + now
        out.append(v)
    return torch.stack(out)


class Homogeneous(nn.Module):
    """The network of a shape with one fixed time constant everywhere."""

    def __init__(self, shape: Shape, values: Mapping[str, NDArray[np.float64]]) -> None:
        super().__init__()
        self.decay = math.exp(-1.0 / steps_of_tau(shape))
        layers = [f"layer_{k}" for k in range(1, len(shape.hidden) + 1)]
        self.w = nn.ParameterList([weight(values, f"{name}.feedforward.w") for name in layers])
        self.w_rec = nn.ParameterList([weight(values, f"{name}.recurrent.w") for name in layers if shape.recurrent])
        self.w_out = weight(values, "readout.feedforward.w")

    def by_key(self) -> dict[str, nn.Parameter]:
        """The weights by slot key."""
        hidden = {"feedforward": self.w, "recurrent": self.w_rec}
        found = {f"layer_{k}.{kind}.w": w for kind, ws in hidden.items() for k, w in enumerate(ws, start=1)}
        return found | {"readout.feedforward.w": self.w_out}

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        spikes = []
        for k, w in enumerate(self.w):
            x = _lif(x @ w.T, self.decay, self.w_rec[k] if len(self.w_rec) else None)  # (time, batch, post)
            spikes.append(x)
        return _integrate(x @ self.w_out.T, self.decay), spikes

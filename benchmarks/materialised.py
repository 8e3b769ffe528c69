"""HetSynLIF as one would write it down: a state of batch x post x pre, kept by autograd for every step. The baseline, and the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hetsyn_sim.training.surrogates import MultiGaussian

from .shapes import Shape

#: Bounds of the time constants in seconds: log tau is trained between them, as in our layers.
LOW, HIGH = 1e-3, 1.0


class _Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, distance: Tensor) -> Tensor:
        ctx.save_for_backward(distance)
        return (distance > 0).to(distance.dtype)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        (distance,) = ctx.saved_tensors
        return g * MultiGaussian().derivative(distance, torch.ones_like(distance[0]))


def layer(x: Tensor, w: Tensor, rho: Tensor, w_rec: Tensor | None, rho_rec: Tensor | None, rho_reset: float | None) -> Tensor:
    """The ten lines. Threshold 1; a readout has no reset and hands out v. x (time, batch, pre) -> (time, batch, post)."""
    I = I_rec = R = x.new_zeros(())
    z = x.new_zeros(x.shape[1], w.shape[0])
    out = []
    for now in x.unbind(0):
        I = rho * I + w * now[:, None]  # (batch, post, pre)
        v = I.sum(-1)
        if w_rec is not None:
            I_rec = rho_rec * I_rec + w_rec * z[:, None]  # (batch, post, post)
            v = v + I_rec.sum(-1)
        if rho_reset is not None:
            R = rho_reset * R + z
            v = z = _Spike.apply(v - R - 1.0)
        out.append(v)
    return torch.stack(out)


class Materialised(nn.Module):
    """The network of a shape, with trained parameters of the same names and meaning as :class:`hetsyn_sim.training.Network`'s."""

    def __init__(self, shape: Shape, values: Mapping[str, NDArray[np.float64]], dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.dt = shape.dt_ms * 1e-3
        self.populations = [*(f"layer_{k}" for k in range(1, len(shape.hidden) + 1)), "readout"]
        resets = {key.split(".")[0]: value for key, value in values.items() if key.endswith(".tau_reset")}
        self.rho_reset = {name: float(np.exp(-self.dt / tau)) for name, tau in resets.items()}
        self.raw = nn.ParameterDict()
        for key, value in values.items():
            if key.endswith((".w", ".tau_syn")):
                fraction = np.log(value / LOW) / np.log(HIGH / LOW) if key.endswith(".tau_syn") else value
                free = np.log(fraction / (1 - fraction)) if key.endswith(".tau_syn") else value
                self.raw[key.replace(".", "__")] = nn.Parameter(torch.as_tensor(free, dtype=dtype))

    def _synapses(self, projection: str) -> tuple[Tensor, Tensor] | tuple[None, None]:
        if f"{projection}__w" not in self.raw:
            return None, None
        tau = LOW * (HIGH / LOW) ** torch.sigmoid(self.raw[f"{projection}__tau_syn"])
        return self.raw[f"{projection}__w"], torch.exp(-self.dt / tau)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        spikes = []
        for name in self.populations:
            x = layer(x, *self._synapses(f"{name}__feedforward"), *self._synapses(f"{name}__recurrent"), self.rho_reset.get(name))
            spikes.append(x)
        return x, spikes[:-1]

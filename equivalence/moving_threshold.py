"""HomNeuALIF told the other way: the adaptation raises the threshold instead of lowering the voltage.

    u > theta + J_a     is     u - J_a > theta

The package's models have their threshold at a constant, so this form is written out: for Brian2 as a model whose text only Brian2 reads,
for discrete time as a loop of its own, in torch, so that autograd gives its gradients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hetsyn_sim.spec import NetworkSpec
from hetsyn_sim.training.surrogates import MultiGaussian

_NEURON = """
    du/dt = -u/tau_mem : 1
    dJ_a/dt = -J_a/tau_adapt : 1
    v = u : 1
    """


def with_moving_threshold(spec: NetworkSpec) -> NetworkSpec:
    """A network of HomNeuALIF, normalised or not, with every neuron in this form. The slots, and so the values, stay."""
    models = (replace(layer.model, neuron=_NEURON, threshold="v > theta + J_a") for layer in spec.layers)
    return replace(spec, layers=[replace(layer, model=model) for layer, model in zip(spec.layers, models, strict=True)])


class _Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, u: Tensor, threshold: Tensor, theta: Tensor) -> Tensor:
        ctx.save_for_backward(u - threshold, theta)
        return (u > threshold).to(u.dtype)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        distance, theta = ctx.saved_tensors
        through = g * MultiGaussian().derivative(distance, theta)
        return through, -through, None


def moving_threshold_loop(
    spec: NetworkSpec, values: Mapping[str, Tensor], inputs: NDArray[np.bool_], *, raised_late: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """One layer of HomNeuALIF, normalised or not, in the default step order. With ``raised_late``, a spike raises the threshold too late.

    Returns
    -------
    z, u, J_a : Tensor, shape (time, batch, neuron)
    """
    (layer,) = spec.layers
    w, tau_mem, tau_adapt, a, theta = (
        values[f"layer_1.{name}"] for name in ("feedforward.w", "neuron.tau_mem", "neuron.tau_adapt", "neuron.a", "neuron.theta")
    )
    w_rec = values.get("layer_1.recurrent.w", w.new_zeros(layer.size, layer.size))
    if not layer.self_connections:
        w_rec = w_rec * (1 - torch.eye(layer.size, dtype=w.dtype))
    rho, rho_a = torch.exp(-spec.dt_s / tau_mem), torch.exp(-spec.dt_s / tau_adapt)
    jump = a * (1 - rho_a) if "exp" in layer.model.reset else a
    x = torch.as_tensor(inputs, dtype=w.dtype)
    z = before = torch.zeros(x.shape[1], layer.size, dtype=w.dtype)
    u, J_a, found = z, z, []
    for now in x:
        u = rho * u + now @ w.T + z @ w_rec.T - theta * z
        J_a = rho_a * J_a + jump * (before if raised_late else z)
        before, z = z, _Spike.apply(u, theta + J_a, theta.expand(layer.size))
        found.append((z, u, J_a))
    z_all, u_all, j_all = (torch.stack(parts) for parts in zip(*found, strict=True))
    return z_all, u_all, j_all

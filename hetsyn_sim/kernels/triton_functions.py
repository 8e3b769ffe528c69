"""The Triton kernels as differentiable functions; what they do not cover runs in plain torch.

Described as what it is: checked for correctness in Triton's interpreter at toy sizes; never run on a GPU; no claim on performance or races.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .first_order import once_differentiable
from .lags import leaky_gradients
from .triton_kernels import filter_adjoint, filter_forward, filter_gradients, scan_backward, scan_forward

#: A program of the scan holds its population's recurrent states, post x post: more neurons than this have no place in registers.
LARGEST_SCAN = 128


def filter_on_triton(x: Tensor, w: Tensor, rho: Tensor) -> Tensor:
    """v of shape (time, batch, post) from x (time, batch, pre) with w and rho (post, pre)."""
    v: Tensor = _Filter.apply(x, w, rho)
    return v


def scan_on_triton(
    v_in: Tensor, recurrent: Sequence[tuple[Tensor, Tensor]], resets: Sequence[tuple[Tensor, Tensor]], theta: Tensor, surrogate: Any
) -> tuple[Tensor, Tensor] | None:
    """z and v as :func:`hetsyn_sim.kernels.spiking_scan`; None for more than one path of a kind or more than LARGEST_SCAN neurons."""
    n_post = v_in.shape[2]
    if len(recurrent) > 1 or len(resets) > 1 or n_post > LARGEST_SCAN:
        return None
    none = v_in.new_zeros(())
    w, rho = recurrent[0] if recurrent else (none, none)
    amplitude, reset = resets[0] if resets else (none, none)
    rho = rho.reshape(-1, 1) if rho.dim() == 1 else rho
    square, row = (n_post, n_post), (n_post,)
    result: tuple[Tensor, Tensor] = _Scan.apply(
        v_in, w.expand(square), rho.expand(square), amplitude.expand(row), reset.expand(row), theta.expand(row), surrogate
    )
    return result


class _Filter(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, rho: Tensor) -> Tensor:
        arguments = [argument.contiguous() for argument in (x, w, rho)]
        ctx.save_for_backward(*arguments)
        return filter_forward(*arguments)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, w, rho = ctx.saved_tensors
        g = g.contiguous()
        dx = filter_adjoint(g, w, rho) if ctx.needs_input_grad[0] else None
        return dx, *(filter_gradients(g, x, w, rho) if any(ctx.needs_input_grad[1:]) else (None, None))


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> tuple[Tensor, Tensor]:
        *tensors, ctx.surrogate = arguments
        tensors = [tensor.contiguous() for tensor in tensors]
        z, v = scan_forward(*tensors)
        ctx.save_for_backward(z, v, *tensors[1:])
        return z, v

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dz: Tensor, dv: Tensor) -> tuple[Tensor | None, ...]:
        z, v, w, rho, amplitude, reset, theta = ctx.saved_tensors
        pseudo = ctx.surrogate.derivative(v - theta, theta).contiguous()  # (time, batch, post)
        d = scan_backward(dz.contiguous(), dv.contiguous(), pseudo, w, rho, amplitude, reset)
        by_threshold = -(d - dv).sum(dim=(0, 1))  # what came through the spikes, with the opposite sign
        dw, drho = filter_gradients(d[1:], z[:-1], w, rho)
        by_reset = leaky_gradients(d[1:], z[:-1], amplitude, reset)
        return d, dw, drho, *by_reset, by_threshold, None

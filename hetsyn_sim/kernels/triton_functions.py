"""The Triton kernels behind the two operations' signatures, with their gradients; what the kernels do not cover runs in plain torch.

Described as what it is: checked for correctness in Triton's interpreter at toy sizes; never run on a GPU; no claim on performance or races.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from . import filters, scan
from .filters import is_tied, spread_carry
from .scan import DecayPath, SurrogateDerivative

__all__ = ["LARGEST_SCAN", "exponential_filter", "is_available", "spiking_scan"]

#: A program of the scan holds its population's recurrent states, post x post: more neurons than this have no place in registers.
LARGEST_SCAN = 128


def is_available() -> bool:
    """Whether Triton is installed and can run here: on a CUDA device, or in its interpreter (TRITON_INTERPRET=1, for tests)."""
    return find_spec("triton") is not None and (torch.cuda.is_available() or os.environ.get("TRITON_INTERPRET") == "1")


def exponential_filter(x: Tensor, w: Tensor, rho: Tensor, carried: Tensor | None = None) -> Tensor:
    """:func:`hetsyn_sim.kernels.filters.exponential_filter`; decays shared over ``pre`` run there."""
    if is_tied(rho):
        return filters.exponential_filter(x, w, rho, carried)
    v: Tensor = _Filter.apply(x, w, rho.expand_as(w))
    return v if carried is None else v + spread_carry(carried, rho, len(x))


def spiking_scan(
    v_in: Tensor, recurrent: Sequence[DecayPath], resets: Sequence[DecayPath], theta: Tensor, surrogate: SurrogateDerivative
) -> tuple[Tensor, Tensor]:
    """:func:`hetsyn_sim.kernels.scan.spiking_scan`; more than one path of a kind, or more than LARGEST_SCAN neurons, run there."""
    n_post = v_in.shape[2]
    if len(recurrent) > 1 or len(resets) > 1 or n_post > LARGEST_SCAN:
        return scan.spiking_scan(v_in, recurrent, resets, theta, surrogate)
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
        from .triton_kernels import filter_forward

        arguments = [argument.contiguous() for argument in (x, w, rho)]
        ctx.save_for_backward(*arguments)
        return filter_forward(*arguments)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        from .triton_kernels import filter_adjoint, filter_gradients

        x, w, rho = ctx.saved_tensors
        g = g.contiguous()
        dx = filter_adjoint(g, w, rho) if ctx.needs_input_grad[0] else None
        return dx, *(filter_gradients(g, x, w, rho) if any(ctx.needs_input_grad[1:]) else (None, None))


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> tuple[Tensor, Tensor]:
        from .triton_kernels import scan_forward

        *tensors, ctx.surrogate = arguments
        tensors = [tensor.contiguous() for tensor in tensors]
        z, v = scan_forward(*tensors)
        ctx.save_for_backward(z, v, *tensors[1:])
        return z, v

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dz: Tensor, dv: Tensor) -> tuple[Tensor | None, ...]:
        from .triton_kernels import filter_gradients, scan_backward

        z, v, w, rho, amplitude, reset, theta = ctx.saved_tensors
        pseudo = ctx.surrogate.derivative(v - theta, theta).contiguous()  # (time, batch, post)
        d = scan_backward(dz.contiguous(), dv.contiguous(), pseudo, w, rho, amplitude, reset)
        by_threshold = -(d - dv).sum(dim=(0, 1))  # what came through the spikes, with the opposite sign
        dw, drho = filter_gradients(d[1:], z[:-1], w, rho)
        by_reset = scan.leaky_gradients(d[1:], z[:-1], amplitude, reset)
        return d, dw, drho, *by_reset, by_threshold, None

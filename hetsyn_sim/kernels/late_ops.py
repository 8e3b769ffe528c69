"""The filter and the spiking scan of events that arrive late, in C++ (``csrc/late_ops.hpp``, ``csrc/late_scan.hpp``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .checks import check_decay, check_delay, check_exact, check_filter, check_finite
from .first_order import once_differentiable
from .fused import SURROGATE_KERNELS, kernel_of
from .library import ScanPaths, compiled
from .operators import operator, save_all


def _filter_late(x: Tensor, w: Tensor, rho: Tensor, delay: Tensor) -> Tensor:
    """v of shape (time, batch, post) from x (time, batch, pre) with w, rho and delay, in steps, (post, pre)."""
    check_filter(x, w, rho)
    check_exact("hetsyn::late_filter", {"rho": (rho, tuple(w.shape))})
    check_delay(delay, w)
    check_finite(w, "w")
    check_decay(rho)
    v = x.new_empty(*x.shape[:2], w.shape[0])
    compiled().late_filter(x.contiguous(), w.contiguous(), rho.contiguous(), delay.contiguous(), v)
    return v


def _fake_filter(x: Tensor, w: Tensor, rho: Tensor, delay: Tensor) -> Tensor:
    return x.new_empty(*x.shape[:2], w.shape[0])


def _filter_late_backward(
    g: Tensor, x: Tensor, w: Tensor, rho: Tensor, delay: Tensor, of_input: bool, of_synapses: bool, of_delay: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """dL/dx; dL/dw and dL/drho, and, if of_delay too, dL/ddelay, from g = dL/dv; empty where not asked for."""
    dx = torch.empty_like(x, memory_format=torch.contiguous_format) if of_input else None
    w, rho, delay = (parameter.contiguous() for parameter in (w, rho, delay))
    dw, drho, ddelay = (torch.empty_like(w) for _ in range(3))
    of_each = (dw, drho, ddelay if of_delay else None) if of_synapses else None
    compiled().late_filter_backward(g.contiguous(), x.contiguous(), w, rho, delay, dx, of_each)
    # operators return tensors only: an empty one stands for what was not asked for
    there = (of_input, of_synapses, of_synapses, of_synapses and of_delay)
    dx, dw, drho, ddelay = (
        gradient if wanted and gradient is not None else x.new_empty(0)
        for gradient, wanted in zip((dx, dw, drho, ddelay), there, strict=True)
    )
    return dx, dw, drho, ddelay


def _fake_filter_backward(
    g: Tensor, x: Tensor, w: Tensor, rho: Tensor, delay: Tensor, of_input: bool, of_synapses: bool, of_delay: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    there = (of_input, of_synapses, of_synapses, of_synapses and of_delay)
    dx, dw, drho, ddelay = (x.new_empty(t.shape if wanted else (0,)) for t, wanted in zip((x, w, w, w), there, strict=True))
    return dx, dw, drho, ddelay


def _differentiate_late(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
    of_input, of_synapses, of_delay = ctx.needs_input_grad[0], any(ctx.needs_input_grad[1:]), ctx.needs_input_grad[3]
    dx, dw, drho, ddelay = filter_late_backward(g, *ctx.saved_tensors, of_input, of_synapses, of_delay)
    return dx if of_input else None, *((dw, drho) if of_synapses else (None, None)), ddelay if of_delay else None


filter_late_backward = operator("late_filter_backward", _filter_late_backward, _fake_filter_backward)
filter_late = operator("late_filter", _filter_late, _fake_filter, save_all, _differentiate_late)


class LateScan(torch.autograd.Function):
    """z and v of :func:`~hetsyn_sim.kernels.spiking_scan`, for surrogates that are compiled.

    Paths with (post, pre) are recurrent, those with (post,) resets.
    """

    @staticmethod
    def forward(ctx: Any, v_in: Tensor, theta: Tensor, surrogate: Any, delay: Tensor, n_recurrent: int, *flat: Tensor) -> Any:
        flat = tuple(t.contiguous() for t in flat)
        delay, theta = delay.contiguous(), theta.contiguous()
        for amplitude, rho in zip(flat[::2], flat[1::2], strict=True):
            check_finite(amplitude, "amplitude")
            check_decay(rho)
        check_finite(theta, "theta")
        z, v = (torch.empty_like(v_in, memory_format=torch.contiguous_format) for _ in range(2))
        compiled().late_scan(v_in.contiguous(), _paths(flat, n_recurrent), delay, theta, z, v)
        ctx.surrogate, ctx.n_recurrent = surrogate, n_recurrent
        ctx.set_materialize_grads(False)  # v is rarely used by a loss
        ctx.save_for_backward(v, z, theta, delay, *flat)
        return z, v

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dz: Tensor | None, dv: Tensor | None) -> Any:
        v, z, theta, delay, *flat = ctx.saved_tensors
        d, dtheta = torch.empty_like(v), torch.empty_like(theta)
        resets = [(torch.empty_like(theta), torch.empty_like(theta)) for _ in flat[2 * ctx.n_recurrent :: 2]]
        kernel = kernel_of(ctx.surrogate)
        assert kernel is not None
        dz, dv = (None if g is None else g.contiguous() for g in (dz, dv))
        settings = [float(value) for value in vars(ctx.surrogate).values()]
        paths, kind = _paths(flat, ctx.n_recurrent), SURROGATE_KERNELS.index(kernel)
        compiled().late_scan_gradients(dz, dv, v, z, paths, delay, theta, kind, settings, d, dtheta, resets)
        of_delay, grads = ctx.needs_input_grad[3], []
        ddelay = torch.zeros_like(delay) if of_delay else None
        for amplitude, rho in zip(flat[: 2 * ctx.n_recurrent : 2], flat[1 : 2 * ctx.n_recurrent : 2], strict=True):
            if len(v) < 2:  # in one step, no spike has arrived anywhere
                grads += [torch.zeros_like(amplitude), torch.zeros_like(rho)]
                continue
            _, *both, part = filter_late_backward(d[1:], z[:-1], amplitude, rho, delay, False, True, of_delay)
            grads += both
            ddelay = ddelay + part if ddelay is not None else None
        return d, dtheta, None, ddelay, None, *grads, *(gradient for pair in resets for gradient in pair)


def _paths(flat: Sequence[Tensor], n_recurrent: int) -> ScanPaths:
    pairs = list(zip(flat[::2], flat[1::2], strict=True))
    return ScanPaths(pairs[:n_recurrent], [], pairs[n_recurrent:])

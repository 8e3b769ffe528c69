"""The spiking scan of a population whose own spikes arrive late, in C++ (``csrc/late_scan.hpp``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .checks import check_decay, check_finite
from .first_order import once_differentiable
from .fused import SURROGATE_KERNELS, filter_late_backward, kernel_of
from .library import ScanPaths, library


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
        kernels = library()
        assert kernels is not None
        kernels.late_scan(v_in.contiguous(), _paths(flat, n_recurrent), delay, theta, z, v)
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
        kernels, kernel = library(), kernel_of(ctx.surrogate)
        assert kernels is not None
        assert kernel is not None
        dz, dv = (None if g is None else g.contiguous() for g in (dz, dv))
        settings = [float(value) for value in vars(ctx.surrogate).values()]
        paths, kind = _paths(flat, ctx.n_recurrent), SURROGATE_KERNELS.index(kernel)
        kernels.late_scan_gradients(dz, dv, v, z, paths, delay, theta, kind, settings, d, dtheta, resets)
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

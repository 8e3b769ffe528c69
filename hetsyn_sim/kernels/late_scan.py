"""The spiking scan of a population whose own spikes arrive late, in C++ (``csrc/late_scan.hpp``), for any surrogate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .checks import check_decay, check_finite
from .fused import filter_late_backward, leaky_scan
from .library import ScanPaths, library


class LateScan(torch.autograd.Function):
    """z and v of :func:`~hetsyn_sim.kernels.spiking_scan`. Paths with (post, pre) are recurrent, those with (post,) resets."""

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
        pseudo = ctx.surrogate.derivative(v - theta, theta).contiguous()
        d = torch.empty_like(v)
        kernels = library()
        assert kernels is not None
        dz, dv = (None if g is None else g.contiguous() for g in (dz, dv))
        kernels.late_scan_backward(pseudo, dz, dv, _paths(flat, ctx.n_recurrent), delay, d)
        dtheta = (d if dv is None else d - dv).sum(dim=(0, 1)).neg()
        ddelay, grads = torch.zeros_like(delay), []
        for k, (amplitude, rho) in enumerate(zip(flat[::2], flat[1::2], strict=True)):
            if len(v) < 2:  # in one step, no spike has arrived anywhere
                grads += [torch.zeros_like(amplitude), torch.zeros_like(rho)]
            elif k < ctx.n_recurrent:
                _, *both, of_delay = filter_late_backward(d[1:], z[:-1], amplitude, rho, delay, False, True)
                grads += both
                ddelay = ddelay + of_delay
            else:
                back, states = leaky_scan(d[1:], rho, True), leaky_scan(amplitude * z[:-1], rho)  # (time, batch, post)
                grads += [(back * z[:-1]).sum(dim=(0, 1)), (back[1:] * states[:-1]).sum(dim=(0, 1))]
        return d, dtheta, None, ddelay, None, *grads


def _paths(flat: Sequence[Tensor], n_recurrent: int) -> ScanPaths:
    pairs = list(zip(flat[::2], flat[1::2], strict=True))
    return ScanPaths(pairs[:n_recurrent], [], pairs[n_recurrent:])

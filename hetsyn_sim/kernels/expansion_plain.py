"""The shared-decay expansion (:mod:`hetsyn_sim.kernels.expansion`) in plain torch: products over pieces of time, a scan over steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from .expansion import Expansion, find_nodes
from .first_order import once_differentiable

#: Numbers held at once by the plain torch implementation, per piece of time.
PIECE = 1 << 21


def expanded_filter(x: Tensor, w: Tensor, rho: Tensor, tolerance: float) -> Tensor | None:
    """:func:`hetsyn_sim.kernels.exponential_filter` with every power of a decay within ``tolerance``; None if there are no nodes.

    The error of v[t] is at most tolerance times the sum of abs(w x) up to t, that of dL/dw at most tolerance times the sum over t, c and
    batch of abs(g[t + c] x[t]), that of dL/d(log tau) the same times abs(w), and dL/drho = tau / rho dL/d(log tau). Rounding comes on top.

    Parameters
    ----------
    x, w, rho
        Input (time, batch, pre), weights (post, pre), decays in [0, 1] (post, pre).
    tolerance
        Bound of the error of every power rho^c and of its derivative by log tau.

    Raises
    ------
    ConfigError
        If the tolerance is out of range for the dtype.
    DataError
        If a decay is outside of [0, 1].
    """
    decays = rho.detach()
    forward = find_nodes(decays, len(x), tolerance, slope=False)
    backward = find_nodes(decays, len(x), tolerance, slope=True) if torch.is_grad_enabled() else forward
    if forward is None or backward is None:
        return None
    v: Tensor = _ExpandedFilter.apply(x, w, rho, Expansion.of(decays, forward), Expansion.of(decays, backward))
    return v


class _ExpandedFilter(torch.autograd.Function):
    """Matrix products over pieces of time and a scan over steps; saves the arguments and nothing else."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, rho: Tensor, forward: Expansion, backward: Expansion) -> Tensor:
        ctx.save_for_backward(x, w, rho)
        ctx.expansion = backward
        m = (forward.coefficients() * w).to(w).flatten(0, 1)  # (node * post, pre)
        decays = w.new_tensor(forward.nodes.decays).view(-1, 1)
        v = x.new_empty(*x.shape[:2], w.shape[0])
        u = x.new_zeros(x.shape[1], len(decays), w.shape[0])
        for piece in _pieces(x, m):
            drive = (x[piece] @ m.T).view(-1, *u.shape)  # (time, batch, node, post)
            for now, out in zip(drive, v[piece], strict=True):
                u = torch.addcmul(now, decays, u)
                torch.sum(u, dim=1, out=out)
        return v

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, w, rho = ctx.saved_tensors
        expansion: Expansion = ctx.expansion
        nodes = expansion.nodes
        wants_x, wants_parameters = ctx.needs_input_grad[0], any(ctx.needs_input_grad[1:3])
        decays = w.new_tensor(nodes.decays).view(-1, 1)
        m = (expansion.coefficients() * w).to(w).flatten(0, 1)  # (node * post, pre)
        dx = torch.empty_like(x) if wants_x else None
        dm = torch.zeros_like(m)
        a = g.new_zeros(g.shape[1], len(decays), g.shape[2])
        for piece in reversed(list(_pieces(x, m))):
            scans = g.new_empty(len(x[piece]), *a.shape)  # (time, batch, node, post)
            for now, out in zip(reversed(g[piece].unbind(0)), reversed(scans.unbind(0)), strict=True):
                fed = now.unsqueeze(1).expand_as(a).clone()
                for k in nodes.chained:
                    fed[:, k] = a[:, k - 1]
                a = torch.addcmul(fed, decays, a, out=out)
            flat = scans.flatten(0, 1).flatten(1)  # (time * batch, node * post)
            if dx is not None:
                torch.mm(flat, m, out=dx[piece].flatten(0, 1))
            if wants_parameters:
                dm.addmm_(flat.T, x[piece].flatten(0, 1))
        grads = expansion.gradients(dm.view(len(decays), *w.shape), w, rho) if wants_parameters else (None, None)
        return dx, *grads, None, None


def _pieces(x: Tensor, m: Tensor) -> Iterator[slice]:
    n = max(1, PIECE // (x.shape[1] * len(m)))
    return (slice(start, start + n) for start in range(0, len(x), n))

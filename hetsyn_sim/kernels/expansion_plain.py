"""The shared-decay expansion (:mod:`hetsyn_sim.kernels.expansion`) in torch, on any device: products over pieces of time, and scans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from .expansion import Expansion, find_nodes
from .first_order import once_differentiable
from .node_scans import adjoint, scan

#: Numbers held at once, per piece of time: what a processor's cache holds, and on another device what keeps it busy.
PIECE, PIECE_ELSEWHERE = 1 << 21, 1 << 26


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
    nodes = nodes_for(rho, len(x), tolerance)
    if nodes is None:
        return None
    v: Tensor = _ExpandedFilter.apply(x, w, rho, *nodes)
    return v


def nodes_for(rho: Tensor, n_steps: int, tolerance: float) -> tuple[Expansion, Expansion] | None:
    """Nodes for the forward pass and for gradients over ``n_steps``; None if too many would be needed."""
    decays = rho.detach()
    forward = find_nodes(decays, n_steps, tolerance, slope=False)
    backward = find_nodes(decays, n_steps, tolerance, slope=True) if torch.is_grad_enabled() else forward
    return None if forward is None or backward is None else (Expansion.of(decays, forward), Expansion.of(decays, backward))


class _ExpandedFilter(torch.autograd.Function):
    """Matrix products over pieces of time and a scan over steps; saves the arguments and nothing else."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, rho: Tensor, forward: Expansion, backward: Expansion) -> Tensor:
        ctx.save_for_backward(x, w, rho)
        ctx.expansion = backward
        m = (forward.coefficients() * w).to(w).flatten(0, 1)  # (node * post, pre)
        decays = _decays(forward, w)
        v = x.new_empty(*x.shape[:2], w.shape[0])
        u = x.new_zeros(x.shape[1], len(decays), w.shape[0])
        for piece in _pieces(x, m):
            drive = (x[piece] @ m.T).view(-1, *u.shape)  # (time, batch, node, post)
            u = scan(drive, decays, u, v[piece])
        return v

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, w, rho = ctx.saved_tensors
        nodes: Expansion = ctx.expansion
        dx = torch.empty_like(x) if ctx.needs_input_grad[0] else None
        dw, drho = backwards(g, x, w, rho, nodes, dx, synapses=any(ctx.needs_input_grad[1:3]))
        return dx, dw, drho, None, None


def backwards(
    g: Tensor, x: Tensor, w: Tensor, rho: Tensor, nodes: Expansion, dx: Tensor | None, *, synapses: bool = True
) -> tuple[Tensor | None, Tensor | None]:
    """dL/dw and dL/drho, (post, pre), from g = dL/dv (time, batch, post), if ``synapses``; dL/dx into ``dx``, if given."""
    decays = _decays(nodes, w)
    m = (nodes.coefficients() * w).to(w).flatten(0, 1)  # (node * post, pre)
    dm = torch.zeros_like(m)
    a = g.new_zeros(g.shape[1], *decays.shape)
    for piece in reversed(list(_pieces(x, m))):
        scans = g.new_empty(len(x[piece]), *a.shape)  # (time, batch, node, post)
        a = adjoint(g[piece], decays, nodes.nodes.chained, a, scans)
        flat = scans.flatten(0, 1).flatten(1)  # (time * batch, node * post)
        if dx is not None:
            torch.mm(flat, m, out=dx[piece].flatten(0, 1))
        if synapses:
            dm.addmm_(flat.T, x[piece].flatten(0, 1))
    return nodes.gradients(dm.view(len(decays), *w.shape), w, rho) if synapses else (None, None)


class SharedBank:
    """Recurrent synapses (post, pre) seen from shared nodes: a state per neuron and node, stepped as spikes come, forwards and backwards.

    The steps of one scan have to be asked for in their order.
    """

    def __init__(self, w: Tensor, rho: Tensor, forward: Expansion, backward: Expansion) -> None:
        self.w, self.rho, self.backward = w, rho, backward
        self._m = (forward.coefficients() * w).to(w).flatten(0, 1)  # (node * post, pre)
        self._decays = _decays(forward, w)
        self._state: Tensor | None = None

    def pull(self, z: Tensor, t: int) -> Tensor:
        """What the spikes before step t add to v in it. z (batch, time, pre) -> (batch, post)."""
        arrived = (z[:, t - 1] @ self._m.T).view(len(z), *self._decays.shape)
        self._state = arrived if self._state is None or t == 1 else torch.addcmul(arrived, self._decays, self._state)
        return self._state.sum(dim=1)

    def pull_adjoint(self, d: Tensor, t: int) -> Tensor:
        """What dL/dv of the steps after t is by the spikes of step t. d (batch, time, post) -> (batch, pre)."""
        later = d[:, t + 1].unsqueeze(1).expand(-1, *self._decays.shape)
        self._state = later if self._state is None or t == d.shape[1] - 2 else torch.addcmul(later, self._decays, self._state)
        return self._state.flatten(1) @ self._m

    def gradients(self, d: Tensor, z: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """dL/dw and dL/drho, (post, pre), from d = dL/dv (time, batch, post) and spikes z one step before, (time, batch, pre)."""
        return backwards(d, z, self.w, self.rho, self.backward, None)


def _decays(nodes: Expansion, w: Tensor) -> Tensor:
    """rho_k for every neuron, (node, post)."""
    return w.new_tensor(nodes.nodes.decays).view(-1, 1).expand(-1, len(w))


def _pieces(x: Tensor, m: Tensor) -> Iterator[slice]:
    n = max(1, (PIECE if x.device.type == "cpu" else PIECE_ELSEWHERE) // (x.shape[1] * len(m)))
    return (slice(start, start + n) for start in range(0, len(x), n))

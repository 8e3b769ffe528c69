"""Exponentially filtered synaptic input, the linear half of a step: v = sum over synapses of w times the filtered input."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .backends import backend_for, expansion_tolerance
from .checks import check_filter
from .expansion_ops import filter_expanded
from .expansion_plain import expanded_filter
from .first_order import once_differentiable
from .fused import filter_synapses, leaky_scan
from .lags import carry, correlate, filter_lags, filter_lags_adjoint, is_tied, powers, spread
from .node_scans import adjoint, scan

#: Longer sequences are processed in pieces of this many steps by sums over lags, which cost time squared within a piece.
CHUNK = 128


def exponential_filter(x: Tensor, w: Tensor, rho: Tensor, carried: Tensor | None = None, *, tolerance: float | None = None) -> Tensor:
    """v[t, b, j] = sum over i of I[t, b, j, i] with I[t] = rho * I[t-1] + w * x[t].

    The structure of ``rho`` chooses the algorithm: shared over ``pre``, one state per neuron; otherwise sums over lags.

    Parameters
    ----------
    x
        Input, shape (time, batch, pre).
    w
        Amplitudes, shape (post, pre).
    rho
        Decays in [0, 1], shape (post, pre), (post, 1) or ().
    carried
        State from the chunk before (:func:`filter_carry`).
    tolerance
        Of shared decays, which are then used where kernels are (:mod:`hetsyn_sim.kernels.expansion`). By default as ``use_backend`` says.

    Returns
    -------
    v : Tensor, shape (time, batch, post)
        Differentiable in x, w, rho and carried.

    Raises
    ------
    DataError
        If shapes, types or devices do not fit each other, or (fused kernels) a value is not finite or a decay outside of [0, 1].
    ConfigError
        If the tolerance is too small for the type.
    """
    check_filter(x, w, rho)
    if is_tied(rho):
        return leaky_filter(x @ w.T, rho, carried)
    faster = _other_than_plain(x, w, rho.expand_as(w), tolerance)
    if faster is not None:
        return faster if carried is None else faster + spread_carry(carried, rho, x.shape[0])
    if x.shape[0] > CHUNK:
        pieces: list[Tensor] = []
        for k, piece in enumerate(split := x.split(CHUNK)):
            if k:
                carried = filter_carry(split[k - 1], w, rho, carried, delay=0)
            pieces.append(exponential_filter(piece, w, rho, carried))
        return torch.cat(pieces)
    v: Tensor = _LagFilter.apply(x, w, rho.expand_as(w))  # (time, batch, post)
    return v if carried is None else v + spread(carried, rho, x.shape[0])


def _other_than_plain(x: Tensor, w: Tensor, rho: Tensor, tolerance: float | None) -> Tensor | None:
    """The filter by the kernels in use, None where these are sums over lags. rho (post, pre)."""
    backend = backend_for(x, w, rho)
    if tolerance is None:
        tolerance = expansion_tolerance(x)
    if backend == "plain":
        return None if tolerance is None else expanded_filter(x, w, rho, tolerance)
    v: Tensor = filter_synapses(x, w, rho) if tolerance is None else filter_expanded(x, w, rho, tolerance)[0]
    return v


def filter_carry(x: Tensor, w: Tensor, rho: Tensor, carried: Tensor | None, *, delay: int) -> Tensor:
    """The state to hand to the next chunk: (batch, post) where the decay is tied, else (batch, post, pre). See :func:`lags.carry`.

    ``carried`` is the one that was handed to this chunk, ``delay`` how many steps later an event counts, 0 or 1.
    """
    if not is_tied(rho):
        for piece in x.split(CHUNK):
            carried = carry(piece, w, rho, carried, delay=delay)
        assert carried is not None
        return carried
    return leaky_carry(x @ w.T, rho, carried, delay=delay)


def leaky_filter(drive: Tensor, rho: Tensor, carried: Tensor | None = None) -> Tensor:
    """v[t, b, j] = rho[j] * v[t-1, b, j] + drive[t, b, j]: one state per neuron, whatever its synapses are.

    Parameters
    ----------
    drive
        What arrives at each neuron, (time, batch, post).
    rho
        Decays in [0, 1], (post,), (post, 1) or ().
    carried
        State from the chunk before (:func:`leaky_carry`), (batch, post).
    """
    return _leaky_scan(drive, rho.reshape(-1).expand(drive.shape[2]), carried)


def leaky_carry(drive: Tensor, rho: Tensor, carried: Tensor | None, *, delay: int) -> Tensor:
    """The state to hand to the next chunk of :func:`leaky_filter`, (batch, post); arguments as for :func:`filter_carry`."""
    decay = rho.reshape(-1).expand(drive.shape[2])
    last = _leaky_scan(drive, decay, None if carried is None else carried if delay == 0 else carried * decay)[-1]
    return last * decay if delay == 0 else last


def spread_carry(carried: Tensor, rho: Tensor, n_steps: int) -> Tensor:
    """What a carried state adds to v over the next steps, (time, batch, post), if nothing else happens."""
    if carried.dim() == 3:
        pieces = []
        for begin in range(0, n_steps, CHUNK):  # the powers of a piece at a time
            n = min(CHUNK, n_steps - begin)
            pieces.append(spread(carried, rho, n))
            carried = carried * rho**n
        return torch.cat(pieces)
    return powers(rho.reshape(-1), n_steps).unsqueeze(1) * carried


def _leaky_scan(drive: Tensor, decay: Tensor, start: Tensor | None) -> Tensor:
    """v[t] = decay * v[t-1] + drive[t], where decay * v[-1] is ``start``. drive (time, batch, post), decay (post,)."""
    if start is not None:  # as if it arrived with the first step: the scan itself begins at 0
        drive = torch.cat([(drive[0] + start).unsqueeze(0), drive[1:]])
    drive = drive.to(decay.dtype)  # under autocast, a product comes in low precision; a state must not
    # In a single step nothing decays, and in a loop over time a kernel's call costs more than all else. But a decay has a gradient of 0.
    if len(drive) == 1 and (not decay.requires_grad or (start is not None and start.requires_grad)):
        return drive
    v: Tensor = leaky_scan(drive, decay, False) if backend_for(drive, decay) == "fused" else _LeakyScan.apply(drive, decay)
    return v


class _LagFilter(torch.autograd.Function):
    """Forward and both gradients as sums over lags; saves the arguments and nothing else."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, rho: Tensor) -> Tensor:
        ctx.save_for_backward(x, w, rho)
        return filter_lags(x, w, rho)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, w, rho = ctx.saved_tensors
        g = g.contiguous()
        dx = filter_lags_adjoint(g, w, rho) if ctx.needs_input_grad[0] else None
        dw, drho = correlate(g, x, w, rho) if any(ctx.needs_input_grad[1:]) else (None, None)
        return dx, dw, drho


class _LeakyScan(torch.autograd.Function):
    """One leaky state per neuron; the adjoint is the same scan run backwards."""

    @staticmethod
    def forward(ctx: Any, drive: Tensor, decay: Tensor) -> Tensor:
        v = torch.empty_like(drive, memory_format=torch.contiguous_format)
        scan(drive.unsqueeze(2), decay.unsqueeze(0), drive.new_zeros(drive.shape[1], 1, drive.shape[2]), v)
        ctx.save_for_backward(v, decay)
        return v

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor]:
        v, decay = ctx.saved_tensors
        a = g.new_empty(*g.shape[:2], 1, g.shape[2])
        adjoint(g, decay.unsqueeze(0), (), torch.zeros_like(a[0]), a)
        a = a.squeeze(2)
        return a, (a[1:] * v[:-1]).sum(dim=(0, 1))

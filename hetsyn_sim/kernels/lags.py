"""Per-synapse exponential filters as sums over lags: v[t] = sum_c x[t - c] (w rho^c)^T, each lag one matrix product.

A state per batch item and synapse is never made: what the obvious implementation keeps for autograd (batch x post x pre x time) is
replaced by time-many matrix products, exact to rounding. The work grows with time squared, so long sequences are cut into chunks
(see :func:`carry` and :func:`spread`), which makes it linear.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor


def is_tied(rho: Tensor) -> bool:
    """Whether the decay is shared by a neuron's synapses, so that one state per neuron is enough."""
    return rho.dim() < 2 or rho.shape[-1] == 1


def _lag_kernels(w: Tensor, rho: Tensor, n: int) -> Iterator[Tensor]:
    """w, w*rho, w*rho^2, ... (n of them), each of shape (post, pre)."""
    kernel = w
    for lag in range(n):
        yield kernel
        if lag < n - 1:
            kernel = kernel * rho


def filter_lags(x: Tensor, w: Tensor, rho: Tensor) -> Tensor:
    """v[t] = sum over c of x[t - c] @ (w rho^c)^T. x (time, batch, pre), w and rho (post, pre) -> (time, batch, post)."""
    n_steps, n_batch, _ = x.shape
    v = x.new_zeros(n_steps, n_batch, w.shape[0])
    last = _last_active_step(x)
    for lag, kernel in enumerate(_lag_kernels(w, rho, n_steps)):
        n = min(n_steps - lag, last + 1)  # steps of silence at the end reach nothing
        v[lag : lag + n].flatten(0, 1).addmm_(x[:n].flatten(0, 1), kernel.T)
    return v


def filter_lags_adjoint(g: Tensor, w: Tensor, rho: Tensor) -> Tensor:
    """dL/dx[t] = sum over c of g[t + c] @ (w rho^c). g = dL/dv (time, batch, post) -> (time, batch, pre)."""
    n_steps, n_batch, _ = g.shape
    dx = g.new_zeros(n_steps, n_batch, w.shape[1])
    for lag, kernel in enumerate(_lag_kernels(w, rho, n_steps)):
        dx[: n_steps - lag].flatten(0, 1).addmm_(g[lag:].flatten(0, 1), kernel)
    return dx


def correlate(g: Tensor, x: Tensor, w: Tensor, rho: Tensor) -> tuple[Tensor, Tensor]:
    """dL/dw and dL/drho, both (post, pre), from g = dL/dv (time, batch, post) and x (time, batch, pre).

    With C_c = sum over t and batch of g[t + c]^T x[t]:  dL/dw = sum_c rho^c C_c  and  dL/drho = w * sum_c c rho^(c-1) C_c, a polynomial
    in rho and its derivative, both by Horner's rule from the longest lag down.
    """
    n_steps = x.shape[0]
    last = _last_active_step(x)
    polynomial = torch.zeros_like(w)
    derivative = torch.zeros_like(w)
    product = torch.empty_like(w)
    for lag in range(n_steps - 1, -1, -1):
        n = min(n_steps - lag, last + 1)
        torch.mm(g[lag : lag + n].flatten(0, 1).T, x[:n].flatten(0, 1), out=product)
        derivative.mul_(rho).add_(polynomial)
        polynomial.mul_(rho).add_(product)
    return polynomial, derivative.mul_(w)


def leaky_gradients(d: Tensor, z: Tensor, amplitude: Tensor, rho: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of a path with one state per neuron: s[t] = rho s[t-1] + drive[t], v += s, drive = z @ w^T or amplitude * z."""
    drive = z @ amplitude.T if amplitude.dim() == 2 else amplitude * z  # (time, batch, post)
    state, states = torch.zeros_like(drive[0]), []
    for now in drive.unbind(0):
        state = rho * state + now
        states.append(state)
    adjoint, adjoints = torch.zeros_like(d[0]), []
    for later in reversed(d.unbind(0)):
        adjoint = rho * adjoint + later
        adjoints.append(adjoint)
    back = torch.stack(adjoints[::-1])  # (time, batch, post): dL/ddrive
    drho = (back[1:] * torch.stack(states)[:-1]).sum(dim=(0, 1))
    if amplitude.dim() == 2:
        return back.flatten(0, 1).T @ z.flatten(0, 1), drho
    return (back * z).sum(dim=(0, 1)), drho


def powers(rho: Tensor, n: int) -> Tensor:
    """1, rho, rho^2, ..., rho^(n-1) along a new first axis; exactly 1 and 0, 0, ... for rho = 0."""
    exponents = torch.arange(n, device=rho.device).view(-1, *[1] * rho.dim())
    return rho.unsqueeze(0) ** exponents


def spread(carried: Tensor, rho: Tensor, n_steps: int) -> Tensor:
    """What a carried state adds to v over the next steps: sum over pre of carried * rho^t. (batch, post, pre) -> (time, batch, post)."""
    return torch.einsum("bji,tji->tbj", carried, powers(rho, n_steps).expand(-1, *carried.shape[1:]))


def carry(x: Tensor, w: Tensor, rho: Tensor, carried: Tensor | None, *, delay: int) -> Tensor:
    """The state that a chunk hands to the next one: what each synapse will add to v at the next chunk's first step, (batch, post, pre).

    ``delay`` is 0 for input of the same step, 1 for recurrent spikes, which arrive one step after they happen.
    """
    n_steps = x.shape[0]
    weights = powers(rho.expand_as(w), n_steps + 1 - delay).flip(0)[:n_steps]  # exponent T - delay - s for the input of step s
    state = torch.einsum("tbi,tji->bji", x, weights * w)
    return state if carried is None else state + rho**n_steps * carried


def _last_active_step(x: Tensor) -> int:
    active = x.flatten(1).any(dim=1).nonzero()
    return int(active[-1]) if active.numel() else -1

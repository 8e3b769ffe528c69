"""Synapses whose events take time to arrive, each its own: filters with a lag per synapse, without a state per lag.

A delay of k + f steps, 0 <= f < 1, lets an event of step s arrive with (1 - f) w in step s + k and with f w in step s + k + 1: linear
interpolation, so that v has a derivative by the delay, w (I1 - I0), I0 and I1 being what arrives by the two. A whole number of steps is
a plain shift. As a sum over lags, v[t] = sum_n x[t - n] h_n^T with the response

    h_n = rho h_(n-1) + w ((1 - f) [n = k] + f [n = k + 1]),

a lag n is one matrix product. With C_n = sum over t and batch of g[t + n]^T x[t], and from the longest lag down A_n = rho A_(n+1) + C_n and
D_n = rho D_(n+1) + A_(n+1), the gradients are

    dL/dw = (1 - f) A_k + f A_(k+1),   dL/drho = w ((1 - f) D_k + f D_(k+1)),   dL/ddelay = w (A_(k+1) - A_k).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .backends import backend_for
from .checks import check_delay, check_filter
from .filters import CHUNK, exponential_filter, spread_carry
from .first_order import once_differentiable
from .late_ops import filter_late
from .library import has_delays


class Window(NamedTuple):
    """What delayed synapses need of the past.

    ``recent`` are the events of the last steps, (lag, batch, pre), some of which have not arrived yet; ``state`` is what all events before
    them add to v at the next step, (batch, post, pre). It takes as many steps as the longest lag, and no state for any of them.
    """

    recent: Tensor
    state: Tensor


def delayed_filter(x: Tensor, w: Tensor, rho: Tensor, delay: Tensor, past: Window | None = None) -> Tensor:
    """v[t, b, j] = sum over i of I[t, b, j, i] with I[t] = rho * I[t-1] + w * x[t - delay].

    Parameters
    ----------
    x
        Events, shape (time, batch, pre).
    w
        Amplitudes, shape (post, pre).
    rho
        Decays in [0, 1], shape (post, pre), (post, 1), (post,) or (); with 0, a synapse adds what arrives in the step and nothing after it.
    delay
        In steps, 0 or more, shape (post, pre).
    past
        What the chunk before has left (:func:`delayed_window`).

    Returns
    -------
    v : Tensor, shape (time, batch, post)
        Differentiable in x, w, rho, delay and the state of the past.

    Raises
    ------
    DataError
        If shapes, types or devices do not fit each other, or a delay is negative or not finite.
    """
    rho = per_synapse(rho, w)
    check_filter(x, w, rho)
    check_delay(delay, w)
    if past is not None:
        n_lags = past.recent.shape[0]
        v = delayed_filter(torch.cat([past.recent, x]), w, rho, delay)[n_lags:]
        return v + spread_carry(past.state, rho, x.shape[0])
    if delay.shape[1] > 1 and delay.stride(1) == 0:  # one for each neuron, spread over its synapses: its sum is late as a whole
        return _shifted(exponential_filter(x, w, rho), delay[:, 0])
    if has_delays() and backend_for(x, w, rho, delay) == "fused":
        fused: Tensor = filter_late(x, w, rho, delay)
        return fused
    if x.shape[0] > CHUNK:
        pieces: list[Tensor] = []
        n_lags = longest_lag(delay)
        for k, piece in enumerate(split := x.split(CHUNK)):
            if k:
                past = delayed_window(split[k - 1], w, rho, delay, past, n_lags=n_lags)
            with_recent = piece if past is None else torch.cat([past.recent, piece])
            v = _DelayedFilter.apply(with_recent, w, rho, delay)[-len(piece) :]
            pieces.append(v if past is None else v + spread_carry(past.state, rho, len(piece)))
        return torch.cat(pieces)
    whole: Tensor = _DelayedFilter.apply(x, w, rho, delay)  # (time, batch, post)
    return whole


def delayed_window(x: Tensor, w: Tensor, rho: Tensor, delay: Tensor, past: Window | None, *, n_lags: int, late: int = 0) -> Window:
    """What to hand to the next chunk.

    ``past`` is what was handed to this one, ``n_lags`` at least :func:`longest_lag`, the same for all chunks. With ``late=1`` events count
    one step later, as those of recurrent synapses do.
    """
    rho, n_steps = per_synapse(rho, w), x.shape[0]
    recent = x.new_zeros(n_lags + late, *x.shape[1:]) if past is None else past.recent
    events = torch.cat([recent, x])
    whole, part = taps(delay)
    after = w * ((1.0 - part) * rho + part)  # what an event adds one step after its whole lag
    state = x.new_zeros(x.shape[1], *w.shape) if past is None else rho**n_steps * past.state
    lags = n_lags + n_steps - torch.arange(n_steps, device=x.device)  # from each event that leaves the window to the next chunk
    for leaving, lag in zip(events[:n_steps].split(CHUNK), lags.split(CHUNK), strict=True):
        faded = rho ** (lag.view(-1, 1, 1) - 1 - whole)  # (time, post, pre)
        state = state + torch.einsum("tbi,tji->bji", leaving, faded * after)
    return Window(events[n_steps:], state)


def _shifted(v: Tensor, delay: Tensor) -> Tensor:
    """v of each neuron as much later as its delay says, (post,); before the first step it was 0."""
    whole, part = taps(delay)
    n_steps, lag = len(v), min(len(v), longest_lag(delay))
    padded = torch.cat([v.new_zeros(lag + 1, *v.shape[1:]), v])
    steps = torch.arange(n_steps, device=v.device)[:, None] + lag + 1 - whole.long()  # (time, post)
    now, before = (padded.gather(0, (steps - late).clamp_min(0)[:, None].expand_as(v)) for late in (0, 1))
    return now * (1.0 - part) + before * part


def longest_lag(delay: Tensor) -> int:
    """How many steps after an event its last synapse has had all of it."""
    return int(delay.detach().amax().floor()) + 1


def taps(delay: Tensor) -> tuple[Tensor, Tensor]:
    """The whole steps of a delay, and the part of a step beyond them, which carries its derivative."""
    whole = delay.detach().floor()
    return whole, delay - whole


def arriving(sent: Tensor, delay: Tensor | None) -> Tensor:
    """What each synapse gets now of events, the newest first: (lag, batch, pre) -> (batch, post, pre). ``delay`` as in the filter."""
    assert delay is not None
    whole, part = taps(delay)
    source = torch.arange(sent.shape[2], device=sent.device)
    first, second = (sent[lag, :, source].permute(2, 0, 1) for lag in (whole.long(), whole.long() + 1))  # (post, pre, batch) as read
    return first * (1.0 - part) + second * part


def per_synapse(rho: Tensor, w: Tensor) -> Tensor:
    """Decays as one for each synapse, (post, pre)."""
    return (rho.unsqueeze(-1) if rho.dim() == 1 and rho.numel() > 1 else rho).expand_as(w)


def responses(w: Tensor, rho: Tensor, delay: Tensor, n: int) -> Iterator[Tensor]:
    """h_0, h_1, ... (n of them), each (post, pre), without gradients."""
    whole, part = taps(delay.detach())
    kernel = torch.zeros_like(w)
    last = int(whole.max()) + 1
    for lag in range(n):
        kernel = kernel * rho
        if lag <= last:
            kernel = kernel + w * _share(whole, part, lag)
        yield kernel


def correlate_delayed(g: Tensor, x: Tensor, w: Tensor, rho: Tensor, delay: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """dL/dw, dL/drho and dL/ddelay, all (post, pre), from g = dL/dv (time, batch, post) and x (time, batch, pre)."""
    n_steps = x.shape[0]
    whole, part = taps(delay.detach())
    last = int(whole.max()) + 1
    a, d, product = torch.zeros_like(w), torch.zeros_like(w), torch.empty_like(w)
    dw, drho, dpart = torch.zeros_like(w), torch.zeros_like(w), torch.zeros_like(w)
    for lag in range(n_steps - 1, -1, -1):
        torch.mm(g[lag:].flatten(0, 1).T, x[: n_steps - lag].flatten(0, 1), out=product)
        d.mul_(rho).add_(a)
        a.mul_(rho).add_(product)
        if lag <= last:
            share = _share(whole, part, lag)
            dw.addcmul_(share, a)
            drho.addcmul_(share, d)
            dpart.addcmul_((whole == lag - 1).to(w) - (whole == lag).to(w), a)
    return dw, drho.mul_(w), dpart.mul_(w)


def _share(whole: Tensor, part: Tensor, lag: int) -> Tensor:
    """The part of an event that arrives after ``lag`` steps."""
    return torch.where(whole == lag, 1.0 - part, torch.where(whole == lag - 1, part, 0.0))


class _DelayedFilter(torch.autograd.Function):
    """Forward and all gradients as sums over lags; saves the arguments and nothing else."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, rho: Tensor, delay: Tensor) -> Tensor:
        ctx.save_for_backward(x, w, rho, delay)
        n_steps, n_batch, _ = x.shape
        v = x.new_zeros(n_steps, n_batch, w.shape[0])
        for lag, response in enumerate(responses(w, rho, delay, n_steps)):
            v[lag:].flatten(0, 1).addmm_(x[: n_steps - lag].flatten(0, 1), response.T)
        return v

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, w, rho, delay = ctx.saved_tensors
        g, dx = g.contiguous(), None
        if ctx.needs_input_grad[0]:
            n_steps = g.shape[0]
            dx = torch.zeros_like(x, memory_format=torch.contiguous_format)
            for lag, response in enumerate(responses(w, rho, delay, n_steps)):
                dx[: n_steps - lag].flatten(0, 1).addmm_(g[lag:].flatten(0, 1), response)
        if any(ctx.needs_input_grad[1:]):
            return dx, *correlate_delayed(g, x, w, rho, delay)
        return dx, None, None, None

"""The spiking half of a step: recurrence, reset and threshold, one step after another, with the surrogate derivative fused in.

    v[t] = v_in[t] + sum over recurrent paths of sum_i I_rec[t] + sum over reset paths of a S[t]
    z[t] = v[t] > theta
    I_rec[t] = rho_rec I_rec[t-1] + w_rec z[t-1],   S[t] = rho_reset S[t-1] + z[t-1]

Only v and z are kept for the backward pass. With d[t] = dL/dv[t] known for all later steps, dL/dz[t] is a sum over lags of d, and the
gradients of weights and decays follow from z and d alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from .backends import backend_for, expansion_tolerance
from .checks import check_delay, check_scan
from .delays import correlate_delayed, per_synapse, responses
from .expansion_plain import SharedBank, nodes_for
from .first_order import once_differentiable
from .fused import kernel_of, scan_spikes
from .lags import correlate, is_tied, leaky_gradients
from .late_ops import LateScan
from .library import has_delays


class DecayPath(NamedTuple):
    """``amplitude`` and ``rho`` of exponentially decaying events: recurrent (post, pre), or a reset (post,) or ()."""

    amplitude: Tensor
    rho: Tensor


class SurrogateDerivative(Protocol):
    """The pseudo-derivative of a spike."""

    def derivative(self, distance: Tensor, theta: Tensor) -> Tensor:
        """With respect to the ``distance`` v - theta, of which it has the shape; ``theta`` may scale it."""
        ...


def spiking_scan(
    v_in: Tensor,
    recurrent: Sequence[DecayPath],
    resets: Sequence[DecayPath],
    theta: Tensor,
    surrogate: SurrogateDerivative,
    delay: Tensor | None = None,
    tolerance: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Run a population with a threshold over a chunk of time.

    Parameters
    ----------
    v_in
        The part of v that does not depend on this chunk's own spikes, shape (time, batch, post).
    recurrent, resets
        Paths of the population's own spikes, each delayed by one step.
    theta
        Threshold, shape (post,) or ().
    surrogate
        Replaces the derivative of the step function.
    delay
        By how many steps more recurrent spikes are delayed, (post, pre): ``hetsyn_sim.kernels.delays``.
    tolerance
        Of shared decays for recurrent synapses without delays, as in :func:`~hetsyn_sim.kernels.exponential_filter`.

    Returns
    -------
    z, v : Tensor, shape (time, batch, post)

    Raises
    ------
    DataError
        If shapes, types or devices do not fit each other, or (fused kernels) a value is not finite or a decay outside of [0, 1].
    """
    check_scan(v_in, recurrent, resets, theta)
    n_post = v_in.shape[2]
    flat: list[Tensor] = []
    if not recurrent:
        delay = None
    for amplitude, rho in recurrent:
        if delay is not None:
            check_delay(delay, amplitude)
            flat += [amplitude, per_synapse(rho, amplitude)]
            continue
        flat += [amplitude, rho.reshape(-1).expand(n_post) if is_tied(rho) else rho.expand_as(amplitude)]
    for amplitude, rho in resets:
        flat += [amplitude.expand(n_post), rho.expand(n_post)]
    kernel, backend = kernel_of(surrogate), backend_for(v_in, theta, *flat)
    if delay is not None:
        if has_delays() and kernel is not None and backend == "fused":
            late: tuple[Tensor, Tensor] = LateScan.apply(v_in, theta.expand(n_post), surrogate, delay, len(recurrent), *flat)
            return late
        backend = "plain"
    if tolerance is None:
        tolerance = expansion_tolerance(v_in)
    if kernel is not None and backend == "fused" and len(v_in) > 1:  # one step is a threshold, sooner taken than handed on
        settings = [float(value) for value in vars(surrogate).values()]
        z, v = scan_spikes(v_in, flat[::2], flat[1::2], theta.expand(n_post), kernel, settings, tolerance or 0.0)
        return z, v
    shared = {}
    if tolerance is not None and delay is None and len(v_in) > 1:
        shared = {k: nodes_for(rho, len(v_in), tolerance) for k, rho in enumerate(flat[1 : 2 * len(recurrent) : 2]) if rho.dim() == 2}
    result: tuple[Tensor, Tensor] = _SpikingScan.apply(v_in, theta.expand(n_post), surrogate, delay, shared, len(recurrent), *flat)
    return result


def spans_any_time(x: Tensor, surrogate: SurrogateDerivative, *, delayed: bool = False) -> bool:
    """Whether a scan of any length can go in one piece. In plain torch its cost grows with the square of a piece."""
    if delayed:
        return has_delays() and backend_for(x) == "fused"
    return kernel_of(surrogate) is not None and backend_for(x) == "fused"


class _LagBank:
    """The kernels w rho^c of one recurrent path, stacked so that a whole history is one matrix product."""

    def __init__(self, w: Tensor, rho: Tensor, n: int, delay: Tensor | None) -> None:
        stack = w.new_empty(n, *w.shape)  # (lag, post, pre)
        for lag, response in enumerate(() if delay is None else responses(w, rho, delay, n)):
            stack[lag].copy_(response)
        for lag in range(n if delay is None else 0):
            torch.mul(stack[lag - 1], rho, out=stack[lag]) if lag else stack[0].copy_(w)
        self.n, self.w, self.rho = n, w, rho
        self.forward = stack.flip(0).transpose(1, 2).contiguous()  # (lag from the longest, pre, post)
        self.backward = stack

    def pull(self, z: Tensor, t: int) -> Tensor:
        """The sum over s < t of z[s] (w rho^(t-1-s))^T. z (batch, time, pre) -> (batch, post)."""
        return z[:, :t].flatten(1) @ self.forward[self.n - t :].flatten(0, 1)

    def pull_adjoint(self, d: Tensor, t: int) -> Tensor:
        """The sum over s > t of d[s] (w rho^(s-1-t)). d (batch, time, post) -> (batch, pre)."""
        return d[:, t + 1 :].flatten(1) @ self.backward[: d.shape[1] - t - 1].flatten(0, 1)


class _SpikingScan(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, v_in: Tensor, theta: Tensor, surrogate: SurrogateDerivative, delay: Any, shared: Any, n_recurrent: int, *flat: Tensor
    ) -> Any:
        n_steps, n_batch, n_post = v_in.shape
        recurrent, resets = _pairs(flat[: 2 * n_recurrent]), _pairs(flat[2 * n_recurrent :])
        banks: dict[int, _LagBank | SharedBank] = {}
        for k, (w, rho) in enumerate(recurrent):
            if rho.dim() == 2:
                nodes = shared.get(k)
                banks[k] = _LagBank(w, rho, n_steps, delay) if nodes is None else SharedBank(w, rho, *nodes)
        leaky = {k: v_in.new_zeros(n_batch, n_post) for k, (_, rho) in enumerate(recurrent) if rho.dim() == 1}
        traces = [v_in.new_zeros(n_batch, n_post) for _ in resets]
        v = torch.empty_like(v_in)
        history = v_in.new_zeros(n_batch, n_steps, n_post)  # batch first: a neuron population's past is one row
        spikes = v_in.new_zeros(n_batch, n_post)
        for t in range(n_steps):
            now = v_in[t].clone()
            if t:
                for bank in banks.values():
                    now += bank.pull(history, t)
                for k, state in leaky.items():
                    w, rho = recurrent[k]
                    now += torch.addmm(state.mul_(rho), spikes, w.T, out=state)
                for trace, (amplitude, rho) in zip(traces, resets, strict=True):
                    now += amplitude * trace.mul_(rho).add_(spikes)
            v[t] = now
            spikes = (now > theta).to(v_in.dtype)
            history[:, t] = spikes
        z = history.transpose(0, 1).contiguous()
        ctx.surrogate, ctx.n_recurrent, ctx.banks = surrogate, n_recurrent, banks
        ctx.save_for_backward(v, z, theta, *([] if delay is None else [delay]), *flat)
        ctx.delayed = delay is not None
        return z, v

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dz_out: Tensor, dv_out: Tensor) -> Any:
        v, z, theta, *flat = ctx.saved_tensors
        delay = flat.pop(0) if ctx.delayed else None
        n_steps, n_batch, n_post = v.shape
        recurrent, resets = _pairs(flat[: 2 * ctx.n_recurrent]), _pairs(flat[2 * ctx.n_recurrent :])
        pseudo = ctx.surrogate.derivative(v - theta, theta)  # (time, batch, post)
        d = v.new_zeros(n_batch, n_steps, n_post)  # dL/dv
        leaky = {k: v.new_zeros(n_batch, n_post) for k, (_, rho) in enumerate(recurrent) if rho.dim() == 1}
        adjoints = [v.new_zeros(n_batch, n_post) for _ in resets]
        dtheta = torch.zeros_like(theta)
        for t in range(n_steps - 1, -1, -1):
            dz = dz_out[t].clone()
            if t < n_steps - 1:
                later = d[:, t + 1]
                for bank in ctx.banks.values():
                    dz += bank.pull_adjoint(d, t)
                for k, state in leaky.items():
                    w, rho = recurrent[k]
                    dz += state.mul_(rho).add_(later) @ w
                for adjoint, (amplitude, rho) in zip(adjoints, resets, strict=True):
                    dz += amplitude * adjoint.mul_(rho).add_(later)
            through_spike = pseudo[t] * dz
            dtheta -= through_spike.sum(dim=0)
            d[:, t] = dv_out[t] + through_spike
        d = d.transpose(0, 1).contiguous()  # (time, batch, post)
        needed = ctx.needs_input_grad[6:]
        grads: list[Tensor | None] = []
        ddelay = None if delay is None else torch.zeros_like(delay)
        for k, (amplitude, rho) in enumerate((*recurrent, *resets)):
            if not (any(needed[2 * k : 2 * k + 2]) or ctx.needs_input_grad[3]) or n_steps < 2:  # in one step, no spike has arrived anywhere
                grads += [torch.zeros_like(amplitude), torch.zeros_like(rho)]
            elif delay is not None and amplitude.dim() == 2:
                *both, of_delay = correlate_delayed(d[1:], z[:-1], amplitude, rho, delay)
                grads += both
                ddelay = of_delay if ddelay is None else ddelay + of_delay
            elif k < ctx.n_recurrent and isinstance(bank := ctx.banks.get(k), SharedBank):
                grads += bank.gradients(d[1:], z[:-1])
            elif amplitude.dim() == 2 and rho.dim() == 2:
                grads += correlate(d[1:], z[:-1], amplitude, rho)
            else:
                grads += leaky_gradients(d[1:], z[:-1], amplitude, rho)
        return d, dtheta, None, ddelay, None, None, *grads


def _pairs(flat: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
    return list(zip(flat[::2], flat[1::2], strict=True))

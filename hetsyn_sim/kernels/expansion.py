"""The filter with per-synapse decays through a few shared ones: a state per neuron and node instead of one per synapse.

With rho^c = sum over k of c_k(rho) rho_k^c (:mod:`shared_decays`) the filter v[t] = sum over i and c of w_ji rho_ji^c x_i[t - c] is

    U_k[t, j] = rho_k U_k[t-1, j] + sum over i of w_ji c_k(rho_ji) x_i[t],   v = sum over k of U_k

and its gradients follow from the scans A_k[t] = rho_k A_k[t+1] + g[t] of g = dL/dv,

    dM_kji = sum over t, batch of A_k[t, j] x_i[t],   dL/dw = sum_k c_k dM_k,   dL/drho = w sum_k c_k' dM_k,   dL/dx = sum_jk w c_k A_k.

The value of a power is easier to interpolate than its slope, so the gradients take a few nodes more than the forward pass.

Decays of exactly 0 and 1, infinitely far away in log tau, are nodes of their own. Their slopes by rho, c rho^(c-1), are no combinations of
powers: another scan is chained to theirs, D[t] = rho D[t+1] + A[t+1] = dA[t]/drho.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..errors import ConfigError
from .shared_decays import SharedDecays, shared_decays

__all__ = ["SMALLEST_TOLERANCE", "Expansion", "check_tolerance", "expand", "expanded_filter"]

#: What is left of the nodes' own rounding in float64, and one unit in the last place of a power in float32.
SMALLEST_TOLERANCE = {torch.float32: 2.0**-23, torch.float64: 1e-12}

#: Numbers held at once by the plain torch implementation, per piece of time.
PIECE = 1 << 21


def check_tolerance(tolerance: float, dtype: torch.dtype) -> None:
    """Whether the error of a power can be held below ``tolerance`` in this dtype.

    Raises
    ------
    ConfigError
        If it is no number above the rounding of the dtype and below 1.
    """
    smallest = SMALLEST_TOLERANCE[dtype]
    if not smallest <= tolerance < 1:
        raise ConfigError(
            "the tolerance of the shared-decay expansion is out of range",
            where="tolerance",
            got=f"{tolerance!r} for {dtype}",
            expected=f"at least {smallest:.3g} and below 1",
            remedy="take a larger one, or float64, or an exact back end",
        )


@dataclass(frozen=True)
class Expansion:
    """The decays of one filter seen from shared nodes. Nodes: those at 1 and 0, each followed by its chained scan if any, then the inner ones.

    ``s`` is log tau in float64, (post, pre), +inf and -inf where the node at rho = 1 or 0 is meant.
    """

    s: Tensor
    rho: Tensor
    inner: SharedDecays | None
    at_one: bool
    at_zero: bool
    slope: bool

    @property
    def n_limits(self) -> int:
        """How many scans the nodes at rho = 1 and rho = 0 take."""
        return (self.at_one + self.at_zero) * (2 if self.slope else 1)

    @property
    def decays(self) -> Tensor:
        """rho_k, (node,), of the dtype of rho."""
        step = 2 if self.slope else 1
        inner = [] if self.inner is None else self.inner.rho.tolist()
        return torch.tensor([1.0] * step * self.at_one + [0.0] * step * self.at_zero + inner, dtype=self.rho.dtype)

    @property
    def chained(self) -> list[int]:
        """The nodes that are fed by the one before them."""
        return list(range(1, self.n_limits, 2)) if self.slope else []

    def _limits(self) -> list[Tensor]:
        return [self.s == end for end, there in ((torch.inf, self.at_one), (-torch.inf, self.at_zero)) if there]

    def _inner(self) -> Tensor:
        """Lagrange polynomials as products, see :meth:`SharedDecays.coefficients`, (inner node, post, pre) in float64."""
        assert self.inner is not None
        differences = [self.inner.scaled(self.s) - u for u in self.inner.u]  # type: ignore[arg-type]
        finite = self.s.isfinite()
        c = self.s.new_empty(self.inner.n, *self.s.shape)
        product = torch.where(finite, 1.0, 0.0).to(self.s)
        differences = [torch.where(finite, d, 0.0) for d in differences]
        for k, d in enumerate(differences):
            c[k] = product * self.inner.weights[k]
            product = product * d
        product = torch.ones_like(product)
        for k in range(self.inner.n - 1, -1, -1):
            c[k] *= product
            product = product * differences[k]
        return c

    def coefficients(self) -> Tensor:
        """c_k of every synapse, (node, post, pre)."""
        parts = [torch.stack([m, torch.zeros_like(m)][: 2 if self.slope else 1]) for m in self._limits()]
        return torch.cat([*(p.to(self.rho) for p in parts), *([] if self.inner is None else [self._inner().to(self.rho)])])

    def gradients(self, dm: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
        """dL/dw and dL/drho, (post, pre), from dM (node, post, pre)."""
        limits, powers, slopes = self._limits(), dm[0 : self.n_limits : 2], dm[1 : self.n_limits : 2]
        dw, drho = torch.zeros_like(self.s), torch.zeros_like(self.s)
        if self.inner is not None:
            c, sums = self._inner(), dm[self.n_limits :].double()
            dw = (c * sums).sum(0)
            by_log_tau = (c * torch.tensordot(torch.from_numpy(self.inner.differentiation), sums, 1)).sum(0)
            drho = by_log_tau * -1 / (self.rho.double() * self.rho.double().log())  # d log tau / d rho
        for m, power, slope in zip(limits, powers, slopes, strict=True):
            dw, drho = torch.where(m, power.double(), dw), torch.where(m, slope.double(), drho)
        return dw.to(w), (w * drho).to(w)


def expand(rho: Tensor, n_steps: int, tolerance: float, *, slope: bool) -> Expansion | None:
    """Nodes for the decays of a call, from the interval that they span.

    A decay so close to 0 or 1 that all its powers below ``n_steps`` are those of the limit within the tolerance belongs to the limit.

    Returns
    -------
    Expansion or None
        None if the decays are spread so widely that more than MOST_NODES nodes would be needed.
    """
    s = -(-rho.double().log()).log()  # (post, pre): log tau, with the signed infinities of rho = 1 and 0
    s = torch.where(s < -math.log(-math.log(tolerance / 2)), -torch.inf, s)
    s = torch.where(s > math.log(n_steps / tolerance), torch.inf, s)
    low, high = torch.where(s.isfinite(), s, torch.inf).min().item(), torch.where(s.isfinite(), s, -torch.inf).max().item()
    inner = None
    if math.isfinite(low):
        inner = shared_decays(low, high, n_steps, tolerance, str(rho.dtype).removeprefix("torch."), slope=slope)
        if inner is None:
            return None
    return Expansion(s, rho, inner, bool((s == torch.inf).any()), bool((s == -torch.inf).any()), slope)


def expanded_filter(x: Tensor, w: Tensor, rho: Tensor, tolerance: float) -> Tensor | None:
    """:func:`hetsyn_sim.kernels.exponential_filter` with every power of a decay within ``tolerance``, or None where expand() gives none.

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
    """
    check_tolerance(tolerance, rho.dtype)
    forward = expand(rho.detach(), x.shape[0], tolerance, slope=False)
    backward = expand(rho.detach(), x.shape[0], tolerance, slope=True) if torch.is_grad_enabled() else forward
    if forward is None or backward is None:
        return None
    v: Tensor = _ExpandedFilter.apply(x, w, rho, forward, backward)
    return v


class _ExpandedFilter(torch.autograd.Function):
    """Matrix products over pieces of time and a scan over steps; saves the arguments and nothing else."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, rho: Tensor, forward: Expansion, backward: Expansion) -> Tensor:
        ctx.save_for_backward(x, w)
        ctx.expansion = backward
        m = (forward.coefficients() * w).flatten(0, 1)  # (node * post, pre)
        decays = forward.decays.view(-1, 1)
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
        x, w = ctx.saved_tensors
        nodes: Expansion = ctx.expansion
        wants_x, wants_parameters = ctx.needs_input_grad[0], any(ctx.needs_input_grad[1:3])
        decays = nodes.decays.view(-1, 1)
        m = (nodes.coefficients() * w).flatten(0, 1)  # (node * post, pre)
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
        grads = nodes.gradients(dm.view(len(decays), *w.shape), w) if wants_parameters else (None, None)
        return dx, *grads, None, None


def _pieces(x: Tensor, m: Tensor) -> Iterator[slice]:
    n = max(1, PIECE // (x.shape[1] * len(m)))
    return (slice(start, start + n) for start in range(0, len(x), n))

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
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import ConfigError
from .shared_decays import SharedDecays, shared_decays

#: What is left of the nodes' own rounding in float64, and one unit in the last place of a power in float32.
SMALLEST_TOLERANCE = {torch.float32: 2.0**-23, torch.float64: 1e-12}


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
    """The decays of one filter seen from shared nodes: those at 1 and 0, each followed by its chained scan if any, then the inner ones.

    ``s`` is log tau in float64, (post, pre), +inf and -inf where the node at rho = 1 or 0 is meant.
    """

    s: Tensor
    inner: SharedDecays | None
    at_one: bool
    at_zero: bool
    slope: bool

    @property
    def n_limits(self) -> int:
        """How many scans the nodes at rho = 1 and rho = 0 take."""
        return (self.at_one + self.at_zero) * (1 + self.slope)

    @property
    def decays(self) -> list[float]:
        """rho_k of each node."""
        limits = [1.0] * self.at_one * (1 + self.slope) + [0.0] * self.at_zero * (1 + self.slope)
        return limits + ([] if self.inner is None else self.inner.rho.tolist())

    @property
    def chained(self) -> range:
        """The nodes that are fed by the one before them."""
        return range(1, self.n_limits, 2) if self.slope else range(0)

    def _limits(self) -> list[Tensor]:
        return [self.s == end for end, there in ((torch.inf, self.at_one), (-torch.inf, self.at_zero)) if there]

    def coefficients(self) -> Tensor:
        """c_k of every synapse, (node, post, pre), in float64."""
        parts = [torch.stack([m, torch.zeros_like(m)][: 1 + self.slope]).to(self.s) for m in self._limits()]
        return torch.cat(parts if self.inner is None else [*parts, self.inner.coefficients(self.s)[0]])

    def gradients(self, dm: Tensor, w: Tensor, rho: Tensor) -> tuple[Tensor, Tensor]:
        """dL/dw and dL/drho, (post, pre), from dM (node, post, pre)."""
        dm = dm.double()
        dw, slope = torch.zeros_like(self.s), torch.zeros_like(self.s)
        if self.inner is not None:
            c, slopes = self.inner.coefficients(self.s)
            dw, slope = (c * dm[self.n_limits :]).sum(0), (slopes * dm[self.n_limits :]).sum(0)
        for m, power, chained in zip(self._limits(), dm[0 : self.n_limits : 2], dm[1 : self.n_limits : 2], strict=True):
            dw, slope = torch.where(m, power, dw), torch.where(m, chained, slope)
        return dw.to(w), slope.to(w).mul_(self.scale(w, rho))

    def scale(self, w: Tensor, rho: Tensor) -> Tensor:
        """From slopes by log tau to gradients of rho: w dlog tau / drho, (post, pre), and w at a limit, whose slope is by rho already."""
        scale = w / (-rho * rho.log())
        return torch.where(self.s.isfinite(), scale, w) if self.n_limits else scale


def log_tau(rho: Tensor, n_steps: int, tolerance: float) -> Tensor:
    """Log of the time constant in steps, in float64; +inf and -inf for decays that are taken for 1 or 0.

    Those are 1 and 0, and neighbours so close that their powers below ``n_steps`` and the slopes of these are the limit's within tolerance.
    """
    s = rho.double().log().neg_().log_().neg_()
    near_zero, near_one = tolerance / 2, 1 - tolerance / n_steps
    lowest, highest = (end.item() for end in rho.aminmax())
    if lowest <= near_zero:
        s[rho <= near_zero] = -torch.inf
    if highest >= near_one:
        s[rho >= near_one] = torch.inf
    return s


def expand(s: Tensor, n_steps: int, tolerance: float, dtype: torch.dtype, *, slope: bool) -> Expansion | None:
    """Nodes for the decays of a call, from the interval that they span.

    Returns
    -------
    Expansion or None
        None if the decays are spread so widely that more than MOST_NODES nodes would be needed.
    """
    low, high = (end.item() for end in s.aminmax())
    at_one, at_zero = high == math.inf, low == -math.inf
    if at_one or at_zero:
        low, high = torch.where(s.isfinite(), s, torch.inf).min().item(), torch.where(s.isfinite(), s, -torch.inf).max().item()
    if low > high:
        return Expansion(s, None, at_one, at_zero, slope)
    inner = shared_decays(low, high, n_steps, tolerance, dtype, slope=slope)
    return None if inner is None else Expansion(s, inner, at_one, at_zero, slope)

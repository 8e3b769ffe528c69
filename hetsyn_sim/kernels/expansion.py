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
from .checks import check_decay
from .shared_decays import SharedDecays, shared_decays

#: What is left of the nodes' own rounding in float64, and one unit in the last place of a power in float32.
SMALLEST_TOLERANCE = {torch.float32: 2.0**-23, torch.float64: 1e-12}


def tolerance_of_rounding(n_terms: int, n_steps: int) -> float:
    """A hundredth of what float32 may do to a sum of ``n_terms`` decaying events over ``n_steps``, relative to their absolute sum.

    The bound of ``docs/claim.md``, u (n + 3 T + 32); no smaller than one unit in the last place of a power.
    """
    return max(2.0**-24 * (n_terms + 3 * n_steps + 32) / 100, SMALLEST_TOLERANCE[torch.float32])


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
class Nodes:
    """Shared decays for the decays of one filter: those at 1 and 0, each followed by its chained scan if ``slope``, then the inner ones.

    A decay up to ``near_zero`` is taken for 0 and one from ``near_one`` on for 1: its powers below the number of steps and the slopes of
    these are the limit's within the tolerance.
    """

    inner: SharedDecays | None
    at_one: bool
    at_zero: bool
    slope: bool
    near_zero: float
    near_one: float

    @property
    def n_limits(self) -> int:
        """How many scans the nodes at rho = 1 and rho = 0 take."""
        return (self.at_one + self.at_zero) * (1 + self.slope)

    @property
    def n(self) -> int:
        return self.n_limits + (0 if self.inner is None else self.inner.n)

    @property
    def decays(self) -> list[float]:
        """rho_k of each node."""
        limits = [1.0] * self.at_one * (1 + self.slope) + [0.0] * self.at_zero * (1 + self.slope)
        return limits + ([] if self.inner is None else self.inner.rho.tolist())

    @property
    def chained(self) -> range:
        """The nodes that are fed by the one before them."""
        return range(1, self.n_limits, 2) if self.slope else range(0)


def find_nodes(rho: Tensor, n_steps: int, tolerance: float, *, slope: bool) -> Nodes | None:
    """Nodes for the decays of a call, from the interval that they span.

    Returns
    -------
    Nodes or None
        None if the decays are spread so widely that more than MOST_NODES nodes would be needed.

    Raises
    ------
    ConfigError
        If the tolerance is out of range for the dtype.
    DataError
        If a decay is outside of [0, 1].
    """
    check_tolerance(tolerance, rho.dtype)
    near_zero, near_one = tolerance / 2, 1 - tolerance / n_steps
    lowest, highest = (end.item() for end in rho.aminmax())
    if not 0.0 <= lowest <= highest <= 1.0:
        check_decay(rho)
    at_one, at_zero = highest >= near_one, lowest <= near_zero
    if at_one or at_zero:
        wide = rho.double()
        inner = wide[(wide > near_zero) & (wide < near_one)]
        if not inner.numel():
            return Nodes(None, at_one, at_zero, slope, near_zero, near_one)
        lowest, highest = (end.item() for end in inner.aminmax())
    low, high = (-math.log(-math.log(end)) for end in (lowest, highest))
    found = shared_decays(low, high, n_steps, tolerance, rho.dtype, slope=slope)
    return None if found is None else Nodes(found, at_one, at_zero, slope, near_zero, near_one)


@dataclass(frozen=True)
class Expansion:
    """The decays of one filter seen from their nodes, in torch.

    ``s`` is log tau (tau in steps) in float64, (post, pre), +inf and -inf where the node at rho = 1 or 0 is meant.
    """

    nodes: Nodes
    s: Tensor

    @classmethod
    def of(cls, rho: Tensor, nodes: Nodes) -> Expansion:
        """For decays (post, pre) and the nodes that were found for them."""
        wide = rho.double()
        s = wide.log().neg_().log_().neg_()
        s[wide <= nodes.near_zero] = -torch.inf
        s[wide >= nodes.near_one] = torch.inf
        return cls(nodes, s)

    def _limits(self) -> list[Tensor]:
        ends = ((torch.inf, self.nodes.at_one), (-torch.inf, self.nodes.at_zero))
        return [self.s == end for end, there in ends if there]

    def coefficients(self) -> Tensor:
        """c_k of every synapse, (node, post, pre), in float64."""
        parts = [torch.stack([m, torch.zeros_like(m)][: 1 + self.nodes.slope]).to(self.s) for m in self._limits()]
        inner = self.nodes.inner
        return torch.cat(parts if inner is None else [*parts, inner.coefficients(self.s)[0]])

    def gradients(self, dm: Tensor, w: Tensor, rho: Tensor) -> tuple[Tensor, Tensor]:
        """dL/dw and dL/drho, (post, pre), from dM (node, post, pre)."""
        dm, n_limits = dm.double(), self.nodes.n_limits
        dw, slope = torch.zeros_like(self.s), torch.zeros_like(self.s)
        if self.nodes.inner is not None:
            c, slopes = self.nodes.inner.coefficients(self.s)
            dw, slope = (c * dm[n_limits:]).sum(0), (slopes * dm[n_limits:]).sum(0)
        for m, power, chained in zip(self._limits(), dm[0:n_limits:2], dm[1:n_limits:2], strict=True):
            dw, slope = torch.where(m, power, dw), torch.where(m, chained, slope)
        # from slopes by log tau; at a limit the slope is by rho already
        scale = torch.where(self.s.isfinite(), w / (-rho * rho.log()), w) if n_limits else w / (-rho * rho.log())
        return dw.to(w), slope.to(w).mul_(scale)

"""Every decay of an interval as a short combination of a few shared ones: rho^c = sum over k of c_k(rho) rho_k^c, for all lags c.

In s = log tau (tau in steps) the c-th power of a decay is exp(-c exp(-s)), an entire function of s. It is interpolated at Chebyshev points
of the interval, and the values of the Lagrange polynomials at s are the coefficients c_k. Where abs(Im s) <= pi/2 no power is larger than
1 in modulus, whatever the lag. The largest ellipse with foci at the ends of the interval (of half-width h) that fits into this strip has
the parameter r = y + sqrt(y^2 + 1), y = pi / (2 h), so that the error of K nodes is at most 4 r^(1-K) / (r - 1) for **all** lags, and that
of the derivative by s at most (4/h) sum over m >= K of m^2 r^-m (Trefethen, Approximation Theory and Approximation Practice, chapters 8
and 21). :func:`bound` is this proof that few nodes are enough; how few, :func:`shared_decays` measures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import torch
from torch import Tensor

#: More nodes than this are never an advantage.
MOST_NODES = 64
#: Ends of the interval are moved outwards to multiples of this, so that decays which move a little in training keep their nodes.
GRID = math.log(2.0) / 4


@dataclass(frozen=True, eq=False)
class SharedDecays:
    """Nodes of an interval of log tau and what evaluates the interpolation at them. All tensors are float64.

    The decays are numbers of the working dtype, and their log tau is that of the rounded number: rounding them costs no accuracy.
    """

    low: float
    high: float
    rho: Tensor  # (node,)

    @property
    def n(self) -> int:
        return len(self.rho)

    @property
    def scale(self) -> float:
        return 4 / (self.high - self.low)

    def scaled(self, s: Tensor) -> Tensor:
        """From log tau to [-2, 2], where products of differences neither vanish nor grow."""
        return self.scale * s - self.scale / 2 * (self.low + self.high)

    @cached_property
    def u(self) -> Tensor:
        """The nodes on the scale of :meth:`scaled`, (node,)."""
        return self.scaled(-(-self.rho.log()).log())

    @cached_property
    def weights(self) -> Tensor:
        """Barycentric weights, 1 / product of the differences to the other nodes, (node,)."""
        differences = self.u.view(-1, 1) - self.u
        return 1 / differences.fill_diagonal_(1.0).prod(dim=1)

    def coefficients(self, s: Tensor) -> tuple[Tensor, Tensor]:
        """c_k and dc_k/ds at each s, both (node, ...), zero where s is infinite.

        As products without a division, from the left and from the right: exact at the nodes and stable next to them.
        """
        finite = s.isfinite()
        differences = [torch.where(finite, self.scaled(s) - u, 0.0) for u in self.u.tolist()]
        c, slopes = s.new_empty(self.n, *s.shape), s.new_empty(self.n, *s.shape)
        product, derivative = finite.to(s), torch.zeros_like(s)
        for k, difference in enumerate(differences):
            c[k], slopes[k] = product, derivative
            product, derivative = product * difference, torch.addcmul(product, derivative, difference)
        product, derivative = torch.ones_like(s), torch.zeros_like(s)
        for k in range(self.n - 1, -1, -1):
            slopes[k] = (slopes[k] * product + c[k] * derivative) * (self.weights[k] * self.scale)
            c[k] *= product * self.weights[k]
            product, derivative = product * differences[k], torch.addcmul(product, derivative, differences[k])
        return c, slopes


def chebyshev(low: float, high: float, n: int, dtype: torch.dtype) -> SharedDecays:
    """Chebyshev points of the first kind in log tau, rounded to decays of the dtype."""
    points = torch.cos(math.pi / n * (torch.arange(n, dtype=torch.float64) + 0.5))
    rho = torch.exp(-torch.exp(-(low + high) / 2 - (high - low) / 2 * points))
    return SharedDecays(low, high, rho.to(dtype).double())


def bound(low: float, high: float, n: int) -> tuple[float, float]:
    """The proven bounds of this module's docstring for n nodes: of a power, and of its derivative by log tau."""
    h = (high - low) / 2
    y = math.pi / (2 * h)
    r = y + math.sqrt(y * y + 1)
    m = torch.arange(n, n + int(60 / math.log(r)) + 60, dtype=torch.float64)
    return 4 * r ** (1 - n) / (r - 1), 4 / h * (m**2 * torch.exp(-m * math.log(r))).sum().item()


def measured_error(nodes: SharedDecays, lags: Tensor) -> tuple[float, float]:
    """The largest error over the interval and the lags, of a power and of its derivative by log tau (both at most 1 by themselves).

    The interval is sampled at 8 points per node, between which a polynomial of this degree grows by at most 1 / cos(pi/16), 2 %.
    """
    n = 8 * nodes.n
    s = (nodes.low + nodes.high) / 2 + (nodes.high - nodes.low) / 2 * torch.cos(math.pi / n * torch.arange(n + 1, dtype=torch.float64))
    c, slopes = nodes.coefficients(s)  # (node, sample)
    shared = torch.exp(nodes.rho.log().view(-1, 1) * lags)  # (node, lag)
    exponent = torch.exp(-s).view(-1, 1) * lags  # (sample, lag)
    exact = torch.exp(-exponent)
    value = (c.T @ shared - exact).abs().max()
    slope = (slopes.T @ shared - exponent * exact).abs().max()
    return 1.02 * value.item(), 1.02 * slope.item()


def sampled_lags(n_steps: int) -> Tensor:
    """Lags below n_steps: all up to 64, then in steps of a 64th of their size: a sum of decays cannot swing between them."""
    lags = [0]
    while lags[-1] < n_steps - 1:
        lags.append(min(n_steps - 1, lags[-1] + 1 + lags[-1] // 64))
    return torch.tensor(lags, dtype=torch.float64)


def shared_decays(low: float, high: float, n_steps: int, tolerance: float, dtype: torch.dtype, *, slope: bool) -> SharedDecays | None:
    """The fewest Chebyshev nodes whose measured error over an interval of log tau and all lags below n_steps is within the tolerance.

    Parameters
    ----------
    low, high
        The interval of log tau (tau in steps).
    tolerance
        Bound of the error of every power and, with ``slope``, of its derivative by log tau.
    dtype
        The nodes are numbers of it.

    Returns
    -------
    SharedDecays or None
        None if more than MOST_NODES would be needed.
    """
    cells = math.floor(low / GRID), math.ceil(high / GRID)
    return _fewest(cells[0], max(cells[1], cells[0] + 1), 1 << (n_steps - 1).bit_length(), tolerance, dtype, slope)


@lru_cache(maxsize=256)
def _fewest(low: int, high: int, n_steps: int, tolerance: float, dtype: torch.dtype, slope: bool) -> SharedDecays | None:
    lags = sampled_lags(n_steps)

    def keeps(n: int, dtype: torch.dtype) -> SharedDecays | None:
        nodes = chebyshev(low * GRID, high * GRID, n, dtype)
        distinct = len(nodes.rho.unique()) == n
        return nodes if distinct and measured_error(nodes, lags)[slope] <= tolerance else None

    too_few, enough = 0, MOST_NODES + 1
    while enough - too_few > 1:  # without rounding, more nodes are never worse
        n = (too_few + enough) // 2
        too_few, enough = (too_few, n) if keeps(n, torch.float64) else (n, enough)
    return next(filter(None, (keeps(n, dtype) for n in range(enough, MOST_NODES + 1))), None)

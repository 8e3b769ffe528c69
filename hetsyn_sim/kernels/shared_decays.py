"""Every decay of an interval as a short combination of a few shared ones: rho^c = sum over k of c_k(rho) rho_k^c, for all lags c.

In s = log tau (tau in steps) the c-th power of a decay is exp(-c exp(-s)), an entire function of s. It is interpolated at Chebyshev points of
the interval, and the values of the Lagrange polynomials at s are the coefficients c_k. Where abs(Im s) <= pi/2 no power is larger than 1
in modulus, whatever the lag. The largest ellipse with foci at the ends of the interval (of half-width h) that fits into this strip has the
parameter r = y + sqrt(y^2 + 1), y = pi / (2 h), so that the error of K nodes is at most 4 r^(1-K) / (r - 1) for **all** lags, and that of the
derivative by s at most (4/h) sum over m >= K of m^2 r^-m (Trefethen, Approximation Theory and Approximation Practice, chapters 8 and 21).
:func:`bound` is this proof that few nodes are enough; how few, :func:`shared_decays` measures, which saves a third of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["SharedDecays", "bound", "measured_error", "shared_decays"]

Array = NDArray[np.float64]

#: More nodes than this are never an advantage.
MOST_NODES = 64
#: Ends of the interval are moved outwards to multiples of this, so that decays which move a little in training keep their nodes.
GRID = math.log(2.0) / 4


@dataclass(frozen=True, eq=False)
class SharedDecays:
    """Nodes of an interval of log tau and what evaluates the interpolation at them.

    The decays are numbers of the working dtype, and ``s`` belongs to them as they are after rounding: no error comes from it.
    """

    low: float
    high: float
    rho: Array  # (node,)

    @property
    def n(self) -> int:
        return len(self.rho)

    def scaled(self, s: Array) -> Array:
        """From log tau to [-2, 2], where products of differences neither vanish nor grow."""
        return (4 * s - 2 * (self.low + self.high)) / (self.high - self.low)

    @cached_property
    def u(self) -> Array:
        """The nodes on the scale of :meth:`scaled`, (node,)."""
        return self.scaled(-np.log(-np.log(self.rho)))

    @cached_property
    def weights(self) -> Array:
        """Barycentric weights, 1 / product of the differences to the other nodes, (node,)."""
        differences = self.u[:, None] - self.u
        np.fill_diagonal(differences, 1.0)
        return 1.0 / differences.prod(axis=1)

    @cached_property
    def differentiation(self) -> Array:
        """D[m, k] = dc_k/ds at node m: dc_k/ds = sum over m of c_m D[m, k] anywhere, being a polynomial of lower degree, (node, node)."""
        differences = self.u[:, None] - self.u
        np.fill_diagonal(differences, 1.0)
        d = self.weights / self.weights[:, None] / differences
        np.fill_diagonal(d, 0.0)
        np.fill_diagonal(d, -d.sum(axis=1))
        return d * 4 / (self.high - self.low)

    def coefficients(self, s: Array) -> Array:
        """c_k at each s, (..., node), as products without a division: exact at the nodes and stable next to them."""
        differences = self.scaled(s)[..., None] - self.u
        ones = np.ones_like(differences[..., :1])
        before = np.cumprod(np.concatenate([ones, differences[..., :-1]], axis=-1), axis=-1)
        after = np.cumprod(np.concatenate([ones, differences[..., :0:-1]], axis=-1), axis=-1)[..., ::-1]
        return np.asarray(self.weights * before * after)


def chebyshev(low: float, high: float, n: int, dtype: str) -> SharedDecays:
    """Chebyshev points of the first kind in log tau, rounded to decays of the dtype."""
    points = np.cos(np.pi * (np.arange(n) + 0.5) / n)
    rho = np.exp(-np.exp(-(low + high) / 2 - (high - low) / 2 * points))
    return SharedDecays(low, high, rho.astype(dtype).astype(np.float64))


def bound(low: float, high: float, n: int) -> tuple[float, float]:
    """The proven bounds of this module's docstring for n nodes: of a power, and of its derivative by log tau."""
    h = (high - low) / 2
    y = math.pi / (2 * h)
    r = y + math.sqrt(y * y + 1)
    m = np.arange(n, n + int(60 / math.log(r)) + 60)
    return 4 * r ** (1 - n) / (r - 1), float(4 / h * np.sum(m**2 * np.exp(-m * math.log(r))))


def measured_error(nodes: SharedDecays, lags: Array) -> tuple[float, float]:
    """The largest error over the interval and the lags, of a power and of its derivative by log tau (both at most 1 by themselves).

    The interval is sampled at 8 points per node, between which a polynomial of this degree grows by at most 1 / cos(pi/16), 2 %.
    """
    n = 8 * nodes.n
    s = (nodes.low + nodes.high) / 2 + (nodes.high - nodes.low) / 2 * np.cos(np.pi * np.arange(n + 1) / n)
    rate, coefficients = np.exp(-s)[:, None], nodes.coefficients(s)  # (sample, 1), (sample, node)
    shared = np.exp(np.log(nodes.rho)[:, None] * lags)  # (node, lag)
    exact = np.exp(-rate * lags)  # (sample, lag)
    value = np.abs(coefficients @ shared - exact).max()
    slope = np.abs(coefficients @ nodes.differentiation @ shared - rate * lags * exact).max()
    return 1.02 * float(value), 1.02 * float(slope)


def sampled_lags(n_steps: int) -> Array:
    """Lags below n_steps: all up to 64, then one in thirty-two of their size. A sum of decays cannot swing between them."""
    lags = [0]
    while lags[-1] < n_steps - 1:
        lags.append(min(n_steps - 1, lags[-1] + 1 + lags[-1] // 64))
    return np.array(lags, dtype=np.float64)


def shared_decays(low: float, high: float, n_steps: int, tolerance: float, dtype: str, *, slope: bool) -> SharedDecays | None:
    """The fewest Chebyshev nodes whose measured error over an interval of log tau and all lags below n_steps is within the tolerance.

    Parameters
    ----------
    low, high
        The interval of log tau (tau in steps).
    tolerance
        Bound of the error of every power and, with ``slope``, of its derivative by log tau.
    dtype
        ``"float32"`` or ``"float64"``: the nodes are numbers of it.

    Returns
    -------
    SharedDecays or None
        None if more than MOST_NODES would be needed.
    """
    cells = math.floor(low / GRID), math.ceil(high / GRID)
    return _fewest(cells[0], max(cells[1], cells[0] + 1), 1 << (n_steps - 1).bit_length(), tolerance, dtype, slope)


@lru_cache(maxsize=256)
def _fewest(low: int, high: int, n_steps: int, tolerance: float, dtype: str, slope: bool) -> SharedDecays | None:
    lags = sampled_lags(n_steps)
    too_few, enough = 0, MOST_NODES + 1
    found = None
    while enough - too_few > 1:
        n = (too_few + enough) // 2
        nodes = chebyshev(low * GRID, high * GRID, n, dtype)
        if len(set(nodes.rho)) == n and measured_error(nodes, lags)[slope] <= tolerance:
            found, enough = nodes, n
        else:
            too_few = n
    return found

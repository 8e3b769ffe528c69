"""The shared-decay expansion keeps its tolerance: the error of every power of a decay, and of its slope by log tau, is below it.

v:           |v' - v|          <= tol * sum over i, c of |w x[t - c]|
by w:        |dL/dw' - dL/dw|  <= tol * C,               C = sum over t, c, batch of |g[t + c] x[t]|,   g = dL/dv
by the decay                   <= tol * C |w| tau/rho,   tau in steps; exact at rho = 0 and 1, where that is no number

In float32, with the tolerance that follows from the rounding bound, rounding comes on top. A sum of n events over T steps rounds n + 3 T
times, and every rounding is multiplied by what the coefficients of a decay, or their slopes, add up to in absolute value.
"""

from dataclasses import dataclass

import numpy as np
import torch
from hypothesis import strategies as st

from equivalence.properties import holds
from hetsyn_sim.kernels import exponential_filter, use_backend
from hetsyn_sim.kernels.expansion import find_nodes, tolerance_of_rounding


@dataclass(frozen=True)
class Filter:
    """Input (time, batch, pre), weights and decays (post, pre), dL/dv (time, batch, post), and a tolerance."""

    x: torch.Tensor
    w: torch.Tensor
    rho: torch.Tensor
    g: torch.Tensor
    tolerance: float

    def to(self, dtype):
        """The same numbers, or the next ones, in a dtype."""
        return Filter(self.x.to(dtype), self.w.to(dtype), self.rho.to(dtype), self.g.to(dtype), self.tolerance)


@st.composite
def filters(draw):
    n_steps, n_batch = draw(st.integers(1, 400)), draw(st.integers(1, 2))
    n_pre, n_post = draw(st.integers(150, 300)), draw(st.integers(1, 20))
    shortest, ratio = draw(st.floats(0.7, 20.0)), draw(st.floats(1.0, 30.0) | st.floats(30.0, 1000.0))
    rate = draw(st.sampled_from((0.003, 0.01, 0.001)))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    x = (rng.random((n_steps, n_batch, n_pre)) < rate) * rng.uniform(0.5, 1.5, (n_steps, n_batch, n_pre))
    rho = np.exp(-1.0 / (shortest * ratio ** rng.random((n_post, n_pre))))
    for limit in draw(st.sets(st.sampled_from((0.0, 1.0)))):
        rho[rng.random(rho.shape) < 0.1] = limit
    w, g = rng.normal(size=rho.shape), rng.normal(size=(n_steps, n_batch, n_post))
    tolerance = draw(st.sampled_from((1e-6, 1e-4, 1e-8)))
    return Filter(torch.as_tensor(x), torch.as_tensor(w), torch.as_tensor(rho), torch.as_tensor(g), tolerance)


def filtered(backend, case, tolerance=None, slip=1.0):
    """v, dL/dw and dL/drho."""
    w, rho = case.w.clone().requires_grad_(), case.rho.clone().requires_grad_()
    with use_backend(backend, tolerance=tolerance):
        v = exponential_filter(case.x, w, rho)
        of_w, of_rho = torch.autograd.grad((v * case.g).sum(), [w, rho])
    return v.detach().numpy(), of_w.numpy(), slip * of_rho.numpy()


def summed_back(g, n):
    """Sums over all later steps, (time, ...)."""
    return np.flip(np.cumsum(np.flip(np.abs(g), 0), axis=0), 0)[:n]


@st.composite
def in_float32(draw):
    """Time constants from 0.2 to 5,000 steps and up to 10,000 steps, as numbers of float32."""
    n_steps = draw(st.integers(1, 300) | st.sampled_from((1000, 10_000)))
    n_pre, n_post = draw(st.integers(1, 40)), draw(st.integers(1, 20))
    shortest = draw(st.floats(0.2, 200.0))
    longest = draw(st.floats(shortest, min(30 * shortest, 5000.0)) | st.floats(shortest, 5000.0))
    rate, seed = draw(st.sampled_from((0.003, 0.03, 0.3))), draw(st.integers(0, 2**16))
    return filter_in_float32(n_steps, n_pre, n_post, shortest, longest, rate, seed)


def filter_in_float32(n_steps, n_pre, n_post, shortest, longest, rate, seed):
    rng = np.random.default_rng(seed)
    x = (rng.random((n_steps, 1, n_pre)) < rate) * rng.uniform(0.5, 1.5, (n_steps, 1, n_pre))
    rho = np.exp(-1.0 / (shortest * (longest / shortest) ** rng.random((n_post, n_pre))))
    w, g = rng.normal(size=rho.shape), rng.normal(size=(n_steps, 1, n_post))
    in_double = Filter(
        torch.as_tensor(x), torch.as_tensor(w), torch.as_tensor(rho), torch.as_tensor(g), tolerance_of_rounding(n_pre, n_steps)
    )
    return in_double.to(torch.float32)


#: The bound on gradients of decays is for the worst case: rounding is multiplied by the slopes of the coefficients, which add up to 400.
#: It is narrowest, some 2.5 % of the gradient, where there are few steps.
FEW_STEPS = {"few steps": filter_in_float32(10, 20, 10, 2.0, 4.0, 0.3, 0)}


def check_bounds(case, found, exact, rounding):
    """``rounding`` of v, of dL/dw and of dL/dlog tau, as shares of sums of absolute values."""
    x, w, rho = (np.abs(values.double().numpy()) for values in (case.x, case.w, case.rho))
    n_steps = len(x)
    events = np.einsum("tbi,tbj->ji", x, summed_back(case.g.double().numpy(), n_steps))  # C, (post, pre)
    with np.errstate(divide="ignore", invalid="ignore"):
        steep = w * np.where((rho > 0) & (rho < 1), -1.0 / (np.log(rho) * rho), 0.0)
    bounds = (
        (case.tolerance + rounding[0]) * np.cumsum(x @ w.T, axis=0) + 1e-14,
        (case.tolerance + rounding[1]) * events + 1e-14,
        (case.tolerance + rounding[2]) * events * steep + rounding[2] * n_steps * events * w + 1e-14,
    )
    for what, one, other, bound in zip(("v", "dL/dw", "dL/drho"), found, exact, bounds, strict=True):
        excess = np.abs(one - other) - bound
        assert np.max(excess) <= 0.0, f"{what}: {np.max(excess):.3g} above its bound, tolerance {case.tolerance}"


@holds(filters(), near_misses=("a thousand times the tolerance", "gradient of decays off by 1 %"), subjects=["expansion"])
def test_the_expansion_keeps_its_tolerance(subject, case):
    tolerance = case.tolerance * (1000 if subject == "a thousand times the tolerance" else 1)
    found = filtered("expansion", case, tolerance, 1.01 if subject == "gradient of decays off by 1 %" else 1.0)
    check_bounds(case, found, filtered("plain", case), [1e-13 * len(case.x)] * 3)


@holds(
    in_float32(),
    near_misses=("ten thousand times the tolerance", "gradient of decays off by 10 %"),
    always=FEW_STEPS,
    subjects=["expansion"],
)
def test_in_float32_it_is_off_by_what_rounding_does_and_a_hundredth(subject, case):
    tolerance = case.tolerance * 1e4 if subject == "ten thousand times the tolerance" else None
    found = filtered("expansion", case, tolerance, 1.1 if subject == "gradient of decays off by 10 %" else 1.0)
    exact = filtered("plain", case.to(torch.float64))
    n_steps, _, n_pre = case.x.shape
    unit, values, slopes = 2.0**-24, 1.0, 1.0
    if (nodes := find_nodes(case.rho, n_steps, case.tolerance, slope=True)) is not None and nodes.inner is not None:
        places = torch.linspace(nodes.inner.low, nodes.inner.high, 300, dtype=torch.float64)
        values, slopes = (c.abs().sum(0).max().item() for c in nodes.inner.coefficients(places))
    of_v, of_gradient = unit * (n_pre + 3 * n_steps + 32), unit * (n_steps + 3 * n_steps + 32)
    check_bounds(case, found, exact, (values * of_v, values * of_gradient, max(values, slopes) * of_gradient))

"""The shared-decay expansion keeps its tolerance: the error of every power of a decay, and of its slope by log tau, is below it.

v:           |v' - v|          <= tol * sum over i, c of |w x[t - c]|
by w:        |dL/dw' - dL/dw|  <= tol * C,               C = sum over t, c, batch of |g[t + c] x[t]|,   g = dL/dv
by the decay                   <= tol * C |w| tau/rho,   tau in steps; exact at rho = 0 and 1, where that is no number

What is drawn is wide and sparse enough for the expansion to be used; the generated networks of the other properties are not.
"""

from dataclasses import dataclass

import numpy as np
import torch
from hypothesis import strategies as st

from equivalence.properties import holds
from hetsyn_sim.kernels import exponential_filter, use_backend


@dataclass(frozen=True)
class Filter:
    """Input (time, batch, pre), weights and decays (post, pre), dL/dv (time, batch, post), and a tolerance."""

    x: torch.Tensor
    w: torch.Tensor
    rho: torch.Tensor
    g: torch.Tensor
    tolerance: float


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


def filtered(backend, case, tolerance=1e-6, slip=1.0):
    """v, dL/dw and dL/drho."""
    w, rho = case.w.clone().requires_grad_(), case.rho.clone().requires_grad_()
    with use_backend(backend, tolerance=tolerance):
        v = exponential_filter(case.x, w, rho)
        of_w, of_rho = torch.autograd.grad((v * case.g).sum(), [w, rho])
    return v.detach().numpy(), of_w.numpy(), slip * of_rho.numpy()


def summed_back(g, n):
    """Sums over all later steps, (time, ...)."""
    return np.flip(np.cumsum(np.flip(np.abs(g), 0), axis=0), 0)[:n]


@holds(filters(), near_misses=("a thousand times the tolerance", "gradient of decays off by 1 %"), subjects=["expansion"])
def test_the_expansion_keeps_its_tolerance(subject, case):
    tolerance = case.tolerance * (1000 if subject == "a thousand times the tolerance" else 1)
    found = filtered("expansion", case, tolerance, 1.01 if subject == "gradient of decays off by 1 %" else 1.0)
    exact = filtered("plain", case)
    x, w, rho = np.abs(case.x.numpy()), np.abs(case.w.numpy()), case.rho.numpy()
    n_steps = len(x)
    events = np.einsum("tbi,tbj->ji", x, summed_back(case.g.numpy(), n_steps))  # C, (post, pre)
    rounding = 1e-13 * n_steps
    with np.errstate(divide="ignore", invalid="ignore"):
        steep = w * np.where((rho > 0) & (rho < 1), -1.0 / (np.log(rho) * rho), 0.0)
    bounds = (
        (case.tolerance + rounding) * np.cumsum(x @ w.T, axis=0) + 1e-14,
        (case.tolerance + rounding) * events + 1e-14,
        (case.tolerance + rounding) * events * steep + rounding * n_steps * events * w + 1e-14,
    )
    for what, one, other, bound in zip(("v", "dL/dw", "dL/drho"), found, exact, bounds, strict=True):
        excess = np.abs(one - other) - bound
        assert np.max(excess) <= 0.0, f"{what}: {np.max(excess):.3g} above its bound, tolerance {case.tolerance}"

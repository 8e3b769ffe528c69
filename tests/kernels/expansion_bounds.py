"""Data for the tests of the expansion, and the errors that follow from its tolerance, as its docstring promises them."""

import math

import torch

from hetsyn_sim.kernels.expansion import find_nodes

F32, F64 = torch.float32, torch.float64
SHAPE = 2, 5, 4
#: Time constants from, to, and steps.
RANGES = {"5 to 20": (5, 20, 250), "1 to 200": (1, 200, 784), "0.2 to 2000": (0.2, 2000, 2000), "one": (10, 10, 60)}


def make(low, high, n_steps, dtype=F64, limits=False, shape=SHAPE, rate=0.1):
    """x (time, batch, pre), w and rho (post, pre), g = dL/dv (time, batch, post); ``limits``: some decays at 0 and 1 and next to them."""
    n_batch, n_pre, n_post = shape
    rng = torch.Generator().manual_seed(0)
    x = (torch.rand(n_steps, n_batch, n_pre, generator=rng) < rate).to(dtype)
    tau = torch.exp(torch.empty(n_post, n_pre, dtype=F64).uniform_(math.log(low), math.log(high), generator=rng))
    rho = torch.exp(-1 / tau)
    if limits:
        rho[0, :2], rho[1, :2], rho[2, 0], rho[3, 0] = 0.0, 1.0, 1e-30, 1.0 - 2.0**-53
    w = torch.randn(n_post, n_pre, generator=rng, dtype=F64)
    return x, w.to(dtype), rho.to(dtype), torch.randn(n_steps, n_batch, n_post, generator=rng, dtype=F64).to(dtype)


def value_and_gradients(run, x, w, rho, g):
    """v, dx, dw, drho."""
    leaves = [leaf.detach().clone().requires_grad_() for leaf in (x, w, rho)]
    v = run(*leaves)
    return v, *torch.autograd.grad((v * g).sum(), leaves)


def allowed(x, w, rho, g, tolerance):
    """Errors of v, dx, dw and drho that the tolerance allows."""
    x, w, rho, g = (argument.double() for argument in (x, w.abs(), rho, g.abs()))
    later = g.flip(0).cumsum(0).flip(0)  # the sum of abs(g) from here on
    dw = torch.einsum("tbj,tbi->ji", later, x.abs())
    by_rho = -1 / (rho * rho.log())  # dlog tau / drho
    return [tolerance * size for size in ((x.abs() @ w.T).cumsum(0), later @ w, dw, dw * w * by_rho)]


def allowed_in_float32(x, w, rho, g, tolerance):
    """The same with rounding: each step and each event of a sum, times what the coefficients and their slopes amplify.

    A sum over steps rounds three times per step (decay, event, sum over nodes); one over events and batch once more per event.
    """
    n_steps, n_batch, n_pre = x.shape
    inner = find_nodes(rho, n_steps, tolerance, slope=True).inner
    values, slopes = (c.abs().sum(0).max().item() for c in inner.coefficients(torch.linspace(inner.low, inner.high, 500, dtype=F64)))
    unit = torch.finfo(F32).eps / 2
    per_step, per_event = unit * (3 * n_steps + n_pre), unit * (3 * n_steps + n_steps * n_batch + 32)
    rounding = [values * per_step, values * per_step, values * per_event, slopes * per_event]
    return [(tolerance + extra) * size for extra, size in zip(rounding, allowed(x, w, rho, g, 1.0), strict=True)]

"""The filter through shared decays against the obvious implementation in float64, within errors that follow from the tolerance."""

import math

import pytest
import torch

from hetsyn_sim.errors import ConfigError
from hetsyn_sim.kernels import exponential_filter, filter_carry
from hetsyn_sim.kernels.expansion import expand, expanded_filter, log_tau

F32, F64 = torch.float32, torch.float64
B, I, J = 2, 5, 4
RANGES = {"5 to 20": (5, 20, 250), "1 to 200": (1, 200, 784), "0.2 to 2000": (0.2, 2000, 2000), "one": (10, 10, 60)}


def make(low, high, n_steps, dtype=F64, limits=False):
    rng = torch.Generator().manual_seed(0)
    x = (torch.rand(n_steps, B, I, generator=rng) < 0.1).to(dtype)
    tau = torch.exp(torch.empty(J, I, dtype=F64).uniform_(math.log(low), math.log(high), generator=rng))
    rho = torch.exp(-1 / tau)
    if limits:
        rho[0, :2], rho[1, :2], rho[2, 0], rho[3, 0] = 0.0, 1.0, 1e-30, 1.0 - 2.0**-53
    w, g = torch.randn(J, I, generator=rng, dtype=F64), torch.randn(n_steps, B, J, generator=rng, dtype=F64)
    return x, w.to(dtype), rho.to(dtype), g.to(dtype)


def both(x, w, rho, g, tolerance, naive, run=expanded_filter):
    """Value and gradients of x, w and rho: expanded, and exact in float64."""
    found = []
    for function, leaves in ((lambda *a: run(*a, tolerance), (x, w, rho)), (naive["filter"], (x.double(), w.double(), rho.double()))):
        leaves = [leaf.detach().clone().requires_grad_() for leaf in leaves]
        v = function(*leaves)
        found.append((v, *torch.autograd.grad((v * g).sum(), leaves)))
    return found


def reach(x, g):
    """The sum over t, c and batch of abs(g[t + c] x[t]), (post, pre)."""
    return torch.einsum("tbj,tbi->ji", g.double().abs().flip(0).cumsum(0).flip(0), x.double().abs())


def allowed(x, w, rho, g, tolerance):
    """What the docstring of expanded_filter promises: errors of v, dx, dw and drho."""
    v = (x.double().abs() @ w.double().abs().T).cumsum(0)
    dx = (g.double().abs() @ w.double().abs()).flip(0).cumsum(0).flip(0)
    dw = reach(x, g)
    drho = dw * w.double().abs() * (-1 / (rho.double() * rho.double().log()))
    return [tolerance * size for size in (v, dx, dw, drho)]


@pytest.mark.parametrize("spread", RANGES)
@pytest.mark.parametrize("tolerance", [1e-3, 1e-6, 1e-9])
def test_errors_are_within_what_the_tolerance_promises(spread, tolerance, naive):
    if (spread, tolerance) == ("0.2 to 2000", 1e-9):
        pytest.skip("more nodes than the expansion takes: test_too_wide_a_spread_is_left_to_an_exact_back_end")
    data = make(*RANGES[spread])
    for found, exact, bound in zip(*both(*data, tolerance, naive), allowed(*data, tolerance), strict=True):
        assert ((found - exact).abs() <= bound + 1e-11 * exact.abs().max()).all()  # and rounding: 2000 steps, a Lebesgue constant of 3


@pytest.mark.parametrize("spread", ["5 to 20", "1 to 200"])
def test_errors_in_float32_are_those_and_rounding(spread, naive):
    """Rounding: every step and every event of a neuron's and a synapse's sums, times what the coefficients and their slopes amplify."""
    tolerance, (low, high, n_steps) = 1e-6, RANGES[spread]
    data = make(low, high, n_steps, F32)
    inner = expand(log_tau(data[2], n_steps, tolerance), n_steps, tolerance, F32, slope=True).inner
    amplified = [c.abs().sum(0).max().item() for c in inner.coefficients(torch.linspace(math.log(low), math.log(high), 500, dtype=F64))]
    bounds = allowed(*data, 1.0)
    eps = torch.finfo(F32).eps / 2
    per_step, per_event = eps * 3 * n_steps, eps * (3 * n_steps + n_steps * B + 32)
    rounding = [amplified[0] * per_step, amplified[0] * per_step, amplified[0] * per_event, amplified[1] * per_event]
    for found, exact, bound, extra in zip(*both(*data, tolerance, naive), bounds, rounding, strict=True):
        assert found.dtype == F32
        assert ((found - exact).abs() <= (tolerance + extra) * bound).all()


@pytest.mark.parametrize("spread", ["5 to 20", "one"])
def test_decays_of_zero_and_one_are_exact(spread, naive):
    x, w, rho, g = make(*RANGES[spread], limits=True)
    found, exact = both(x, w, rho, g, 1e-3, naive)
    at_limits = (rho == 0) | (rho == 1)
    for one, other in zip(found[2:], exact[2:], strict=True):
        torch.testing.assert_close(one[at_limits], other[at_limits], rtol=1e-12, atol=1e-9)
    close = (rho == 1e-30) | (rho == 1 - 2.0**-53)  # taken for the limit: rho^c differs by less than 250 * 2^-53
    torch.testing.assert_close(found[2][close], exact[2][close], rtol=1e-12, atol=1e-9)
    only = torch.where(rho < 0.5, 0.0, 1.0).to(F64)  # no other decay at all
    assert (exponential_filter(x, w, only) - expanded_filter(x, w, only, 1e-3)).abs().max() < 1e-11


def test_gradients_against_finite_differences():
    """At a tolerance so small that the finite difference cannot tell the expansion from the exact filter."""
    x, w, rho, _ = make(2, 10, 6)
    inputs = [leaf.requires_grad_() for leaf in (x + 0.1, w, rho)]
    assert torch.autograd.gradcheck(lambda *leaves: expanded_filter(*leaves, 1e-11), inputs)


def test_a_carried_state_from_the_exact_filter_goes_on(naive):
    x, w, rho, _ = make(5, 20, 100)
    carried = filter_carry(x[:40], w, rho, None, delay=0)
    second = expanded_filter(x[40:], w, rho, 1e-9) + torch.einsum("bji,tji->tbj", carried, rho ** torch.arange(60).view(-1, 1, 1))
    assert (second - naive["filter"](x, w, rho)[40:]).abs().max() <= 1e-9 * allowed(x, w, rho, x[..., :J], 1.0)[0].max()


@pytest.mark.parametrize("n_steps", [1, 2, 3])
def test_short_sequences_and_silence(n_steps, naive):
    x, w, rho, g = make(5, 20, n_steps)
    for found, exact in zip(*both(x, w, rho, g, 1e-9, naive), strict=True):
        torch.testing.assert_close(found, exact, rtol=0, atol=1e-7)
    assert not expanded_filter(torch.zeros_like(x), w, rho, 1e-9).any()


def test_pieces_of_time_change_nothing(monkeypatch):
    x, w, rho, _ = make(5, 20, 60)
    whole = expanded_filter(x, w, rho, 1e-6)
    monkeypatch.setattr("hetsyn_sim.kernels.expansion.PIECE", 1)
    torch.testing.assert_close(expanded_filter(x, w, rho, 1e-6), whole, rtol=0, atol=1e-12)


def test_too_wide_a_spread_is_left_to_an_exact_back_end():
    x, w, rho, _ = make(0.2, 2000, 2000)
    assert expanded_filter(x, w, rho, 1e-12) is None


@pytest.mark.parametrize("tolerance", [0.0, -1e-6, math.nan, math.inf, 1.0, 1e-8])
def test_a_tolerance_out_of_range_is_refused(tolerance):
    x, w, rho, _ = make(5, 20, 3, F32)
    with pytest.raises(ConfigError, match="tolerance of the shared-decay expansion is out of range") as error:
        expanded_filter(x, w, rho, tolerance)
    assert error.value.got == f"{tolerance!r} for torch.float32"
    assert error.value.expected == "at least 1.19e-07 and below 1"
    assert error.value.remedy == "take a larger one, or float64, or an exact back end"

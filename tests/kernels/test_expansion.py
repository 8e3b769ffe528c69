"""The filter through shared decays against the obvious implementation in float64, within errors that follow from the tolerance."""

import math

import pytest
import torch

from hetsyn_sim.errors import ConfigError
from hetsyn_sim.kernels import exponential_filter, filter_carry
from hetsyn_sim.kernels.expansion_plain import expanded_filter

from .expansion_bounds import F32, F64, RANGES, J, allowed, allowed_in_float32, make, value_and_gradients


def both(x, w, rho, g, tolerance, naive):
    """Value and gradients of x, w and rho: expanded, and exact in float64."""
    found = value_and_gradients(lambda *leaves: expanded_filter(*leaves, tolerance), x, w, rho, g)
    return found, value_and_gradients(naive["filter"], x.double(), w.double(), rho.double(), g.double())


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
    tolerance = 1e-6
    data = make(*RANGES[spread], F32)
    for found, exact, bound in zip(*both(*data, tolerance, naive), allowed_in_float32(*data, tolerance), strict=True):
        assert found.dtype == F32
        assert ((found - exact).abs() <= bound).all()


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
    assert (second - naive["filter"](x, w, rho)[40:]).abs().max() <= 1e-9 * allowed(x, w, rho, torch.ones_like(x[..., :J]), 1.0)[0].max()


@pytest.mark.parametrize("n_steps", [1, 2, 3])
def test_short_sequences_and_silence(n_steps, naive):
    x, w, rho, g = make(5, 20, n_steps)
    for found, exact in zip(*both(x, w, rho, g, 1e-9, naive), strict=True):
        torch.testing.assert_close(found, exact, rtol=0, atol=1e-7)
    assert not expanded_filter(torch.zeros_like(x), w, rho, 1e-9).any()


def test_pieces_of_time_change_nothing(monkeypatch):
    x, w, rho, _ = make(5, 20, 60)
    whole = expanded_filter(x, w, rho, 1e-6)
    monkeypatch.setattr("hetsyn_sim.kernels.expansion_plain.PIECE", 1)
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

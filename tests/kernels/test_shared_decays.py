"""Powers of decays by interpolation: the bound is proven, the choice of nodes measured; both against the power itself, at every lag."""

import math

import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hetsyn_sim.kernels.shared_decays import GRID, MOST_NODES, bound, chebyshev, measured_error, sampled_lags, shared_decays

F32, F64 = torch.float32, torch.float64


def errors(nodes, tau, n_steps):
    """Of every power below n_steps and its slope by log tau, the largest over tau: written out in powers and with autograd's slopes."""
    s = tau.log().requires_grad_()
    lags = torch.arange(n_steps, dtype=F64)
    c, slopes = nodes.coefficients(s.detach())
    exact = torch.exp(-1 / tau).view(-1, 1) ** lags
    slope = torch.stack([torch.autograd.grad(torch.exp(-lag * torch.exp(-s)).sum(), s)[0] for lag in lags], dim=1)
    shared = nodes.rho.view(-1, 1) ** lags
    return (c.T @ shared - exact).abs().max().item(), (slopes.T @ shared - slope).abs().max().item()


@given(low=st.floats(-3, 8), width=st.floats(0.05, 6), n=st.integers(2, 30))
@settings(max_examples=50, deadline=None)
def test_no_error_is_above_the_proven_bound(low, width, n):
    nodes = chebyshev(low, low + width, n, F64)
    measured, proven = measured_error(nodes, sampled_lags(5000)), bound(low, low + width, n)
    assert measured[0] <= 1.02 * proven[0] + 1e-13  # what n nodes round; the margin of measured_error
    assert measured[1] <= 1.02 * proven[1] + 1e-13 * n**2 * max(1, 2 / width)  # Markov's inequality for polynomials


@given(
    low=st.floats(-2, 8),
    width=st.floats(0, 6),
    place=st.lists(st.floats(0, 1), min_size=1, max_size=20),
    n_steps=st.integers(2, 300),
    tolerance=st.sampled_from([1e-3, 1e-5]),
    dtype=st.sampled_from([F32, F64]),
)
@example(math.log(0.2), math.log(1e4), [k / 99 for k in range(100)], 2000, 1e-6, F64)
@example(math.log(5), math.log(4), [k / 99 for k in range(100)], 250, 1e-6, F32)
@settings(deadline=None)
def test_decays_anywhere_in_an_interval_keep_the_tolerance_with_no_node_too_many(low, width, place, n_steps, tolerance, dtype):
    tau = torch.exp(low + width * torch.tensor(place, dtype=F64))
    for slope in (False, True):
        nodes = shared_decays(tau.log().min().item(), tau.log().max().item(), n_steps, tolerance, dtype, slope=slope)
        assert errors(nodes, tau, n_steps)[slope] <= tolerance
        if dtype == F64 and nodes.n > 1:  # of float32 nodes, two may be one
            fewer = chebyshev(nodes.low, nodes.high, nodes.n - 1, dtype)
            assert measured_error(fewer, sampled_lags(1 << (n_steps - 1).bit_length()))[slope] > tolerance


def test_coefficients_are_those_of_the_nodes_at_the_nodes():
    nodes = chebyshev(0.0, 3.0, 12, F64)
    c, slopes = nodes.coefficients(-(-nodes.rho.log()).log())
    torch.testing.assert_close(c, torch.eye(12, dtype=F64), rtol=0, atol=1e-13)
    torch.testing.assert_close(slopes.sum(0), torch.zeros(12, dtype=F64), rtol=0, atol=1e-11)  # c adds up to 1 everywhere


def test_coefficients_stay_small():
    """No cancellation: the sum of their moduli is the Lebesgue constant, 1 + 2/pi log n or so for Chebyshev points."""
    nodes = chebyshev(0.0, 9.0, 60, F64)
    assert nodes.coefficients(torch.linspace(0, 9, 999, dtype=F64))[0].abs().sum(0).max() < 1 + 2 / math.pi * math.log(60) + 0.1


def test_decays_that_move_a_little_keep_their_nodes():
    one = shared_decays(GRID * 8 + 0.01, GRID * 16 - 0.01, 250, 1e-6, F32, slope=False)
    assert shared_decays(GRID * 8 + 0.02, GRID * 16 - 0.05, 240, 1e-6, F32, slope=False) is one


def test_a_single_decay_needs_few_nodes_and_an_impossible_range_is_refused():
    assert shared_decays(2.3, 2.3, 250, 1e-6, F32, slope=False).n <= 5
    assert shared_decays(-5.0, 15.0, 2000, 1e-12, F64, slope=True) is None
    assert MOST_NODES == 64

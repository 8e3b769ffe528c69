"""Sums over lags, beyond what the filter's own tests say: the adjoint, silence, powers at the limits, and states with a delay."""

import numpy as np
import pytest
import torch

from hetsyn_sim.kernels.lags import carry, correlate, filter_lags, filter_lags_adjoint, powers, spread

T, B, I, J = 12, 2, 3, 4
F64 = torch.float64
# Values below 20 made of at most 12 steps and 3 synapses: (3 + 3 * 12 + 32) * 2^-53 * 20 = 1.6e-13 is the bound of hetsyn_sim.agreement.
ATOL = 1.6e-13


@pytest.fixture
def made():
    g = torch.Generator().manual_seed(0)
    x = (torch.rand(T, B, I, generator=g) < 0.4).to(F64)
    rho = torch.rand(J, I, generator=g, dtype=F64)
    rho[0, 0], rho[1, 1] = 0.0, 1.0
    return x, torch.randn(J, I, generator=g, dtype=F64), rho


def test_silence_at_the_end_is_skipped_and_changes_nothing(made, naive):
    x, w, rho = made
    quiet = torch.cat([x[:4], torch.zeros_like(x[4:])])
    torch.testing.assert_close(filter_lags(quiet, w, rho), naive["filter"](quiet, w, rho), rtol=0, atol=ATOL)
    assert not filter_lags(torch.zeros_like(x), w, rho).any()
    assert not any(gradient.any() for gradient in correlate(torch.ones(T, B, J, dtype=F64), torch.zeros_like(x), w, rho))


def test_the_adjoint_is_the_adjoint(made):
    """<g, F x> = <F* g, x> for any g and x, here not of zeros and ones."""
    _, w, rho = made
    rng = torch.Generator().manual_seed(1)
    x, g = torch.randn(T, B, I, generator=rng, dtype=F64), torch.randn(T, B, J, generator=rng, dtype=F64)
    forward, backward = (g * filter_lags(x, w, rho)).sum().item(), (x * filter_lags_adjoint(g, w, rho)).sum().item()
    assert forward == pytest.approx(backward, rel=0, abs=1e-11)  # 300 products below 100, each within 1e-14


def test_powers_and_their_gradients_are_exact_at_the_limits():
    rho = torch.tensor([0.0, 1.0, 0.5], dtype=F64, requires_grad=True)
    found = powers(rho, 4)
    assert found.T.tolist() == [[1, 0, 0, 0], [1, 1, 1, 1], [1, 0.5, 0.25, 0.125]]
    (gradient,) = torch.autograd.grad(found.sum(), rho)
    assert gradient.tolist() == [1.0, 6.0, 2.75]  # 0 + 1 + 2 rho + 3 rho^2


@pytest.mark.parametrize("cut", [1, 5, T - 1])
@pytest.mark.parametrize("delay", [0, 1])
def test_a_state_carried_over_is_as_if_nothing_had_been_cut(made, cut, delay, naive):
    """``delay`` shifts what is filtered by a step, as recurrent spikes are."""
    x, w, rho = made
    late = x if delay == 0 else torch.cat([torch.zeros_like(x[:1]), x[:-1]])
    state = carry(x[:cut], w, rho, None, delay=delay)
    rest = spread(state, rho, T - cut) + filter_lags(torch.cat([late[cut : cut + 1] * (1 - delay), late[cut + 1 :]]), w, rho)
    np.testing.assert_allclose(rest.numpy(), naive["filter"](late, w, rho)[cut:].numpy(), rtol=0, atol=ATOL)

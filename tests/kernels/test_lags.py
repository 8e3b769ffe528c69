"""Sums over lags against SciPy's recursive filter, the definition of an adjoint, and autograd."""

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from hetsyn_sim.kernels.lags import carry, correlate, filter_lags, filter_lags_adjoint, powers, spread

T, B, I, J = 12, 2, 3, 4
F64 = torch.float64


@pytest.fixture
def made():
    g = torch.Generator().manual_seed(0)
    x = (torch.rand(T, B, I, generator=g) < 0.4).to(F64)
    rho = torch.rand(J, I, generator=g, dtype=F64)
    rho[0, 0], rho[1, 1] = 0.0, 1.0
    return x, torch.randn(J, I, generator=g, dtype=F64), rho


def by_scipy(x, w, rho):
    """Sum over synapses of SciPy's y[t] = rho y[t-1] + w x[t]."""
    v = np.zeros((x.shape[0], x.shape[1], w.shape[0]))
    for j, i in np.ndindex(*w.shape):
        v[:, :, j] += lfilter([float(w[j, i])], [1.0, -float(rho[j, i])], x[:, :, i].numpy(), axis=0)
    return v


# Values below 20 made of at most 12 steps and 3 synapses: (3 + 3 * 12 + 32) * 2^-53 * 20 = 1.6e-13 is the bound of hetsyn_sim.agreement.
ATOL = 1.6e-13


def test_the_filter_is_scipys(made):
    np.testing.assert_allclose(filter_lags(*made).numpy(), by_scipy(*made), rtol=0, atol=ATOL)


@pytest.mark.parametrize("n", [1, 2, T])
def test_any_number_of_steps(made, n):
    x, w, rho = made
    np.testing.assert_allclose(filter_lags(x[:n], w, rho).numpy(), by_scipy(x[:n], w, rho), rtol=0, atol=ATOL)


def test_silence_at_the_end_is_skipped_and_changes_nothing(made):
    x, w, rho = made
    quiet = torch.cat([x[:4], torch.zeros_like(x[4:])])
    np.testing.assert_allclose(filter_lags(quiet, w, rho).numpy(), by_scipy(quiet, w, rho), rtol=0, atol=ATOL)
    assert not filter_lags(torch.zeros_like(x), w, rho).any()


def test_the_adjoint_is_the_adjoint(made):
    """<g, F x> = <F* g, x> for any g and x, here not of zeros and ones."""
    _, w, rho = made
    rng = torch.Generator().manual_seed(1)
    x, g = torch.randn(T, B, I, generator=rng, dtype=F64), torch.randn(T, B, J, generator=rng, dtype=F64)
    forward, backward = (g * filter_lags(x, w, rho)).sum().item(), (x * filter_lags_adjoint(g, w, rho)).sum().item()
    assert forward == pytest.approx(backward, rel=0, abs=1e-11)  # 300 products below 100, each within 1e-14


@pytest.mark.parametrize("n", [1, 2, T])
def test_correlations_are_the_gradients_of_weights_and_decays(made, n, naive):
    x, w, rho = made
    x = x[:n]
    w, rho = w.clone().requires_grad_(), rho.clone().requires_grad_()
    g = torch.randn(n, B, J, generator=torch.Generator().manual_seed(1), dtype=F64)
    expected = torch.autograd.grad((naive["filter"](x, w, rho) * g).sum(), (w, rho))
    for found, wanted in zip(correlate(g, x, w.detach(), rho.detach()), expected, strict=True):
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-11)  # sums of 300 products below 100


def test_correlations_with_silence_are_zero(made):
    x, w, rho = made
    dw, drho = correlate(torch.ones(T, B, J, dtype=F64), torch.zeros_like(x), w, rho)
    assert not dw.any()
    assert not drho.any()


def test_the_gradient_of_a_decay_against_finite_differences(made):
    x, w, rho = made
    rho = rho.clamp(0.1, 0.9)
    g = torch.randn(T, B, J, generator=torch.Generator().manual_seed(1), dtype=F64)
    _, drho = correlate(g, x, w, rho)
    step = 1e-6
    for j, i in ((0, 0), (3, 2)):
        up, down = rho.clone(), rho.clone()
        up[j, i] += step
        down[j, i] -= step
        slope = ((g * filter_lags(x, w, up)).sum() - (g * filter_lags(x, w, down)).sum()) / (2 * step)
        # the third derivative times step^2 / 6 is below 1e-9, and rounding of the loss, about 1e-13, is divided by the step
        assert drho[j, i].item() == pytest.approx(slope.item(), abs=1e-6)


def test_powers_of_the_limits_are_exact():
    found = powers(torch.tensor([0.0, 1.0, 0.5], dtype=F64), 4)
    torch.testing.assert_close(found.T, torch.tensor([[1, 0, 0, 0], [1, 1, 1, 1], [1, 0.5, 0.25, 0.125]], dtype=F64), rtol=0, atol=0)


def test_powers_have_finite_gradients_at_the_limits():
    rho = torch.tensor([0.0, 1.0], dtype=F64, requires_grad=True)
    (gradient,) = torch.autograd.grad(powers(rho, 4).sum(), rho)
    assert gradient.tolist() == [1.0, 6.0]  # 0 + 1 + 2 rho + 3 rho^2


@pytest.mark.parametrize("cut", [1, 5, T - 1])
@pytest.mark.parametrize("delay", [0, 1])
def test_a_state_carried_over_is_as_if_nothing_had_been_cut(made, cut, delay):
    """``delay`` shifts what is filtered by a step, as recurrent spikes are."""
    x, w, rho = made
    late = x if delay == 0 else torch.cat([torch.zeros_like(x[:1]), x[:-1]])
    whole = by_scipy(late, w, rho)
    state = carry(x[:cut], w, rho, None, delay=delay)
    rest = spread(state, rho, T - cut) + filter_lags(torch.cat([late[cut : cut + 1] * (1 - delay), late[cut + 1 :]]), w, rho)
    np.testing.assert_allclose(rest.numpy(), whole[cut:], rtol=0, atol=ATOL)


def test_states_add_up(made):
    x, w, rho = made
    at_once = carry(x, w, rho, None, delay=0)
    in_two = carry(x[5:], w, rho, carry(x[:5], w, rho, None, delay=0), delay=0)
    torch.testing.assert_close(in_two, at_once, rtol=0, atol=ATOL)

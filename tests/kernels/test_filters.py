"""The exponential filter: values by SciPy, gradients by the obvious implementation and by finite differences, pieces, and memory."""

from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from hetsyn_sim.kernels import exponential_filter, filter_carry, filters, is_tied, spread_carry

from .levels import KERNELS, use_kernels

T, B, I, J = 14, 2, 3, 4
F64 = torch.float64
STRUCTURES = {"per synapse": (J, I), "per neuron": (J, 1), "per layer": ()}
#: Decays that forget at once, below the smallest number, that are 1 to their last few digits, and that never forget.
LIMITS = (0.0, float(np.exp(-1e3)), float(np.exp(-1e-12)), 1.0)


def make(structure, n_steps=T, seed=0, limit=None):
    g = torch.Generator().manual_seed(seed)
    x = (torch.rand(n_steps, B, I, generator=g) < 0.4).to(F64) * torch.rand(n_steps, B, I, generator=g, dtype=F64)
    w, rho = torch.randn(J, I, generator=g, dtype=F64), torch.rand(STRUCTURES[structure], generator=g, dtype=F64)
    if limit is not None:
        rho.view(-1)[::2] = limit  # of half of them; of the only one, if a layer shares it
    return x, w, rho


def by_scipy(x, w, rho):
    w, rho = w.double(), rho.double().expand(J, I)
    v = np.zeros((*x.shape[:2], J))
    for j, i in np.ndindex(J, I):
        v[:, :, j] += lfilter([float(w[j, i])], [1.0, -float(rho[j, i])], x[:, :, i].double().numpy(), axis=0)
    return v


def atol(dtype, size=50.0):
    """hetsyn_sim.agreement's bound for T steps, I synapses and events that sum up to less than ``size``."""
    return torch.finfo(dtype).eps / 2 * (I + 3 * T + 32) * size


def gradients(function, leaves):
    v = function(*leaves)
    g = torch.randn(v.shape, dtype=F64, generator=torch.Generator().manual_seed(9))
    return v.detach(), *torch.autograd.grad((v * g).sum(), leaves)


def check_close(found, expected):
    torch.testing.assert_close(found[0], expected[0], rtol=0, atol=atol(F64))
    for one, other in zip(found[1:], expected[1:], strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-11)  # sums of at most T^2 B J products, about 1600, each below 30 * 2^-53
        assert torch.isfinite(one).all()


cases = {
    "kernels": st.sampled_from(KERNELS),
    "structure": st.sampled_from(list(STRUCTURES)),
    "n_steps": st.integers(1, T),
    "limit": st.sampled_from([None, *LIMITS]),
    "seed": st.integers(0, 99),
}


@settings(deadline=None)
@given(**cases, dtype=st.sampled_from([torch.float32, F64]))
@example("plain", "per synapse", 1, 0.0, 0, F64)
@example("plain", "per layer", T, 1.0, 0, F64)
def test_the_filter_is_scipys(kernels, structure, n_steps, limit, seed, dtype):
    x, w, rho = (t.to(dtype) for t in make(structure, n_steps, seed, limit))
    with use_kernels(kernels):
        v = exponential_filter(x, w, rho)
    assert v.dtype == dtype
    np.testing.assert_allclose(v.double().numpy(), by_scipy(x, w, rho), rtol=0, atol=atol(dtype))


@settings(deadline=None)
@given(**cases)
@example("plain", "per synapse", 1, 0.0, 0)
@example("plain", "per neuron", 2, 1.0, 0)
def test_gradients_are_those_of_the_obvious_implementation(naive, kernels, structure, n_steps, limit, seed):
    x, w, rho = make(structure, n_steps, seed, limit)
    leaves = [t.requires_grad_() for t in (x + 0.1, w, rho)]  # a gradient of the input everywhere
    with use_kernels(kernels):
        check_close(gradients(exponential_filter, leaves), gradients(naive["filter"], leaves))


@settings(deadline=None)
@given(**cases, cut=st.integers(1, T - 1), chunk=st.sampled_from([1, 2, 3, T - 1, 128]))
@example("plain", "per synapse", T, None, 0, 6, 1)
@example("plain", "per neuron", T, 0.0, 0, 1, 2)
def test_a_state_passed_on_is_as_if_nothing_had_been_cut(kernels, structure, n_steps, limit, seed, cut, chunk):
    leaves = [t.requires_grad_() for t in make(structure, n_steps, seed, limit)]

    def in_pieces(x, w, rho):
        if cut >= n_steps:
            return exponential_filter(x, w, rho)
        state = filter_carry(x[:cut], w, rho, None, delay=0)
        return torch.cat([exponential_filter(x[:cut], w, rho), exponential_filter(x[cut:], w, rho, state)])

    with use_kernels(kernels):
        expected = gradients(exponential_filter, leaves)
        with patch.object(filters, "CHUNK", chunk):
            check_close(gradients(in_pieces, leaves), expected)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("structure", STRUCTURES)
def test_gradients_against_finite_differences(structure):
    x, w, rho = make(structure, n_steps=5)
    carried = torch.randn((B, J, I) if structure == "per synapse" else (B, J), dtype=F64)
    # a finite difference needs room on both sides of rho
    assert torch.autograd.gradcheck(exponential_filter, [t.requires_grad_() for t in (x + 0.1, w, 0.1 + 0.8 * rho, carried)])


@pytest.mark.usefixtures("backend")
def test_only_the_gradients_that_are_asked_for_are_computed_and_no_second_ones():
    x, w, rho = make("per synapse")
    w.requires_grad_()
    (gradient,) = torch.autograd.grad(exponential_filter(x, w, rho).square().sum(), w, create_graph=True)
    assert gradient.abs().sum() > 0
    with pytest.raises(RuntimeError, match=r"once_differentiable|no autograd formula"):  # refused instead of wrong
        gradient.sum().backward()


def test_what_counts_as_shared():
    assert not is_tied(torch.zeros(J, I))
    assert all(is_tied(torch.zeros(shape)) for shape in ((J, 1), (J,), (), (1, 1)))


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("delay", [0, 1])
def test_a_carried_state_fades_by_itself(delay):
    for structure in STRUCTURES:
        x, w, rho = make(structure)
        state = filter_carry(x, w, rho, filter_carry(x, w, rho, None, delay=delay), delay=delay)
        expected = by_scipy(torch.cat([x, x, torch.zeros(5, B, I, dtype=F64)]), w, rho)[2 * T - delay :][:5]
        np.testing.assert_allclose(spread_carry(state, rho, 5).numpy(), expected, rtol=0, atol=atol(F64, 100))


N_STEPS, BATCH, PRE, POST = 60, 8, 20, 30


@pytest.mark.usefixtures("backend")
def test_nothing_per_step_run_and_synapse_is_kept_for_the_backward_pass(naive, held_numbers):
    x, w, rho = torch.rand(N_STEPS, BATCH, PRE), torch.randn(POST, PRE).requires_grad_(), torch.rand(POST, PRE).requires_grad_()
    a_state_per_step = N_STEPS * BATCH * POST * PRE
    assert held_numbers(lambda: exponential_filter(x, w, rho)) <= N_STEPS * BATCH * POST  # the result; the arguments were there before
    # what the obvious implementation keeps: the measure sees it
    assert held_numbers(lambda: naive["filter"](x, w, rho)) > a_state_per_step
    # two pieces: one state (batch x post x pre), and the powers of rho over a piece (time x post x pre) a few times over
    with patch.object(filters, "CHUNK", N_STEPS // 2):
        assert held_numbers(lambda: exponential_filter(x, w, rho)) < a_state_per_step / 2

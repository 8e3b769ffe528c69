"""The exponential filter: values by SciPy, gradients by the obvious implementation and by finite differences, pieces, and memory."""

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from hetsyn_sim.kernels import exponential_filter, filter_carry, filters, is_tied, spread_carry

pytestmark = pytest.mark.usefixtures("backend")

T, B, I, J = 14, 2, 3, 4
F64 = torch.float64
STRUCTURES = {"per synapse": (J, I), "per neuron": (J, 1), "per layer": ()}


def make(structure, n_steps=T, dtype=F64, seed=0):
    g = torch.Generator().manual_seed(seed)
    x = (torch.rand(n_steps, B, I, generator=g) < 0.4).to(dtype)
    return x, torch.randn(J, I, generator=g, dtype=F64).to(dtype), torch.rand(STRUCTURES[structure], generator=g, dtype=F64).to(dtype)


def by_scipy(x, w, rho):
    w, rho = w.double(), rho.double().expand(J, I)
    v = np.zeros((*x.shape[:2], J))
    for j, i in np.ndindex(J, I):
        v[:, :, j] += lfilter([float(w[j, i])], [1.0, -float(rho[j, i])], x[:, :, i].double().numpy(), axis=0)
    return v


def atol(dtype, size=50.0):
    """hetsyn_sim.agreement's bound for T steps, I synapses and events that sum up to less than ``size``."""
    return torch.finfo(dtype).eps / 2 * (I + 3 * T + 32) * size


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_the_filter_is_scipys(structure, dtype):
    x, w, rho = make(structure, dtype=dtype)
    v = exponential_filter(x, w, rho)
    assert v.dtype == dtype
    np.testing.assert_allclose(v.double().numpy(), by_scipy(x, w, rho), rtol=0, atol=atol(dtype))


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("limit", [0.0, 1.0])
def test_a_decay_of_zero_forgets_and_of_one_adds_up(structure, limit):
    x, w, _ = make(structure)
    v = exponential_filter(x, w, torch.full(STRUCTURES[structure], limit, dtype=F64))
    expected = x @ w.T if limit == 0.0 else (x @ w.T).cumsum(0)
    torch.testing.assert_close(v, expected, rtol=0, atol=atol(F64))


@pytest.mark.parametrize("structure", STRUCTURES)
def test_tau_far_below_dt_and_far_above_the_recording(structure):
    """rho = exp(-1000) is below the smallest number, and exp(-1e-12) is 1 to its last few digits."""
    x, w, _ = make(structure)
    for rate in (1e3, 1e-12):
        rho = torch.exp(torch.full(STRUCTURES[structure], -rate, dtype=F64))
        np.testing.assert_allclose(exponential_filter(x, w, rho).numpy(), by_scipy(x, w, rho), rtol=0, atol=atol(F64))


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("n_steps", [1, 2, T])
@pytest.mark.parametrize("limits", [False, True])
def test_gradients_are_those_of_the_obvious_implementation(structure, n_steps, limits, naive):
    x, w, rho = make(structure, n_steps)
    x = x + 0.1  # a gradient of the input everywhere, and analogue input with it
    if limits and rho.dim():
        rho[0], rho[1] = 0.0, 1.0
    leaves = [t.requires_grad_() for t in (x, w, rho)]
    g = torch.randn(n_steps, B, J, dtype=F64, generator=torch.Generator().manual_seed(9))
    found = torch.autograd.grad((exponential_filter(*leaves) * g).sum(), leaves)
    expected = torch.autograd.grad((naive["filter"](*leaves) * g).sum(), leaves)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-11)  # sums of at most T^2 B J products, about 1600, each below 30 * 2^-53
        assert torch.isfinite(one).all()


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("carried", [False, True])
def test_gradients_against_finite_differences(structure, carried):
    x, w, rho = make(structure, n_steps=5)
    rho = 0.1 + 0.8 * rho  # a finite difference needs room on both sides
    inputs = [t.requires_grad_() for t in (x + 0.1, w, rho)]
    if carried:
        inputs.append(torch.randn((B, J, I) if structure == "per synapse" else (B, J), dtype=F64).requires_grad_())
    assert torch.autograd.gradcheck(exponential_filter, inputs)


def test_only_the_gradients_that_are_asked_for_are_computed():
    x, w, rho = make("per synapse")
    w.requires_grad_()
    (gradient,) = torch.autograd.grad(exponential_filter(x, w, rho).sum(), w)
    assert gradient.abs().sum() > 0


def test_a_second_derivative_is_refused_instead_of_wrong():
    x, w, rho = make("per synapse")
    w.requires_grad_()
    (gradient,) = torch.autograd.grad(exponential_filter(x, w, rho).square().sum(), w, create_graph=True)
    with pytest.raises(RuntimeError, match=r"once_differentiable|no autograd formula"):
        gradient.sum().backward()


@pytest.mark.parametrize(("shape", "tied"), [((J, I), False), ((J, 1), True), ((J,), True), ((), True), ((1, 1), True)])
def test_what_counts_as_shared(shape, tied):
    assert is_tied(torch.zeros(shape)) == tied


# -- pieces of time -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [1, 3, T - 1, T])
def test_chunks_change_neither_values_nor_gradients(monkeypatch, chunk):
    leaves = [t.requires_grad_() for t in make("per synapse")]
    g = torch.randn(T, B, J, dtype=F64, generator=torch.Generator().manual_seed(9))
    whole = exponential_filter(*leaves)
    expected = torch.autograd.grad((whole * g).sum(), leaves)
    monkeypatch.setattr(filters, "CHUNK", chunk)
    in_pieces = exponential_filter(*leaves)
    torch.testing.assert_close(in_pieces, whole, rtol=0, atol=atol(F64))
    for one, other in zip(torch.autograd.grad((in_pieces * g).sum(), leaves), expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-11)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("cut", [1, 6, T - 1])
@pytest.mark.parametrize("chunk", [2, 128])
def test_a_state_passed_on_is_as_if_nothing_had_been_cut(monkeypatch, structure, cut, chunk):
    monkeypatch.setattr(filters, "CHUNK", chunk)
    leaves = x, w, rho = [t.requires_grad_() for t in make(structure)]
    g = torch.randn(T, B, J, dtype=F64, generator=torch.Generator().manual_seed(9))
    whole = exponential_filter(x, w, rho)
    first = exponential_filter(x[:cut], w, rho)
    state = filter_carry(x[:cut], w, rho, None, delay=0)
    second = exponential_filter(x[cut:], w, rho, state)
    both = torch.cat([first, second])
    torch.testing.assert_close(both, whole, rtol=0, atol=atol(F64))
    expected = torch.autograd.grad((whole * g).sum(), leaves)
    for one, other in zip(torch.autograd.grad((both * g).sum(), leaves), expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-11)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("delay", [0, 1])
def test_a_carried_state_fades_by_itself(structure, delay):
    x, w, rho = make(structure)
    state = filter_carry(x, w, rho, filter_carry(x, w, rho, None, delay=delay), delay=delay)
    expected = by_scipy(torch.cat([x, x, torch.zeros(5, B, I, dtype=F64)]), w, rho)[2 * T - delay :][:5]
    np.testing.assert_allclose(spread_carry(state, rho, 5).numpy(), expected, rtol=0, atol=atol(F64, 100))


# -- memory ---------------------------------------------------------------------------------------------------------------------------


N_STEPS, BATCH, PRE, POST = 60, 8, 20, 30


def large():
    return torch.rand(N_STEPS, BATCH, PRE), torch.randn(POST, PRE).requires_grad_(), torch.rand(POST, PRE).requires_grad_()


def test_nothing_per_step_run_and_synapse_is_kept_for_the_backward_pass(naive, held_numbers):
    x, w, rho = large()
    v = N_STEPS * BATCH * POST
    assert held_numbers(lambda: exponential_filter(x, w, rho)) <= v  # the result; the arguments were there before
    # what the obvious implementation keeps: the measure sees it
    assert held_numbers(lambda: naive["filter"](x, w, rho)) > N_STEPS * BATCH * POST * PRE


def test_chunks_keep_a_state_per_piece_not_per_step(monkeypatch, held_numbers):
    """Two pieces: one state (batch x post x pre), and the powers of rho over a piece (time x post x pre) a few times over."""
    monkeypatch.setattr(filters, "CHUNK", N_STEPS // 2)
    x, w, rho = large()
    assert held_numbers(lambda: exponential_filter(x, w, rho)) < N_STEPS * BATCH * POST * PRE / 2

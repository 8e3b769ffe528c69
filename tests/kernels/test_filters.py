"""The exponential filter: values and gradients by the obvious implementation, pieces, threads, memory."""

from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hetsyn_sim.errors import BackendError
from hetsyn_sim.kernels import exponential_filter, filter_carry, filters, is_tied, spread_carry
from hetsyn_sim.kernels.library import library

from .levels import BEST, KERNELS, same_for_any_threads, use_kernels

T, B, I, J = 14, 2, 3, 4
F32, F64 = torch.float32, torch.float64
#: Decays: one per synapse, one per neuron, one for all.
STRUCTURES = {"per synapse": lambda post, pre: (post, pre), "per neuron": lambda post, pre: (post, 1), "per layer": lambda post, pre: ()}
#: Decays that forget at once, below the smallest number, that are 1 to their last few digits, and that never forget.
LIMITS = (0.0, float(np.exp(-1e3)), float(np.exp(-1e-12)), 1.0)
#: Relative to the largest sum of the terms' sizes, float64 as the claim has it. Not relative to the result: a gradient that all synapses
#: share is a sum of terms of either sign, which may all but cancel.
RELATIVE = {F64: 1e-10, F32: 1e-5}
needs_library = pytest.mark.skipif(library() is None, reason="the kernels were not built")


def make(structure="per synapse", sizes=(T, B, I, J), rate=0.4, limit=None, seed=0, dtype=F64):
    """x (time, batch, pre), w, rho; all want gradients."""
    g = torch.Generator().manual_seed(seed)
    n_steps, n_batch, n_pre, n_post = sizes
    x = torch.randn(n_steps, n_batch, n_pre, generator=g, dtype=F64) * (torch.rand(n_steps, n_batch, n_pre, generator=g) < rate)
    w, rho = torch.randn(n_post, n_pre, generator=g, dtype=F64), torch.rand(STRUCTURES[structure](n_post, n_pre), generator=g, dtype=F64)
    if limit is not None:
        rho.view(-1)[::2] = limit  # of half of them; of the only one, if a layer shares it
    return [t.to(dtype).requires_grad_() for t in (x, w, rho)]


def atol(dtype, size=50.0):
    """hetsyn_sim.agreement's bound for T steps, I synapses and events that sum up to less than ``size``."""
    return torch.finfo(dtype).eps / 2 * (I + 3 * T + 32) * size


def run(leaves, function=exponential_filter, sign=lambda g: g):
    """v and the gradients of a random combination of it."""
    v = function(*leaves)
    g = sign(torch.randn(v.shape, dtype=F64, generator=torch.Generator().manual_seed(9)).to(v.dtype))
    return [v.detach(), *torch.autograd.grad(v, leaves, g)]


def sums_of_sizes(leaves, function):
    """Of each value and gradient, what it would be if all its terms were positive."""
    return run([leaf.detach().double().abs().requires_grad_() for leaf in leaves], function, torch.abs)


def check_close(found, expected, sizes, relative=RELATIVE[F64]):
    for name, one, other, size in zip(("v", "dx", "dw", "drho"), found, expected, sizes, strict=True):
        assert torch.isfinite(one).all(), name
        assert (one.double() - other).abs().max().item() <= relative * max(size.max().item(), 1e-30), name


structures = {"structure": st.sampled_from(list(STRUCTURES)), "limit": st.sampled_from([None, *LIMITS]), "seed": st.integers(0, 2**31)}


@settings(deadline=None)
@given(
    kernels=st.sampled_from(KERNELS),
    sizes=st.tuples(st.integers(1, 40), st.integers(1, 20), st.integers(1, 40), st.integers(1, 70)),
    rate=st.floats(0.0, 1.0),
    dtype=st.sampled_from([F32, F64]),
    **structures,
)
@example(BEST, (30, 3, 5, 7), 0.0, F64, "per synapse", None, 0)  # silence
@example(BEST, (30, 3, 5, 7), 1.0, F64, "per synapse", 1.0, 0)
@example(BEST, (600, 2, 9, 5), 0.02, F64, "per synapse", 0.0, 0)  # more steps than a piece
@example(BEST, (600, 2, 9, 5), 0.5, F32, "per synapse", None, 0)
@example(BEST, (257, 1, 40, 1), 0.5, F64, "per synapse", 0.0, 0)  # one neuron
@example(BEST, (30, 3, 130, 2), 0.5, F64, "per synapse", None, 0)  # two, and more channels than are in registers
@example(BEST, (600, 9, 9, 5), 0.02, F32, "per synapse", None, 0)  # more pieces than are sorted at a time
@example(BEST, (1, 5, 1, 70), 0.5, F64, "per synapse", None, 0)  # one step, one channel
@example("plain", (36, 12, 29, 5), 0.78125, F32, "per layer", 0.0, 9162)  # drho is 3 of what its terms add up to in size, some thousands
@example("plain", (1, 2, 3, 4), 0.4, F64, "per synapse", 0.0, 0)
@example("plain", (2, 2, 3, 4), 0.4, F64, "per neuron", 1.0, 0)
@example(KERNELS[min(1, len(KERNELS) - 1)], (40, 2, 17, 33), 0.5, F64, "per synapse", 1.0, 0)  # no multiple of a vector
def test_values_and_gradients_are_those_of_naive_autograd(naive, kernels, sizes, rate, dtype, structure, limit, seed):
    leaves = make(structure, sizes, rate, limit, seed, dtype)
    doubles = [leaf.detach().double().requires_grad_() for leaf in leaves]  # whatever the precision of what is compared with them
    with use_kernels(kernels):
        check_close(run(leaves), run(doubles, naive["filter"]), sums_of_sizes(leaves, naive["filter"]), RELATIVE[dtype])


@settings(deadline=None)
@given(
    kernels=st.sampled_from(KERNELS),
    **structures,
    n_steps=st.integers(2, T),
    cut=st.integers(1, T - 1),
    chunk=st.sampled_from([1, 2, 3, T - 1, 128]),
)
@example("plain", "per synapse", None, 0, T, 6, 1)
@example("plain", "per neuron", 0.0, 0, T, 1, 2)
def test_a_state_passed_on_is_as_if_nothing_had_been_cut(naive, kernels, structure, limit, seed, n_steps, cut, chunk):
    leaves = make(structure, (n_steps, B, I, J), 0.4, limit, seed)
    cut = min(cut, n_steps - 1)

    def in_pieces(x, w, rho):
        state = filter_carry(x[:cut], w, rho, None, delay=0)
        return torch.cat([exponential_filter(x[:cut], w, rho), exponential_filter(x[cut:], w, rho, state)])

    with use_kernels(kernels):
        expected = run(leaves)
        with patch.object(filters, "CHUNK", chunk):
            check_close(run(leaves, in_pieces), expected, sums_of_sizes(leaves, naive["filter"]))


@pytest.mark.usefixtures("backend")
def test_only_the_gradients_that_are_asked_for_are_computed_and_no_second_ones():
    x, w, rho = make()
    v = exponential_filter(x.detach(), w, rho.detach())
    (gradient,) = torch.autograd.grad(v.square().sum(), w, create_graph=True)
    assert gradient.abs().sum() > 0
    with pytest.raises(BackendError, match="there is no second derivative"):  # refused instead of wrong
        gradient.sum().backward()


def test_what_counts_as_shared():
    assert not is_tied(torch.zeros(J, I))
    assert all(is_tied(torch.zeros(shape)) for shape in ((J, 1), (J,), (), (1, 1)))


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("delay", [0, 1])
def test_a_carried_state_fades_by_itself(naive, delay):
    for structure in STRUCTURES:
        x, w, rho = (leaf.detach() for leaf in make(structure))
        state = filter_carry(x, w, rho, filter_carry(x, w, rho, None, delay=delay), delay=delay)
        expected = naive["filter"](torch.cat([x, x, torch.zeros(5, B, I, dtype=F64)]), w, rho)[2 * T - delay :][:5]
        torch.testing.assert_close(spread_carry(state, rho, 5), expected, rtol=0, atol=atol(F64, 100))


@needs_library
@pytest.mark.parametrize(("sizes", "rate"), [((300, 20, 70, 40), 0.6), ((300, 1, 130, 90), 0.02), ((300, 20, 700, 1), 0.3)])
def test_bit_equal_for_any_number_of_threads(sizes, rate):
    leaves = make(sizes=sizes, rate=rate, dtype=F32)
    same_for_any_threads(lambda: run(leaves))


@needs_library
def test_a_batch_of_more_runs_than_a_piece():
    (x, w, rho), halves = make(sizes=(5, 1024, 3, 4)), (slice(512), slice(512, None))
    whole = exponential_filter(x, w, rho)
    assert torch.equal(whole, torch.cat([exponential_filter(x[:, half], w, rho) for half in halves], dim=1))
    (dw,) = torch.autograd.grad(whole.square().sum(), w)
    parts = [torch.autograd.grad(exponential_filter(x[:, half], w, rho).square().sum(), w)[0] for half in halves]
    torch.testing.assert_close(dw, sum(parts), rtol=1e-12, atol=1e-10)


@needs_library
def test_arguments_and_gradients_may_be_strided_or_expanded():
    leaves = make(sizes=(20, 3, 6, 5))
    strided = [t.detach().transpose(0, 1).contiguous().transpose(0, 1).requires_grad_() for t in leaves]
    assert not any(t.is_contiguous() for t in strided)
    for found, wanted in zip(run(strided, lambda *args: exponential_filter(*args).mT.contiguous().mT), run(leaves), strict=True):
        assert torch.equal(found, wanted)
    exponential_filter(*leaves).sum().backward()  # its gradient is a single 1, expanded
    assert all(torch.isfinite(leaf.grad).all() for leaf in leaves)


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

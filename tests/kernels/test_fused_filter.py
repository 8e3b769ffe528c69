"""The fused filter against naive autograd: every gradient, odd sizes, sparse and busy input, every instruction set, any thread count."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hetsyn_sim.kernels import use_backend
from hetsyn_sim.kernels.library import LEVELS, find_library, library

from .levels import use_level

pytestmark = pytest.mark.skipif(library() is None, reason="the kernels were not built")
# Relative to the largest value: float64 as issue and claim have it, float32 for sums of some thousand terms.
RELATIVE = {torch.float64: 1e-10, torch.float32: 1e-5}


def levels():
    """The instruction sets that were built and that this processor has."""
    baseline = find_library("baseline")
    return LEVELS[: baseline._functions.hetsyn_processor_level() + 1]


def make(n_steps, n_batch, n_pre, n_post, rate, dtype, seed=0):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n_steps, n_batch, n_pre, generator=g, dtype=torch.float64)
    x = x * (torch.rand(x.shape, generator=g) < rate)
    w, rho = torch.randn(n_post, n_pre, generator=g, dtype=torch.float64), torch.rand(n_post, n_pre, generator=g, dtype=torch.float64)
    rho[0, 0], rho[-1, -1] = 0.0, 1.0
    upstream = torch.randn(n_steps, n_batch, n_post, generator=g, dtype=torch.float64)
    return [t.to(dtype).requires_grad_() for t in (x, w, rho)], upstream.to(dtype)


def run(leaves, upstream):
    v = torch.ops.hetsyn.filter(*leaves)
    return [v.detach(), *torch.autograd.grad(v, leaves, upstream)]


def by_autograd(leaves, upstream, naive):
    """In float64, whatever the precision of what is compared with it."""
    doubles = [leaf.detach().double().requires_grad_() for leaf in leaves]
    v = naive["filter"](*doubles)
    return [v.detach(), *torch.autograd.grad(v, doubles, upstream.double())]


def compare(leaves, upstream, naive):
    relative = RELATIVE[leaves[0].dtype]
    for name, found, wanted in zip(("v", "dx", "dw", "drho"), run(leaves, upstream), by_autograd(leaves, upstream, naive), strict=True):
        error = (found.double() - wanted).abs().max().item()
        assert error <= relative * max(wanted.abs().max().item(), 1e-30), name


@pytest.mark.parametrize("dtype", RELATIVE)
@pytest.mark.parametrize("rate", [0.0, 0.02, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(30, 3, 5, 7), (40, 2, 17, 33), (600, 2, 9, 5), (257, 1, 40, 1), (1, 5, 1, 70)])
@pytest.mark.parametrize("level", LEVELS)
def test_values_and_gradients_are_those_of_naive_autograd(level, shape, rate, dtype, naive):
    if level not in levels():
        pytest.skip(f"no {level} here")
    with use_level(level):
        compare(*make(*shape, rate, dtype), naive)


sizes = st.tuples(st.integers(1, 40), st.integers(1, 20), st.integers(1, 40), st.integers(1, 70))


@settings(max_examples=40, deadline=None)
@given(shape=sizes, rate=st.floats(0.0, 1.0), dtype=st.sampled_from(list(RELATIVE)), seed=st.integers(0, 2**31))
def test_any_size_and_activity(naive, shape, rate, dtype, seed):
    compare(*make(*shape, rate, dtype, seed), naive)


@pytest.mark.parametrize("rate", [0.02, 0.6])
@pytest.mark.parametrize("shape", [(300, 20, 70, 40), (300, 1, 130, 90)])
def test_bit_equal_for_any_number_of_threads(shape, rate):
    leaves, upstream = make(*shape, rate, torch.float32)
    before = torch.get_num_threads()
    results = []
    try:
        for n in (1, 2, 3, 5):
            torch.set_num_threads(n)
            results.append(run(leaves, upstream))
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(one, two) for one, two in zip(results[0], other, strict=True))


def test_a_large_batch():
    leaves, upstream = make(5, 1024, 3, 4, 0.3, torch.float64)
    whole = run(leaves, upstream)
    halves = [
        run([leaves[0][:, part].detach().requires_grad_(), *leaves[1:]], upstream[:, part]) for part in (slice(512), slice(512, None))
    ]
    assert torch.equal(whole[0], torch.cat([half[0] for half in halves], dim=1))
    torch.testing.assert_close(whole[2], halves[0][2] + halves[1][2], rtol=1e-12, atol=1e-10)


def test_strided_arguments_are_read_as_they_are():
    (x, w, rho), upstream = make(20, 3, 6, 5, 0.5, torch.float64)
    expected = run([x, w, rho], upstream)
    strided = [t.detach().transpose(0, 1).contiguous().transpose(0, 1).requires_grad_() for t in (x, w, rho)]
    assert not any(t.is_contiguous() for t in strided)
    for found, wanted in zip(run(strided, upstream.mT.contiguous().mT), expected, strict=True):
        assert torch.equal(found, wanted)


def test_gradients_may_be_expanded_zeros():
    leaves, _ = make(20, 3, 6, 5, 0.5, torch.float64)
    with use_backend("fused"):
        torch.ops.hetsyn.filter(*leaves).sum().backward()
    assert all(torch.isfinite(leaf.grad).all() for leaf in leaves)

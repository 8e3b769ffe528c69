"""The fused filter against naive autograd: every gradient, odd sizes, sparse and busy input, every instruction set, any thread count."""

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hetsyn_sim.kernels import use_backend
from hetsyn_sim.kernels.library import library

from .levels import BEST, KERNELS, same_for_any_threads, use_level

pytestmark = pytest.mark.skipif(library() is None, reason="the kernels were not built")
# Relative to the largest value: float64 as issue and claim have it, float32 for sums of some thousand terms.
RELATIVE = {torch.float64: 1e-10, torch.float32: 1e-5}


def make(n_steps, n_batch, n_pre, n_post, rate, dtype, seed=0):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n_steps, n_batch, n_pre, generator=g, dtype=torch.float64)
    x = x * (torch.rand(x.shape, generator=g) < rate)
    w, rho = torch.randn(n_post, n_pre, generator=g, dtype=torch.float64), torch.rand(n_post, n_pre, generator=g, dtype=torch.float64)
    rho[0, 0], rho[-1, -1] = 0.0, 1.0
    upstream = torch.randn(n_steps, n_batch, n_post, generator=g, dtype=torch.float64)
    return [t.to(dtype).requires_grad_() for t in (x, w, rho)], upstream.to(dtype)


def run(leaves, upstream, function=torch.ops.hetsyn.filter):
    v = function(*leaves)
    return [v.detach(), *torch.autograd.grad(v, leaves, upstream)]


@settings(deadline=None)
@given(
    level=st.sampled_from(KERNELS[1:] or [""]),
    shape=st.tuples(st.integers(1, 40), st.integers(1, 20), st.integers(1, 40), st.integers(1, 70)),
    rate=st.floats(0.0, 1.0),
    dtype=st.sampled_from(list(RELATIVE)),
    seed=st.integers(0, 2**31),
)
@example(BEST, (30, 3, 5, 7), 0.0, torch.float64, 0)  # silence
@example(BEST, (30, 3, 5, 7), 1.0, torch.float64, 0)
@example(BEST, (600, 2, 9, 5), 0.02, torch.float64, 0)  # more steps than a piece
@example(BEST, (600, 2, 9, 5), 0.5, torch.float32, 0)
@example(BEST, (257, 1, 40, 1), 0.5, torch.float64, 0)  # one neuron
@example(BEST, (1, 5, 1, 70), 0.5, torch.float64, 0)  # one step, one channel
@example("baseline", (40, 2, 17, 33), 0.5, torch.float64, 0)  # no multiple of a vector
@example("baseline", (257, 1, 40, 1), 0.02, torch.float32, 0)
def test_values_and_gradients_are_those_of_naive_autograd(naive, level, shape, rate, dtype, seed):
    leaves, upstream = make(*shape, rate, dtype, seed)
    doubles = [leaf.detach().double().requires_grad_() for leaf in leaves]  # whatever the precision of what is compared with them
    with use_level(level):
        found = run(leaves, upstream)
    for name, one, wanted in zip(("v", "dx", "dw", "drho"), found, run(doubles, upstream.double(), naive["filter"]), strict=True):
        assert (one.double() - wanted).abs().max().item() <= RELATIVE[dtype] * max(wanted.abs().max().item(), 1e-30), name


@pytest.mark.parametrize(("shape", "rate"), [((300, 20, 70, 40), 0.6), ((300, 1, 130, 90), 0.02)])
def test_bit_equal_for_any_number_of_threads(shape, rate):
    leaves, upstream = make(*shape, rate, torch.float32)
    same_for_any_threads(lambda: run(leaves, upstream))


def test_a_large_batch():
    leaves, upstream = make(5, 1024, 3, 4, 0.3, torch.float64)
    whole = run(leaves, upstream)
    halves = [
        run([leaves[0][:, part].detach().requires_grad_(), *leaves[1:]], upstream[:, part]) for part in (slice(512), slice(512, None))
    ]
    assert torch.equal(whole[0], torch.cat([half[0] for half in halves], dim=1))
    torch.testing.assert_close(whole[2], halves[0][2] + halves[1][2], rtol=1e-12, atol=1e-10)


def test_arguments_and_gradients_may_be_strided_or_expanded():
    (x, w, rho), upstream = make(20, 3, 6, 5, 0.5, torch.float64)
    expected = run([x, w, rho], upstream)
    strided = [t.detach().transpose(0, 1).contiguous().transpose(0, 1).requires_grad_() for t in (x, w, rho)]
    assert not any(t.is_contiguous() for t in strided)
    for found, wanted in zip(run(strided, upstream.mT.contiguous().mT), expected, strict=True):
        assert torch.equal(found, wanted)
    with use_backend("fused"):
        torch.ops.hetsyn.filter(x, w, rho).sum().backward()  # its gradient is a single 1, expanded
    assert all(torch.isfinite(leaf.grad).all() for leaf in (x, w, rho))

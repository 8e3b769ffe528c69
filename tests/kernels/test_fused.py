"""The compiled kernels by the obvious implementation: any size and rate, every instruction set, any number of threads."""

import subprocess
import sys
import textwrap

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hetsyn_sim.errors import BackendError
from hetsyn_sim.kernels import DecayPath, available_backends, exponential_filter, spiking_scan, use_backend
from hetsyn_sim.kernels.library import LEVELS, find_library, library, use_level
from hetsyn_sim.training.surrogates import SURROGATES, MultiGaussian

from .conftest import naive_filter, naive_scan

pytestmark = pytest.mark.skipif("fused" not in available_backends(), reason="the compiled kernels were not built")
F32, F64 = torch.float32, torch.float64
#: Relative to the largest value of each result. The issue's bounds, far above what is measured (1e-14 and 2e-5 through spikes).
WITHIN = {F64: 1e-10, F32: 1e-5}


def usable_levels():
    return list(LEVELS[: library()._functions.hetsyn_processor_level() + 1])


def random_filter(n_steps, n_batch, n_pre, n_post, rate, analogue, seed, dtype=F64):
    g = torch.Generator().manual_seed(seed)
    x = (torch.rand(n_steps, n_batch, n_pre, generator=g, dtype=F64) < rate).to(F64)
    if analogue:
        x = x * torch.randn(x.shape, generator=g, dtype=F64)
    w, rho = torch.randn(n_post, n_pre, generator=g, dtype=F64), torch.rand(n_post, n_pre, generator=g, dtype=F64)
    corner = torch.rand(rho.shape, generator=g)
    rho = torch.where(corner < 0.1, 0.0, torch.where(corner > 0.9, 1.0, rho))
    return [t.to(dtype).requires_grad_() for t in (x, w, rho)]


def results(function, leaves, seed=7):
    """What it gives and every gradient of a random sum of it."""
    out = function(*leaves)
    outs = out if isinstance(out, tuple) else (out,)
    g = torch.Generator().manual_seed(seed)
    total = sum((o * torch.randn(o.shape, generator=g, dtype=F64).to(o.dtype)).sum() for o in outs)
    return [*outs, *torch.autograd.grad(total, leaves)]


def assert_close(found, expected, within):
    for one, other in zip(found, expected, strict=True):
        scale = max(1.0, other.abs().max().item())
        torch.testing.assert_close(one.to(F64), other, rtol=0, atol=within * scale)


@settings(deadline=None, max_examples=60)
@given(
    sizes=st.tuples(st.integers(1, 600), st.integers(1, 3), st.integers(1, 70), st.integers(1, 70)),
    rate=st.sampled_from([0.0, 0.003, 0.02, 0.2, 1.0]),
    analogue=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_the_filter_at_any_size_and_rate(sizes, rate, analogue, seed):
    """Sparse and busy input (the limit is 5 %), several chunks of 256 steps, no multiples of a vector."""
    leaves = random_filter(*sizes, rate, analogue, seed)
    expected = results(naive_filter, leaves)
    assert_close(results(exponential_filter, leaves), expected, WITHIN[F64])
    assert_close(results(exponential_filter, [t.detach().to(F32).requires_grad_() for t in leaves]), expected, 10 * WITHIN[F32])


@settings(deadline=None, max_examples=40)
@given(
    sizes=st.tuples(st.integers(1, 40), st.integers(1, 9), st.integers(1, 40)),
    surrogate=st.sampled_from(sorted(SURROGATES)),
    n_resets=st.integers(0, 2),
    shared=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_the_scan_at_any_size(sizes, surrogate, n_resets, shared, seed):
    """Pieces of 16 steps, batches that are no multiple of four, per synapse and per neuron, more than one reset."""
    n_steps, n_batch, n = sizes
    g = torch.Generator().manual_seed(seed)
    leaves = [1.5 * torch.randn(n_steps, n_batch, n, generator=g, dtype=F64), 0.5 + torch.rand(n, generator=g, dtype=F64)]
    leaves += [torch.randn(n, n, generator=g, dtype=F64) / n**0.5, torch.rand((n, 1) if shared else (n, n), generator=g, dtype=F64)]
    for _ in range(n_resets):
        leaves += [-torch.rand(n, generator=g, dtype=F64), torch.rand(n, generator=g, dtype=F64)]
    leaves = [t.requires_grad_() for t in leaves]

    def run(scan):
        def function(v_in, theta, *flat):
            pairs = [DecayPath(*pair) for pair in zip(flat[::2], flat[1::2], strict=True)]
            return scan(v_in, pairs[:1], pairs[1:], theta, SURROGATES[surrogate]())

        return results(function, leaves)

    found, expected = run(spiking_scan), run(naive_scan)
    torch.testing.assert_close(found[0], expected[0], rtol=0, atol=0)
    assert_close(found, expected, WITHIN[F64])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("rate", [0.02, 0.5])
def test_every_instruction_set(level, dtype, rate):
    if level not in usable_levels():
        pytest.skip(f"this processor has no {level}")
    leaves = random_filter(300, 2, 37, 45, rate, True, 0, dtype)
    expected = results(naive_filter, [t.detach().to(F64).requires_grad_() for t in leaves])
    with use_level(level):
        assert library().level == level
        assert_close(results(exponential_filter, leaves), expected, WITHIN[dtype])


def network(x, w, rho, w_rec, rho_rec, theta):
    v_in = exponential_filter(x, w, rho)
    reset = DecayPath(-theta, rho[:, 0].clamp(0.1, 0.9))
    z, v = spiking_scan(v_in, [DecayPath(w_rec, rho_rec)], [reset], theta, MultiGaussian())
    return exponential_filter(z, w_rec, rho_rec), v


def network_leaves(n_steps=300, n_batch=7, n=33, dtype=F32):
    x, w, rho = random_filter(n_steps, n_batch, 70, n, 0.03, False, 3, dtype)
    _, w_rec, rho_rec = random_filter(1, 1, n, n, 0.0, False, 4, dtype)
    return [x, w, rho, (0.3 * w_rec).detach().requires_grad_(), rho_rec, torch.ones(n, dtype=dtype, requires_grad=True)]


def test_any_number_of_threads_gives_the_same_bits():
    before, leaves = torch.get_num_threads(), network_leaves()
    try:
        found = []
        for n_threads in (1, 2, 3, 8):
            torch.set_num_threads(n_threads)
            found.append(results(network, leaves))
    finally:
        torch.set_num_threads(before)
    assert found[0][0].abs().max() > 0  # it spikes
    for other in found[1:]:
        assert all(torch.equal(one, two) for one, two in zip(found[0], other, strict=True))


def test_a_run_alone_has_the_bits_it_has_in_a_batch():
    leaves = network_leaves()
    together = network(*leaves)[1]
    for run in range(7):
        alone = network(leaves[0][:, run : run + 1], *leaves[1:])[1]
        torch.testing.assert_close(alone[:, 0], together[:, run], rtol=0, atol=0)


def test_arrays_that_are_not_contiguous_are_read_right():
    x, w, rho = random_filter(40, 3, 12, 9, 0.2, True, 0)
    found = exponential_filter(x.transpose(0, 1).contiguous().transpose(0, 1), w.T.contiguous().T, rho[:, ::1].flip(0).flip(0))
    torch.testing.assert_close(found, exponential_filter(x, w, rho), rtol=0, atol=0)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_steps_beyond_input_and_output():
    """100,000 steps, forward and backward. A state per step and synapse would be 100,000 * 32 * 8 * 4 bytes, 100 MB for each of several."""
    script = textwrap.dedent("""
        import resource, torch
        from hetsyn_sim.kernels import DecayPath, exponential_filter, spiking_scan
        from hetsyn_sim.training.surrogates import MultiGaussian
        peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        def run(n_steps):
            x = (torch.rand(n_steps, 1, 8) < 0.02).float()
            w, rho, w_rec = torch.randn(32, 8, requires_grad=True), torch.rand(32, 8), torch.randn(32, 32, requires_grad=True)
            z, v = spiking_scan(exponential_filter(x, w, rho), [DecayPath(w_rec, torch.rand(32, 32))], [], torch.ones(32), MultiGaussian())
            z.sum().backward()
        run(100)
        before = peak()
        run(100_000)
        print(peak() - before)
    """)
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    one_array = 100_000 * 32 * 4 / 2**20  # v_in, z, v, and their gradients: 12 MB each
    assert float(printed) < 9 * one_array


def test_a_library_that_was_not_built_is_named(tmp_path):
    with pytest.raises(OSError, match=r"_avx2\.so was not built"):
        find_library("avx2", tmp_path)


def test_a_back_end_that_does_not_work_here(monkeypatch):
    monkeypatch.setattr("hetsyn_sim.kernels.backends.library", lambda: None)
    assert "fused" not in available_backends()
    with pytest.raises(BackendError, match="the compiled kernels were not built") as excinfo:
        use_backend("fused")
    assert "plain" in excinfo.value.expected
    assert "C++ compiler" in excinfo.value.remedy

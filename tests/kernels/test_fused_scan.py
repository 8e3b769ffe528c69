"""The fused scan against naive autograd: every gradient, all surrogates and structures, instruction sets, threads."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hetsyn_sim.kernels import DecayPath, spiking_scan, use_backend
from hetsyn_sim.kernels.library import LEVELS, find_library, library
from hetsyn_sim.training.surrogates import SURROGATES, MultiGaussian

from .levels import use_level

pytestmark = pytest.mark.skipif(library() is None, reason="the kernels were not built")
F64 = torch.float64
SETTINGS = {
    "triangular": {"gamma": 0.7, "zeta": 1.8},
    "multi_gaussian": {"gamma": 0.4, "sd": 0.6, "height": 0.2, "scale": 4.0},
    "arctan": {"alpha": 1.3},
    "slayer": {"alpha": 3.0, "c": 0.6},
    "fast_sigmoid": {"slope": 4.0},
}


def make(n_steps=40, n_batch=3, n_post=5, recurrent=((),), n_resets=1, dtype=F64, seed=0):
    """Leaves: v_in, theta, then pairs of amplitude and rho; ``recurrent`` holds one shape of rho per path."""
    g = torch.Generator().manual_seed(seed)

    def rand(*shape):
        return torch.rand(shape, generator=g, dtype=F64)

    leaves = [2.4 * rand(n_steps, n_batch, n_post) - 0.8, 0.8 + 0.3 * rand(n_post)]
    for shape in recurrent:
        leaves += [1.2 * (rand(n_post, n_post) - 0.5) / n_post**0.5, 0.2 + 0.7 * rand(*shape)]
    for _ in range(n_resets):
        leaves += [-rand(n_post), rand(n_post)]
    return [leaf.to(dtype).requires_grad_() for leaf in leaves]


def run(scan, leaves, n_recurrent, surrogate, both=True):
    v_in, theta, *flat = leaves
    pairs = [DecayPath(*pair) for pair in zip(flat[::2], flat[1::2], strict=True)]
    z, v = scan(v_in, pairs[:n_recurrent], pairs[n_recurrent:], theta, surrogate)
    g = torch.Generator().manual_seed(1)
    loss = (z * torch.randn(z.shape, generator=g, dtype=F64).to(z.dtype)).sum()
    if both:
        loss = loss + (v * torch.randn(v.shape, generator=g, dtype=F64).to(v.dtype)).sum()
    return [z.detach(), v.detach(), *torch.autograd.grad(loss, leaves)]


def compare(leaves, n_recurrent, surrogate, naive, both=True, relative=1e-10):
    found = run(spiking_scan, leaves, n_recurrent, surrogate, both)
    doubles = [leaf.detach().double().requires_grad_() for leaf in leaves]
    expected = run(naive["scan"], doubles, n_recurrent, surrogate, both)
    assert torch.equal(found[0].double(), expected[0])
    for k, (one, other) in enumerate(zip(found[1:], expected[1:], strict=True)):
        assert (one.double() - other).abs().max() <= relative * max(other.abs().max().item(), 1e-30), k
    return found[0]


@pytest.mark.parametrize("surrogate", SURROGATES)
@pytest.mark.parametrize("level", LEVELS)
def test_every_surrogate_with_its_settings(level, surrogate, naive):
    if LEVELS.index(level) > find_library("baseline")._functions.hetsyn_processor_level():
        pytest.skip(f"no {level} here")
    with use_level(level):
        z = compare(make(recurrent=((5, 5),)), 1, SURROGATES[surrogate](**SETTINGS[surrogate]), naive)
    assert 0.05 < z.mean() < 0.95


@pytest.mark.parametrize("recurrent", [(), ((5, 5),), ((5, 1),), ((),), ((5, 5), (5, 5)), ((5, 5), (5, 1))])
@pytest.mark.parametrize("n_resets", [0, 1, 3])
@pytest.mark.parametrize("both", [True, False])
def test_any_number_of_paths(recurrent, n_resets, both, naive):
    compare(make(recurrent=recurrent, n_resets=n_resets), len(recurrent), MultiGaussian(), naive, both)


@pytest.mark.parametrize(("n_batch", "n_post"), [(1, 1), (9, 20), (17, 3), (2, 70)])
@pytest.mark.parametrize("n_steps", [1, 2, 33])
def test_odd_sizes(n_steps, n_batch, n_post, naive):
    compare(make(n_steps, n_batch, n_post, ((n_post, n_post),)), 1, MultiGaussian(), naive)


def test_single_precision(naive):
    """Gradients that travel through many spikes grow with their rounding: few steps keep the comparison fair."""
    compare(make(25, 9, 20, ((20, 20),), dtype=torch.float32), 1, MultiGaussian(), naive, relative=1e-5)


@settings(max_examples=30, deadline=None)
@given(
    n_steps=st.integers(1, 40),
    n_batch=st.integers(1, 12),
    n_post=st.integers(1, 40),
    n_recurrent=st.integers(0, 2),
    surrogate=st.sampled_from(list(SURROGATES)),
    seed=st.integers(0, 2**31),
)
def test_any_network(naive, n_steps, n_batch, n_post, n_recurrent, surrogate, seed):
    leaves = make(n_steps, n_batch, n_post, ((n_post, n_post),) * n_recurrent, 1, seed=seed)
    compare(leaves, n_recurrent, SURROGATES[surrogate](), naive, relative=1e-9)


@pytest.mark.parametrize("n_batch", [1, 13])
def test_bit_equal_for_any_number_of_threads(n_batch):
    leaves = make(120, n_batch, 100, ((100, 100),), dtype=torch.float32)
    before, results = torch.get_num_threads(), []
    try:
        for n in (1, 2, 3, 5):
            torch.set_num_threads(n)
            results.append(run(spiking_scan, leaves, 1, MultiGaussian()))
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(one, two) for one, two in zip(results[0], other, strict=True))


class Steep(MultiGaussian):
    """A class derived from a known one may compute something else."""

    def derivative(self, distance, theta):
        return torch.exp(-3.0 * distance.abs())


def test_a_surrogate_of_ones_own_is_used_as_it_is(naive):
    compare(make(recurrent=((5, 5),)), 1, Steep(), naive)
    leaves = make(recurrent=((5, 5),))
    with use_backend("plain"):
        expected = run(spiking_scan, leaves, 1, Steep())
    assert all(torch.equal(one, other) for one, other in zip(run(spiking_scan, leaves, 1, Steep()), expected, strict=True))

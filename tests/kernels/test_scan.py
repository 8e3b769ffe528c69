"""The spiking scan, in plain torch and of every instruction set: values and gradients by the obvious implementation, and memory."""

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hetsyn_sim.kernels import DecayPath, spiking_scan, use_backend
from hetsyn_sim.kernels.library import library
from hetsyn_sim.training.surrogates import SURROGATES, MultiGaussian

from .levels import BEST, KERNELS, same_for_any_threads, use_kernels

T, B, J = 16, 3, 5
F64 = torch.float64
SETTINGS = {
    "triangular": {"gamma": 0.7, "zeta": 1.8},
    "multi_gaussian": {"gamma": 0.4, "sd": 0.6, "height": 0.2, "scale": 4.0},
    "arctan": {"alpha": 1.3},
    "slayer": {"alpha": 3.0, "c": 0.6},
    "fast_sigmoid": {"slope": 4.0},
}
#: Decays of a recurrent path: one per synapse, one per neuron, one for all.
KINDS = {"synapse": lambda n: (n, n), "neuron": lambda n: (n, 1), "layer": lambda n: ()}
needs_library = pytest.mark.skipif(library() is None, reason="the kernels were not built")


class Steep(MultiGaussian):
    """A class derived from a known one may compute something else."""

    def derivative(self, distance, theta):
        return torch.exp(-3.0 * distance.abs())


def make(sizes=(T, B, J), recurrent=("synapse",), n_resets=1, per_neuron=True, limit=None, seed=0):
    """Leaves: v_in, theta, then pairs of amplitude and rho; ``recurrent`` holds one kind of rho per path, ``limit`` is all of them."""
    g = torch.Generator().manual_seed(seed)
    n = sizes[2]

    def rand(*shape):
        return torch.rand(shape, generator=g, dtype=F64)

    own = (n,) if per_neuron else ()
    leaves = [2.4 * rand(*sizes) - 0.8, 0.8 + 0.3 * rand(*own)]
    for kind in recurrent:
        leaves += [1.2 * (rand(n, n) - 0.5) / n**0.5, 0.2 + 0.7 * rand(*KINDS[kind](n))]
    for _ in range(n_resets):
        leaves += [-rand(*own), rand(*own)]
    for rho in leaves[3::2] if limit is not None else ():
        rho.fill_(limit)
    return [leaf.requires_grad_() for leaf in leaves]


def scanned(scan, leaves, surrogate):
    v_in, theta, *flat = leaves
    pairs = [DecayPath(*pair) for pair in zip(flat[::2], flat[1::2], strict=True)]
    n_recurrent = sum(pair.amplitude.dim() == 2 for pair in pairs)
    return scan(v_in, pairs[:n_recurrent], pairs[n_recurrent:], theta, surrogate)


def run(scan, leaves, surrogate, both=True):
    """z, v, and the gradients of what has any, of a loss of z and, unless it is not ``both``, of v."""
    z, v = scanned(scan, leaves, surrogate)
    g = torch.Generator().manual_seed(1)
    loss = (z * torch.randn(z.shape, generator=g, dtype=F64).to(z.dtype)).sum()
    if both:
        loss = loss + (v * torch.randn(v.shape, generator=g, dtype=F64).to(v.dtype)).sum()
    return [z.detach(), v.detach(), *torch.autograd.grad(loss, [leaf for leaf in leaves if leaf.requires_grad])]


def compare(leaves, surrogate, naive, both=True, relative=1e-9):
    """Gradients through recurrent spikes grow with the steps, and their rounding with them: errors are relative to the largest."""
    found = run(spiking_scan, leaves, surrogate, both)
    doubles = [leaf.detach().double().requires_grad_(leaf.requires_grad) for leaf in leaves]
    expected = run(naive["scan"], doubles, surrogate, both)
    assert torch.equal(found[0].double(), expected[0])
    for k, (one, other) in enumerate(zip(found[1:], expected[1:], strict=True)):
        assert torch.isfinite(one).all()
        assert (one.double() - other).abs().max() <= relative * max(other.abs().max().item(), 1e-30), k
    return found[0]


@settings(deadline=None)
@given(
    kernels=st.sampled_from(KERNELS),
    sizes=st.tuples(st.integers(1, 40), st.integers(1, 12), st.integers(1, 40)),
    recurrent=st.lists(st.sampled_from(list(KINDS)), max_size=2).map(tuple),
    n_resets=st.integers(0, 3),
    per_neuron=st.booleans(),
    limit=st.sampled_from([None, None, 0.0, 1.0]),
    surrogate=st.sampled_from(list(SETTINGS)),
    both=st.booleans(),
    seed=st.integers(0, 2**31),
)
@example(BEST, (40, 3, 5), (), 0, True, None, "multi_gaussian", True, 0)  # no path at all
@example("plain", (40, 3, 5), (), 0, True, None, "multi_gaussian", True, 0)
@example(BEST, (40, 3, 5), ("synapse", "neuron"), 3, True, None, "multi_gaussian", False, 0)  # v in no loss
@example("plain", (40, 3, 5), ("synapse", "neuron"), 3, False, None, "arctan", False, 0)
@example(BEST, (1, 1, 1), ("synapse",), 1, True, None, "triangular", True, 0)  # no spike arrives anywhere
@example("plain", (2, 3, 5), ("layer",), 1, True, 0.0, "slayer", True, 0)
@example(BEST, (33, 17, 3), ("synapse", "synapse"), 1, False, None, "arctan", True, 0)
@example(BEST, (33, 2, 70), ("layer",), 1, True, 1.0, "slayer", True, 0)  # more neurons than a block
@example(BEST, (33, 9, 20), ("neuron",), 1, True, 0.0, "fast_sigmoid", True, 0)
@example(BEST, (33, 9, 70), (), 2, True, None, "arctan", True, 0)  # the last vector begins within the one before it
@example(BEST, (33, 9, 3), (), 1, True, None, "triangular", True, 0)  # less than a vector
@example(BEST, (33, 9, 20), (), 3, True, None, "triangular", True, 0)
def test_values_and_gradients_are_those_of_the_obvious_implementation(
    naive, kernels, sizes, recurrent, n_resets, per_neuron, limit, surrogate, both, seed
):
    with use_kernels(kernels):
        compare(make(sizes, recurrent, n_resets, per_neuron, limit, seed), SURROGATES[surrogate](**SETTINGS[surrogate]), naive, both)


@pytest.mark.usefixtures("backend")
def test_weights_of_zero_have_gradients_and_those_that_nobody_asks_for_are_not_needed(naive):
    leaves = make()
    assert 0.1 < compare(leaves, MultiGaussian(), naive).mean() < 0.9
    leaves[2].data.zero_()
    for fixed in (leaves[1], leaves[3], leaves[5]):
        fixed.requires_grad_(False)
    compare(leaves, MultiGaussian(), naive)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("drive", [-5.0, 50.0])
def test_no_spikes_at_all_and_a_spike_in_every_cell(drive, naive):
    leaves = make()
    leaves[0] = torch.full((T, B, J), drive, dtype=F64, requires_grad=True)
    assert compare(leaves, MultiGaussian(), naive).mean() == float(drive > 0)


@pytest.mark.usefixtures("backend")
def test_single_precision(naive):
    """Gradients that travel through many spikes grow with their rounding: few steps keep the comparison fair."""
    compare([leaf.detach().float().requires_grad_() for leaf in make((25, 9, 20))], MultiGaussian(), naive, relative=1e-5)


@needs_library
@pytest.mark.parametrize(("sizes", "recurrent"), [((120, 1, 100), ("synapse",)), ((120, 13, 100), ("synapse",)), ((1100, 3, 1000), ())])
def test_bit_equal_for_any_number_of_threads(sizes, recurrent):
    leaves = [leaf.detach().float().requires_grad_() for leaf in make(sizes, recurrent)]
    same_for_any_threads(lambda: run(spiking_scan, leaves, MultiGaussian()))


@needs_library
def test_a_surrogate_of_ones_own_is_used_as_it_is(naive):
    leaves = make()
    compare(leaves, Steep(), naive)
    found = run(spiking_scan, leaves, Steep())
    with use_backend("plain"):
        assert all(torch.equal(one, other) for one, other in zip(found, run(spiking_scan, leaves, Steep()), strict=True))


@pytest.mark.usefixtures("backend")
def test_nothing_per_step_run_and_synapse_is_kept_for_the_backward_pass(naive, held_numbers):
    n_steps, batch, post = 40, 16, 30
    v_in = torch.randn(n_steps, batch, post)
    w, rho = (0.1 * torch.randn(post, post)).requires_grad_(), torch.rand(post, post).requires_grad_()
    reset, one = DecayPath(-torch.ones(()), 0.5 * torch.ones(())), torch.ones(())

    def held(scan):
        return held_numbers(lambda: scan(v_in, [DecayPath(w, rho)], [reset], one, MultiGaussian()))

    # v and z, and the kernel of each lag twice, which does not grow with the batch
    assert held(spiking_scan) <= 3 * v_in.numel() + 2 * n_steps * w.numel() + 10 * post
    assert held(naive["scan"]) > n_steps * batch * post * post

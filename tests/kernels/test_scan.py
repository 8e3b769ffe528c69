"""The spiking scan: values and gradients by the obvious implementation, the threshold's strictness, and memory."""

from itertools import product

import pytest
import torch

from hetsyn_sim.kernels import DecayPath, spiking_scan
from hetsyn_sim.training.surrogates import SURROGATES, MultiGaussian

pytestmark = pytest.mark.usefixtures("backend")

T, B, J = 16, 3, 5
F64 = torch.float64
RECURRENT = {"none": None, "per synapse": (J, J), "per neuron": (J, 1), "per layer": ()}


class Flat:
    """No gradient through spikes: what is left is the true derivative of v where no neuron is at its threshold."""

    def derivative(self, distance, theta):
        return torch.zeros_like(distance)


def make(recurrent="per synapse", n_resets=1, per_neuron=True, dtype=F64, seed=0):
    """Leaves: v_in, theta, and pairs of recurrent and reset paths."""
    g = torch.Generator().manual_seed(seed)
    shape = (J,) if per_neuron else ()
    v_in = torch.randn(T, B, J, generator=g, dtype=F64) + 0.8
    theta = 1.0 + 0.2 * torch.rand(shape, generator=g, dtype=F64)
    pairs = []
    if RECURRENT[recurrent] is not None:
        pairs.append(DecayPath(0.6 * torch.randn(J, J, generator=g, dtype=F64), torch.rand(RECURRENT[recurrent], generator=g, dtype=F64)))
    for k in range(n_resets):
        pairs.append(DecayPath(-torch.rand(shape, generator=g, dtype=F64) / (k + 1), torch.rand(shape, generator=g, dtype=F64)))
    return [t.to(dtype).requires_grad_() for t in (v_in, theta, *(t for pair in pairs for t in pair))]


def split(leaves, n_recurrent):
    v_in, theta, *flat = leaves
    pairs = [DecayPath(*pair) for pair in zip(flat[::2], flat[1::2], strict=True)]
    return v_in, pairs[:n_recurrent], pairs[n_recurrent:], theta


def run(scan, leaves, recurrent, surrogate):
    return scan(*split(leaves, int(recurrent != "none")), surrogate)


def loss(z, v, seed=1):
    g = torch.Generator().manual_seed(seed)
    return (z * torch.randn(z.shape, generator=g, dtype=F64)).sum() + (v * torch.randn(v.shape, generator=g, dtype=F64)).sum()


def compare(leaves, recurrent, surrogate, naive):
    z, v = run(spiking_scan, leaves, recurrent, surrogate)
    z_naive, v_naive = run(naive["scan"], leaves, recurrent, surrogate)
    torch.testing.assert_close(z, z_naive, rtol=0, atol=0)
    torch.testing.assert_close(v, v_naive, rtol=0, atol=1e-12)  # |v| < 30, 16 steps of 6 terms: (6 + 48 + 32) * 2^-53 * 30 = 3e-13
    found = torch.autograd.grad(loss(z, v), leaves)
    expected = torch.autograd.grad(loss(z_naive, v_naive), leaves)
    for one, other in zip(found, expected, strict=True):
        scale = max(1.0, other.abs().max().item())  # gradients through recurrent spikes grow with the steps; rounding grows with them
        torch.testing.assert_close(one, other, rtol=0, atol=1e-11 * scale)
        assert torch.isfinite(one).all()
    return z


@pytest.mark.parametrize(("recurrent", "n_resets", "per_neuron"), product(RECURRENT, [0, 1, 2], [True, False]))
def test_values_and_gradients_are_those_of_the_obvious_implementation(recurrent, n_resets, per_neuron, naive):
    z = compare(make(recurrent, n_resets, per_neuron), recurrent, MultiGaussian(), naive)
    assert 0.1 < z.mean() < 0.9


@pytest.mark.parametrize("surrogate", SURROGATES)
def test_every_surrogate(surrogate, naive):
    compare(make(), "per synapse", SURROGATES[surrogate](), naive)


@pytest.mark.parametrize("recurrent", ["per synapse", "per neuron"])
@pytest.mark.parametrize("limit", [0.0, 1.0])
def test_decays_of_exactly_zero_and_one(recurrent, limit, naive):
    leaves = make(recurrent)
    for rho in leaves[3::2]:
        rho.data.fill_(limit)
    compare(leaves, recurrent, MultiGaussian(), naive)


def test_weights_of_zero_have_gradients(naive):
    leaves = make()
    leaves[2].data.zero_()
    compare(leaves, "per synapse", MultiGaussian(), naive)


@pytest.mark.parametrize("n_steps", [1, 2])
@pytest.mark.parametrize("recurrent", RECURRENT)
def test_one_and_two_steps(recurrent, n_steps, naive):
    leaves = make(recurrent)
    leaves[0] = leaves[0].detach()[:n_steps].clone().requires_grad_()
    compare(leaves, recurrent, MultiGaussian(), naive)


@pytest.mark.parametrize("drive", [-5.0, 50.0])
def test_no_spikes_at_all_and_a_spike_in_every_cell(drive, naive):
    leaves = make()
    leaves[0] = torch.full((T, B, J), drive, dtype=F64, requires_grad=True)
    assert compare(leaves, "per synapse", MultiGaussian(), naive).mean() == float(drive > 0)


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_a_voltage_exactly_at_theta_is_silent(dtype):
    theta = torch.tensor(1.1, dtype=dtype)
    above = torch.nextafter(theta, theta + 1)
    v_in = torch.stack([theta, above]).view(1, 1, 2)
    z, v = spiking_scan(v_in, [], [], theta, MultiGaussian())
    assert z.flatten().tolist() == [0.0, 1.0]
    assert torch.equal(v, v_in)
    assert z.dtype == v.dtype == dtype


def test_spikes_act_one_step_later():
    """A spike in the first step resets and excites from the second one on; one in the last step nothing."""
    v_in = torch.zeros(4, 1, 2, dtype=F64)
    v_in[0, 0, 0] = v_in[3, 0, 1] = 2.0
    w, rho = torch.tensor([[0.0, 9.0], [0.25, 0.0]], dtype=F64), torch.tensor([[0.0, 0.0], [0.5, 0.0]], dtype=F64)
    one = torch.ones((), dtype=F64)
    z, v = spiking_scan(v_in, [DecayPath(w, rho)], [DecayPath(-one, 0.5 * one)], one, MultiGaussian())
    assert z[:, 0].tolist() == [[1, 0], [0, 0], [0, 0], [0, 1]]
    assert v[:, 0].tolist() == [[2.0, 0.0], [-1.0, 0.25], [-0.5, 0.125], [-0.25, 2.0625]]


def test_the_true_derivative_of_v_against_finite_differences():
    """With no gradient through spikes, v is smooth in everything but theta as long as no neuron crosses its threshold."""
    leaves = make(n_resets=2)
    with torch.no_grad():
        for rho in leaves[3::2]:
            rho.mul_(0.8).add_(0.1)
    leaves[0] = leaves[0].detach()[:6, :1].clone().requires_grad_()
    _, v = run(spiking_scan, leaves, "per synapse", Flat())
    assert (v - leaves[1]).abs().min() > 1e-4  # gradcheck moves each number by 1e-6
    others = [leaves[0], *leaves[2:]]

    def voltages(v_in, *flat):
        return run(spiking_scan, [v_in, leaves[1].detach(), *flat], "per synapse", Flat())[1]

    assert torch.autograd.gradcheck(voltages, others)


def test_gradients_that_nobody_asks_for_are_not_needed(naive):
    leaves = make()
    for fixed in (leaves[1], leaves[3], leaves[5]):
        fixed.requires_grad_(False)
    free = [leaf for leaf in leaves if leaf.requires_grad]
    found = torch.autograd.grad(loss(*run(spiking_scan, leaves, "per synapse", MultiGaussian())), free)
    expected = torch.autograd.grad(loss(*run(naive["scan"], leaves, "per synapse", MultiGaussian())), free)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-11)


def test_single_precision_gives_the_same_spikes_away_from_the_threshold():
    leaves = make()
    single = [leaf.detach().float() for leaf in leaves]
    z, v = run(spiking_scan, leaves, "per synapse", MultiGaussian())
    z32, v32 = run(spiking_scan, single, "per synapse", MultiGaussian())
    assert (v - leaves[1]).abs().min() > 1e-4
    assert torch.equal(z32.double(), z)
    torch.testing.assert_close(v32.double(), v, rtol=0, atol=(6 + 3 * T + 32) * 2.0**-24 * 30)


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

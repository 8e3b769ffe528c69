"""One batch for several processes: who computes what, and that random numbers do not depend on how many there are."""

import pytest
import torch
from torch import nn

from hetsyn_sim.kernels import use_backend
from hetsyn_sim.training import build_network
from hetsyn_sim.training.data import Examples
from hetsyn_sim.training.module import TrainingModule
from hetsyn_sim.training.randomness import Share


def shares(n_processes, n):
    return [Share(rank, n_processes, n) for rank in range(n_processes)]


@pytest.mark.parametrize(("n_processes", "n"), [(2, 16), (2, 7), (3, 7), (4, 3)])
def test_every_recording_belongs_to_one_process(n_processes, n):
    labels, x = torch.arange(n), torch.arange(n).expand(5, n)  # (batch,), (time, batch)
    parts = shares(n_processes, n)
    counted = [share.own(labels)[: share.n_own] for share in parts]
    assert sorted(torch.cat(counted).tolist()) == list(range(n))
    assert all(torch.equal(share.own(x)[0], share.own(labels)) for share in parts)
    assert all(len(share.own(labels)) >= 1 for share in parts)  # a network runs no empty batch
    # the mean over processes of scaled means is the mean over the batch
    means = [share.gradient_scale * share.own(labels).double().mean() for share in parts]
    assert torch.isclose(sum(means) / n_processes, labels.double().mean(), rtol=1e-15)


@pytest.mark.parametrize("transposed", [False, True])
def test_draws_are_those_of_the_whole_batch(transposed):
    like = torch.zeros(7, 4, 5).transpose(0, 1) if transposed else torch.zeros(4, 7, 5)  # (time, batch, neuron)
    for draw in (torch.randn_like, nn.Dropout(0.3)):
        torch.manual_seed(1)
        whole = draw(torch.ones(4, 7, 5))
        for share in shares(3, 7):
            torch.manual_seed(1)
            assert torch.equal(share.drawn(draw, share.own(like)), share.own(whole))


@pytest.mark.parametrize("backend", ["fused", "plain"])
@pytest.mark.parametrize("n_processes", [2, 5])
def test_gradients_of_all_shares_are_those_of_the_batch(data, recipe, n_processes, backend):
    """With augmentation, dropout and noise drawn, on both kinds of kernels. The bound counts roundings: see docs/scale-out.md."""
    settings = recipe.changed(precision="float64", noise=0.1).training
    batch = (Examples.from_dataset(data).spikes[:, :7], Examples.from_dataset(data).labels[:7])
    network = build_network(recipe.spec(data.dt, data.n_channels, 3), settings).train()
    module = TrainingModule(network, settings, None, None)
    parameters = list(network.parameters())

    def gradients(share):
        module._share, module._summed = (lambda batch: share), (lambda value: value)
        torch.manual_seed(3)
        return torch.autograd.grad(module.training_step(batch, 0)["loss"], parameters)

    with use_backend(backend):
        alone = gradients(None)
        parts = [gradients(share) for share in shares(n_processes, 7)]
        each = [gradients(share) for share in shares(7, 7)]
    n_roundings = 20 * (7 + 8)  # (steps) x (recordings + roundings of a term in a step)
    for k, whole in enumerate(alone):
        size = sum(part[k].abs() for part in each) / 7
        assert torch.all((sum(part[k] for part in parts) / n_processes - whole).abs() <= 2 * n_roundings * 2.0**-53 * size)
        assert torch.any(whole != 0)

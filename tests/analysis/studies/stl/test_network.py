"""The network: batch norm step by step, modes, votes, training that is what its seed says."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from analysis.studies.stl.coding import bernoulli
from analysis.studies.stl.evaluate import evaluate
from analysis.studies.stl.network import MODES, STLNetwork
from analysis.studies.stl.train import Settings, spikes_as, train

from .conftest import make_images, small

QUICK = Settings(epochs=2, batch_size=10, lr=1e-2)


def state(network):
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def test_batch_norm_sees_every_step_by_itself_and_keeps_shared_statistics():
    network = STLNetwork(small(), seed=0).train()
    x = spikes_as(bernoulli(make_images(8)[0], 4, 0))
    found = network.currents("conv_1", x)
    mean, var = torch.zeros(4), torch.ones(4)
    for t, step in enumerate(x):
        y = functional.conv2d(step, network.synapses("conv_1").weight, padding=1)
        torch.testing.assert_close(
            found[t], (y - y.mean((0, 2, 3), keepdim=True)) / (y.var((0, 2, 3), keepdim=True, correction=0) + 1e-5).sqrt()
        )
        mean, var = 0.9 * mean + 0.1 * y.mean((0, 2, 3)), 0.9 * var + 0.1 * y.var((0, 2, 3))
    norm = network.norm("conv_1")
    torch.testing.assert_close(norm.running_mean, mean.detach())
    torch.testing.assert_close(norm.running_var, var.detach())
    before = state(network)
    network.eval()(x)
    assert all(torch.equal(value, before[name]) for name, value in state(network).items())  # evaluation moves nothing


def test_votes_are_averaged_over_voters_and_time():
    network = STLNetwork(small(), seed=0).eval()
    x = spikes_as(bernoulli(make_images(5)[0], 6, 0))
    with torch.no_grad():
        output, rates = network.spikes(x)["output"].numpy(), network(x).numpy()
    assert rates.shape == (5, 3)
    assert np.allclose(rates[2, 1], output[:, 2, 2:4].mean())


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_trains_what_it_says_and_nothing_else(mode):
    network = STLNetwork(small(), seed=0)
    before = state(network)
    train(network, *make_images(40), mode, QUICK, seed=0)
    moved = {name for name, value in state(network).items() if not torch.equal(value, before[name])}
    thresholds = {name for name in before if name.endswith("theta")}
    weights = {name for name in before if name.endswith((".weight", ".bias"))}
    running = {name for name in before if "running" in name or "num_batches" in name}
    assert (len(thresholds), len(weights), len(running)) == (4, 8, 6)
    expected = {"STL": thresholds | weights, "SL": weights, "TL": thresholds}[mode]
    assert moved == expected | running


def test_training_lowers_the_loss_and_finds_the_classes():
    network = STLNetwork(small(), seed=0)
    seen = []
    pixels, labels = make_images(120)
    losses = train(network, pixels, labels, "STL", Settings(epochs=5, batch_size=10, lr=1e-2), 0, lambda: seen.append(network.training))
    assert losses[-1] < 0.5 * losses[0]
    assert seen == [False] * 5
    test, test_labels = make_images(60, seed=9)
    assert evaluate(network, test, 4, 0).accuracy(test_labels) > 0.9


def test_the_same_seed_gives_the_same_network():
    found = []
    for seed in (0, 0, 1):
        torch.manual_seed(len(found))  # the global state has no say
        network = STLNetwork(small(dropout=0.2), seed=seed)
        train(network, *make_images(30), "STL", QUICK, seed=seed)
        found.append(state(network))
    assert all(torch.equal(value, found[1][name]) for name, value in found[0].items())
    assert not torch.equal(found[0]["net.conv_1.synapses.weight"], found[2]["net.conv_1.synapses.weight"])


def test_training_leaves_torchs_generator_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train(STLNetwork(small(dropout=0.2), seed=0), *make_images(20), "STL", QUICK, seed=0)
    assert torch.equal(torch.rand(3), expected)


def test_an_outcome_counts_rates_and_operations(trained):
    pixels, _ = make_images(6)
    found = evaluate(trained, pixels, 4, 2)
    lost = evaluate(trained, pixels, 4, 2, disturb=lambda x, rng: np.zeros_like(x))
    assert (lost.rates["input"], lost.operations["conv_1"]) == (0.0, 0.0)
    assert found.operations["output"] == pytest.approx(found.rates["dense_1"] * 12 * 4 * 6)  # neurons x steps x targets
    assert found.operations["dense_1"] == pytest.approx(found.rates["conv_2"] * 5 * 5 * 3 * 4 * 12)
    assert found.class_rates.shape == (6, 3)

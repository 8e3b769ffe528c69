"""Noise in the equations in torch: in pieces as in one, whatever the batch, new in training, and the same again after an interruption."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import hetsyn_sim as hs
from hetsyn_sim.errors import DataError
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.models import LIF, HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec, Parameter
from hetsyn_sim.training.evaluate import evaluate
from hetsyn_sim.training.modules import default_dtype
from hetsyn_sim.training.network import Network
from hetsyn_sim.training.randomness import CountedNoise, Share
from tests.refusal import refused

NOISY = replace(
    HetSynLIF,
    name="Noisy",
    neuron="dR/dt = -R/tau_reset + sigma*sqrt(2/tau_reset)*xi : 1\nv = I_syn - R : 1",
    scheme="euler",
    parameters={**HetSynLIF.parameters, "sigma": Parameter(axes="layer", initial=0.5, bounds=[0.0, 2.0], trainable=True)},
)
SPEC = NetworkSpec("1 ms", 4, [Layer(NOISY, 5, recurrent=True), Layer(NOISY, 4)], Layer(LeakyReadout, 2))


@pytest.fixture(autouse=True)
def plain():
    with use_backend("plain"), default_dtype(torch.float64):
        yield


@pytest.fixture
def x():
    return torch.rand(24, 6, 4, generator=torch.Generator().manual_seed(0)) < 0.4


def test_in_pieces_it_goes_on(x):
    network = Network(SPEC).eval()
    whole, _ = network(x, noise_seed=3)
    begin, state = network(x[:10], noise_seed=3)
    end, _ = network(x[10:], state)
    torch.testing.assert_close(torch.cat([begin, end]), whole, rtol=0, atol=1e-13)


def test_a_recording_has_the_same_noise_in_any_batch(x):
    network = Network(SPEC).eval()
    whole, _ = network(x)
    torch.testing.assert_close(network(x[:, 4:], first_recording=4)[0], whole[:, 4:], rtol=0, atol=1e-13)
    network.set_share(Share(1, 2, 6))
    torch.testing.assert_close(network(x[:, 1::2])[0], whole[:, 1::2], rtol=0, atol=1e-13)
    assert not torch.equal(whole, network(x, noise_seed=1)[0])


def test_batches_change_no_evaluation(x):
    steps, channels = zip(*(np.nonzero(x[:, k].numpy()) for k in range(6)), strict=True)
    facts = {"dt": 1e-3, "n_channels": 4, "n_steps": np.full(6, 24), "labels": np.arange(6) % 2, "split": np.full(6, "train")}
    data = hs.SpikeDataset.from_lists(steps, channels, **facts)
    network = Network(SPEC)
    together, apart, other = (evaluate(network, data, batch_size=n, noise_seed=s).scores for n, s in ((6, 0), (4, 0), (6, 1)))
    np.testing.assert_allclose(together, apart, rtol=0, atol=1e-12)
    assert not np.allclose(together, other)


def test_in_training_it_is_new_every_time_and_follows_torchs_seed(x):
    network = Network(SPEC).train()
    torch.manual_seed(1)
    first, second = network(x)[0], network(x)[0]
    torch.manual_seed(1)
    assert torch.equal(network(x)[0], first)
    assert not torch.equal(first, second)
    assert torch.equal(network(x, noise_seed=0)[0], network.eval()(x)[0])


def test_a_network_without_noise_draws_no_number(x):
    torch.manual_seed(1)
    expected = torch.rand(())
    torch.manual_seed(1)
    Network(NetworkSpec("1 ms", 4, [Layer(LIF, 3)])).train()(x)
    assert torch.equal(torch.rand(()), expected)


def test_trained_again_it_is_the_same_training(x):
    steps, channels = zip(*(np.nonzero(x[:, k].numpy()) for k in range(6)), strict=True)
    facts = {"dt": 1e-3, "n_channels": 4, "n_steps": np.full(6, 24), "labels": np.arange(6) % 2, "split": np.full(6, "train")}
    data = hs.SpikeDataset.from_lists(steps, channels, **facts)
    settings = hs.Training(batch_size=4, validation="none")
    one, two, other = (hs.fit(SPEC, data, epochs=1, seed=s, training=settings, progress=False) for s in (0, 0, 1))
    key = "layer_1.neuron.sigma"
    assert np.array_equal(one.checkpoint.values[key], two.checkpoint.values[key])
    assert not np.array_equal(one.checkpoint.values[key], one.initial.values[key])
    assert one.history[0]["train_loss"] == two.history[0]["train_loss"] != other.history[0]["train_loss"]


def test_no_seed_is_refused(x):
    with refused(DataError, "no seed for noise", "noise_seed", "-1"):
        Network(SPEC)(x, noise_seed=-1)


def test_the_numbers_of_a_step_stand_one_row_earlier():
    """A decay sees sums, and noise among them, as they were in the step before."""
    noise = CountedNoise(seed=2)
    whole = noise.like(torch.zeros(3, 4), 10, "layer_1", "xi", 1e-3)
    assert whole.shape == (10, 3, 4)
    assert torch.equal(noise.after(4).like(torch.zeros(3, 4), 6, "layer_1", "xi", 1e-3), whole[4:])

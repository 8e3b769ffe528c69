"""Noise before the threshold: an Ornstein-Uhlenbeck process, in training mode only."""

import numpy as np
import torch

from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training import Training
from hetsyn_sim.training.fit import build_network
from hetsyn_sim.training.network import Network
from hetsyn_sim.training.randomness import Noise

SPEC = NetworkSpec("1 ms", 4, [Layer(HetSynLIF, 6, recurrent=True)], Layer(LeakyReadout, 2))


def test_deviation_and_correlation_are_those_of_the_process():
    """Closed form: variance sd^2 from the first step on, correlation exp(-k dt / tau); five standard errors."""
    torch.manual_seed(0)
    dt, tau, sd, n = 1e-3, 5e-3, 0.4, 4000
    x = Noise(sd, tau).like(torch.zeros(30, 1, n, dtype=torch.float64), dt)[:, 0].numpy()  # (time, neuron)
    assert x.shape == (30, n)
    for step in (0, 1, 29):
        assert abs(x[step].mean()) < 5 * sd / np.sqrt(n)
        assert abs(x[step].var() / sd**2 - 1) < 5 * np.sqrt(2 / n)
    for lag in (1, 5, 15):
        r = np.mean(x[10] * x[10 + lag]) / sd**2
        assert abs(r - np.exp(-lag * dt / tau)) < 5 * np.sqrt(2 / n)
    assert abs(np.corrcoef(x[:, 0], x[:, 1])[0, 1]) < 0.9  # neurons have noise of their own


def test_only_in_training_mode_and_from_torchs_generator():
    x = torch.rand(40, 3, 4) < 0.3
    quiet, loud = Network(SPEC, seed=0), Network(SPEC, seed=0, noise=Noise(2.0))
    expected = quiet.train()(x)[0]
    torch.manual_seed(1)
    first = loud.train()(x)[0]
    second = loud(x)[0]
    torch.manual_seed(1)
    assert torch.equal(loud(x)[0], first)
    assert not torch.equal(first, second)
    assert not torch.equal(first, expected)
    assert torch.equal(loud.eval()(x)[0], quiet.eval()(x)[0])
    first.sum().backward()
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in loud.parameters())


def test_the_setting_reaches_the_layers():
    with_noise, without = build_network(SPEC, Training(noise=0.25)), build_network(SPEC, Training())
    assert with_noise.layers["layer_1"].noise == Noise(0.25)
    assert without.layers["layer_1"].noise is None

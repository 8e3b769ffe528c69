"""What is said after the first epoch instead of the last: layers that never spike, parameters that stay, numbers that are none."""

import numpy as np
import pytest
import torch

from hetsyn_sim.errors import DivergedError
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training import Training, fit

from .test_surrogate_scale import MODEL as IN_VOLTS

SETTINGS = Training(epochs=2, batch_size=16)


def spec(hidden):
    return NetworkSpec("10 ms", 6, [Layer(hidden, 5)], Layer(LeakyReadout, 3))


def test_a_layer_that_does_not_spike(data, capsys, monkeypatch):
    monkeypatch.setattr("hetsyn_sim.training.progress.Status.show", lambda self, text: None)  # however slow the machine is
    quiet = spec(HetSynLIF.with_parameters(w={"initial": 1e-6}))
    with pytest.warns(UserWarning, match="layer_1 did not spike in the first epoch: give it larger weights"):
        fit(quiet, data, training=SETTINGS, progress=False)
    fit(quiet, data, training=SETTINGS, progress=True)
    printed = capsys.readouterr().err.splitlines()
    assert [line.startswith("note: layer_1 did not spike") for line in printed[:3]] == [False, True, False]


def test_a_parameter_that_does_not_move(data):
    """Weights onto neurons that are above their threshold in every step: no surrogate as narrow as this sees them."""
    loud = spec(HetSynLIF.with_parameters(w={"initial": 1e4}))
    narrow = Training(epochs=1, surrogate={"name": "triangular", "zeta": 1e-3}, optimiser={"weight_decay": 0.0})
    with pytest.warns(UserWarning, match=r"layer_1\.feedforward\.w did not move in the first epoch"):
        fit(loud, data, training=narrow, progress=False)


def test_a_parameter_that_is_not_a_number_is_named_at_once(data, monkeypatch):
    def spoil(network):
        with torch.no_grad():
            network.trained()["layer_1.feedforward.w"][0, 0] = float("nan")

    monkeypatch.setattr("hetsyn_sim.training.network.Network.clamp_", spoil)
    with pytest.raises(DivergedError) as caught:
        fit(spec(HetSynLIF), data, training=Training(epochs=5), progress=False)
    assert caught.value.where == "epoch 1"


def test_a_learning_rate_is_relative_to_the_size_of_a_value_with_a_unit(data):
    """Weights of some mV are the same training in whatever unit they are written, and it moves them by a part of their size."""
    ends = []
    for name in ("mV", "V"):
        weight = {"unit": name, "initial": "uniform(0 mV, 60 mV)"}
        with use_backend("plain"):
            result = fit(spec(IN_VOLTS.with_parameters(w=weight)), data, training=SETTINGS, progress=False)
        ends.append(result.checkpoint.values["layer_1.feedforward.w"])
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-5)
    moved = np.abs(ends[0] - result.initial.values["layer_1.feedforward.w"])
    assert 0.001 * 0.035 < moved.max() < 0.1 * 0.035  # 6 steps with a learning rate of 0.002

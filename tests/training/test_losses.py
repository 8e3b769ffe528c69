import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax

from hetsyn_sim.errors import ConfigError, UnknownNameError
from hetsyn_sim.training import LOSSES, LastStep, MeanSquaredError, RateRegulariser, SpikeCount, SumOfSoftmax, get_loss
from hetsyn_sim.training.surrogates import SURROGATES, get_surrogate

from ..refusal import refused

TARGET = np.array([2, 0, 1, 2])


@pytest.fixture
def out():
    return torch.randn(7, 4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))  # (time, batch, unit)


def cross_entropy(scores):
    return -np.mean(log_softmax(scores, axis=-1)[np.arange(4), TARGET])


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (SumOfSoftmax(), lambda v: softmax(v, axis=-1).sum(axis=0)),
        (SumOfSoftmax(burn_in=3), lambda v: softmax(v[3:], axis=-1).sum(axis=0)),
        (LastStep(), lambda v: v[-1]),
        (SpikeCount(), lambda v: v.sum(axis=0)),
    ],
)
def test_scores_and_cross_entropy_as_in_numpy(out, loss, expected):
    scores = expected(out.numpy())
    assert np.allclose(loss.scores(out), scores, rtol=1e-12)
    assert np.isclose(float(loss(out, torch.as_tensor(TARGET))), cross_entropy(scores), rtol=1e-12)


def test_mean_squared_error(out):
    target = torch.ones_like(out)
    assert np.isclose(float(MeanSquaredError()(out, target)), np.mean((out.numpy() - 1.0) ** 2))
    assert np.allclose(MeanSquaredError().scores(out), out.numpy().mean(axis=0))


def test_rate_regulariser_counts_every_neuron_once():
    # 100 steps of 10 ms: 10 spikes are 10 Hz. One neuron is there, one silent, one in the other layer twice as fast.
    first, second = torch.zeros(100, 2, 2), torch.zeros(100, 2, 1)
    first[:10, :, 0] = 1.0
    second[:20] = 1.0
    regulariser = RateRegulariser(target=10.0, strength=0.3, dt=0.01)
    assert np.isclose(float(regulariser([first, second])), 0.3 * (0.0 + 1.0 + 1.0) / 3)


@pytest.mark.parametrize(
    ("loss", "what", "got"),
    [
        (MeanSquaredError(), "not a trace of the output's shape", "target (4,), output (7, 4, 3)"),
        (SumOfSoftmax(burn_in=7), "the burn-in leaves no step", "burn_in = 7 of 7 steps"),
    ],
)
def test_an_output_that_does_not_fit(out, loss, what, got):
    with refused(ConfigError, what, None, got):
        loss(out, torch.as_tensor(TARGET))


@pytest.mark.parametrize("burn_in", [-1, 0.5, True])
def test_a_burn_in_that_is_no_number_of_steps(burn_in):
    with pytest.raises(ConfigError, match="the burn-in is not a number of steps"):
        SumOfSoftmax(burn_in=burn_in)


@pytest.mark.parametrize(
    ("get", "name", "settings", "parts"),
    [
        (get_loss, "hinge", {}, ("unknown loss", "loss", "'hinge'", ", ".join(LOSSES))),
        (get_loss, "last_step", {"burn_in": 2}, ("unknown setting of a loss", "last_step", "burn_in", "no settings")),
        (get_surrogate, "sigmoid", {}, ("unknown surrogate", "surrogate", "'sigmoid'", ", ".join(SURROGATES))),
        (get_surrogate, "triangular", {"width": 2.0}, ("unknown setting of a surrogate", "triangular", "width", "gamma, zeta")),
    ],
)
def test_unknown_names_are_refused(get, name, settings, parts):
    with refused(UnknownNameError, *parts):
        get(name, **settings)

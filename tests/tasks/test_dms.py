"""Trials of delayed match-to-sample: rates, times and labels are those of the paper."""

import numpy as np
import pytest

from hetsyn_sim.errors import ConfigError
from hetsyn_sim.tasks import delayed_match_to_sample


def test_rates_and_times():
    """Counts against the Poisson process; five standard errors."""
    data = delayed_match_to_sample(2000, seed=1)
    x = data.rasters()  # (time, trial, channel)
    assert x.shape == (210, 2000, 30)
    assert (data.dt, data.n_steps[0] * data.dt) == (0.005, pytest.approx(1.05))
    cues = np.stack(
        [x[10:30].any(axis=0)[:, :20].reshape(-1, 2, 10).sum(axis=2), x[190:].any(axis=0)[:, :20].reshape(-1, 2, 10).sum(axis=2)]
    )
    side = cues.argmax(axis=2)  # (cue, trial)
    np.testing.assert_array_equal(data.labels, side[0] == side[1])
    silent = np.r_[0:10, 30:190]
    assert not x[silent][:, :, :20].any()
    for steps, trials in ((slice(10, 30), side[0] == 0), (slice(190, 210), side[1] == 0)):
        rate, n = x[steps][:, trials, :10].mean(), x[steps][:, trials, :10].size
        expected = 1 - np.exp(-40 * 0.005)
        assert abs(rate - expected) < 5 * np.sqrt(expected * (1 - expected) / n)
    noise, expected = x[:, :, 20:], 1 - np.exp(-10 * 0.005)
    assert abs(noise.mean() - expected) < 5 * np.sqrt(expected * (1 - expected) / noise.size)
    assert abs(data.labels.mean() - 0.5) < 5 * 0.5 / np.sqrt(2000)


def test_delay_noise_and_splits():
    data = delayed_match_to_sample(30, 20, seed=2, delay=2.5, added_noise_hz=20.0)
    assert (len(data.train), len(data.test), data.n_steps[0]) == (30, 20, 550)
    assert data.rasters()[40:500, :, :20].mean() == pytest.approx(1 - np.exp(-0.1), rel=0.1)


def test_equal_seeds_give_equal_trials():
    prints = [delayed_match_to_sample(20, seed=seed).fingerprint() for seed in (3, 3, 4)]
    assert prints[0] == prints[1] != prints[2]


@pytest.mark.parametrize(
    "facts", [{"n_train": 0}, {"n_train": -1, "n_test": 5}, {"dt": 0.0}, {"dt": 0.2}, {"delay": -1.0}, {"added_noise_hz": -1.0}]
)
def test_trials_that_can_not_be_drawn(facts):
    with pytest.raises(ConfigError, match="can't be drawn"):
        delayed_match_to_sample(**({"n_train": 5} | facts))

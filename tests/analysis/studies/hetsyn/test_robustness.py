"""Robustness: the undisturbed accuracy is the accuracy, and each disturbance is the one that it is called."""

import numpy as np
import pytest

from analysis.studies.hetsyn import robustness
from analysis.studies.hetsyn.perturbation import with_added_spikes, with_deleted_spikes, with_warped_time
from analysis.studies.hetsyn.robustness import DELETIONS, NOISES_HZ, measure_robustness
from hetsyn_sim.tasks import spoken_digits
from hetsyn_sim.training import Network, evaluate, load_recipe

RECIPE = load_recipe("fsdd-demo")


@pytest.fixture(scope="module")
def measured():
    data = spoken_digits().test[::10]
    network, loss = Network(RECIPE.spec(data.dt, 70, 10), seed=0), RECIPE.training.loss.make()
    return network, data, loss, measure_robustness(network, data, loss, window=64, seed=3)


def test_each_number_is_an_accuracy_on_disturbed_recordings(measured):
    network, data, loss, found = measured
    plain = evaluate(network, data, loss, window=64).accuracy
    assert found.deletion[0] == found.noise[0] == plain
    assert (len(found.deletion), len(found.noise), len(found.warp)) == (len(DELETIONS), len(NOISES_HZ), 20)
    assert found.deletion[-1] == evaluate(network, with_deleted_spikes(data, 0.64, seed=3), loss, window=64).accuracy
    assert found.noise[-1] == evaluate(network, with_added_spikes(data, 8.0, seed=3, n_steps=64), loss, window=64).accuracy
    log2, accuracy = found.warp[-1]
    assert accuracy == evaluate(network, with_warped_time(data, 2**log2), loss, window=round(64 * 2**log2)).accuracy


def test_warps_are_drawn_as_published(measured):
    draws = [log2 for log2, _ in measured[3].warp]
    assert draws == sorted(draws)
    assert -0.5 <= draws[0] < -0.3 < 0.3 < draws[-1] <= 0.5
    expected = np.sort(np.random.default_rng(3).uniform(-0.5, 0.5, 20))
    np.testing.assert_array_equal(draws, expected)
    assert robustness.DELETIONS == (0.0, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64)

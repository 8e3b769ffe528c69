"""Robustness: the undisturbed accuracy is the accuracy, and each disturbance is the one that it is called."""

import numpy as np
import pytest

from analysis.studies.hetsyn import robustness
from analysis.studies.hetsyn.robustness import (
    DELETIONS,
    NOISES_HZ,
    measure_robustness,
    with_added_spikes,
    with_deleted_spikes,
    with_warped_time,
)
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.errors import ConfigError
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


def test_the_window_is_warped_with_time(monkeypatch):
    """What the network is shown of each recording: as long, against the recording, as it was."""
    data, windows = spoken_digits().test[:2], []
    original = robustness.evaluate

    def watched(network, changed, loss, *, window):
        windows.append((window, int(changed.n_steps[0])))
        return original(network, changed, loss, window=window)

    monkeypatch.setattr(robustness, "evaluate", watched)
    found = measure_robustness(Network(RECIPE.spec(data.dt, 70, 10), seed=0), data, RECIPE.training.loss.make(), window=64, seed=3)
    n = len(DELETIONS) + len(NOISES_HZ)
    assert {window for window, _ in windows[:n]} == {64}
    for (window, length), (log2, _) in zip(windows[n:], found.warp, strict=True):
        assert window == round(64 * 2.0**log2)
        assert length == round(int(data.n_steps[0]) * 2.0**log2)


def test_warps_are_drawn_as_published(measured):
    draws = [log2 for log2, _ in measured[3].warp]
    assert draws == sorted(draws)
    assert -0.5 <= draws[0] < -0.3 < 0.3 < draws[-1] <= 0.5
    expected = np.sort(np.random.default_rng(3).uniform(-0.5, 0.5, 20))
    np.testing.assert_array_equal(draws, expected)
    assert robustness.DELETIONS == (0.0, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    rasters = rng.random((6, 80, 50)) < 0.2
    events = [np.nonzero(raster) for raster in rasters]
    return SpikeDataset.from_lists(
        [s for s, _ in events], [u for _, u in events], dt=0.002, n_channels=50, n_steps=[80] * 6, labels=np.arange(6), split=["test"] * 6
    )


def kept(data):
    return data.labels.tolist(), data.names.tolist(), data.split.tolist(), data.dt, data.n_channels


def test_deletion(data):
    half = with_deleted_spikes(data, 0.5, seed=1)
    n, m = data.steps.size, half.steps.size
    assert abs(m - n / 2) < 5 * np.sqrt(n / 4)
    assert not (half.rasters() & ~data.rasters()).any()
    assert kept(half) == kept(data)
    assert with_deleted_spikes(data, 0.0, seed=1).fingerprint() == data.fingerprint()
    left = with_deleted_spikes(data, 1.0, seed=1)
    np.testing.assert_array_equal(left.steps, data.steps[data.offsets[:-1]])
    assert np.diff(left.offsets).tolist() == [1] * 6
    assert (
        with_deleted_spikes(data, 0.5, seed=1).fingerprint() == half.fingerprint() != with_deleted_spikes(data, 0.5, seed=2).fingerprint()
    )


def test_added_spikes_at_a_high_rate_are_a_probability(data):
    """One a step on average: a Poisson process leaves 1/e of the steps empty."""
    after = with_added_spikes(data, 500.0, seed=1).rasters()
    empty, p = np.mean(~after[~data.rasters()]), np.exp(-1.0)
    assert empty == pytest.approx(p, abs=5 * np.sqrt(p * (1 - p) / (~data.rasters()).sum()))


def test_added_spikes(data):
    more = with_added_spikes(data, 20.0, seed=1)
    before, after = data.rasters(), more.rasters()
    assert not (before & ~after).any()
    share, p = (after & ~before).sum() / (~before).sum(), -np.expm1(-0.04)
    assert abs(share - p) < 5 * np.sqrt(p * (1 - p) / (~before).sum())
    assert kept(more) == kept(data)
    assert with_added_spikes(data, 0.0, seed=1).fingerprint() == data.fingerprint()
    longer = with_added_spikes(data, 20.0, seed=1, n_steps=120)  # noise goes on to the end of the window
    assert longer.n_steps.tolist() == [120] * 6
    assert longer.rasters()[80:].any(axis=(0, 2)).all()


@pytest.mark.parametrize("factor", [0.5, 0.7, 1.0, 1.3, 2.0])
def test_warped_time(data, factor):
    warped = with_warped_time(data, factor)
    x, y = data.rasters(), warped.rasters()
    assert warped.n_steps.tolist() == [round(80 * factor)] * 6
    expected = np.zeros_like(y)
    for step in range(80):
        expected[min(int((step + 0.5) * factor), len(y) - 1)] |= x[step]
    np.testing.assert_array_equal(y, expected)
    assert kept(warped) == kept(data)
    if factor == 1.0:
        assert warped.fingerprint() == data.fingerprint()
    if factor == 2.0:
        assert warped.steps.size == data.steps.size  # no spike is lost


@pytest.mark.parametrize(
    ("change", "values", "more"),
    [
        (with_deleted_spikes, (1.5, -0.1), {"seed": 0}),
        (with_added_spikes, (-1.0, np.inf), {"seed": 0}),
        (with_warped_time, (0.0, -1.0, np.nan, np.inf), {}),
    ],
)
def test_values_out_of_range(data, change, values, more):
    for value in values:
        with pytest.raises(ConfigError, match="can't be changed like this"):
            change(data, value, **more)

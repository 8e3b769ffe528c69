"""Disturbed recordings: counts by the binomial distribution, times by hand, and nothing else changed."""

import numpy as np
import pytest

from analysis.studies.hetsyn.perturbation import with_added_spikes, with_deleted_spikes, with_warped_time
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.errors import ConfigError


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


def test_added_spikes(data):
    more = with_added_spikes(data, 20.0, seed=1)
    before, after = data.rasters(), more.rasters()
    assert not (before & ~after).any()
    share, p = (after & ~before).sum() / (~before).sum(), -np.expm1(-0.04)
    assert abs(share - p) < 5 * np.sqrt(p * (1 - p) / (~before).sum())
    assert kept(more) == kept(data)
    assert with_added_spikes(data, 0.0, seed=1).fingerprint() == data.fingerprint()


def test_noise_goes_on_to_the_end_of_the_window(data):
    longer = with_added_spikes(data, 20.0, seed=1, n_steps=120)
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


def test_a_factor_of_two_loses_no_spike(data):
    assert with_warped_time(data, 2.0).steps.size == data.steps.size


@pytest.mark.parametrize(
    ("change", "value"), [(with_deleted_spikes, 1.5), (with_deleted_spikes, -0.1), (with_added_spikes, -1.0), (with_added_spikes, np.inf)]
)
def test_values_out_of_range(data, change, value):
    with pytest.raises(ConfigError, match="can't be changed like this"):
        change(data, value, seed=0)


@pytest.mark.parametrize("factor", [0.0, -1.0, np.nan, np.inf])
def test_time_can_not_be_warped(data, factor):
    with pytest.raises(ConfigError, match="can't be changed like this"):
        with_warped_time(data, factor)

"""Threshold crossings: counted by hand on levels, mel bands that add up, tones that land where they should."""

import numpy as np
import pytest

from hetsyn_sim.errors import DataError
from hetsyn_sim.tasks.crossings import CrossingEncoder, mel, mel_bands

ENCODER = CrossingEncoder(16000)


def test_crossings_by_hand():
    encoder = CrossingEncoder(16000, n_bands=1, n_thresholds=3)  # thresholds 0.25, 0.5, 0.75
    levels = np.array([[0.0], [0.6], [1.0], [0.3], [0.0]])
    raster = encoder.crossings(levels)
    expected = np.zeros((5, 7), dtype=bool)
    expected[1, [0, 1]] = True  # rises through 0.25 and 0.5
    expected[2, 2] = True  # and through 0.75
    expected[3, [4, 5]] = True  # falls through 0.5 and 0.75
    expected[4, 3] = True  # and through 0.25
    expected[2, 6] = True  # the maximum
    np.testing.assert_array_equal(raster, expected)


def test_every_onset_has_its_offset_or_the_level_stays_above():
    rng = np.random.default_rng(0)
    levels = np.cumsum(rng.normal(size=(200, 16)), axis=0)
    levels = (levels - levels.min(axis=0)) / np.ptp(levels, axis=0)
    raster = ENCODER.crossings(levels).reshape(200, 16, 31)
    net = raster[:, :, :15].sum(axis=0) - raster[:, :, 15:30].sum(axis=0)
    thresholds = np.arange(1, 16) / 16
    np.testing.assert_array_equal(net, (levels[-1][:, None] >= thresholds).astype(int) - (levels[0][:, None] >= thresholds))
    np.testing.assert_array_equal(raster[:, :, 30].argmax(axis=0), levels.argmax(axis=0))


def test_mel_bands_add_up_to_one_between_the_first_and_the_last_centre():
    frequencies = np.linspace(0, 8000, 4001)
    bands = mel_bands(16, 360.0, 8000.0, frequencies)
    centres = frequencies[bands.argmax(axis=1)]
    inside = (frequencies >= centres[0]) & (frequencies <= centres[-1])
    np.testing.assert_allclose(bands.sum(axis=0)[inside], 1.0, atol=1e-12)
    assert np.allclose(np.diff(mel(centres)), np.diff(mel(centres)).mean(), rtol=0.02)
    assert not bands[:, frequencies < 360].any()


def test_a_tone_drives_the_band_it_is_in():
    t = np.arange(16000) / 16000
    burst = np.sin(2 * np.pi * 2000 * t) * (t > 0.3) * (t < 0.6) + 1e-4 * np.random.default_rng(0).standard_normal(t.size)
    levels = ENCODER.levels(burst)
    assert levels.shape == (200, 16)
    band = mel_bands(16, 360.0, 8000.0, np.array([2000.0]))[:, 0].argmax()
    assert levels[70:110, band].min() > 0.95
    assert levels[:50, band].max() < 0.5
    raster = ENCODER(burst)
    assert (raster.shape, ENCODER.n_channels) == ((200, 496), 496)


def test_bands_end_at_the_nyquist_frequency():
    assert (CrossingEncoder(12500).top, CrossingEncoder(20000).top) == (6250.0, 8000.0)


@pytest.mark.parametrize("facts", [{"dt": 1e-5}, {"lowest": 9000.0}, {"n_bands": 0}, {"n_thresholds": 0}])
def test_settings_that_make_no_sense(facts):
    with pytest.raises(DataError, match="can't be encoded like this"):
        CrossingEncoder(16000, **facts)


@pytest.mark.parametrize("signal", [np.zeros(2000), np.ones(100), np.ones((2000, 1)), np.full(2000, np.nan)])
def test_nothing_to_encode(signal):
    with pytest.raises(DataError, match="nothing to encode"):
        ENCODER(signal)

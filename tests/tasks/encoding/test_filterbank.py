"""The filterbank against closed forms: impulse response, bandwidth, gain, and that it does not look ahead."""

import numpy as np
import pytest

from hetsyn_sim.errors import DataError
from hetsyn_sim.tasks.filterbank import GammatoneFilterbank, erb, erb_number, erb_spaced, mean_power

RATE = 8000.0


@pytest.fixture(scope="module")
def bank():
    """Seven channels are enough to see low, middle and high ones."""
    return GammatoneFilterbank(RATE, 7, 100.0, 3600.0)


def test_erb_scale_is_glasberg_and_moore():
    assert erb(1000.0) == pytest.approx(132.639)  # 24.7 * 5.37
    # The number of ERBs is the integral of 1 / ERB; the published 21.4 stands for ln(10) / (24.7 * 0.00437) = 21.33.
    frequency = np.linspace(100.0, 3600.0, 100_001)
    integral = np.sum((1.0 / erb(frequency))[:-1]) * (frequency[1] - frequency[0])
    assert float(erb_number(3600.0) - erb_number(100.0)) == pytest.approx(integral, rel=4e-3)


def test_centre_frequencies_are_equally_far_apart_in_erbs():
    centres = erb_spaced(100.0, 3600.0, 70)
    assert centres[[0, -1]] == pytest.approx([100.0, 3600.0])
    assert np.ptp(np.diff(erb_number(centres))) < 1e-12


def test_filtering_is_convolution_with_the_closed_impulse_response(bank):
    signal = np.random.default_rng(0).standard_normal(800)
    n = np.arange(800)
    closed = bank.gains * ((n + 1) * (n + 2) * (n + 3) / 6.0)[:, None] * bank.poles ** n[:, None]  # (sample, channel)
    assert np.max(np.abs(bank((n == 0).astype(float)) - closed)) < 1e-12
    for channel, response in enumerate(closed.T):
        assert np.max(np.abs(bank(signal)[:, channel] - np.convolve(signal, response)[:800])) < 1e-11


def test_one_erb_wide(bank):
    # The equivalent rectangular bandwidth is the power response's area over its peak. By Parseval
    # that is a sum over the impulse response. Sampling at 8 kHz widens the highest filters by less than 1 %.
    response = bank(np.eye(1, 8000)[0])  # (sample, channel)
    bandwidth = np.sum(np.abs(response) ** 2, axis=0) * RATE / bank.gains**2 * (1.0 - np.abs(bank.poles)) ** 8
    assert bandwidth == pytest.approx(erb(bank.centre_frequencies), rel=1e-2)


def test_a_tone_drives_the_channel_of_its_frequency_most():
    bank = GammatoneFilterbank(RATE)
    for channel in (0, 7, 20, 41, 69):
        tone = np.cos(2.0 * np.pi * bank.centre_frequencies[channel] * np.arange(4000) / RATE)
        power = mean_power(bank(tone), 80)[-10:].mean(axis=0)
        assert int(np.argmax(power)) == channel
        assert power[channel] == pytest.approx(1.0, abs=0.02)  # amplitude 1, envelope 1


def test_nothing_looks_ahead(bank):
    signal = np.random.default_rng(0).standard_normal(400)
    changed = signal.copy()
    changed[240:] = 0.0  # step 3 of 80 samples on
    before, after = mean_power(bank(signal), 80), mean_power(bank(changed), 80)
    assert np.array_equal(before[:3], after[:3])
    assert not np.any(before[3:] == after[3:])


def test_the_last_step_is_filled_up_with_silence():
    subbands = np.full((5, 1), 2.0 + 0.0j)
    assert mean_power(subbands, 4).tolist() == [[4.0], [1.0]]


@pytest.mark.parametrize(("lowest", "highest"), [(0.0, 1000.0), (500.0, 400.0), (100.0, 4000.0)])
def test_frequencies_out_of_range(lowest, highest):
    with pytest.raises(DataError, match="does not fit below the Nyquist frequency"):
        GammatoneFilterbank(RATE, 10, lowest, highest)

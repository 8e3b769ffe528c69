"""The stages of the encoder, each against what it promises."""

from fractions import Fraction

import numpy as np
import pytest

from hetsyn_sim.errors import DataError
from hetsyn_sim.tasks.encoder import SpikeEncoder

from .conftest import tone


@pytest.mark.parametrize("channel", [3, 20, 45, 66])
def test_a_tone_makes_its_channel_fire_most(channel):
    encoder = SpikeEncoder()
    counts = encoder(tone(encoder.filterbank.centre_frequencies[channel], duration=1.0)).sum(axis=0)
    # The channels start at different phases, which is worth one spike more or less.
    assert counts[channel] >= counts.max() - 1 > 0
    assert np.average(np.arange(70), weights=counts) == pytest.approx(channel, abs=2.0)  # the edge of the range is near


@pytest.mark.parametrize("silence", [0.0, 0.05, 0.4])
def test_speech_begins_at_the_same_step_however_late_it_is(silence):
    encoder = SpikeEncoder()
    signal = np.concatenate([np.zeros(round(silence * 8000)), tone(440.0), np.zeros(4000)])
    power = encoder.power(signal)
    total = power.sum(axis=1)
    assert int(np.argmax(total >= total.max() / 100.0)) == encoder.margin
    # Silence of whole steps in front changes nothing; the tail has rung down within the margin behind.
    assert np.array_equal(encoder(signal), encoder(signal[round(silence * 8000) :]))


def test_loudness_does_not_matter():
    encoder = SpikeEncoder()
    # A power of two scales every float exactly, so that even the last bit stays.
    assert np.array_equal(encoder(tone(700.0)), encoder(tone(700.0) / 64.0))


def test_drive_is_the_level_less_its_surroundings():
    encoder = SpikeEncoder(n_channels=40, span=2, inhibition=0.5)
    power = 10.0 ** np.random.default_rng(0).uniform(-8.0, 0.0, (6, 40))
    level = np.clip(1.0 + 10.0 * np.log10(power / power.max()) / 50.0, 0.0, 1.0)
    padded = np.pad(level, ((0, 0), (2, 2)), mode="edge")
    around = np.stack([padded[:, k : k + 40] for k in range(5)]).mean(axis=0)
    assert encoder.drive(power) == pytest.approx(np.maximum(0.0, level - 0.5 * around), abs=1e-12)


def test_spikes_are_those_of_the_neuron_in_exact_arithmetic():
    # dt = tau * ln 2 halves v in every step, so that fractions follow it without rounding.
    encoder = SpikeEncoder(dt=0.01, tau=0.01 / np.log(2.0), gain=100.0)
    drive = np.array([Fraction(k, 64) for k in np.random.default_rng(1).integers(0, 160, 50)])
    v, expected = Fraction(0), []
    for increment in drive:
        v = v / 2 + increment
        expected.append(v >= 1)
        v = min(v - 1, Fraction(1)) if v >= 1 else v
    assert encoder.spikes(drive.astype(float)[:, None])[:, 0].tolist() == expected


def test_neighbours_start_at_different_phases():
    encoder = SpikeEncoder()
    raster = encoder.spikes(np.full((20, 70), 0.2))
    first = np.argmax(raster, axis=0)
    assert np.mean(np.diff(first) != 0) > 0.5


NEGATIVE = ("range_db", "cut_db", "margin", "inhibition", "span", "gain", "tau")


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        *(({"dt": dt}, "dt is not a whole number of samples") for dt in (0.0, -0.01, np.nan, 0.01003, 1e-5)),
        *(({name: -1}, f"the encoder's {name} is out of range") for name in NEGATIVE),
        ({"highest": 4000.0}, "Nyquist"),
    ],
)
def test_settings_out_of_range(facts, message):
    with pytest.raises(DataError, match=message):
        SpikeEncoder(**facts)


@pytest.mark.parametrize(
    ("signal", "got"),
    [(np.zeros(100), "silent"), (np.zeros(0), r"shape \(0,\)"), (np.full(100, np.nan), "NaN"), (np.ones((10, 2)), r"\(10, 2\)")],
)
def test_nothing_to_encode(signal, got):
    with pytest.raises(DataError, match=rf"there is nothing to encode\n  where:    7_ada_3\n  got: .*{got}"):
        SpikeEncoder()(signal, name="7_ada_3")

"""The shipped recordings: what is in them, what they are worth, and that they can be made again."""

import os
from importlib.resources import files

import numpy as np
import pytest

from hetsyn_sim.tasks.encode import encode
from hetsyn_sim.tasks.spoken_digits import ATTRIBUTION, N_STEPS, spoken_digits

ARCHIVE = os.environ.get("HETSYN_FSDD", "")


def binned_counts(data, n_bins=10):
    """Spike counts in equal parts of each recording, shape (recording, bin * channel)."""
    raster = data.rasters()
    total = np.concatenate([np.zeros((1, *raster.shape[1:])), np.cumsum(raster, axis=0)])  # (time + 1, recording, channel)
    edges = np.rint(np.linspace(0.0, data.n_steps, n_bins + 1)).astype(int)  # (bin + 1, recording)
    counts = np.diff(total[edges, np.arange(len(data))], axis=0)  # (bin, recording, channel)
    return counts.transpose(1, 0, 2).reshape(len(data), -1)


def ridge_accuracy(train, other, strength=100.0):
    """Accuracy on ``other`` of a linear readout of the binned counts, in closed form."""
    x, y = binned_counts(train), np.eye(10)[train.labels]
    mean = x.mean(axis=0)
    weights = np.linalg.solve((x - mean).T @ (x - mean) + strength * np.eye(x.shape[1]), (x - mean).T @ (y - y.mean(axis=0)))
    scores = (binned_counts(other) - mean) @ weights + y.mean(axis=0)
    return np.mean(np.argmax(scores, axis=1) == other.labels)


def test_what_is_in_it():
    data = spoken_digits()
    assert (len(data), len(data.train), len(data.test)) == (3000, 2700, 300)
    assert (data.dt, data.n_channels) == (0.010, 70)
    assert np.bincount(data.labels).tolist() == [300] * 10
    assert sorted(set(data.speakers.tolist())) == ["george", "jackson", "lucas", "nicolas", "theo", "yweweler"]
    assert len(set(data.names.tolist())) == 3000


def test_splits_are_balanced_and_apart():
    data = spoken_digits()
    train, validation = data.validation_split()
    indices = [int(name.rsplit("_", 1)[1]) for name in validation.names]
    assert (len(train), len(validation)) == (2400, 300)
    assert sorted(indices) == sorted([5, 6, 7, 8, 9] * 60)
    assert {int(name.rsplit("_", 1)[1]) for name in data.test.names} == {0, 1, 2, 3, 4}
    assert not set(train.names) & (set(validation.names) | set(data.test.names))


def test_activity_is_sparse_and_no_channel_is_silent_and_the_window_holds_nearly_everything():
    data = spoken_digits()
    rates = np.bincount(data.units, minlength=70) / (data.n_steps.sum() * data.dt)  # (channel,) Hz
    assert 300 < np.diff(data.offsets).mean() < 500
    assert 5.0 < rates.min() < rates.max() < 40.0
    assert np.mean(data.n_steps <= N_STEPS) > 0.99
    assert data.rasters(N_STEPS).sum() > 0.999 * data.steps.size


def test_licence_and_attribution_are_inside():
    info = spoken_digits().info
    assert {key: info[key] for key in ATTRIBUTION} == ATTRIBUTION
    notice = (files("hetsyn_sim.data") / "shipped" / "NOTICE.md").read_text(encoding="utf-8")
    assert all(text in notice for text in ("CC BY-SA 4.0", "26eb9aa", "10.5281/zenodo.1342401", *ATTRIBUTION["authors"].split(", ")))
    assert spoken_digits().fingerprint() in notice
    assert spoken_digits() is spoken_digits()  # loaded once


def test_a_linear_readout_of_counts_does_well():
    # The floor any spiking network has to beat. 94.0 % on the test split is what an STFT encoder reached before.
    assert ridge_accuracy(*spoken_digits().validation_split()) > 0.94


@pytest.mark.slow
@pytest.mark.skipif(
    not ARCHIVE, reason="set HETSYN_FSDD to the folder or archive of the recordings (see hetsyn_sim/data/shipped/NOTICE.md)"
)
def test_the_shipped_file_can_be_made_again(tmp_path):
    again = encode(ARCHIVE, info=ATTRIBUTION)
    assert again.fingerprint() == spoken_digits().fingerprint()
    again.save(tmp_path / "fsdd.h5")
    # Another zlib may pack the same content differently, so the bytes are compared by what was packed on this machine.
    spoken_digits().save(tmp_path / "shipped.h5")
    assert (tmp_path / "fsdd.h5").read_bytes() == (tmp_path / "shipped.h5").read_bytes()

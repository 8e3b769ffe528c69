"""From files to a dataset."""

import zipfile

import numpy as np
import pytest

from hetsyn_sim.errors import DataError
from hetsyn_sim.tasks.encode import encode
from hetsyn_sim.tasks.encoder import SpikeEncoder
from hetsyn_sim.tasks.recordings import read_sounds


def test_labels_splits_and_order_come_from_the_names(folder):
    data = encode(folder)
    assert data.names[:8].tolist() == [f"0_ada_{index}" for index in range(3, 11)]  # 10 after 9, not after 1
    assert data.split[:8].tolist() == ["test"] * 2 + ["train"] * 6
    assert data.labels.tolist() == [0] * 16 + [1] * 16
    assert data.speakers[:16].tolist() == ["ada"] * 8 + ["bo"] * 8
    assert [*data.validation_split(1 / 6)[1].names] == ["0_ada_5", "0_bo_5", "1_ada_5", "1_bo_5"]


def test_spikes_are_the_encoders(folder):
    data = encode(folder, dt=0.008, n_channels=30)
    encoder = SpikeEncoder(dt=0.008, n_channels=30)
    assert (data.dt, data.n_channels) == (0.008, 30)
    for sound in read_sounds(folder)[::7]:
        raster = encoder(sound.signal)
        found = data[data.names == sound.name]
        assert int(found.n_steps[0]) == len(raster)
        assert np.array_equal(found.rasters()[:, 0], raster)


def test_the_same_files_give_the_same_bytes(folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "sounds.zip", "w") as archive:
        for file in sorted(folder.iterdir(), reverse=True):
            archive.write(file, file.name)
    encode(folder).save(tmp_path / "a.h5")
    encode(tmp_path / "sounds.zip").save(tmp_path / "b.h5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_settings_and_licence_travel_along_and_progress_counts_up(folder):
    seen = []
    info = encode(folder, n_channels=4, tau=0.05, info={"licence": "CC0"}, progress=lambda done, total: seen.append((done, total))).info
    assert (info["encoder.tau"], info["encoder.dt"], info["licence"]) == ("0.05", "0.01", "CC0")
    assert seen == [(k, 32) for k in range(1, 33)]


def test_recordings_that_can_not_be_used_are_named(folder, make_wav):
    make_wav(folder / "1_bo_7.wav", np.zeros(1000))
    with pytest.raises(DataError, match=r"there is nothing to encode\n  where:    1_bo_7"):
        encode(folder)
    make_wav(folder / "hello.wav", np.ones(10))
    with pytest.raises(DataError, match=r"does not say what was spoken\n.*\n  got:      hello.wav"):
        encode(folder)

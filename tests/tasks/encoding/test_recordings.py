"""Folders and archives of wav files, what is said about a bad one, and the dataset that is made of them."""

import tarfile
import zipfile

import numpy as np
import pytest

from hetsyn_sim.errors import DataError
from hetsyn_sim.tasks.encode import encode
from hetsyn_sim.tasks.encoder import SpikeEncoder
from hetsyn_sim.tasks.recordings import read_sounds

from .conftest import write_wav

TAR = {".txz": "w:xz", ".tar.gz": "w:gz", ".tar": "w"}


def packed(folder, suffix):
    """The folder as an archive, its files in reverse order."""
    path = folder.parent / f"sounds{suffix}"
    files = sorted(folder.rglob("*"), reverse=True)
    with zipfile.ZipFile(path, "w") if suffix == ".zip" else tarfile.open(path, TAR[suffix]) as archive:
        for file in files:
            (archive.write if suffix == ".zip" else archive.add)(file, file.relative_to(folder.parent))
    return path


def test_samples_are_those_of_the_file(tmp_path):
    write_wav(tmp_path / "a.wav", np.array([0, 1, -1, 32767, -32768]) / 32767.0)
    (sound,) = read_sounds(tmp_path)
    assert (sound.name, (sound.signal * 32768).tolist()) == ("a", [0, 1, -1, 32767, -32768])
    write_wav(tmp_path / "a.wav", np.zeros(100), rate=16000)
    assert read_sounds(tmp_path, sampling_rate=16000)[0].signal.size == 100


@pytest.mark.parametrize("suffix", [*TAR, ".zip"])
def test_an_archive_reads_like_the_folder_and_not_when_it_is_cut(folder, suffix):
    (folder / "README.md").write_text("no sound")
    (folder / "._0_ada_3.wav").write_bytes(b"what a Mac leaves behind")
    path = packed(folder, suffix)
    ours, theirs = read_sounds(path), read_sounds(folder)
    assert [sound.name for sound in ours] == [sound.name for sound in theirs] == sorted(sound.name for sound in ours)
    assert len(ours) == 32
    assert all(np.array_equal(a.signal, b.signal) for a, b in zip(ours, theirs, strict=True))
    if suffix != ".tar":  # a tar that is not packed may end anywhere between two members
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(DataError, match="the archive can't be read"):
            read_sounds(path)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"rate": 16000}, r"the sampling rate is not the encoder's\n.*x.wav\n  got:      16000 Hz\n  expected: 8000 Hz"),
        ({"n_channels": 2}, r"the recording is not mono\n.*\n  got:      2 channel"),
        ({"width": 1}, r"the samples are not 16 bit wide\n.*\n  got:      8 bit"),
        ({"n": 0}, "the recording has no samples"),
        ({"keep": 0}, "not a readable wav file"),
        ({"keep": 20}, "not a readable wav file"),
        ({"keep": 144}, "cut short"),
    ],
)
def test_files_that_are_no_recordings(tmp_path, form, message):
    path, keep = tmp_path / "x.wav", form.pop("keep", None)
    write_wav(path, np.zeros(form.pop("n", 100)), **form)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=message):
        read_sounds(tmp_path)


def test_sources_without_recordings(tmp_path):
    with tarfile.open(tmp_path / "empty.tar.gz", "w:gz"):
        pass
    (tmp_path / "sounds.zip").write_text("<html>404</html>")
    for name, message in (
        ("nowhere", "no such folder or archive"),
        (".", "no wav files"),
        ("empty.tar.gz", "no wav files"),
        ("sounds.zip", "the archive can't be read"),
    ):
        with pytest.raises(DataError, match=message):
            read_sounds(tmp_path / name)


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


def test_recordings_that_can_not_be_used_are_named(folder):
    write_wav(folder / "1_bo_7.wav", np.zeros(1000))
    with pytest.raises(DataError, match=r"there is nothing to encode\n  where:    1_bo_7"):
        encode(folder)
    write_wav(folder / "hello.wav", np.ones(10))
    with pytest.raises(DataError, match=r"does not say what was spoken\n.*\n  got:      hello.wav"):
        encode(folder)

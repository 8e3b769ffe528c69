"""Folders and archives of wav files, and what is said about a bad one."""

import tarfile
import zipfile

import numpy as np
import pytest

from hetsyn_sim.errors import DataError
from hetsyn_sim.tasks.recordings import read_sounds


def packed(folder, suffix):
    """The folder as an archive, its files in reverse order."""
    path = folder.parent / f"sounds{suffix}"
    files = sorted(folder.rglob("*"), reverse=True)
    if suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in files:
                archive.write(file, file.relative_to(folder.parent))
    else:
        with tarfile.open(path, {".txz": "w:xz", ".tar.gz": "w:gz", ".tar": "w"}[suffix]) as tar:
            for file in files:
                tar.add(file, file.relative_to(folder.parent))
    return path


def test_samples_are_those_of_the_file(tmp_path, make_wav):
    make_wav(tmp_path / "a.wav", np.array([0, 1, -1, 32767, -32768]) / 32767.0)
    (sound,) = read_sounds(tmp_path)
    assert (sound.name, (sound.signal * 32768).tolist()) == ("a", [0, 1, -1, 32767, -32768])
    make_wav(tmp_path / "a.wav", np.zeros(100), rate=16000)
    assert read_sounds(tmp_path, sampling_rate=16000)[0].signal.size == 100


@pytest.mark.parametrize("suffix", [".txz", ".tar.gz", ".tar", ".zip"])
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
def test_files_that_are_no_recordings(tmp_path, make_wav, form, message):
    path, keep = tmp_path / "x.wav", form.pop("keep", None)
    make_wav(path, np.zeros(form.pop("n", 100)), **form)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=message):
        read_sounds(tmp_path)


def test_sources_without_recordings(tmp_path, make_wav):
    with tarfile.open(tmp_path / "empty.tar.gz", "w:gz"):
        pass
    (tmp_path / "sounds.zip").write_text("<html>404</html>")
    for name, message in (("nowhere", "no such folder or archive"), (".", "no wav files"), ("empty.tar.gz", "no wav files")):
        with pytest.raises(DataError, match=message):
            read_sounds(tmp_path / name)
    with pytest.raises(DataError, match="the archive can't be read"):
        read_sounds(tmp_path / "sounds.zip")
    for part in ("a", "b"):
        make_wav(tmp_path / part / "x.wav", np.zeros(10))
    with pytest.raises(DataError, match="two recordings have the same file name"):
        read_sounds(tmp_path)

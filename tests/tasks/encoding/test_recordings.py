"""Folders and archives of wav files, and what is said about a bad one."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hetsyn_sim.errors import DataError
from hetsyn_sim.tasks.encode import read_sounds

MakeWav = Callable[..., None]


def packed(folder: Path, suffix: str) -> Path:
    """The folder as an archive, its files in reverse order."""
    path = folder.parent / f"sounds{suffix}"
    files = sorted(folder.rglob("*"), reverse=True)
    if suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in files:
                archive.write(file, file.relative_to(folder.parent))
    else:
        mode = {".txz": "w:xz", ".tar.gz": "w:gz", ".tar": "w"}[suffix]
        with tarfile.open(path, mode) as tar:
            for file in files:
                tar.add(file, file.relative_to(folder.parent))
    return path


def test_samples_are_those_of_the_file(tmp_path: Path, make_wav: MakeWav) -> None:
    signal = np.array([0, 1, -1, 32767, -32768]) / 32767.0
    make_wav(tmp_path / "a.wav", signal)
    (sound,) = read_sounds(tmp_path)
    assert (sound.name, (sound.signal * 32768).tolist()) == ("a", [0, 1, -1, 32767, -32768])


@pytest.mark.parametrize("suffix", [".txz", ".tar.gz", ".tar", ".zip"])
def test_an_archive_reads_like_the_folder(folder: Path, suffix: str) -> None:
    (folder / "README.md").write_text("no sound")
    (folder / "._0_ada_3.wav").write_bytes(b"what a Mac leaves behind")
    ours, theirs = read_sounds(packed(folder, suffix)), read_sounds(folder)
    assert [sound.name for sound in ours] == [sound.name for sound in theirs] == sorted(sound.name for sound in ours)
    assert len(ours) == 32
    assert all(np.array_equal(a.signal, b.signal) for a, b in zip(ours, theirs, strict=True))


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such folder or archive"):
        read_sounds(tmp_path / "nowhere")


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no wav files here"):
        read_sounds(tmp_path)


def test_empty_archive(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "empty.tar.gz", "w:gz"):
        pass
    with pytest.raises(DataError, match="no wav files here"):
        read_sounds(tmp_path / "empty.tar.gz")


@pytest.mark.parametrize("suffix", [".txz", ".tar.gz", ".zip"])
def test_truncated_archive(folder: Path, suffix: str) -> None:
    path = packed(folder, suffix)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match="the archive can't be read"):
        read_sounds(path)


def test_not_an_archive(tmp_path: Path) -> None:
    (tmp_path / "sounds.zip").write_text("<html>404</html>")
    with pytest.raises(DataError, match="the archive can't be read"):
        read_sounds(tmp_path / "sounds.zip")


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"rate": 16000}, r"the sampling rate is not the encoder's\n.*x.wav\n  got:      16000 Hz\n  expected: 8000 Hz"),
        ({"n_channels": 2}, r"the recording is not mono\n.*\n  got:      2 channel"),
        ({"width": 1}, r"the samples are not 16 bit wide\n.*\n  got:      8 bit"),
    ],
)
def test_wrong_form(tmp_path: Path, make_wav: MakeWav, form: dict[str, int], message: str) -> None:
    make_wav(tmp_path / "x.wav", np.zeros(100), **form)
    with pytest.raises(DataError, match=message):
        read_sounds(tmp_path)


def test_another_rate_on_request(tmp_path: Path, make_wav: MakeWav) -> None:
    make_wav(tmp_path / "x.wav", np.zeros(100), rate=16000)
    assert read_sounds(tmp_path, sampling_rate=16000)[0].signal.size == 100


def test_no_samples(tmp_path: Path, make_wav: MakeWav) -> None:
    make_wav(tmp_path / "x.wav", np.zeros(0))
    with pytest.raises(DataError, match="the recording has no samples"):
        read_sounds(tmp_path)


@pytest.mark.parametrize(("keep", "message"), [(0, "not a readable wav file"), (20, "not a readable wav file"), (144, "cut short")])
def test_broken_wav(tmp_path: Path, make_wav: MakeWav, keep: int, message: str) -> None:
    make_wav(tmp_path / "x.wav", np.zeros(100))
    content = (tmp_path / "x.wav").read_bytes()
    (tmp_path / "x.wav").write_bytes(content[:keep])
    with pytest.raises(DataError, match=message):
        read_sounds(tmp_path)


def test_two_files_of_one_name(tmp_path: Path, make_wav: MakeWav) -> None:
    for part in ("a", "b"):
        make_wav(tmp_path / part / "x.wav", np.zeros(10))
    with pytest.raises(DataError, match="two recordings have the same file name"):
        read_sounds(tmp_path)

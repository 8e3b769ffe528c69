"""Sound recordings from a folder or an archive, one at a time and in a fixed order. Nothing is unpacked to the disk."""

from __future__ import annotations

import io
import os
import stat
import struct
import tarfile
import wave
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from ..data.files import reading
from ..errors import DataError

#: Bytes of a recording (an hour at 8 kHz has 58 million) and of an archive, and members of it. The spoken digits have 3,000 and 24 million.
MOST_OF_ONE, MOST_OF_ALL, MOST_MEMBERS = 1 << 26, 1 << 32, 30_000


@dataclass(frozen=True)
class Sound:
    """One mono recording.

    Attributes
    ----------
    name
        File name without folder and ``.wav``.
    signal
        Shape (sample,), full scale is -1 to 1.
    """

    name: str
    signal: NDArray[np.float64]


def check_signal(signal: NDArray[np.floating], least: int, *, where: str) -> None:
    """Raise a DataError unless this is a signal of shape (sample,) with at least so many samples, all finite and not all 0."""
    finite = bool(np.all(np.isfinite(signal)))
    if signal.ndim != 1 or signal.size < least or not finite or not np.any(signal):
        raise DataError(
            "there is nothing to encode",
            where=where,
            got=f"a signal of shape {signal.shape}, {'silent or too short' if finite else 'with NaN or infinite samples'}",
            expected=f"a one-dimensional signal of at least {least} finite samples that are not all zero",
            remedy="leave the recording out",
        )


def read_sounds(source: str | Path, *, sampling_rate: int = 8000) -> tuple[Sound, ...]:
    """Read every ``.wav`` of a folder (with subfolders) or of a .tar, .tar.xz/.txz, .tar.gz/.tgz, .tar.bz2 or .zip archive, sorted by name.

    Parameters
    ----------
    source
        A folder or an archive. Hidden files (their name starts with a dot) are left out.
    sampling_rate
        What the recordings must have, in Hz. Nothing is resampled.

    Raises
    ------
    DataError
        If the source is missing, unreadable or holds no wav file, if an archive has names that lead out of it, links, devices, or more than
        recordings can have, if two files share a name, or if a file is not 16-bit mono PCM at
        ``sampling_rate`` with at least one sample.
    """
    path = Path(source)
    if not os.path.exists(path):  # unlike Path.exists, False for a name that is too long
        raise DataError(
            "there is no such folder or archive",
            where=str(path),
            got="nothing by that name",
            expected="a folder of wav files, or a .tar.xz, .tar.gz or .zip archive of them",
            remedy="check the path",
        )
    sounds: dict[str, Sound] = {}
    for inner, content in _wav_files(path):
        where = f"{path.name}: {inner}"
        name = PurePosixPath(inner).stem
        if name in sounds:
            raise DataError(
                "two recordings have the same file name",
                where=where,
                got=f"a second {name}.wav",
                expected="file names that differ, also across subfolders",
                remedy="read one folder at a time, or rename the files",
            )
        sounds[name] = Sound(name, _decode(content, sampling_rate, where))
    if not sounds:
        raise DataError(
            "no wav files here",
            where=str(path),
            got="none, in its subfolders neither",
            expected="at least one file ending in .wav",
            remedy="check that this is the folder or archive of the recordings",
        )
    return tuple(sounds[name] for name in sorted(sounds))


def _wav_files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Inner path and content of every wav file, in whatever order the source has them."""

    def wanted(name: str) -> bool:
        inner = PurePosixPath(name)
        return inner.suffix.lower() == ".wav" and not inner.name.startswith(".")

    if path.is_dir():
        for file in path.rglob("*"):
            if wanted(file.name) and not file.is_dir():
                yield file.relative_to(path).as_posix(), _content_of(file)
        return
    total = 0
    with reading(path, "the archive can't be read", expected="a complete .tar.xz, .tar.gz or .zip archive", remedy="download it again"):
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for count, entry in enumerate(archive.infolist(), start=1):
                    is_file = (entry.external_attr >> 16) & 0o170000 in (0, stat.S_IFREG)  # a zip has the mode of Unix up there
                    total = _checked_member(path, entry.filename, entry.file_size, is_file or entry.is_dir(), count, total)
                    if wanted(entry.filename):
                        yield entry.filename, archive.read(entry)
        else:
            # "r|*" streams: an xz archive is unpacked once from front to back, where random access would start over for every file.
            with tarfile.open(path, "r|*") as tar:
                for count, member in enumerate(tar, start=1):
                    total = _checked_member(path, member.name, member.size, member.isreg() or member.isdir(), count, total)
                    stream = tar.extractfile(member) if member.isreg() and wanted(member.name) else None
                    if stream is not None:
                        yield member.name, stream.read()


def _content_of(file: Path) -> bytes:
    """A recording in a folder."""
    remedy = "check the file and its permissions, or leave it out"
    with reading(file, "the recording can't be read", expected="a wav file that may be read", remedy=remedy, most=MOST_OF_ONE):
        return file.read_bytes()


def _checked_member(path: Path, name: str, size: int, is_plain: bool, count: int, total: int) -> int:
    """The bytes of all members so far. Nothing is unpacked to the disk, so a wild name does no harm: but it says what the archive is."""
    inner = PurePosixPath(name.replace("\\", "/"))
    wrong = None
    if inner.is_absolute() or ".." in inner.parts:
        wrong = ("a path that leads out of the archive", "names below the archive's own folder")
    elif not is_plain:
        wrong = ("a link or a device", "files and folders")
    elif size > MOST_OF_ONE or total + size > MOST_OF_ALL:
        wrong = (f"{total + size:,} bytes", f"{MOST_OF_ONE:,} bytes for a recording, {MOST_OF_ALL:,} for all, at most")
    elif count > MOST_MEMBERS:
        wrong = (f"more than {MOST_MEMBERS:,} members", f"{MOST_MEMBERS:,} at most")
    if wrong is not None:
        raise DataError(
            "this archive is not one of recordings",
            where=f"{path.name}: {name[:200]!r}",
            got=wrong[0],
            expected=wrong[1],
            remedy="do not unpack it: fetch it from its authors; a large collection can be read as a folder",
        )
    return total + size


def _decode(content: bytes, sampling_rate: int, where: str) -> NDArray[np.float64]:
    """16-bit mono PCM to a signal of shape (sample,) between -1 and 1."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            rate, n_channels, width, n_samples = file.getframerate(), file.getnchannels(), file.getsampwidth(), file.getnframes()
            frames = file.readframes(n_samples)
    except (wave.Error, EOFError, struct.error) as error:
        raise DataError(
            "not a readable wav file",
            where=where,
            got=f"{type(error).__name__}: {error}",
            expected="an uncompressed PCM wav file",
            remedy="download the recording again, or leave it out",
        ) from error
    for problem, got, expected, remedy in (
        ("the sampling rate is not the encoder's", f"{rate} Hz", f"{sampling_rate} Hz", "resample it, or pass sampling_rate"),
        ("the recording is not mono", f"{n_channels} channel(s)", "1 channel(s)", "mix it down to one channel"),
        ("the samples are not 16 bit wide", f"{8 * width} bit", "16 bit", "convert it to 16-bit PCM"),
    ):
        if got != expected:
            raise DataError(problem, where=where, got=got, expected=expected, remedy=remedy)
    if n_samples == 0 or len(frames) != 2 * n_samples:
        raise DataError(
            "the recording is cut short" if n_samples else "the recording has no samples",
            where=where,
            got=f"{len(frames) // 2} samples",
            expected=f"{n_samples} samples, as its header says" if n_samples else "at least one sample",
            remedy="download the recording again, or leave it out",
        )
    return np.frombuffer(frames, dtype="<i2").astype(np.float64) / 32768.0

"""TIDIGITS and TI46-Alpha: spoken digits and letters from a licensed folder of NIST SPHERE files.

Neither corpus ships (LDC93S10, LDC93S9), so this has been tried with files of the same layout only, never with the originals. Names and
folders are taken in capitals too.

TIDIGITS: ``.../train/man/ae/1a.wav``: split, group, speaker, then the digit (1 to 9, ``z`` for zero, ``o`` for oh) and a or b. Sequences of
digits are left out.

TI46-Alpha: ``.../train/f1/0af1set0.wav``: split, speaker, then the letter before the speaker's name, ``set`` or ``stt`` and a number.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from string import ascii_lowercase
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..data.events import SpikeDataset
from ..data.files import reading
from ..errors import DataError, one_of, package
from .crossings import CrossingEncoder

_SPLITS: tuple[Literal["train", "test"], ...] = ("train", "test")
_MAGIC, _HEAD = b"NIST_1A", 1024
_PROBLEM, _EXPECTED = "this recording can't be read", "a NIST SPHERE or wav file"
_REMEDY = "copy it again from the corpus; it may have been cut off"
_FACT = re.compile(rb"^(sample_count|sample_n_bytes|channel_count) -i ([0-9]{1,18})\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Corpus:
    """How a corpus names its recordings.

    Attributes
    ----------
    pattern
        Of a file's name without its ending, in small letters, with a group ``word``.
    words
        In the order of their labels.
    groups
        Folders one of which has to be in the path, such as man and woman; none if empty.
    """

    title: str
    pattern: re.Pattern[str]
    words: tuple[str, ...]
    groups: tuple[str, ...] = ()


#: Every corpus by its name.
CORPORA = MappingProxyType(
    {
        "tidigits": Corpus(
            "TIDIGITS, adults, isolated digits", re.compile(r"(?P<word>[1-9zo])[ab]"), tuple("z123456789o"), ("man", "woman")
        ),
        "ti46-alpha": Corpus("TI46, letters", re.compile(r"[0-9a-z]?(?P<word>[a-z])[fm][1-8]s[et]t[0-9]"), tuple(ascii_lowercase)),
    }
)


def spoken_words(
    source: str | PathLike[str], corpus: str, *, dt: float = 0.005, progress: Callable[[int, int], None] | None = None
) -> SpikeDataset:
    """The recordings of a corpus as spikes, with the threshold crossings of :mod:`hetsyn_sim.tasks.crossings` (496 channels).

    Parameters
    ----------
    source
        Folder that holds ``train`` and ``test`` somewhere below.
    corpus
        A name in :data:`CORPORA`.
    dt
        Time step in seconds.
    progress
        Called with (recordings done, recordings in all) after each.

    Raises
    ------
    UnknownNameError
        If there is no such corpus.
    DataError
        If there are no recordings of a split, or one can't be read: see :func:`read_sphere`.
    """
    chosen: Corpus = one_of(corpus, CORPORA, "corpus", where="spoken_words")
    recordings = list(_recordings(Path(source), chosen))
    missing = [split for split in _SPLITS if not any(part == split for _, part, _, _ in recordings)]
    if missing:
        raise DataError(
            f"no recordings of {chosen.title} for {' and '.join(missing)}",
            where=str(source),
            got=f"{len(recordings)} recordings that are named like those of the corpus",
            expected="folders train and test with .wav or .sph files, see hetsyn_sim.tasks.corpora",
            remedy="name the folder that the corpus was unpacked into",
        )
    rasters, encoders = [], dict[int, CrossingEncoder]()
    for done, (path, _, _, _) in enumerate(recordings, start=1):
        signal, rate = read_sphere(path)
        rasters.append(encoders.setdefault(rate, CrossingEncoder(rate, dt))(signal, name=str(path)))
        if progress is not None:
            progress(done, len(recordings))
    return SpikeDataset.from_raster(
        rasters,
        dt=dt,
        labels=[chosen.words.index(word) for _, _, _, word in recordings],
        speakers=[speaker for _, _, speaker, _ in recordings],
        names=[f"{speaker}/{path.stem.lower()}" for path, _, speaker, _ in recordings],
        split=[part for _, part, _, _ in recordings],
        info={"task": chosen.title, "encoding": "threshold crossings of a mel spectrogram (Gütig 2016)"},
    )


def corpus_of(path: str | PathLike[str]) -> str:
    """The name of the corpus whose recordings are in this folder; empty if it is none."""
    if not os.path.isdir(path):
        return ""
    return next((name for name, corpus in CORPORA.items() if next(_recordings(Path(path), corpus), None) is not None), "")


def read_sphere(path: Path) -> tuple[NDArray[np.float64], int]:
    """Samples between -1 and 1, shape (sample,), and the sampling rate in Hz, of a NIST SPHERE file or of anything else libsndfile reads.

    Raises
    ------
    DataError
        If the file is compressed with Shorten, has several channels, or can't be read.
    BackendError
        If soundfile is not installed.
    """
    soundfile = package("soundfile", "reading NIST SPHERE files", extra="speech", where=str(path))
    with reading(path, _PROBLEM, expected=_EXPECTED, remedy=_REMEDY), open(path, "rb") as file:
        head = file.read(_HEAD)
    if head.startswith(_MAGIC) and b"shorten" in head.lower():
        raise DataError(
            "this recording is compressed with Shorten, which nothing here can read",
            where=str(path),
            got="sample_coding pcm,embedded-shorten",
            expected="plain PCM",
            remedy="decompress it with NIST's sph2pipe (sph2pipe -p -f sph IN OUT) or w_decode (w_decode -o pcm IN OUT)",
        )
    _check_complete(path, head)
    with reading(path, _PROBLEM, expected=_EXPECTED, remedy=_REMEDY):
        samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    if samples.shape[1] != 1:
        raise DataError(
            "this recording has several channels",
            where=str(path),
            got=f"{samples.shape[1]} channels",
            expected="1",
            remedy="keep one of them (sph2pipe -c 1)",
        )
    return samples[:, 0], int(rate)


def _check_complete(path: Path, head: bytes) -> None:
    """A SPHERE file says how many samples it has; libsndfile would read those that are there, and say nothing."""
    if not head.startswith(_MAGIC):
        return
    header = {name: int(value) for name, value in _FACT.findall(head)}
    announced = math.prod(header.get(name, 1) for name in (b"sample_count", b"sample_n_bytes", b"channel_count"))
    size = path.stat().st_size - _HEAD
    if b"sample_count" in header and announced > size:
        got = f"{max(0, size):,} bytes of samples where its header announces {announced:,}"
        raise DataError(_PROBLEM, where=str(path), got=got, expected=_EXPECTED, remedy=_REMEDY)


def _recordings(folder: Path, corpus: Corpus) -> Iterator[tuple[Path, str, str, str]]:
    """(path, split, speaker, word) of everything that is named like a recording of the corpus, in order of path."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in (".wav", ".sph"):
            continue
        folders = [part.lower() for part in path.relative_to(folder.parent).parts[:-1]]
        match = corpus.pattern.fullmatch(path.stem.lower())
        split = next((part for part in reversed(folders) if part in _SPLITS), None)
        if match is None or split is None or (corpus.groups and not set(corpus.groups) & set(folders)):
            continue
        yield path, split, folders[-1], match["word"]

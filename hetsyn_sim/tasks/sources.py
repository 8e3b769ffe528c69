"""Recordings of every kind that can be read here, told apart by what a path holds."""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..data.events import SpikeDataset
from ..data.events_tables import ENDINGS
from ..data.files import UNREADABLE
from ..errors import DataError, one_of
from .corpora import corpus_of, spoken_words
from .encode import encode
from .mnist import holds_images, sequential_mnist
from .shd import heidelberg_digits
from .shd_files import is_in_layout

#: Kind -> the time step that it gets where none is named, in seconds; None: it has its own, or needs one.
DEFAULT_DT = {"spikes": None, "own": None, "shd": 0.004, "images": 0.001, "words": 0.005, "sounds": 0.010}
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2")
_EXPECTED = (
    "a spike file of `hetsyn encode`; spikes of one's own (.npz, .csv); shd_train.h5 and shd_test.h5 or files like them; MNIST's images; "
    "TIDIGITS or TI46; or sound (.wav)"
)


def kind_of(source: Path) -> str:
    """What a file or folder holds, a key of :data:`DEFAULT_DT`.

    Raises
    ------
    DataError
        If it is not there, or nothing that is known.
    """
    if not os.path.exists(source):  # unlike Path.exists, False for a name that is too long
        raise DataError(
            "there is no such file or folder of recordings",
            where=str(source),
            got="nothing by that name",
            expected=_EXPECTED,
            remedy="check the path, which is taken from the current folder",
        )
    if source.name.lower().endswith(ENDINGS):
        return "own"
    if is_in_layout(source):
        return "shd"
    if holds_images(source):
        return "images"
    if corpus_of(source):
        return "words"
    if source.is_dir():
        if next(source.rglob("*.[wW][aA][vV]"), None) is None:
            inside = sorted(path.name for path in source.iterdir())
            raise DataError(
                "there are no recordings in this folder",
                where=str(source),
                got=f"{', '.join(inside[:5])}{', ...' if len(inside) > 5 else ''}" if inside else "an empty folder",
                expected=_EXPECTED,
                remedy="check the path; `hetsyn encode --download` fetches the Heidelberg digits, the page on data says where others are",
            )
        return "sounds"
    return "sounds" if _is_archive(source) else "spikes"


def read_recordings(
    source: Path,
    kind: str,
    *,
    dt: float | None = None,
    duration: float | None = None,
    channels: int | None = None,
    time_unit: str | None = None,
    merge: bool = False,
    binning: str = "clean",
    scan: str = "pixel",
    progress: Callable[[float], None] = lambda fraction: None,
) -> SpikeDataset:
    """The recordings of a file or folder of this kind, encoded or put onto a grid where they are not yet.

    Times are in seconds; see the readers of each kind for the rest: :func:`~hetsyn_sim.tasks.shd.heidelberg_digits`,
    :meth:`SpikeDataset.from_file <hetsyn_sim.data.events.SpikeDataset.from_file>`, and so on.

    Raises
    ------
    DataError
        If they can't be read.
    """

    def counted(done: int, n: int) -> None:
        progress(done / n)

    step: Any = DEFAULT_DT[one_of(kind, list(DEFAULT_DT), "kind of recordings", where="read_recordings")] if dt is None else dt
    if kind == "spikes":
        return SpikeDataset.load(source)
    if kind == "own":
        return SpikeDataset.from_file(source, dt=step, duration=duration, n_channels=channels, time_unit=time_unit, merge=merge)
    if kind == "shd":
        return heidelberg_digits(source, dt=step, duration=1.0 if duration is None else duration, n_channels=channels, binning=binning)
    if kind == "images":
        return sequential_mnist(source, scan=scan, levels=channels or 4, dt=step)
    if kind == "words":
        return spoken_words(source, corpus_of(source), dt=step, progress=counted)
    return encode(source, dt=step, n_channels=channels or 70, progress=counted)


def _is_archive(path: Path) -> bool:
    """Whether this is an archive by its name or its content; a damaged one is known by its name."""
    if not path.is_file():
        return False
    try:
        return path.name.lower().endswith(_ARCHIVES) or zipfile.is_zipfile(path) or tarfile.is_tarfile(path)
    except UNREADABLE:
        return False

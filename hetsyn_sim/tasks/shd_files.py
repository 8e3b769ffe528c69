"""Files in the layout of the Spiking Heidelberg Digits, read and checked recording by recording."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..data.events_grid import every_fifth
from ..data.files import UNREADABLE, check_memory, check_readable, reading, unpack
from ..errors import DataError

_PLACES = ("spikes/times", "spikes/units", "labels")
_PROBLEM, _REMEDY = "this file is not in the layout of the Spiking Heidelberg Digits", "check the file, or download it again"
_EXPECTED = f"{', '.join(_PLACES)}: for every recording an array of times (s), one of units as long, and a label"
_ENDINGS = tuple(plain + packed for plain in (".h5", ".hdf5") for packed in ("", ".gz", ".zip"))


def is_in_layout(path: str | PathLike[str]) -> bool:
    """Whether this is a file in the layout, or a folder with such files."""
    location = Path(path)
    files = _in(location) if os.path.isdir(location) else [location]
    try:
        with _opened(files[0]) as file:
            return all(place in file for place in _PLACES)
    except DataError:  # it unpacks to too much, which whoever reads it says; a pipe is no file in the layout
        return os.path.isfile(files[0])
    except UNREADABLE:
        return False


@dataclass(frozen=True)
class Part:
    """The recordings of one file. ``kind`` is the type of number that its times are stored in."""

    times: list[NDArray[np.float64]]
    kind: np.dtype[Any]
    units: list[NDArray[np.int64]]
    labels: NDArray[np.int64]
    speakers: NDArray[np.str_]
    names: NDArray[np.str_]
    split: NDArray[np.str_]


def _in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.lower().endswith(_ENDINGS))


def files(source: Path) -> list[tuple[str, Path]]:
    """(split, file): one of either split in a folder, or a single file, whose split is not known: ``""``."""
    if source.is_file():
        return [("", source)]
    inside = _in(source) if source.is_dir() else []
    named = {split: [path for path in inside if split in path.name.lower()] for split in ("train", "test")}
    if any(len(paths) != 1 for paths in named.values()):
        raise DataError(
            "this is not a folder with training and test recordings",
            where=str(source),
            got=", ".join(path.name for path in inside) or ("no such file or folder" if not source.exists() else "no HDF5 file"),
            expected="one file with 'train' and one with 'test' in its name, ending in .h5, .h5.gz or .h5.zip, such as shd_train.h5",
            remedy="put both into a folder of their own, or name a single file, which is divided here; they are at https://zenkelab.org/datasets",
        )
    return [(split, paths[0]) for split, paths in named.items()]


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    ending = path.suffix.lower()
    check_readable(path, expected="an HDF5 file, also packed")
    if ending in (".gz", ".zip"):
        with h5py.File(io.BytesIO(_unpacked(path, ending)), "r") as file:
            yield file
    else:
        with h5py.File(path, "r") as file:
            yield file


def _unpacked(path: Path, ending: str) -> bytes:
    if ending == ".gz":
        with gzip.open(path) as packed:
            return unpack(packed, path.stat().st_size, where=str(path))
    with zipfile.ZipFile(path) as archive:
        members = [name for name in archive.namelist() if name.lower().endswith((".h5", ".hdf5"))]
        if len(members) != 1:
            raise OSError(f"an archive with {len(members)} HDF5 files")
        with archive.open(members[0]) as packed:
            return unpack(packed, path.stat().st_size, where=f"{path}: {members[0]}")


def read(path: Path, split: str) -> Part:
    """The recordings of a file; without a split, every fifth of each label is for testing."""
    with reading(path, _PROBLEM, expected=_EXPECTED, remedy=_REMEDY), _opened(path) as file:
        if missing := [place for place in _PLACES if place not in file]:
            raise _not_this_layout(path, f"no {', '.join(missing)}")
        check_memory(sum(file[place].size * file[place].dtype.itemsize for place in _PLACES), where=str(path))
        stored = [np.asarray(t).ravel() for t in file["spikes/times"][()]]
        times = [np.asarray(t, dtype=np.float64) for t in stored]
        units = [np.asarray(u).ravel() for u in file["spikes/units"][()]]
        labels = np.asarray(file["labels"][()]).ravel()
        speakers = np.asarray(file["extra/speaker"][()]).ravel() if "extra/speaker" in file else np.zeros(len(labels), dtype=int)
    if not len(times) == len(units) == len(labels) == len(speakers):
        raise _not_this_layout(path, f"{len(times)} arrays of times, {len(units)} of units, {len(labels)} labels, {len(speakers)} speakers")
    for k, (t, u) in enumerate(zip(times, units, strict=True)):
        if t.shape != u.shape or u.dtype.kind not in "iuf":
            raise _not_this_layout(path, f"recording {k}: {t.size} times and {u.size} units of type {u.dtype}")
        if t.size and not (np.isfinite(t).all() and t.min() >= 0.0 and (u == np.rint(u)).all() and u.min() >= 0):
            raise _not_this_layout(
                path, f"recording {k}: a time that is negative or not finite, or a unit that is no whole number from 0 on"
            )
    if not labels.size or labels.dtype.kind not in "iuf" or (labels != np.rint(labels)).any() or labels.min() < 0:
        got = (
            f"labels of type {labels.dtype} that are not whole numbers from 0 on, the first {labels[0]!r}"
            if labels.size
            else "no recordings"
        )
        raise _not_this_layout(path, got)
    named = [text.decode() if isinstance(text, bytes) else str(text) for text in speakers]
    splits = np.full(len(labels), split) if split else every_fifth(labels)
    stem = path.name.split(".")[0]
    names = np.array([f"{stem} {k}" for k in range(len(labels))])
    kind = np.result_type(*stored)
    return Part(
        times,
        kind if kind.kind == "f" else np.dtype(np.float64),
        [u.astype(np.int64) for u in units],
        labels.astype(np.int64),
        np.array(named),
        names,
        splits,
    )


def _not_this_layout(path: Path, got: str) -> DataError:
    return DataError(_PROBLEM, where=str(path), got=got, expected=_EXPECTED, remedy=_REMEDY)

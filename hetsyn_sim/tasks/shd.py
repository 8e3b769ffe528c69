"""Spiking Heidelberg Digits, and every other data set in the same HDF5 layout: spike times in seconds, no grid of their own.

Layout (Cramer et al. 2022, IEEE Trans. Neural Netw. Learn. Syst. 33:2744): ``spikes/times`` and ``spikes/units``, an array per recording;
``labels``; optionally ``extra/speaker``. Training and test recordings are two files, ``shd_train.h5`` and ``shd_test.h5``.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, UnknownNameError
from ..events import SpikeDataset

__all__ = ["BINNINGS", "Binning", "heidelberg_digits", "is_in_layout"]

_PLACES = ("spikes/times", "spikes/units", "labels")
_ENDINGS = (".h5", ".hdf5", ".h5.gz", ".hdf5.gz")
#: Spike times within this share of a step of a border belong to the later step: times are stored as 16- or 32-bit numbers.
_ROUNDING = 1e-3


@dataclass(frozen=True)
class Binning:
    """How spike times become steps, and units become channels.

    Attributes
    ----------
    closed_above
        A step holds the times up to and including its own, as published, instead of those from its own time on.
    reversed_without_first
        Channel ``n - unit``, with unit 0 left out and channel 0 empty, as published.
    """

    closed_above: bool = False
    reversed_without_first: bool = False


#: ``clean``: step k holds the times from k dt to (k + 1) dt, channel = unit. ``as-published``: as the published code of HetSyn has it.
BINNINGS: Mapping[str, Binning] = MappingProxyType({"clean": Binning(), "as-published": Binning(True, True)})


def heidelberg_digits(
    source: str | PathLike[str],
    *,
    dt: float = 0.004,
    duration: float = 1.0,
    n_channels: int | None = None,
    binning: str = "clean",
) -> SpikeDataset:
    """Recordings in the layout of the Spiking Heidelberg Digits as a dataset on a grid.

    Parameters
    ----------
    source
        A folder with one file whose name contains ``train`` and one whose name contains ``test`` (``.h5``, ``.hdf5``, also ``.gz``), or one
        file. Of a single file, every fifth recording of each label is for testing.
    dt, duration
        Time step and length in seconds: later spikes are cut off, shorter recordings end in silence.
    n_channels
        700 by default, or as many as there are units if that is more.
    binning
        A name in :data:`BINNINGS`.

    Returns
    -------
    SpikeDataset
        A channel spikes at most once in a step. Recordings without a spike in the window are left out; ``info["left_out"]`` counts them.

    Raises
    ------
    DataError
        If the files are missing, damaged or in another layout, or if a time, unit or label is impossible.
    UnknownNameError
        If there is no such binning.
    """
    if binning not in BINNINGS:
        raise UnknownNameError("unknown binning", got=repr(binning), expected=", ".join(BINNINGS), remedy="use one of these")
    if not (0.0 < dt <= duration < np.inf):
        raise DataError(
            "dt and duration do not make a grid",
            where="heidelberg_digits",
            got=f"dt = {dt!r} s, duration = {duration!r} s",
            expected="0 < dt <= duration, both finite",
            remedy="give both in seconds: dt=0.004, duration=1.0",
        )
    parts = [_read(path, split) for split, path in _files(Path(source))]
    highest = max((int(units.max(initial=0)) for part in parts for units in part.units), default=0)
    channels = max(700, highest + 1) if n_channels is None else n_channels
    if highest >= channels:
        raise DataError(
            "there are more units than channels",
            where=str(source),
            got=f"unit {highest}",
            expected=f"units from 0 to {channels - 1}",
            remedy=f"leave n_channels out, or give at least {highest + 1}",
        )
    return _binned(parts, dt, max(1, round(duration / dt)), channels, BINNINGS[binning], binning)


def is_in_layout(path: str | PathLike[str]) -> bool:
    """Whether this is a file in the layout, or a folder with such files."""
    found = Path(path)
    files = sorted(p for p in found.iterdir() if p.name.endswith(_ENDINGS)) if found.is_dir() else [found]
    try:
        with _opened(files[0]) as file:
            return all(place in file for place in _PLACES)
    except (OSError, IndexError):
        return False


@dataclass(frozen=True)
class _Part:
    """The recordings of one file."""

    times: list[NDArray[np.float64]]
    units: list[NDArray[np.int64]]
    labels: NDArray[np.int64]
    speakers: NDArray[np.str_]
    names: NDArray[np.str_]
    split: NDArray[np.str_]


def _files(source: Path) -> list[tuple[str, Path]]:
    if source.is_file():
        return [("", source)]
    found = sorted(path for path in source.iterdir() if path.name.endswith(_ENDINGS)) if source.is_dir() else []
    named = {split: [path for path in found if split in path.name.lower()] for split in ("train", "test")}
    if any(len(paths) != 1 for paths in named.values()):
        raise DataError(
            "this is not a folder with training and test recordings",
            where=str(source),
            got=", ".join(path.name for path in found) or ("no such file or folder" if not source.exists() else "no HDF5 file"),
            expected="one file with 'train' and one with 'test' in its name, ending in .h5 or .h5.gz, such as shd_train.h5 and shd_test.h5",
            remedy="put both files into a folder of their own; the original ones are at https://zenkelab.org/datasets",
        )
    return [(split, paths[0]) for split, paths in named.items()]


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    if path.suffix == ".gz":
        with gzip.open(path) as packed, h5py.File(io.BytesIO(packed.read()), "r") as file:
            yield file
    else:
        with h5py.File(path, "r") as file:
            yield file


def _read(path: Path, split: str) -> _Part:
    try:
        with _opened(path) as file:
            if missing := [place for place in _PLACES if place not in file]:
                raise _not_this_layout(path, f"no {', '.join(missing)}")
            times = [np.asarray(t, dtype=np.float64).ravel() for t in file["spikes/times"][()]]
            units = [np.asarray(u).ravel() for u in file["spikes/units"][()]]
            labels = np.asarray(file["labels"][()]).ravel()
            speakers = np.asarray(file["extra/speaker"][()]).ravel() if "extra/speaker" in file else np.zeros(len(labels), dtype=int)
    except (OSError, EOFError, ValueError, TypeError) as error:
        if isinstance(error, DataError):
            raise
        raise _not_this_layout(path, f"{type(error).__name__}: {error}") from error
    if not len(times) == len(units) == len(labels) == len(speakers):
        raise _not_this_layout(path, f"{len(times)} arrays of times, {len(units)} of units, {len(labels)} labels, {len(speakers)} speakers")
    for k, (t, u) in enumerate(zip(times, units, strict=True)):
        if t.shape != u.shape:
            raise _not_this_layout(path, f"recording {k}: {t.size} times and {u.size} units")
        if t.size and not (np.isfinite(t).all() and t.min() >= 0.0 and (u == np.rint(u)).all() and u.min() >= 0):
            raise _not_this_layout(
                path, f"recording {k}: a time that is negative or not finite, or a unit that is no whole number from 0 on"
            )
    if not labels.size or (labels != np.rint(labels)).any() or labels.min() < 0:
        raise _not_this_layout(path, "labels that are not whole numbers from 0 on" if labels.size else "no recordings")
    named = [text.decode() if isinstance(text, bytes) else str(text) for text in speakers]
    splits = np.full(len(labels), split) if split else _every_fifth(labels)
    stem = path.name.split(".")[0]
    names = np.array([f"{stem} {k}" for k in range(len(labels))])
    return _Part(times, [u.astype(np.int64) for u in units], labels.astype(np.int64), np.array(named), names, splits)


def _every_fifth(labels: NDArray[Any]) -> NDArray[np.str_]:
    """Training and test recordings of a file that does not say: every fifth of each label is for testing."""
    split = np.full(len(labels), "train", dtype="<U5")
    for label in np.unique(labels):
        split[np.flatnonzero(labels == label)[4::5]] = "test"
    return split


def _binned(parts: list[_Part], dt: float, n_steps: int, n_channels: int, how: Binning, name: str) -> SpikeDataset:
    steps, channels, kept = [], [], []
    for part in parts:
        keep = np.zeros(len(part.labels), dtype=bool)
        for k, (times, units) in enumerate(zip(part.times, part.units, strict=True)):
            step = np.ceil(times / dt - _ROUNDING) if how.closed_above else np.floor(times / dt + _ROUNDING)
            channel = n_channels - units if how.reversed_without_first else units
            inside = (step < n_steps) & (channel < n_channels)
            cells = np.unique(step[inside].astype(np.int64) * n_channels + channel[inside])
            if cells.size:
                keep[k] = True
                steps.append(cells // n_channels)
                channels.append(cells % n_channels)
        kept.append(keep)

    def joined(what: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, what)[keep] for part, keep in zip(parts, kept, strict=True)])

    left_out = sum(int((~keep).sum()) for keep in kept)
    info = {"layout": "Spiking Heidelberg Digits", "binning": name} | (
        {"left_out": f"{left_out} recordings without a spike"} if left_out else {}
    )
    return SpikeDataset.from_lists(
        steps,
        channels,
        dt=dt,
        n_channels=n_channels,
        n_steps=np.full(len(steps), n_steps),
        labels=joined("labels"),
        speakers=joined("speakers"),
        names=joined("names"),
        split=joined("split"),
        info=info,
    )


def _not_this_layout(path: Path, got: str) -> DataError:
    return DataError(
        "this file is not in the layout of the Spiking Heidelberg Digits",
        where=str(path),
        got=got,
        expected=f"{', '.join(_PLACES)}: for every recording an array of times (s), one of units as long, and a label",
        remedy="check the file, or download it again",
    )

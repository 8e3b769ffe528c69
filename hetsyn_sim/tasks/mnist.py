"""Sequential MNIST: an image is looked at pixel by pixel (784 steps) or row by row (28 steps), grey levels as spikes.

The images do not ship. Read are IDX files as LeCun published them (``train-images-idx3-ubyte``, ``t10k-images-idx3-ubyte`` and their
labels, also with ``.gz``) and ``.npz`` files with ``x`` (image, 28, 28) or (image, 784) and ``y`` (image,).
"""

from __future__ import annotations

import gzip
import math
import os
import struct
from contextlib import AbstractContextManager
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..data.events import SpikeDataset
from ..data.files import check_memory, reading, unpack
from ..errors import ConfigError, DataError
from .distortion import distorted

#: What a step sees: one pixel, or one row of 28.
SCANS = ("pixel", "row")
_SIDE = 28
_IDX_UBYTE = 0x08  # the type of an entry, third byte of an IDX file
_PROBLEM, _EXPECTED = "these are not images of MNIST", "28 x 28 grey values as bytes, one digit for each image"
_REMEDY = "fetch the file again; it may have been cut off"
Images = tuple[NDArray[np.uint8], NDArray[np.int64]]


def sequential_mnist(
    source: str | PathLike[str],
    *,
    scan: str = "pixel",
    levels: int = 4,
    dt: float = 0.001,
    n_train: int | None = None,
    copies: int = 0,
    seed: int = 0,
) -> SpikeDataset:
    """Images as spikes, training and test split.

    A pixel drives ``levels`` channels: channel k spikes where its grey value, from 0 to 1, is at least (k + 1/2) / levels. ``pixel`` has
    ``levels`` channels and 784 steps in reading order; ``row`` 28 x levels channels, those of column c from c x levels on, and 28 steps.

    Parameters
    ----------
    source
        A folder with the training images (IDX or one ``.npz``) and the test images ``t10k-*`` (IDX).
    scan, levels
        See above.
    dt
        Time step in seconds.
    n_train
        Only so many training images, of every class as many as its share.
    copies, seed
        So many distorted copies of every training image besides (:mod:`hetsyn_sim.tasks.distortion`), and what they are drawn from. A copy
        is named after its image, ``train 12 copy 1``, so that neither is held out without the other.

    Raises
    ------
    ConfigError
        If there is no such scan, or not at least one level and step, or a number of copies below 0.
    DataError
        If files are missing, damaged, or hold no 28 x 28 images of digits.
    """
    if scan not in SCANS or levels < 1 or not dt > 0.0 or copies < 0:
        raise ConfigError(
            "the images can't be scanned like this",
            where="sequential_mnist",
            got=f"scan = {scan!r}, levels = {levels!r}, dt = {dt!r} s, copies = {copies!r}",
            expected='"pixel" or "row", at least 1 level, dt above 0 s, 0 copies or more',
            remedy='use scan="pixel"',
        )
    steps, channels, labels, names, split = [], [], [], [], []
    rng = np.random.default_rng(seed)
    for part, (images, digits) in read_images(Path(source)).items():
        chosen = spread_over_classes(digits, n_train) if part == "train" and n_train is not None else np.arange(len(digits))
        for copy in range(1 + (copies if part == "train" else 0)):
            for image in distorted(images[chosen], rng) if copy else images[chosen]:
                step, channel = _spikes(image, scan, levels)
                steps.append(step)
                channels.append(channel)
            labels.append(digits[chosen])
            names += [f"{part} {k}" + (f" copy {copy}" if copy else "") for k in chosen]
            split += [part] * chosen.size
    return SpikeDataset.from_lists(
        steps,
        channels,
        dt=dt,
        n_channels=levels if scan == "pixel" else levels * _SIDE,
        n_steps=np.full(len(names), _SIDE * _SIDE if scan == "pixel" else _SIDE),
        labels=np.concatenate(labels),
        names=np.array(names),
        split=np.array(split),
        info={"task": "sequential MNIST", "scan": scan, "levels": str(levels)} | ({"copies": str(copies)} if copies else {}),
    )


def holds_images(path: str | PathLike[str]) -> bool:
    """Whether this is a folder with the test images of MNIST in it."""
    return os.path.isdir(path) and bool(_found(Path(path), "t10k-images"))


def read_images(source: Path) -> dict[str, Images]:
    """``train`` and ``test`` -> images (image, 28, 28) from 0 to 255, and digits (image,).

    Raises
    ------
    DataError
        As :func:`sequential_mnist`.
    """
    packed = sorted(source.glob("*.npz")) if source.is_dir() else []
    if not source.is_dir() or not _found(source, "t10k-images") or not (_found(source, "train-images") or len(packed) == 1):
        raise DataError(
            "this is not a folder with the images of MNIST",
            where=str(source),
            got=", ".join(sorted(p.name for p in source.iterdir())) if source.is_dir() else "no such folder",
            expected="train-images-idx3-ubyte and train-labels-idx1-ubyte or one .npz, and the same of t10k; .gz is read too",
            remedy="put the files into one folder, with their original names",
        )
    train = _idx_pair(source, "train") if _found(source, "train-images") else _from_npz(packed[0])
    return {"train": train, "test": _idx_pair(source, "t10k")}


def _spikes(image: NDArray[np.uint8], scan: str, levels: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Steps and channels of an image's spikes."""
    above = image[:, :, None] >= level_thresholds(levels)  # (row, column, level)
    shape = (_SIDE * _SIDE, levels) if scan == "pixel" else (_SIDE, _SIDE * levels)
    step, channel = np.nonzero(above.reshape(shape))
    return step, channel


def level_thresholds(levels: int) -> NDArray[np.float64]:
    """The grey values from 0 to 255 from which on a pixel is a spike of a channel, (channel,)."""
    return np.asarray((np.arange(levels) + 0.5) / levels * 255.0)


def spread_over_classes(digits: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Indices of ``n`` images, or of all there are, evenly spread over the images in order of their class."""
    order = np.argsort(digits, kind="stable")
    return np.sort(order[np.arange(min(n, order.size)) * order.size // min(n, order.size)])


def _found(folder: Path, stem: str) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.replace(".idx", "-idx").startswith(f"{stem}-idx"))


def _idx_pair(folder: Path, part: str) -> Images:
    images, labels = _found(folder, f"{part}-images"), _found(folder, f"{part}-labels")
    if not labels:
        raise DataError(
            "images without labels",
            where=str(images[0]),
            got=f"no {part}-labels-idx1-ubyte",
            expected="both files",
            remedy="put the labels beside the images",
        )
    return _checked(_read_idx(images[0]), _read_idx(labels[0]), images[0])


def _read_idx(path: Path) -> NDArray[np.uint8]:
    """An IDX file of bytes: two zeros, type, number of axes; their lengths as big-endian int32; the entries."""
    with _reading(path):
        if path.suffix == ".gz":
            with gzip.open(path) as packed:
                content = unpack(packed, path.stat().st_size, where=str(path))
        else:
            content = path.read_bytes()
        zeros, kind, n_axes = struct.unpack_from(">HBB", content)
        shape = struct.unpack_from(f">{n_axes}I", content, 4)
        body = content[4 + 4 * n_axes :]
    if zeros != 0 or kind != _IDX_UBYTE or len(body) != math.prod(shape):
        raise _damaged(path, f"type {kind:#04x}, axes {shape}, {len(body)} bytes")
    return np.frombuffer(body, dtype=np.uint8).reshape(shape)


def _from_npz(path: Path) -> Images:
    with _reading(path), np.load(path, allow_pickle=False) as file:
        check_memory(sum(entry.file_size for entry in file.zip.infolist()), where=str(path))
        return _checked(file["x"], file["y"], path)


def _checked(images: NDArray[np.generic], labels: NDArray[np.generic], path: Path) -> Images:
    square = images.ndim in (2, 3) and images[0:1].size == _SIDE * _SIDE
    if not square or images.dtype != np.uint8 or labels.shape != images.shape[:1] or not np.isin(labels, np.arange(10)).all():
        raise _damaged(path, f"images {images.dtype} {images.shape}, labels {labels.shape}")
    return images.reshape(-1, _SIDE, _SIDE).astype(np.uint8), labels.astype(np.int64)


def _reading(path: Path) -> AbstractContextManager[None]:
    return reading(path, _PROBLEM, expected=_EXPECTED, remedy=_REMEDY)


def _damaged(path: Path, got: str) -> DataError:
    return DataError(_PROBLEM, where=str(path), got=got, expected=_EXPECTED, remedy=_REMEDY)

"""The HDF5 file of a :class:`~hetsyn_sim.data.SpikeDataset`.

Layout, version 1. Root attributes: ``format`` = "hetsyn-sim spikes", ``version`` = 1, ``dt`` (s), ``n_channels``, ``info`` (JSON object of
strings: encoder settings, licence, attribution), ``fingerprint`` (of the content; files from before there was one do without). Datasets,
all gzip-compressed with the shuffle filter:

====================  ==================  =====================================================
``spikes/steps``      (event,) unsigned   grid step of every spike; its time is ``step * dt``
``spikes/units``      (event,) unsigned   channel of every spike
``spikes/offsets``    (recording + 1,)    recording i owns the events ``offsets[i]:offsets[i+1]``
``n_steps``           (recording,)        true length in steps
``labels``            (recording,)        class
``speakers``          (recording,) UTF-8  who spoke
``names``             (recording,) UTF-8  name of the recording
``split``             (recording,) UTF-8  "train" or "test"
====================  ==================  =====================================================

The bytes are the same every time for the same data and the same HDF5 and zlib: no time stamps, strings of fixed length. Another zlib may
compress differently; the content is compared with ``SpikeDataset.fingerprint``.
"""

from __future__ import annotations

import io
import json
import operator
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .files import check_memory, reading, write_atomically

_FORMAT = "hetsyn-sim spikes"
_VERSION = 1
_PLACES = {name: f"spikes/{name}" for name in ("steps", "units", "offsets")} | {
    name: name for name in ("n_steps", "labels", "speakers", "names", "split")
}
_TEXTS = ("speakers", "names", "split")


def write_events(
    path: Path, arrays: Mapping[str, NDArray[Any]], *, dt: float, n_channels: int, info: Mapping[str, str], fingerprint: str
) -> None:
    """Write the file, complete or not at all; :class:`WriteError` if it can't be written."""
    content = io.BytesIO()  # HDF5 itself would leave a half file behind when the disk is full
    with h5py.File(content, "w") as file:
        file.attrs["format"] = np.bytes_(_FORMAT.encode())
        file.attrs["version"] = _VERSION
        file.attrs["dt"] = float(dt)
        file.attrs["n_channels"] = int(n_channels)
        file.attrs["info"] = np.bytes_(json.dumps(dict(info), sort_keys=True).encode())
        file.attrs["fingerprint"] = np.bytes_(fingerprint.encode())
        for name, place in _PLACES.items():
            values = _encoded(arrays[name]) if name in _TEXTS else _narrow(arrays[name])
            # HDF5 has no chunks of size zero, so an empty array goes without compression.
            options = {"compression": "gzip", "compression_opts": 9, "shuffle": True} if values.size else {}
            file.create_dataset(place, data=values, track_times=False, **options)
    write_atomically(path, content.getvalue())


def read_events(path: Path) -> tuple[dict[str, NDArray[Any]], float, int, dict[str, str], str]:
    """Arrays by name, dt in seconds, number of channels, info, and the fingerprint that the content should have, or none: ``""``.

    Raises
    ------
    DataError
        If the file is missing, is no HDF5 file or a truncated one, was not written by :func:`write_events`, or has a later version.
    """
    if not os.path.isfile(path):
        raise DataError(
            "there is no such spike file",
            where=str(path),
            got="something that is no file" if os.path.exists(path) else "no file",
            expected="a file written by SpikeDataset.save",
            remedy="check the path",
        )
    expected, remedy = "a complete file written by SpikeDataset.save", "download it or encode the recordings again"
    with reading(path, "the spike file is damaged or not an HDF5 file", expected=expected, remedy=remedy), h5py.File(path, "r") as file:
        name = np.bytes_(file.attrs.get("format", b"")).decode(errors="replace")
        version = file.attrs.get("version", 0)
        if name != _FORMAT or version != _VERSION:
            raise DataError(
                "the file is not a spike file of this version",
                where=str(path),
                got=f"format {name!r}, version {version}",
                expected=f"format {_FORMAT!r}, version {_VERSION}",
                remedy="encode the recordings again, or update hetsyn-sim if the file is newer",
            )
        check_memory(sum(file[place].size * file[place].dtype.itemsize for place in _PLACES.values()), where=str(path))
        arrays = {name: file[place][()] for name, place in _PLACES.items()}
        arrays |= {name: np.array([text.decode() for text in arrays[name]], dtype=np.str_) for name in _TEXTS}
        info = {str(key): str(value) for key, value in json.loads(bytes(file.attrs["info"])).items()}
        fingerprint = np.bytes_(file.attrs.get("fingerprint", b"")).decode()
        return arrays, float(file.attrs["dt"]), operator.index(file.attrs["n_channels"]), info, fingerprint


def _narrow(values: NDArray[Any]) -> NDArray[Any]:
    """The smallest little-endian unsigned type that holds the values; signed 32 bit if one is negative (labels may be)."""
    if values.size and values.min() < 0:
        return values.astype("<i4")
    top = int(values.max(initial=0))
    return values.astype("u1" if top < 2**8 else "<u2" if top < 2**16 else "<u4" if top < 2**32 else "<u8")


def _encoded(texts: NDArray[np.str_]) -> NDArray[np.bytes_]:
    """UTF-8 strings of one fixed length, at least 1 (HDF5 has no strings of length 0)."""
    encoded = [text.encode() for text in texts.tolist()]
    return np.array(encoded, dtype=f"S{max([1, *map(len, encoded)])}")

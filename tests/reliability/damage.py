"""Ways to break a valid file. Every one is a function of bytes, and random ones of a seed, so that a case is the same everywhere."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from safetensors.numpy import load as from_safetensors
from safetensors.numpy import save as to_safetensors


def cut(content: bytes, seed: int) -> bytes:
    """The beginning of it, up to any byte but the last."""
    return content[: int(np.random.default_rng(seed).integers(1, len(content)))]


def flipped(content: bytes, where: float) -> bytes:
    """With a bit turned over of the byte that lies so far into the file, between 0 and 1."""
    changed = bytearray(content)
    changed[int(where * len(content))] ^= 4
    return bytes(changed)


def saved(name: str, content: Callable[[], bytes]) -> Callable[[Path], Path]:
    """A case's ``spoil``: a file of that name with that content."""

    def spoil(folder: Path) -> Path:
        (folder / name).write_bytes(content())
        return folder / name

    return spoil


def within(
    make: Callable[[Path], Path], name: str, content: Callable[[bytes], bytes], *, gone: str | None = None
) -> Callable[[Path], Path]:
    """A case's ``spoil``: a folder in which one file has other content, made of the old; what matches ``gone`` is taken away before."""

    def spoil(folder: Path) -> Path:
        place = make(folder / "data")
        old = (place / name).read_bytes() if (place / name).exists() else b""
        for path in place.glob(gone or name):
            path.unlink()
        (place / name).write_bytes(content(old))
        return place

    return spoil


def replaced(name: str, value: Any = None, **options: Any) -> Callable[[h5py.File], None]:
    """A change of an HDF5 file: under a name a value, a link or a dataset with these options, or nothing."""

    def change(file: h5py.File) -> None:
        del file[name]
        if options:
            file.create_dataset(name, **options)
        elif value is not None:
            file[name] = value

    return change


def header_of(content: bytes) -> dict[str, Any]:
    """The JSON in front of a safetensors file."""
    return dict(json.loads(content[8 : 8 + struct.unpack("<Q", content[:8])[0]]))


def with_header(content: bytes, header: Mapping[str, Any] | bytes, *, length: int | None = None) -> bytes:
    """A safetensors file with another JSON in front, or with another length of it."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + content[8 + struct.unpack("<Q", content[:8])[0] :]


def edited_tensors(content: bytes, *, tensors: Mapping[str, np.ndarray] | None = None, **about: Any) -> bytes:
    """A checkpoint with other tensors or another description, without the SHA-256 that would give it away. ``...`` removes."""
    metadata = header_of(content)["__metadata__"]
    facts = {k: v for k, v in (json.loads(metadata["hetsyn_sim"]) | {"sha256": ...} | about).items() if v is not ...}
    values = {k: v for k, v in (from_safetensors(content) | dict(tensors or {})).items() if v is not ...}
    return to_safetensors(values, metadata={"hetsyn_sim": json.dumps(facts)})


def edited_h5(content: bytes, change: Callable[[h5py.File], object]) -> bytes:
    """A spike file after ``change``, without the fingerprint that would give it away."""
    place = io.BytesIO(content)
    with h5py.File(place, "r+") as file:
        file.attrs.pop("fingerprint", None)
        change(file)
    return place.getvalue()


def npy(shape: tuple[int, ...], dtype: str = "<f8", data: bytes = b"") -> bytes:
    """An array as NumPy writes it, whose header may announce more than there is."""
    head = str({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head) + 1) + head + b"\n" + data


def edited_npz(content: bytes, **members: bytes | None) -> bytes:
    """An archive of arrays with other members; ``/`` is written ``__`` in their names, and None removes."""
    found, place = {}, io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    found |= {name.replace("__", "/") + ".npy": value for name, value in members.items()}
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in found.items():
            if value is not None:
                archive.writestr(name, value)
    return place.getvalue()

"""A recording as one ``.npz`` file that NumPy alone reads.

Keys: ``dt`` (s), ``simulator``, ``noise_seed`` if it is not 0, ``rasters/POPULATION`` (bool) and ``traces/POPULATION.VARIABLE`` (float),
arrays of shape (time, batch, neuron); and before all of them ``sha256`` of the others, since the checksums of an archive don't see a
member that is missing. Files from before there was one do without. Nothing in it is pickled.
"""

from __future__ import annotations

import io
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .files import check_memory, digest_of, reading, write_atomically
from .recording import Recording

_SUFFIX, _DIGEST = ".npz", "sha256"


def check_name(path: str | PathLike[str]) -> Path:
    """The path, if it can be that of a recording.

    Raises
    ------
    DataError
        If the name does not end in ``.npz``.
    """
    path = Path(path)
    if path.suffix != _SUFFIX:
        raise DataError(
            "a recording is saved as .npz",
            where=str(path),
            got=f"the suffix {path.suffix!r}",
            expected=f"a name such as {path.with_suffix(_SUFFIX).name}",
            remedy="change the name of the file",
        )
    return path


def save_recording(recording: Recording, path: str | PathLike[str]) -> Path:
    """Write a recording, complete or not at all, and return its path.

    Raises
    ------
    DataError
        If the name does not end in ``.npz``.
    WriteError
        If the file can't be written.
    """
    path = check_name(path)
    arrays = {f"rasters/{name}": raster for name, raster in recording.rasters.items()}
    arrays |= {f"traces/{name}": np.asarray(trace) for name, trace in recording.traces.items()}
    # the digest first: an archive whose table of contents was cut short still has it
    facts = {_DIGEST: np.str_(_digest(recording)), "dt": np.float64(recording.dt), "simulator": np.str_(recording.simulator)}
    facts |= {"noise_seed": np.int64(recording.noise_seed)} if recording.noise_seed else {}
    content = io.BytesIO()
    np.savez_compressed(content, **facts, **arrays)  # type: ignore[arg-type]
    return write_atomically(path, content.getvalue())


def load_recording(path: str | PathLike[str]) -> Recording:
    """Read a file written by :func:`save_recording`.

    Raises
    ------
    DataError
        If the file is missing, truncated or foreign.
    """
    expected, remedy = "a file written by save_recording or `hetsyn simulate --out`", "check the path, or simulate again"
    with reading(path, "this recording can't be read", expected=expected, remedy=remedy), np.load(path, allow_pickle=False) as file:
        check_memory(sum(entry.file_size for entry in file.zip.infolist()), where=str(path))
        rasters = {key.removeprefix("rasters/"): file[key] for key in file if key.startswith("rasters/")}
        traces = {key.removeprefix("traces/"): file[key] for key in file if key.startswith("traces/")}
        noise_seed = int(file["noise_seed"]) if "noise_seed" in file else 0
        recording = Recording(float(file["dt"]), rasters, traces, str(file["simulator"]), noise_seed)
        if _DIGEST in file and str(file[_DIGEST]) != _digest(recording):
            raise ValueError("its content has another SHA-256 than when it was written")
        return recording


def _digest(recording: Recording) -> str:
    """SHA-256 of everything in a recording."""
    parts: list[str | NDArray[Any]] = [f"{float(recording.dt)!r}\n{recording.simulator}"]
    parts += [f"\nnoise_seed {recording.noise_seed}\n"] if recording.noise_seed else []
    for kind, arrays in (("rasters", recording.rasters), ("traces", recording.traces)):
        for name in sorted(arrays):
            array = np.asarray(arrays[name])
            parts += [f"\n{kind}/{name} {array.dtype.str.lstrip('<>|=')} {array.shape}\n", array]
    return digest_of(parts)

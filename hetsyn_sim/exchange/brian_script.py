"""Writing the folder of an exported network: script, values, recordings with the spikes to expect, and a page that says what is what."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..brian.values import is_time
from ..data.checkpoint import Checkpoint
from ..data.decoding import Decoder, check_input
from ..data.events import SpikeDataset
from ..data.files import write_atomically
from ..errors import ConfigError
from ..training.network import Network
from .script import check_exportable, script_of
from .script_page import readme_of

#: What is written.
FILES = ("network.py", "values.npz", "recordings.npz", "README.md")
#: Recordings that the trained network runs at a time.
_BATCH = 32


@dataclass(frozen=True)
class Exported:
    """What was written: the folder, ``n_recordings``, and the trained network's ``n_spikes`` by layer and accuracy."""

    folder: Path
    n_recordings: int
    n_spikes: dict[str, int]
    accuracy: float


def export_brian2(checkpoint: Checkpoint, data: SpikeDataset, folder: str | PathLike[str]) -> Exported:
    """Write a trained network as a Brian2 script that needs Brian2 and NumPy only.

    The script is written in the textbook's form: clock-driven equations that Brian2 solves itself. Beside the input spikes lie those of the
    trained network in PyTorch (float64), so that the script says itself whether it finds the same.

    Parameters
    ----------
    checkpoint
        The network.
    data
        Recordings that go with it.
    folder
        Where to; files of an earlier export are replaced.

    Raises
    ------
    DtMismatchError, DataError
        If the recordings do not fit the network.
    ConfigError
        If the folder can't be one, or holds other files by these names.
    SpecError
        If PyTorch can't run the model.
    TransferError
        If the network needs more than Brian2 has: values instead of spikes, or a method of integration of ours.
    """
    spec = checkpoint.spec
    values = {key: _simulable(checkpoint, key) for key in spec.slots}
    check_exportable(spec, values)
    check_input(data, spec, where="export")
    target = Path(folder)
    _check_folder(target)
    decoder = Decoder.of(checkpoint)
    n_steps = decoder.length(data)
    raster = data.rasters(n_steps)
    steps, runs, channels = np.nonzero(raster)
    recordings: dict[str, NDArray[Any]] = {
        "channel": channels.astype(np.int32),
        "step": steps.astype(np.int32),
        "recording": runs.astype(np.int32),
        "n_steps": np.array(n_steps),
        "labels": data.labels,
        "names": data.names,
    }
    layers = [p.name for p in spec.populations if p.model.spiking]
    cells: dict[str, list[NDArray[np.int64]]] = {name: [] for name in layers}
    decided = []
    network = Network.from_checkpoint(checkpoint)
    for begin in range(0, len(data), _BATCH):
        done = network.record(raster[:, begin : begin + _BATCH])
        decided.append(decoder.predictions(done, spec))
        for name in layers:
            t, run, neuron = np.nonzero(done.rasters[name])
            cells[name].append(((begin + run) * n_steps + t) * spec.population(name).size + neuron)
    recordings["decided"] = np.concatenate(decided)
    recordings |= {f"expected.{name}": np.sort(np.concatenate(cells[name])) for name in layers}
    accuracy = float(np.mean(recordings["decided"] == data.labels))
    n_spikes = {name: len(recordings[f"expected.{name}"]) for name in layers}
    sizes = " - ".join([f"{spec.n_input} inputs", *(f"{p.size} {p.model.name}" for p in spec.populations)])
    title = f"A trained spiking network: {sizes}."
    digest = hashlib.sha256(checkpoint.to_bytes()).hexdigest()
    target.mkdir(parents=True, exist_ok=True)
    write_atomically(target / "values.npz", _npz(values))
    write_atomically(target / "recordings.npz", _npz(recordings))
    write_atomically(target / "README.md", readme_of(checkpoint, data, title, n_spikes, accuracy, digest))
    write_atomically(target / "network.py", script_of(spec, values, title=title, decoder=decoder))
    return Exported(target, len(data), n_spikes, accuracy)


def _simulable(checkpoint: Checkpoint, key: str) -> NDArray[np.float64]:
    """The values of a slot; a time constant of 0 becomes the smallest number (the same decay): compiled code must not divide by 0."""
    value = np.asarray(checkpoint.values[key], dtype=np.float64)
    return np.maximum(value, np.finfo(np.float64).tiny) if is_time(checkpoint.spec.slots[key]) else value


def _check_folder(folder: Path) -> None:
    """Only an export may be replaced."""
    foreign = sorted({path.name for path in folder.iterdir()} - set(FILES)) if folder.is_dir() else []
    above = next((path for path in folder.absolute().parents if path.exists()), Path("/"))
    if ((folder.exists() or folder.is_symlink()) and not folder.is_dir()) or not above.is_dir() or foreign:
        raise ConfigError(
            "nothing can be exported there",
            where=str(folder),
            got=", ".join(foreign[:5]) if foreign else "a file where a folder should be",
            expected="a folder that is new, empty, or holds an export",
            remedy="choose another folder",
        )


def _npz(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
    return content.getvalue()

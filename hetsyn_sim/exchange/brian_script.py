"""The folder of a network exported to Brian2: script, values, recordings with the spikes to expect, and a page about them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import brian2
import numpy as np
from numpy.typing import NDArray

from ..brian.methods import choose_method, choose_synapse_method
from ..data.checkpoint import Checkpoint, installed_versions
from ..data.decoding import Decoder, check_input
from ..data.escape import markdown
from ..data.events import SpikeDataset
from ..data.files import write_atomically
from ..errors import TransferError
from ..spec import NetworkSpec, Population
from ..spec.values import is_time_constant
from .expected import Expected, check_folder
from .script import script_of, table_of_orders
from .script_frame import PAGE, SPIKES

#: What is written.
FILES = ("network.py", "values.npz", "recordings.npz", "README.md")


@dataclass(frozen=True)
class Exported:
    """What was written: the folder, ``n_recordings``, and the trained network's ``n_spikes`` by layer and accuracy."""

    folder: Path
    n_recordings: int
    n_spikes: dict[str, int]
    accuracy: float


def export_brian2(checkpoint: Checkpoint, data: SpikeDataset, folder: str | PathLike[str]) -> Exported:
    """Write a trained network as a Brian2 script that needs Brian2 and NumPy only.

    The script is written in the textbook's form: clock-driven equations that Brian2 solves itself, and noise ``xi`` that it draws itself.
    Beside the input spikes lie those of the trained network in PyTorch (float64), so that the script says itself whether it finds the same.

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
    _check_exportable(spec, values)
    check_input(data, spec, where="export")
    target = Path(folder)
    check_folder(target, lambda path: path.name in FILES)
    expected = Expected.of(checkpoint, data)
    n_steps, inputs = expected.n_steps, expected.spikes["input"].astype(np.int32)
    layers = {name: spikes for name, spikes in expected.spikes.items() if name != "input"}
    recordings: dict[str, NDArray[Any]] = {
        "channel": inputs[:, 2],
        "step": inputs[:, 1],
        "recording": inputs[:, 0],
        "n_steps": np.array(n_steps),
        "labels": data.labels,
        "names": data.names,
        "decided": expected.decisions,
    }
    for name, spikes in layers.items():
        recordings[f"expected.{name}"] = np.sort((spikes[:, 0] * n_steps + spikes[:, 1]) * spec.population(name).size + spikes[:, 2])
    accuracy = float(np.mean(expected.decisions == data.labels))
    n_spikes = {name: len(spikes) for name, spikes in layers.items()}
    sizes = " - ".join([f"{spec.n_input} inputs", *(f"{p.size} {p.model.name}" for p in spec.populations)])
    title = f"A trained spiking network: {sizes}."
    digest = hashlib.sha256(checkpoint.to_bytes()).hexdigest()
    target.mkdir(parents=True, exist_ok=True)
    write_atomically(target / "values.npz", _npz(values))
    write_atomically(target / "recordings.npz", _npz(recordings))
    write_atomically(target / "README.md", _page(checkpoint, data, title, n_spikes, accuracy, digest))
    write_atomically(target / "network.py", script_of(spec, values, title=title, decoder=Decoder.of(checkpoint)))
    return Exported(target, len(data), n_spikes, accuracy)


def _check_exportable(spec: NetworkSpec, values: Mapping[str, NDArray[np.float64]]) -> None:
    """Raise a TransferError if a script of Brian2's own means can't be the network."""

    def fail(population: Population, got: str, expected: str) -> None:
        where, remedy = f"{population.name}: {population.model.name}", "simulate it with hetsyn_sim: `hetsyn simulate`, or to_brian2"
        raise TransferError("this network can't be written as a script", where=where, got=got, expected=expected, remedy=remedy)

    for population in spec.populations:
        if population.model.takes_values:
            fail(population, "synapses that read the values of their source, x_pre", "recordings and layers of spikes")
        if population.model.poisson:
            fail(population, f"random events that act on {population.model.poisson[0].target}", "equations without them")
        if population.model.time_courses:
            fail(population, f"the time course {', '.join(population.model.time_courses)}", "equations without one")
        methods = [choose_method(spec, population, values)]
        methods += [choose_synapse_method(spec, q, values) for q in spec.projections_to(population.name)]
        for method in methods:
            if method.reason:
                fail(population, f"the method {method.name!r}, because {method.reason}", "a method that Brian2 has")


def _simulable(checkpoint: Checkpoint, key: str) -> NDArray[np.float64]:
    """The values of a slot; a time constant of 0 becomes the smallest number (the same decay): compiled code must not divide by 0."""
    value = np.asarray(checkpoint.values[key], dtype=np.float64)
    return np.maximum(value, np.finfo(np.float64).tiny) if is_time_constant(checkpoint.spec.slots[key]) else value


def _npz(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
    return content.getvalue()


def _page(checkpoint: Checkpoint, data: SpikeDataset, title: str, n_spikes: Mapping[str, int], accuracy: float, digest: str) -> str:
    spec = checkpoint.spec
    about = {key: data.info[key] for key in ("attribution", "licence", "license") if key in data.info}
    return PAGE.format(
        title=markdown(title),
        n=len(data),
        packages=f'"brian2=={brian2.__version__}" "numpy=={np.__version__}"',
        n_values=sum(int(np.prod(slot.shape)) for slot in spec.slots.values()),
        n_slots=len(spec.slots),
        expected="\n".join(f"- {name}: {n:,} spikes" for name, n in n_spikes.items()),
        accuracy=100 * accuracy,
        dt=1e3 * spec.dt_s,
        orders="\n".join(table_of_orders(spec)),
        digest=digest,
        versions=", ".join(f"{name} {version}" for name, version in installed_versions().items()),
        spikes=SPIKES[any(p.model.noise for p in spec.populations)],
        trained_on=markdown(str(checkpoint.data.get("name", "not recorded"))),
        about="".join(f"- recordings, {key}: {markdown(str(text))}\n" for key, text in about.items()),
    )

"""A trained network in one file: parameter values in physical units, the spec they belong to, and how they came about.

The file is safetensors: the values are its tensors, everything else is one JSON text in its metadata. Reading it runs no code, and needs
neither torch nor a simulator. The bytes depend on the content alone, so equal trainings give equal files.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save as to_safetensors

from ..errors import CheckpointError
from ..spec import NetworkSpec, format_quantity
from ..spec.summary import Summarised, percent
from ..spec.values import check_values
from .checkpoint_file import (
    DIGEST,
    DTYPES,
    FORMAT,
    FORMAT_VERSION,
    KEY,
    PARTS,
    check_digest,
    digest_of_checkpoint,
    read_about,
    read_spec,
    stored_unit,
    wrong_dtype,
)
from .decoding import Decoder
from .files import write_atomically


def installed_versions() -> dict[str, str]:
    """The versions of the packages that a number may depend on. Reads their metadata and imports none of them."""
    found = {}
    for package in ("hetsyn-sim", "torch", "brian2", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


@dataclass(frozen=True, eq=False, repr=False)
class Checkpoint(Summarised):
    """Parameter values with everything that is needed to use them, immutable and checked when made.

    Attributes
    ----------
    spec
        The network.
    values
        Slot key -> float32 or float64 array of the slot's shape, in SI units. Exactly the keys of ``spec.slots``. A time constant may be 0
        (forgets at once) or infinite (never forgets); every other value is finite. Values outside a parameter's bounds are allowed: bounds
        say how far training may go, not what a network may be.
    recipe
        How it was trained, as plain data.
    seeds
        Name -> seed of everything random.
    data
        What it was trained on: ``name``, ``fingerprint``, ``dt`` (text with unit).
    metrics
        Name -> number. NaN and infinities are kept as the texts ``"nan"``, ``"inf"``, ``"-inf"``, since JSON has no numbers for them.
    versions
        Package -> version, when it was made.
    decoder
        How its output becomes a class: ``name``, ``burn_in``, ``window`` of a :class:`~hetsyn_sim.data.decoding.Decoder`. Empty: as the
        loss in the recipe has it.
    filters
        Projection -> how its filter was computed in float32: ``form``, ``steps``, and of shared decays ``tolerance``, ``nodes`` and
        ``nodes_backward``. Empty: it was not, or exactly by the back end in use.

    Raises
    ------
    CheckpointError
        If a slot is missing, unknown, of the wrong shape or dtype, or holds a value that can't be simulated; if there is no such decoder.
    """

    spec: NetworkSpec
    values: Mapping[str, NDArray[np.floating]]
    recipe: Mapping[str, Any] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=installed_versions)
    decoder: Mapping[str, Any] = field(default_factory=dict)
    filters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_values(self.spec, self.values, where="Checkpoint")
        for name in PARTS:
            object.__setattr__(self, name, _plain(getattr(self, name), where=f"Checkpoint.{name}"))
        Decoder.from_dict(self.decoder)

    @property
    def about(self) -> dict[str, Any]:
        """Everything but the network and its values, as plain data; parts that are empty included, but for the decoder and the filters."""
        return {name: getattr(self, name) for name in PARTS if name not in ("decoder", "filters") or getattr(self, name)}

    def summary(self) -> Mapping[str, str]:
        """What it is: label -> text."""
        facts = dict(self.spec.summary())
        for label, place, part in (("recipe", self.recipe, "name"), ("data", self.data, "name")):
            if place.get(part):
                facts[label] = str(place[part])
        if "epoch" in self.metrics:
            facts["epoch"] = f"{self.metrics['epoch']} of {self.metrics.get('epochs', '?')}"
        for name in ("train_accuracy", "validation_accuracy"):
            if isinstance(value := self.metrics.get(name), int | float):
                facts[name.replace("_", " ")] = percent(value)
        return facts

    def save(self, path: str | PathLike[str]) -> Path:
        """Write one file, complete or not at all, and return its path; ``.safetensors`` is appended if the name does not end so.

        Raises
        ------
        CheckpointError
            If the file can't be written.
        """
        path = _with_suffix(path)
        try:
            return write_atomically(path, self.to_bytes())
        except OSError as error:
            raise CheckpointError(
                "the checkpoint can't be written",
                where=str(path),
                got=f"{type(error).__name__}: {error.strerror or error}",
                expected="a folder that can be written to, with space left",
                remedy="choose another path",
            ) from error

    def to_bytes(self) -> bytes:
        """What :meth:`save` writes."""
        slots = self.spec.slots
        about = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "spec": self.spec.to_text(),
            "dt": {"seconds": self.spec.dt_s, "text": format_quantity(self.spec.dt_s, "ms")},
            "scheme": "exact",
            "units": {key: stored_unit(slot) for key, slot in slots.items()},
            **self.about,
        }
        # order="C" and not np.ascontiguousarray, which would give a single value an axis
        tensors = {key: np.array(self.values[key], order="C") for key in sorted(slots)}
        about[DIGEST] = digest_of_checkpoint(about, tensors)
        return to_safetensors(tensors, metadata={KEY: json.dumps(about, sort_keys=True, allow_nan=False)})

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Checkpoint:
        """Read a file written by :meth:`save`, whose ``.safetensors`` may be left out, or that of a run's folder.

        Raises
        ------
        CheckpointError
            If the file is missing, truncated, not one of ours, of a newer format, or inconsistent in itself.
        """
        if not isinstance(path, str | os.PathLike):
            raise CheckpointError(
                "a checkpoint is loaded from a file",
                where="Checkpoint.load",
                got=type(path).__name__,
                expected="the path of a .safetensors file, or of a run's folder",
                remedy="pass the path as text; where a checkpoint is asked for, a Checkpoint does as well",
            )
        if os.path.isdir(path) and os.path.isfile(inside := Path(path) / "checkpoint.safetensors"):
            path = inside
        path = Path(path) if os.path.isfile(path) else _with_suffix(path)
        if not os.path.isfile(path):  # unlike Path.is_file, False for a name that is too long
            there = sorted(p.name for p in path.parent.glob("*.safetensors")) if os.path.isdir(path.parent) else []
            raise CheckpointError(
                "there is no such checkpoint",
                where=str(path),
                got="no file",
                expected="a .safetensors file written by Checkpoint.save" + (f"; that folder has {', '.join(there)}" if there else ""),
                remedy="check the path, or train a network first",
            )
        about, values = read_about(path)
        spec = read_spec(about, path)
        _check_values(spec, values, where=str(path))
        check_digest(about, values, path)
        return cls(spec, values, **{name: about.get(name, {}) for name in PARTS})


def _with_suffix(path: str | PathLike[str]) -> Path:
    path = Path(path)
    if path.name in ("", ".."):  # a folder, which has no name of its own to put a suffix to
        return path / "checkpoint.safetensors"
    return path if path.suffix == ".safetensors" else path.with_name(f"{path.name}.safetensors")


def _check_values(spec: NetworkSpec, values: Mapping[str, NDArray[np.floating]], *, where: str) -> None:
    for key in spec.slots.keys() & values.keys():
        dtype = np.asarray(values[key]).dtype.name
        if dtype not in DTYPES:
            raise wrong_dtype(key, dtype, where)
    check_values(spec, values, where=where, error=CheckpointError)


def _plain(value: Any, *, where: str) -> Any:
    """A copy as JSON has it: mappings with text keys, lists, texts, finite numbers, booleans, None."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item, where=f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, where=where) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise CheckpointError(
        "this can't be written down as plain data",
        where=where,
        got=f"{type(value).__name__}",
        expected="numbers, texts, booleans, None, and lists and dictionaries of these",
        remedy="convert it first, for example an array with .tolist()",
    )

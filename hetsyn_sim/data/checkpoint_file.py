"""Reading the file of a :class:`~hetsyn_sim.data.checkpoint.Checkpoint`, with an error for everything that can be wrong with it.

Layout, version 1. Tensors: one per slot, named by its key, float32 or float64, in SI units. Metadata: under ``hetsyn_sim`` one JSON object
with ``format``, ``version``, ``spec`` (YAML text), ``dt`` (``seconds`` and ``text``), ``scheme`` ("exact"), ``units`` (slot key -> SI unit
of the stored numbers), ``recipe``, ``decoder``, ``seeds``, ``data``, ``metrics``, ``versions``, ``filters``, and ``sha256`` of all that and
of the values. Files from before there was a decoder, a digest or filters are read without.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml
from brian2.units.fundamentalunits import get_unit
from numpy.typing import NDArray
from safetensors import safe_open

from ..errors import CheckpointError, HetSynError
from ..spec import NetworkSpec, ParameterSlot
from ..spec.quantities import dimensions_of
from .files import digest_of, reading

#: The layout of the file. A reader refuses a number above its own.
FORMAT_VERSION: Final = 1
FORMAT: Final = "hetsyn-sim checkpoint"
KEY: Final = "hetsyn_sim"
DIGEST: Final = "sha256"
DTYPES: Final = ("float32", "float64")
#: What a checkpoint says beside the network and its values. Those of 0.1.0 have no decoder, and those of 0.2.0 no filters.
PARTS: Final = ("recipe", "decoder", "seeds", "data", "metrics", "versions", "filters")
_MAX_LEVELS: Final = 50
_READABLE: Final = ("F32", "F64")
_RETRAIN: Final = "copy the file again from where it was made, or train anew"


def stored_unit(slot: ParameterSlot) -> str:
    """The SI unit in which the numbers are stored, by name; ``"1"`` for pure numbers."""
    dimensions = dimensions_of(slot.parameter.unit, where=slot.key)
    return "1" if dimensions.is_dimensionless else str(get_unit(dimensions).name)


def read_about(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[np.floating]]]:
    """The JSON part and the arrays of a file."""
    what = "this file can't be read: it is truncated, damaged, or not safetensors at all"
    expected = "a complete file written by Checkpoint.save"
    with reading(path, what, expected=expected, remedy=_RETRAIN, error=CheckpointError), safe_open(path, framework="numpy") as file:
        text = (file.metadata() or {}).get(KEY)
        about = json.loads(text, parse_constant=_no_number) if text is not None else {}
        if _is_deep(about):
            raise ValueError(f"its description is nested more than {_MAX_LEVELS} levels deep")
        stored = {key: file.get_slice(key).get_dtype() for key in file.keys()}  # noqa: SIM118 - not a mapping
        # other dtypes are refused below by name; NumPy could not even hold bfloat16
        values: dict[str, NDArray[np.floating]] = {key: file.get_tensor(key) for key, d in stored.items() if d in _READABLE}
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise CheckpointError(
            "this safetensors file was not written by hetsyn-sim",
            where=str(path),
            got=f"tensors {', '.join(list(stored)[:3]) or 'none'} without our metadata",
            expected=f"metadata with the key {KEY!r} and the format {FORMAT!r}",
            remedy="load it with the program that made it; hetsyn-sim needs the spec that goes with the numbers",
        )
    if not isinstance(about.get("version"), int) or not 1 <= about["version"] <= FORMAT_VERSION:
        raise CheckpointError(
            "this checkpoint has a format that this version of hetsyn-sim does not know",
            where=str(path),
            got=f"format version {about.get('version')!r}, written by {about.get('versions')}",
            expected=f"format version 1 to {FORMAT_VERSION}",
            remedy="update hetsyn-sim (pip install -U hetsyn-sim)",
        )
    foreign = {key: d for key, d in stored.items() if d not in _READABLE}
    if foreign:
        key, dtype = next(iter(foreign.items()))
        raise wrong_dtype(key, dtype, str(path))
    return about, values


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _is_deep(level: Any) -> bool:
    """Whether it holds more levels than whoever reads it on, level by level, has room for."""
    every = [level]
    for _ in range(_MAX_LEVELS):
        every = [inner for e in every if isinstance(e, dict | list) for inner in (e.values() if isinstance(e, dict) else e)]
    return bool(every)


def read_spec(about: Mapping[str, Any], path: Path) -> NetworkSpec:
    """The spec, checked against what the file says about dt and units a second time."""
    try:
        if wrong := [name for name in PARTS if not isinstance(about.get(name, {}), dict)]:
            raise TypeError(f"{wrong[0]} is no mapping")
        if not all(type(seed) is int for seed in about.get("seeds", {}).values()):
            raise TypeError("seeds that are no whole numbers")
        spec = NetworkSpec.from_text(str(about["spec"]))
        stored = {"dt": about["dt"]["seconds"], **about["units"]}
    except (HetSynError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            "the spec in this checkpoint can't be read",
            where=str(path),
            got=str(error).replace("\n", "\n            ") if isinstance(error, HetSynError) else f"{type(error).__name__}: {error}",
            expected="the text of a NetworkSpec, dt, the units of the values, and how it was trained",
            remedy=_RETRAIN,
        ) from error
    meant = {"dt": spec.dt_s, **{key: stored_unit(slot) for key, slot in spec.slots.items()}}
    if wrong := [key for key in meant if stored.get(key) != meant[key]]:
        raise CheckpointError(
            "the checkpoint contradicts its own spec",
            where=f"{path}: {wrong[0]}",
            got=f"{stored.get(wrong[0])!r} in the metadata",
            expected=f"{meant[wrong[0]]!r}, as in the spec",
            remedy="do not edit the metadata by hand; change the spec or the values and call Checkpoint.save",
        )
    return spec


def digest_of_checkpoint(about: Mapping[str, Any], values: Mapping[str, NDArray[np.floating]]) -> str:
    """SHA-256 over everything that a checkpoint says."""
    parts: list[str | NDArray[Any]] = [json.dumps({k: v for k, v in about.items() if k != DIGEST}, sort_keys=True, allow_nan=False)]
    for key in sorted(values):
        value = np.asarray(values[key])
        parts += [f"\n{key} {value.dtype.name} {value.shape}\n", value]
    return digest_of(parts)


def check_digest(about: Mapping[str, Any], values: Mapping[str, NDArray[np.floating]], path: Path) -> None:
    """Raise :class:`CheckpointError` unless the file says what it said when it was written."""
    stored = about.get(DIGEST)
    if stored is not None and stored != (digest := digest_of_checkpoint(about, values)):
        raise CheckpointError(
            "this checkpoint is damaged: it does not say what it said when it was written",
            where=str(path),
            got=f"SHA-256 {digest}",
            expected=f"{stored!r}, as the file itself has it",
            remedy=f"{_RETRAIN}; to change a value on purpose, load the checkpoint before and save a new one",
        )


def wrong_dtype(key: str, dtype: str, where: str) -> CheckpointError:
    """The error for values that are neither float32 nor float64."""
    return CheckpointError(
        "a value has the wrong dtype",
        where=f"{where}: {key}",
        got=dtype,
        expected=" or ".join(DTYPES),
        remedy="convert the values first: values[key].astype(np.float64)",
    )

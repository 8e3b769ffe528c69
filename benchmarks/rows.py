"""The rows of a result file, one per shape, number of threads and implementation, kept as they come: a run goes on where it stopped."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from hetsyn_sim.errors import DataError

from .implementations import HOMOGENEOUS, package_version, python_version
from .measure import Measured
from .shapes import Shape

#: What every row has at least.
REQUIRED = ("shape", "implementation", "threads", "cpu_s", "wall_s", "memory_mib", "repeats")
#: Facts about the shape that rows repeat; rows that differ in one of them are not comparable.
_OF_THE_SHAPE = ("n_steps", "n_batch", "rate")


def cpu_model() -> str:
    """What this machine calls its processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def make_row(shape: Shape, threads: int, measured: Measured, roofs: Mapping[str, float] | None) -> dict[str, Any]:
    """What was measured together with what it was measured on."""
    row = {"shape": shape.name, "implementation": measured.name, "threads": threads} | measured.row()
    row |= {"network": shape.label} | {key: getattr(shape, key) for key in _OF_THE_SHAPE}
    row |= {"synapse_steps": shape.synapse_steps, "nominal_fma": shape.nominal_fma(measured.name not in HOMOGENEOUS)}
    row |= {"materialised_at_least_mib": shape.materialised_mib}
    row |= {"cpu_model": cpu_model(), "python": python_version(measured.name), "torch": torch.__version__}
    return row | {"version": package_version(measured.name), "roofs": None if roofs is None else dict(roofs)}


def group_of(row: Mapping[str, Any]) -> tuple[str, int]:
    """Rows of one group were measured in alternation; ratios are taken within it, never across."""
    return row["shape"], row["threads"]


def replace_group(rows: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """``rows`` with the groups of ``new`` in place of what they held."""
    groups = {group_of(row) for row in new}
    return [row for row in rows if group_of(row) not in groups] + list(new)


def read_rows(path: Path, shapes: Iterable[Shape] = (), required: Sequence[str] = REQUIRED) -> list[dict[str, Any]]:
    """The rows of a file, none if it does not exist; each must have what is ``required``.

    Raises
    ------
    DataError
        If it holds something else, or rows of a shape at another size than in ``shapes``.
    """
    if not path.exists():
        return []
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        incomplete = [row for row in rows if any(key not in row for key in required)]
    except (ValueError, TypeError) as error:
        raise _not_rows(path, f"{type(error).__name__}: {error}", required) from error
    if not isinstance(rows, list) or incomplete:
        raise _not_rows(path, f"{len(incomplete)} entries without one of these keys", required)
    for shape in shapes:
        for row in rows:
            if row["shape"] == shape.name and any(row.get(key) != getattr(shape, key) for key in _OF_THE_SHAPE):
                raise DataError(
                    "these rows were measured at another size",
                    where=str(path),
                    got=", ".join(f"{key} = {row.get(key)}" for key in _OF_THE_SHAPE),
                    expected=", ".join(f"{key} = {getattr(shape, key)}" for key in _OF_THE_SHAPE),
                    remedy="name another file, or give --fresh to start anew; --quick and the full benchmark don't mix",
                )
    return rows


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Replace the file in one go, so that an interrupted run leaves a whole one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(list(rows), indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def _not_rows(path: Path, got: str, required: Sequence[str]) -> DataError:
    return DataError(
        "this is not a result of the benchmarks",
        where=str(path),
        got=got,
        expected=f"a JSON list of rows with {', '.join(required)}",
        remedy="name another file, or give --fresh to overwrite it",
    )

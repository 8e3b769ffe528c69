"""A trained network as tables: one CSV file for every projection, population and set of spikes, and a JSON file that says what they are.

The tables are tidy, a row for a synapse, a neuron or a spike; the header names the unit of a column in brackets. Numbers have as many
digits as it takes to read the same number back.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import DIMENSIONLESS

from ..data.checkpoint import Checkpoint
from ..data.decoding import check_input
from ..data.escape import table_cell
from ..data.events import SpikeDataset
from ..data.files import json_text, write_atomically
from ..errors import TransferError
from ..spec import NetworkSpec
from ..spec.quantities import dimensions_of, format_quantity, name_of_dimensions
from ..spec.values import used_entries
from .expected import Expected, check_folder

CSV_FORMAT = 1
#: The file that says what the others are.
ABOUT = "network.json"


@dataclass(frozen=True)
class ExportedTables:
    """The folder, and how many rows each table has (``n_rows``)."""

    folder: Path
    n_rows: dict[str, int]


def export_csv(checkpoint: Checkpoint, data: SpikeDataset, folder: str | PathLike[str]) -> ExportedTables:
    """Write a network, recordings and its spikes on them as CSV tables.

    ``synapses.PROJECTION.csv`` has post, pre, and every parameter of the synapse; ``neurons.POPULATION.csv`` every parameter of the neuron;
    ``spikes.POPULATION.csv`` recording, neuron and time of what the network in PyTorch (float64) does, ``spikes.input.csv`` its input;
    ``recordings.csv`` names, labels and decisions. Numbers are counted from 0. ``network.json`` has dt, units, spec and provenance.

    Raises
    ------
    DtMismatchError, DataError
        If the recordings do not fit the network.
    TransferError
        If there is noise in the equations, or a time course.
    ConfigError
        If the folder can't be one, or holds other files.
    WriteError
        If a file can't be written.
    """
    spec, target = checkpoint.spec, Path(folder)
    for what in ("noise", "time_courses"):
        if found := [f"{p.name}: {', '.join(names)}" for p in spec.populations if (names := getattr(p.model, what))]:
            raise TransferError(
                f"tables hold no {what.replace('_', ' ')}",
                where="export",
                got="; ".join(found),
                expected="a network whose equations have neither noise nor time courses",
                remedy="take it to Brian2: hs.to_brian2(...).network",
            )
    check_input(data, spec, where="export")
    check_folder(target, _is_ours)
    tables = {f"synapses.{p.name}.csv": _synapses(checkpoint, p.name) for p in spec.projections}
    tables |= {f"neurons.{p.name}.csv": _neurons(checkpoint, p.name) for p in spec.populations}
    expected = Expected.of(checkpoint, data)
    for name, spikes in expected.spikes.items():
        times = ((run, neuron, float(step) * spec.dt_s) for run, neuron, step in sorted(spikes[:, [0, 2, 1]].tolist()))
        tables[f"spikes.{name}.csv"] = (["recording", "neuron" if name != "input" else "channel", "time [s]"], times)
    about_recordings = zip(range(len(data)), data.names, data.labels, expected.decisions.tolist(), strict=True)
    tables["recordings.csv"] = (["recording", "name", "label", "decision"], about_recordings)
    target.mkdir(parents=True, exist_ok=True)
    n_rows = {}
    for name, (header, rows) in tables.items():
        text, n_rows[name] = _text_of(header, rows)
        write_atomically(target / name, text)
    for path in target.iterdir():  # of an earlier export of a larger network
        if path.name not in (*tables, ABOUT):
            path.unlink()
    write_atomically(target / ABOUT, json_text(_about(checkpoint, data, expected.n_steps, n_rows)))
    return ExportedTables(target, n_rows)


def _is_ours(path: Path) -> bool:
    kind, _, rest = path.name.partition(".")
    return path.name in (ABOUT, "recordings.csv") or (kind in ("synapses", "neurons", "spikes") and rest.endswith(".csv"))


_Table = tuple[list[str], Iterable[Iterable[Any]]]


def _synapses(checkpoint: Checkpoint, projection: str) -> _Table:
    spec = checkpoint.spec
    (connected,) = (p for p in spec.projections if p.name == projection)
    slots = {key: slot for key, slot in spec.slots.items() if slot.owner == projection}
    exists = np.ones((connected.n_post, connected.n_pre), dtype=bool)
    if not connected.self_connections:
        np.fill_diagonal(exists, False)
    post, pre = np.nonzero(exists)
    columns = []
    for key, slot in slots.items():
        value = np.asarray(checkpoint.values[key])
        assert used_entries(slot).shape == value.shape
        value = value[:, None] if slot.parameter.axes == "post" else value
        columns.append(np.broadcast_to(value, exists.shape)[exists])
    return ["post", "pre", *(_header(spec, key) for key in slots)], zip(post, pre, *columns, strict=True)


def _neurons(checkpoint: Checkpoint, population: str) -> _Table:
    spec, size = checkpoint.spec, checkpoint.spec.population(population).size
    keys = [key for key, slot in spec.slots.items() if slot.owner == f"{population}.neuron"]
    columns = [np.broadcast_to(np.asarray(checkpoint.values[key]), (size,)) for key in keys]
    return ["neuron", *(_header(spec, key) for key in keys)], zip(range(size), *columns, strict=True)


def _header(spec: NetworkSpec, key: str) -> str:
    """The parameter and, unless it is a pure number, the SI unit that its values are in."""
    slot = spec.slots[key]
    dimensions = dimensions_of(slot.parameter.unit, where=key)
    return slot.name if dimensions is DIMENSIONLESS else f"{slot.name} [{_SHORT.get(name := name_of_dimensions(dimensions), name)}]"


#: Units as tables have them, where Brian2 has the whole word.
_SHORT: Mapping[str, str] = {"second": "s", "volt": "V", "amp": "A", "ohm": "Ohm", "siemens": "S", "farad": "F", "hertz": "Hz"}


def _text_of(header: list[str], rows: Iterable[Iterable[Any]]) -> tuple[str, int]:
    content, count = io.StringIO(), 0
    writer = csv.writer(content, lineterminator="\n")
    writer.writerow([table_cell(name) for name in header])
    for row in rows:
        writer.writerow([table_cell(value) for value in row])
        count += 1
    return content.getvalue(), count


def _about(checkpoint: Checkpoint, data: SpikeDataset, n_steps: int, n_rows: Mapping[str, int]) -> dict[str, Any]:
    spec = checkpoint.spec
    return {
        "format": CSV_FORMAT,
        "dt_s": spec.dt_s,
        "dt": format_quantity(spec.dt_s, "ms"),
        "n_steps": n_steps,
        "n_input": spec.n_input,
        "populations": {p.name: {"size": p.size, "model": p.model.name, "reference": p.model.reference} for p in spec.populations},
        "projections": {p.name: {"source": p.source, "target": p.target, "kind": p.kind} for p in spec.projections},
        "tables": dict(n_rows),
        "step_order": spec.phases,
        "spec": spec.to_text(),
        "checkpoint_sha256": hashlib.sha256(checkpoint.to_bytes()).hexdigest(),
        "recordings": {"fingerprint": data.fingerprint(), **dict(data.info)},
        "trained_on": dict(checkpoint.data),
        "seeds": dict(checkpoint.seeds),
        "versions": dict(checkpoint.versions),
    }

"""Networks trained in other libraries, run by us and in Brian2: every spike of theirs against every spike of ours.

python -m benchmarks.elsewhere --data digits.npz
python benchmarks/elsewhere_writers.py sparx digits.npz folder    (where sparx is installed; likewise for each library)
python -m benchmarks.elsewhere --read folder --with digits.npz --out benchmarks/results/elsewhere.json
python -m benchmarks.elsewhere --tables benchmarks/results/elsewhere.json --docs docs

A library computes in float32 and we in float64, so that a spike may differ where a voltage is at the threshold within rounding.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hetsyn_sim.brian.transfer import to_brian2
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.files import json_text, write_atomically
from hetsyn_sim.errors import CheckpointError, HetSynError
from hetsyn_sim.exchange import import_nir
from hetsyn_sim.models import HetNeuLIF, HomNeuReadout
from hetsyn_sim.report.document import Grid
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.tasks import spoken_digits
from hetsyn_sim.training.network import Network

DT = 0.01


@dataclass(frozen=True)
class Source:
    """How a library's network is read: the title in the table, the reading, another reading to show what it matters, and what was read.

    ``late`` is the number of steps by which the library hands on a spike after its voltage has crossed the threshold.
    """

    title: str
    how: str
    reading: str | None = None
    other: str | None = None
    dt: str | None = "10 ms"
    late: int = 0


SOURCES = {
    "sparx": Source("sparx, as it writes by default", "`hetsyn import FILE OUT`: the file says dt and reading", None, "euler", None),
    "sparx-euler": Source('sparx, `discretization="euler"`', "`hetsyn import FILE OUT`", None, None, None),
    "jaxpike": Source("jaxpike", '`--dt "10 ms" --reading held`', "held", "euler"),
    "snntorch": Source("snnTorch", '`--dt "10 ms" --reading snntorch`', "snntorch"),
    "norse": Source("Norse, `to_nir(..., dt=1)`", '`--dt "10 ms" --reading euler`', "euler", "held"),
    "spyx": Source("spyx", "its values in HetNeuLIF, as below", late=1),
}


def from_spyx(values: Mapping[str, NDArray[np.float64]], dt: float = DT) -> Checkpoint:
    """A layer of spyx's LIF and its LI: v keeps beta, a step after a spike the threshold is subtracted; that is HetNeuLIF.

    ``w`` and ``w_out`` are (pre, post), ``beta`` and ``beta_out`` what a step keeps, which spyx clips to 0 to 1 where it uses them.
    """

    def tau_of(beta: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(divide="ignore"):  # 1 forgets nothing: an infinite time constant
            tau: NDArray[np.float64] = dt / np.abs(np.log(np.clip(beta, 0.0, 1.0)))
        return tau

    n_input, n = values["w"].shape
    spec = NetworkSpec(dt, n_input, [Layer(HetNeuLIF, n)], Layer(HomNeuReadout, values["w_out"].shape[1]))
    return Checkpoint(
        spec,
        {
            "layer_1.feedforward.w": values["w"].T.copy(),
            "layer_1.neuron.tau_mem": tau_of(values["beta"]),
            "layer_1.neuron.theta": np.ones(()),
            "readout.feedforward.w": values["w_out"].T.copy(),
            "readout.neuron.tau_mem": tau_of(values["beta_out"]),
        },
    )


def measure(folder: Path, raster: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """A row for each library whose files are in the folder."""
    rows = []
    for name, source in SOURCES.items():
        if not (folder / f"{name}.npz").exists():
            continue
        theirs = dict(np.load(folder / f"{name}.npz"))
        graph = folder / f"{name}.nir"
        checkpoint = import_nir(graph, dt=source.dt, reading=source.reading) if graph.exists() else from_spyx(theirs)
        row: dict[str, Any] = {"library": name, "version": str(theirs["version"]), "recordings": int(raster.shape[1])}
        row |= {
            "neurons": [p.size for p in checkpoint.spec.populations],
            "spikes": int(sum(theirs[k].sum() for k in theirs if "layer" in k)),
        }
        row["pytorch"] = differing(Network.from_checkpoint(checkpoint).double().record(raster), theirs, source.late)
        row["brian2"] = differing(
            to_brian2(checkpoint, device="numpy", record=["v"]).run(raster, dt=checkpoint.spec.dt_s), theirs, source.late
        )
        if source.other is not None:
            other = import_nir(graph, dt="10 ms", reading=source.other)
            row["other"] = {"reading": source.other, **differing(Network.from_checkpoint(other).double().record(raster), theirs, 0)}
        rows.append(row)
        print(row)
    return rows


def differing(ours: Any, theirs: Mapping[str, NDArray[Any]], late: int) -> dict[str, Any]:
    """Cells of the rasters that differ, recordings in which none does, and the largest distance of the readout in units of its std."""
    n_steps = next(theirs[key] for key in theirs if key.startswith("layer")).shape[0]
    cells, same = 0, np.ones(next(iter(ours.rasters.values())).shape[1], dtype=bool)
    for key in (key for key in theirs if key.startswith("layer")):
        different = ours.rasters[key][: n_steps - late] ^ theirs[key][late:]
        cells += int(different.sum())
        same &= ~different.any(axis=(0, 2))
    found: dict[str, Any] = {"differing_cells": cells, "recordings_identical": int(same.sum())}
    if "readout" in theirs and "readout.v" in ours.traces:
        v = np.asarray(ours.traces["readout.v"])[: n_steps - late]
        found["largest_dv"] = float(np.abs(v - theirs["readout"][late:]).max() / theirs["readout"].std())
    return found


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The table of the page."""
    head = (
        "trained in",
        "read with",
        "its spikes",
        "cells that differ: PyTorch",
        "Brian2",
        "readout off by (of its std)",
        "read otherwise",
    )
    table = []
    for row in found["rows"]:
        source = SOURCES[row["library"]]
        dv = row["brian2"].get("largest_dv")
        other = row.get("other")
        table.append(
            (
                f"{source.title} {row['version']}",
                source.how,
                f"{row['spikes']:,}",
                f"{row['pytorch']['differing_cells']:,}",
                f"{row['brian2']['differing_cells']:,}",
                "–" if dv is None else f"{dv:.1e}",
                "–" if other is None else f"`{other['reading']}`: {other['differing_cells']:,} cells differ",
            )
        )
    yield from Grid(head, table).lines()
    yield from (
        "",
        f"{found['rows'][0]['recordings']} test recordings of spoken digits, {DT * 1e3:g} ms a step; measured on {found['date']}.",
        "",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="write the recordings for the other libraries to this .npz")
    parser.add_argument("--recordings", type=int, default=640, help="with --data: how many to train on")
    parser.add_argument("--read", type=Path, help="folder with what the libraries wrote")
    parser.add_argument("--with", dest="given", type=Path, help="with --read: the .npz that they were given")
    parser.add_argument("--date", default="", help="with --read: when the libraries were run")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--tables", type=Path)
    parser.add_argument("--docs", type=Path)
    options = parser.parse_args()
    if options.data is not None:
        data = spoken_digits()
        train, test = data[data.split == "train"], data[data.split == "test"]
        chosen = train[[k * len(train) // options.recordings for k in range(options.recordings)]]
        test = test[[k * len(test) // 100 for k in range(100)]]
        np.savez(options.data, x=chosen.rasters(), y=np.asarray(chosen.labels), test=test.rasters())
    if options.read is not None:
        if options.given is None or options.out is None:
            raise CheckpointError("--read needs --with and --out", where="benchmarks.elsewhere", remedy="say what the libraries were given")
        rows = measure(options.read, np.load(options.given)["test"].astype(bool))
        write_atomically(options.out, json_text({"date": options.date, "rows": rows}))
    if options.tables is not None:
        text = "\n".join(lines(json.loads(options.tables.read_text(encoding="utf-8"))))
        print(text) if options.docs is None else write_atomically(options.docs / "_generated" / "elsewhere.md", text)


if __name__ == "__main__":
    try:
        main()
    except HetSynError as error:
        raise SystemExit(str(error)) from error

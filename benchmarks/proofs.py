"""Prove the spike trains of trained networks on their test recordings, and time that against the reference interpreter in float64.

    hetsyn train fsdd-demo --out digits; hetsyn train dms-hetsyn --out dms; hetsyn train patterns-hetsyn --epochs 3 --out patterns
    python -m benchmarks.proofs --out benchmarks/results/proofs.json digits dms patterns
    python -m benchmarks.proofs --tables benchmarks/results/proofs.json --docs docs

Times are of the processor, one thread. At most 300 recordings of each network, evenly spread over its test set.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from hetsyn_sim.agreement.proofs import prove
from hetsyn_sim.cli.options import load_run
from hetsyn_sim.data.files import json_text, write_atomically
from hetsyn_sim.data.recording import Raster, Recording
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.report.document import Grid

from .rows import cpu_model

MOST_RECORDINGS = 300


def measure(folder: Path) -> dict[str, Any]:
    """Prove one network of a run's folder."""
    checkpoint, data = load_run(folder, None, "test", MOST_RECORDINGS)
    spec = checkpoint.spec
    values = {key: np.asarray(value, dtype=np.float64) for key, value in checkpoint.values.items()}
    seconds = {"reference": 0.0}

    def reference(raster: Raster) -> Recording:
        start = process_time()
        recording = simulate_reference(spec, values, raster, record=())
        seconds["reference"] += process_time() - start
        return recording

    start = process_time()
    proof = prove(checkpoint, data, run=reference)
    seconds["proof"] = process_time() - start - seconds["reference"]
    row = {"network": str(checkpoint.recipe.get("name", folder.name)), "neurons": sum(p.size for p in spec.populations if p.model.spiking)}
    row |= {"synapses": sum(p.n_post * p.n_pre for p in spec.projections), "seconds": seconds}
    return row | {key: value for key, value in proof.to_dict().items() if key != "seconds"}


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The table of the documentation."""
    head = ("network", "recordings", "cells", "proved", "error of v, at most", "closest v came to θ", "time (reference: 1)")
    table = [
        (
            row["network"],
            f"{row['n_runs']} of {row['n_steps']} steps",
            f"{row['n_cells']:,}",
            f"{row['n_proved']:,} (" + ", ".join(f"{n:,} by {how}" for how, n in row["decided"].items() if n) + ")",
            f"{float(row['largest_bound']):.1e}",
            f"{float(row['closest']):.1e}",
            f"{row['seconds']['proof'] / row['seconds']['reference']:.2f}",
        )
        for row in found["rows"]
    ]
    yield from Grid(head, table).lines()
    times = ", ".join(f"{row['seconds']['reference']:.1f} s" for row in found["rows"])
    yield from (
        "",
        f"One thread of {found['cpu_model']}, where the reference took {times}; python-flint {found['versions']['python-flint']}.",
        "",
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUN", help="folders of trained networks")
    parser.add_argument("--out", type=Path, help="measure, and write the rows to this file")
    parser.add_argument("--tables", type=Path, help="the file to make the table of")
    parser.add_argument("--docs", type=Path, help="folder docs/: write _generated/proofs.md there")
    options = parser.parse_args(arguments)
    if options.out is not None:
        versions = {name: version(name) for name in ("numpy", "python-flint")}
        found = {"cpu_model": cpu_model(), "versions": versions, "rows": [measure(run) for run in options.runs]}
        write_atomically(options.out, json_text(found))
    if options.tables is not None:
        text = "\n".join(lines(json.loads(options.tables.read_text(encoding="utf-8"))))
        print(text) if options.docs is None else write_atomically(options.docs / "_generated" / "proofs.md", text)


if __name__ == "__main__":
    main()

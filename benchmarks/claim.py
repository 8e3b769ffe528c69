"""Trained networks held against Brian2 on all test recordings, in both precisions, and at finer time steps: the tables of docs/claim.md.

    hetsyn train fsdd-hetsyn --out full; hetsyn train fsdd-demo --out demo
    python -m benchmarks.claim --out benchmarks/results/claim.json full demo
    python -m benchmarks.claim --tables benchmarks/results/claim.json --docs docs

Brian2 runs in its ``ode`` form, float64. What all studies have compared is counted from their own rows.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hetsyn_sim.agreement.outcome import MAX_UNDECIDED
from hetsyn_sim.agreement.refinement import check_refinement
from hetsyn_sim.agreement.subject import Subject
from hetsyn_sim.agreement.verify import verify
from hetsyn_sim.cli.options import load_run
from hetsyn_sim.data.files import json_text, write_atomically
from hetsyn_sim.report.document import Grid

ROOT = Path(__file__).parents[1]
#: Row -> how a measurement shows it.
_SHOWN = {
    "spikes": "{spikes:,}",
    "spike mismatches": "{mismatches:,}",
    "largest voltage difference": "{max_abs_dv:.1e}",
    r"the same, as a share of $2\cdot\text{{bound}}$": "{max_dv_over_bound:.2%}",
    "closest voltage to the threshold": "{smallest_margin:.1e}",
    "undecided runs": "{undecided} of {runs}",
    "different predictions": "{different_predictions}",
}


def measure(folder: Path, device: str) -> dict[str, Any]:
    """One trained network."""
    checkpoint, data = load_run(folder, None, "test", None)
    row: dict[str, Any] = {"network": str(checkpoint.recipe.get("name", folder.name)), "device": device}
    for precision in MAX_UNDECIDED:
        found = verify(checkpoint, data, device=device, precision=precision)
        compared = found.comparison
        row[precision] = {
            "spikes": compared.n_spikes,
            "mismatches": compared.spike_mismatches,
            "undecided": len(compared.undecided),
            "runs": compared.n_runs,
            "steps": compared.n_steps,
            "different_predictions": int(np.sum(found.predictions_torch != found.predictions_brian2)),
        } | {name: getattr(compared, name) for name in ("max_abs_dv", "max_dv_over_bound", "smallest_margin")}
    subject = Subject(checkpoint, data, thorough=True)
    findings = check_refinement(subject, lambda fraction: None).findings
    row["finer"] = [dict(finding.numbers) for finding in findings if "coincidence" in finding.numbers]
    row["finer_recordings"] = len(subject.sample(20))
    return row


def compared(results: Path) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Study and Brian2's form -> its networks that were compared with Brian2. Rows that do not name a form are of ``fast``."""
    files = [*sorted((results / "reproduced").glob("*.json")), results / "delay-speakers.json", results / "forecast.json"]
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for path in files:
        for row in json.loads(path.read_text(encoding="utf-8"))["rows"]:
            if "mismatches" in row:  # and not a forecast that is no network
                form = row.get("form", "fast")
                found.setdefault((path.stem, form), []).append(row)
    return found


def study_lines(results: Path) -> Iterator[str]:
    """What each study has compared, and in which form."""
    heads = ("study", "networks", "Brian2's form", "recordings of each", "cells that differ", "near-ties", "largest |dv|, of its bound")
    table = []
    for (study, form), rows in compared(results).items():
        simulated = {row["simulated"] for row in rows}
        cells = f"{sum(row['mismatches'] for row in rows):,}"
        measured = [row for row in rows if "max_dv_over_bound" in row]
        ties = f"{sum(row['undecided'] for row in measured)}" if measured else "–"
        largest = f"{100 * max(row['max_dv_over_bound'] for row in measured):.2f} %" if measured else "not compared"
        table.append((study, str(len(rows)), f"`{form}`", "–".join(map(str, sorted(simulated))), cells, ties, largest))
    yield from Grid(heads, table).lines()


def agreement_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Every network in both precisions, side by side."""
    columns = [(row, precision) for row in found["rows"] for precision in MAX_UNDECIDED]
    heads = ("", *(f"`{row['network']}`, {precision}" for row, precision in columns))
    table = [
        (what.format(), *(form.format(**row[precision]).replace("%", " %") for row, precision in columns)) for what, form in _SHOWN.items()
    ]
    yield from Grid(heads, table).lines()


def finer_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """What becomes of spikes and predictions at finer time steps."""
    heads = ("network", "dt (ms)", "spikes", "with a partner within the network's own dt", "equal predictions", "right")
    shares = ("coincidence", "equal_predictions", "accuracy")
    table = []
    for row in found["rows"]:
        for k, finer in enumerate(row["finer"]):
            name = "" if k else f"`{row['network']}`, {row['finer_recordings']} recordings"
            cells = (f"{1e3 * finer['dt_s']:g}", f"{finer['n_spikes']:,}", *(f"{100 * finer[share]:.1f} %" for share in shares))
            table.append((name, *cells))
    yield from Grid(heads, table).lines()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUN", help="folders of trained networks")
    parser.add_argument("--device", default="numpy", help="Brian2's device")
    parser.add_argument("--out", type=Path, help="measure, and write the rows to this file")
    parser.add_argument("--tables", type=Path, help="the file to make the tables of")
    parser.add_argument("--docs", type=Path, help="folder docs/: write _generated/claim.md, finer.md and compared.md there")
    options = parser.parse_args(arguments)
    if options.out is not None:
        write_atomically(options.out, json_text({"rows": [measure(run, options.device) for run in options.runs]}))
    if options.tables is not None:
        found = json.loads(options.tables.read_text(encoding="utf-8"))
        tables = {"claim": agreement_lines(found), "finer": finer_lines(found), "compared": study_lines(ROOT / "benchmarks" / "results")}
        for name, made in tables.items():
            text = "\n".join([*made, ""])
            print(text) if options.docs is None else write_atomically(options.docs / "_generated" / f"{name}.md", text)


if __name__ == "__main__":
    main()

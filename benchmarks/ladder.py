"""A trained network on the ladder to biophysics, and trained on where it lost accuracy; the page of the documentation is made from it.

    python -m benchmarks.ladder runs/fsdd-hetsyn-seed0 --docs docs

Rows are kept in ``--results`` as they come, so a benchmark that was stopped goes on. Every number is of the test split.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.files import json_text, write_atomically
from hetsyn_sim.errors import HetSynError
from hetsyn_sim.ladder import RUNGS, Row, fine_tune, run_ladder
from hetsyn_sim.report import ladder_table
from hetsyn_sim.report.document import Grid, png_of
from hetsyn_sim.tasks import spoken_digits

#: Where it is trained on: rung, strength, and noise (in thresholds) beside it.
CASES = (
    ("membrane capacitance", 20.0, 0.0),
    ("membrane capacitance", 50.0, 0.0),
    ("membrane capacitance", 100.0, 0.0),
    ("refined dt", 10.0, 0.5),
)
EPOCHS, LR_FACTOR, SEEDS = 5, 0.1, (0, 1, 2)


def ladder_lines(rows: list[Row]) -> Iterator[str]:
    """Every rung and strength."""
    heads = ("rung", "strength", "runs", "accuracy", "same class as trained", "distance", "rate (Hz)", "error of the readout's v")
    return Grid(heads, ladder_table(rows)).lines()


def finetuning_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Every case: accuracy of the trained network, on the rung, and after training there."""
    heads = ("where", "on its own grid", "on the rung, as trained", f"after {EPOCHS} epochs there")
    return Grid(heads, _finetuned(rows)).lines()


def _finetuned(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[str]]:
    for rung, strength, noise in CASES:
        same = [row for row in rows if (row["rung"], row["strength"], row["noise"]) == (rung, strength, noise)]
        if same:
            where = f"{_QUANTITY[rung].format(strength)}" + (f", noise of {noise:g} thresholds" if noise else "")
            yield [where, *(_spread([row[key] for row in same]) for key in ("trained", "before", "after"))]


_QUANTITY = {"membrane capacitance": "`tau_mem` = {:g} ms", "refined dt": "dt {:g} times finer"}


def _spread(shares: list[float]) -> str:
    percent = [100 * share for share in shares]
    several = len(percent) > 1 and max(percent) > min(percent)
    return f"{statistics.mean(percent):.1f}" + (f" ± {statistics.stdev(percent):.1f} %" if several else " %")


def _tune(checkpoint: Checkpoint, data: Any, device: str, store: Path) -> list[dict[str, Any]]:
    rungs = {rung.name: rung for rung in RUNGS}
    rows = json.loads(store.read_text(encoding="utf-8"))["rows"] if store.is_file() else []
    for seed in SEEDS:
        for name, strength, noise in CASES:
            case = {"rung": name, "strength": strength, "noise": noise, "seed": seed}
            if any(case.items() <= row.items() for row in rows):
                continue
            done = fine_tune(
                checkpoint, data, rungs[name], strength, noise=noise, epochs=EPOCHS, lr_factor=LR_FACTOR, seed=seed, device=device
            )
            rows.append(case | {"trained": done.trained, "before": done.before, "after": done.after})
            print(rows[-1], flush=True)
            write_atomically(store, json_text({"rows": rows}))
    return rows


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, help="a checkpoint, or the folder of a run")
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"), help="folder of ladder.json and finetuning.json")
    parser.add_argument("--docs", type=Path, help="folder docs/: write _generated/*.md and _static/ladder.png there")
    parser.add_argument("--device", default="cpp_standalone", help="Brian2's (cpp_standalone)")
    options = parser.parse_args(arguments)
    path = options.checkpoint / "checkpoint.safetensors" if options.checkpoint.is_dir() else options.checkpoint
    try:
        checkpoint, data = Checkpoint.load(path), spoken_digits()
        rows = run_ladder(checkpoint, data.test, device=options.device, store=options.results / "ladder.json")
        print("\n".join(ladder_lines(rows)), flush=True)
        tuned = _tune(checkpoint, data, options.device, options.results / "finetuning.json")
        print("\n".join(finetuning_lines(tuned)))
    except HetSynError as error:
        print(error, file=sys.stderr)
        return 2
    if options.docs is not None:
        import matplotlib as mpl

        mpl.use("Agg")
        from hetsyn_sim.report.plots import plot_ladder

        write_atomically(options.docs / "_generated" / "ladder.md", "\n".join([*ladder_lines(rows), ""]))
        write_atomically(options.docs / "_generated" / "finetuning.md", "\n".join([*finetuning_lines(tuned), ""]))
        write_atomically(options.docs / "_static" / "ladder.png", png_of(plot_ladder(rows).figure, bbox_inches="tight"))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The first iterations of the long trainings on sequential MNIST: whether they learn, and how long all of it would take.

python -m benchmarks.smnist mnist/ --iterations 300 --json benchmarks/results/smnist-start.json
python -m benchmarks.smnist --tables docs/_generated
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from analysis.studies.callbacks import LearningCurve
from analysis.studies.hetsyn import smnist
from analysis.studies.hetsyn.smnist_tables import KINDS
from hetsyn_sim.data.files import json_text, write_atomically
from hetsyn_sim.report.document import Grid
from hetsyn_sim.training import fit

RESULTS: Final = Path(__file__).parent / "results" / "smnist-start.json"
#: As many images as are read, of how many a training has; epochs of the former are shorter, and as many more.
_READ, _ALL = 10_000, 60_000
#: Iterations that a number of the table is the mean of.
_BIN: Final = 20


class _FirstIterations(Callback):
    """Ends a training after some iterations, and takes the processor time of each."""

    def __init__(self, n: int) -> None:
        self.n, self.seconds = n, list[float]()
        self._begun = 0.0

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> int | None:
        self._begun = time.process_time()
        return -1 if trainer.global_step >= self.n else None

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int) -> None:
        self.seconds.append(time.process_time() - self._begun)
        trainer.should_stop = trainer.global_step >= self.n


def measure(kind: str, source: Path, n: int, seed: int = 0) -> dict[str, Any]:
    """Train a kind of case for ``n`` iterations, with the schedule of the whole training."""
    case = {"model": "HetSynLIF", **KINDS[kind]}
    recipe = smnist.recipe_for(case, seed)
    epochs, n_learned = recipe.training.epochs, _ALL - round(_ALL / 9)
    data = smnist.images_for(case, source, _READ)
    curve, first = LearningCurve(), _FirstIterations(n)
    longer = recipe.changed(epochs=epochs * _ALL // len(data.train))
    callbacks = [*smnist.callbacks_for(case, seed, source, data), curve, first]
    fit(smnist.spec_for(case, recipe, data), data, training=longer.training, callbacks=callbacks, progress=False)
    return {
        "kind": kind,
        "seed": seed,
        "iterations": len(curve.losses),
        "losses": curve.binned(curve.losses, _BIN),
        "right": curve.binned(curve.shares, _BIN),
        "seconds": float(np.median(first.seconds)),
        "iterations_of_an_epoch": -(-n_learned // recipe.training.batch_size),
        "epochs": epochs,
    }


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Markdown."""
    table = []
    for row in found["rows"]:
        epoch = row["seconds"] * row["iterations_of_an_epoch"] / 60.0
        losses, right = ([f"{values[k]:.{digits}f}" for k in (0, -1)] for values, digits in ((row["losses"], 2), (row["right"], 2)))
        times = [f"{row['seconds']:.2f}", f"{epoch:.1f}", str(row["epochs"]), f"{epoch * row['epochs'] / 60.0:.1f}"]
        table.append([row["kind"], str(row["iterations"]), *losses, *right, *times])
    begin, end = f"first {_BIN}", f"last {_BIN}"
    heads = (f"loss, {begin}", end, f"share right, {begin}", end, "s an iteration", "min an epoch", "epochs", "h in all")
    return Grid(("training", "iterations", *heads), table).lines()


def main(arguments: Sequence[str] | None = None) -> int:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m benchmarks.smnist", description=__doc__, formatter_class=plain)
    parser.add_argument("data", type=Path, nargs="?", help="folder with MNIST's images; none: only write the table")
    parser.add_argument("--iterations", type=int, default=300, help=f"at least {_BIN}")
    parser.add_argument("--kinds", nargs="+", default=["pixel, as published", "pixel, best we can"], choices=[*KINDS])
    parser.add_argument("--json", type=Path, default=RESULTS)
    parser.add_argument("--tables", type=Path, help="docs/_generated")
    options = parser.parse_args(arguments)
    if options.iterations < _BIN:
        parser.error(f"--iterations {options.iterations}: a number of the table is the mean of {_BIN}")
    rows = json.loads(options.json.read_text(encoding="utf-8"))["rows"] if options.json.is_file() else []
    for kind in options.kinds if options.data else ():
        rows = [row for row in rows if row["kind"] != kind] + [measure(kind, options.data, options.iterations)]
        write_atomically(options.json, json_text({"rows": rows}))
    print(text := "\n".join([*lines({"rows": rows}), ""]))
    if options.tables:
        write_atomically(options.tables / "smnist-start.md", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

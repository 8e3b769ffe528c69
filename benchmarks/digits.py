"""Spoken digits with HetSynLIF, HetNeuLIF and HomNeuLIF: the tuning, a classifier without spiking neurons, and the table of docs/digits.md.

    python -m benchmarks.digits --out runs/digits --jobs 2                       # the tuning
    hetsyn study digits --out benchmarks/results/reproduced                      # the training and the test of what it chose
    python -m benchmarks.digits --ridge benchmarks/results/digits-ridge.json --docs docs

Tuning: every recipe is trained with every setting of the same grid (learning rate x initial time constants) for a few epochs, with one seed
that is not used again. The setting of highest validation accuracy wins, of equals that of lower validation loss. The runs are kept in
``--out``; a killed tuning goes on where it stopped.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.studies.statistics import of_case, paired, shown
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.data.files import json_text, write_atomically
from hetsyn_sim.report.document import Grid

ROOT = Path(__file__).parents[1]
RECIPES = {"fsdd-hetsyn": "HetSynLIF", "fsdd-hetneu": "HetNeuLIF", "fsdd-homneu": "HomNeuLIF"}
#: The grid: learning rates, and what the time constants start from (uniform over the range; a fixed one is its geometric middle).
LEARNING_RATES = (2.5e-3, 5e-3, 1e-2)
TIME_CONSTANTS_MS = ((20, 80), (20, 200))
TUNING_SEED, TUNING_EPOCHS = 1000, 10
#: The grid of the ridge classifier: into how many equal parts a recording is cut whose spikes are counted, and the penalty.
BINS, PENALTIES = (1, 2, 4, 8, 16, 32, 64), tuple(10.0**k for k in range(-2, 5))


def configured(name: str, lr: float, taus: tuple[float, float], **training: Any) -> Any:
    """The shipped recipe with one setting of the grid."""
    from hetsyn_sim.training.recipe import Recipe, load_recipe

    plain = load_recipe(name).to_dict()
    low, high = taus
    middle = f"{(low * high) ** 0.5:g} ms"
    for model, parameters in plain["network"]["parameters"].items():
        for parameter, facts in parameters.items():
            learned = parameter == "tau_syn" or (parameter == "tau_mem" and model.startswith("HetNeu"))
            if parameter.startswith("tau_"):
                facts["initial"] = f"uniform({low} ms, {high} ms)" if learned else middle
    plain["training"]["optimiser"]["lr"] = lr
    return Recipe.from_dict(plain, where=name).changed(num_threads=1, **training)


def run(name: str, lr: float, taus: tuple[float, float], out: Path) -> dict[str, Any]:
    """Train one network of the grid (or find it trained) and say how it did in validation."""
    from hetsyn_sim.tasks import spoken_digits
    from hetsyn_sim.training.fit import fit

    recipe = configured(name, lr, taus, seed=TUNING_SEED, epochs=TUNING_EPOCHS)
    folder = out / f"{name}-lr{lr:g}-tau{taus[1]}"
    last = fit(recipe, spoken_digits(), out=folder, progress=False, data_name="spoken_digits").history[-1]
    row = {"recipe": name, "lr": lr, "tau_ms": taus} | {key: last[key] for key in ("validation_accuracy", "validation_loss")}
    print(json.dumps(row), flush=True)
    return row


def ridge(data: SpikeDataset) -> dict[str, Any]:
    """Least squares with a penalty on spikes that are counted, chosen in validation; the test split is read once."""
    learn, held_out = data.validation_split()
    grid = {(bins, penalty): _ridge(learn, held_out, bins, penalty) for bins, penalty in itertools.product(BINS, PENALTIES)}
    bins, penalty = max(grid, key=lambda setting: grid[setting])  # of equals the first: fewer bins, a smaller penalty
    facts = {"bins": bins, "penalty": penalty, "validation_accuracy": grid[bins, penalty]}
    return facts | {"accuracy": _ridge(data.train, data.test, bins, penalty), "n_test": len(data.test)}


def _ridge(learn: SpikeDataset, test: SpikeDataset, bins: int, penalty: float) -> float:
    """Accuracy on ``test``; the regression is on one-hot classes, centred."""
    x, y = _counts(learn, bins), np.eye(int(learn.labels.max()) + 1)[learn.labels]
    mean, level = x.mean(axis=0), y.mean(axis=0)
    # solved for a weight of each recording, of which there are fewer than of counts
    kernel = (x - mean) @ (x - mean).T + penalty * np.eye(len(x))
    weights = (x - mean).T @ np.linalg.solve(kernel, y - level)
    guesses = np.argmax((_counts(test, bins) - mean) @ weights + level, axis=1)
    return float(np.mean(guesses == test.labels))


def _counts(data: SpikeDataset, bins: int) -> NDArray[np.float64]:
    """Spikes in each of ``bins`` equal parts of the window, (recording, bin x channel)."""
    from hetsyn_sim.tasks.spoken_digits import N_STEPS

    raster = data.rasters(N_STEPS)  # (time, recording, channel)
    counted = raster.reshape(bins, N_STEPS // bins, *raster.shape[1:]).sum(axis=1, dtype=np.float64)
    return np.moveaxis(counted, 1, 0).reshape(len(data), -1)


def lines(rows: Sequence[Mapping[str, Any]], classifier: Mapping[str, Any]) -> Iterator[str]:
    """The table of the documentation: networks of the study ``digits``, and the classifier."""
    from hetsyn_sim.training.recipe import load_recipe

    heads = ("recipe", "neuron", "learning rate", "test accuracy, mean ± 95 %", "lowest to highest", "`fsdd-hetsyn` less this, in points")
    first = of_case(rows, model=RECIPES["fsdd-hetsyn"], recurrent=True)
    table = []
    for name, model in RECIPES.items():
        of_model = of_case(rows, model=model, recurrent=True)
        tested = [100 * row["accuracy"] for row in of_model]
        less = "" if of_model == first else shown(paired(first, of_model, "accuracy"), 100)
        accuracy = f"**{shown(tested)} %**, {len(tested)} seeds", f"{min(tested):.2f} to {max(tested):.2f} %"
        table.append([f"`{name}`", model, f"{load_recipe(name).training.optimiser.lr:g}", *accuracy, less])
    how = f"none: ridge on counts in {classifier['bins']} parts of a recording"
    table.append(["", how, "", f"{100 * classifier['accuracy']:.2f} %", "", ""])
    yield from Grid(heads, table).lines()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="tune, and keep the runs in this folder")
    parser.add_argument("--jobs", type=int, default=2, help="trainings at a time, each on one core")
    parser.add_argument("--ridge", type=Path, metavar="FILE", help="measure the classifier without neurons, and write this file")
    parser.add_argument("--docs", type=Path, help="folder docs/: write _generated/digits.md there, of the result files")
    arguments = parser.parse_args()
    if arguments.out is not None:
        arguments.out.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor(arguments.jobs) as pool:
            jobs = [
                pool.submit(run, name, lr, taus, arguments.out)
                for name, lr, taus in itertools.product(RECIPES, LEARNING_RATES, TIME_CONSTANTS_MS)
            ]
            tuning = [job.result() for job in jobs]
        best = {name: max((row for row in tuning if row["recipe"] == name), key=_quality) for name in RECIPES}
        write_atomically(arguments.out / "tuning.json", json_text({"tuning": tuning, "best": best}))
        print(json.dumps(best, indent=1))
    if arguments.ridge is not None:
        from hetsyn_sim.tasks import spoken_digits

        write_atomically(arguments.ridge, json_text(ridge(spoken_digits())))
    if arguments.docs is not None:
        results = ROOT / "benchmarks" / "results"
        rows = json.loads((results / "reproduced" / "digits.json").read_text(encoding="utf-8"))["rows"]
        classifier = json.loads((results / "digits-ridge.json").read_text(encoding="utf-8"))
        write_atomically(arguments.docs / "_generated" / "digits.md", "\n".join([*lines(rows, classifier), ""]))


def _quality(row: dict[str, Any]) -> tuple[float, float]:
    return row["validation_accuracy"], -row["validation_loss"]


if __name__ == "__main__":
    main()

"""Spoken digits with HetSynLIF, HetNeuLIF and HomNeuLIF: equal architecture, equal tuning effort, five seeds, the test split read once.

    python -m benchmarks.digits --out runs/digits --jobs 2

1. Tuning. Every recipe is trained with every setting of the same grid (learning rate x initial time constants) for a few epochs, with one
   seed that is not used again. The setting of highest validation accuracy wins, of equals that of lower validation loss.
2. Training. The winner is trained in full with the seeds 0 to 4.
3. Test. Only now is the test split read, once per network.

The runs are kept in ``--out``; a killed benchmark goes on where it stopped. The result is ``digits.json`` and ``digits.md`` there.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from hetsyn_sim.report.document import Grid

RECIPES = ("fsdd-hetsyn", "fsdd-hetneu", "fsdd-homneu")
#: The grid: learning rates, and what the time constants start from (uniform over the range; a fixed one is its geometric middle).
LEARNING_RATES = (2.5e-3, 5e-3, 1e-2)
TIME_CONSTANTS_MS = ((20, 80), (20, 200))
TUNING_SEED, TUNING_EPOCHS = 1000, 10
SEEDS = (0, 1, 2, 3, 4)


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


def run(name: str, lr: float, taus: tuple[float, float], seed: int, epochs: int | None, out: Path, test: bool) -> dict[str, Any]:
    """Train one network (or find it trained) and say how it did."""
    from hetsyn_sim.tasks import spoken_digits
    from hetsyn_sim.training.evaluate import evaluate
    from hetsyn_sim.training.fit import fit

    data = spoken_digits()
    recipe = configured(name, lr, taus, seed=seed, **({} if epochs is None else {"epochs": epochs}))
    folder = out / f"{name}-lr{lr:g}-tau{taus[1]}-seed{seed}-{recipe.training.epochs}"
    result = fit(recipe, data, out=folder, progress=False, data_name="spoken_digits")
    last = result.history[-1]
    row = {"recipe": name, "lr": lr, "tau_ms": taus, "seed": seed, "epochs": recipe.training.epochs} | {
        key: last[key] for key in ("validation_accuracy", "validation_loss", "rate_hz")
    }
    if test:
        loss, window = recipe.training.loss.make(), recipe.training.window
        row["test_accuracy"] = evaluate(result.network, data.test, loss, window=window).accuracy
    print(json.dumps(row), flush=True)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs and the result")
    parser.add_argument("--jobs", type=int, default=2, help="trainings at a time, each on one core")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(arguments.jobs) as pool:
        grid = [
            pool.submit(run, name, lr, taus, TUNING_SEED, TUNING_EPOCHS, arguments.out, False)
            for name, lr, taus in itertools.product(RECIPES, LEARNING_RATES, TIME_CONSTANTS_MS)
        ]
        tuning = [job.result() for job in grid]
        best = {name: max((r for r in tuning if r["recipe"] == name), key=_quality) for name in RECIPES}
        finals = [
            pool.submit(run, name, best[name]["lr"], tuple(best[name]["tau_ms"]), seed, None, arguments.out, True)
            for seed, name in itertools.product(SEEDS, RECIPES)
        ]
        trained = [job.result() for job in finals]
    (arguments.out / "digits.json").write_text(json.dumps({"tuning": tuning, "best": best, "trained": trained}, indent=1) + "\n")
    (arguments.out / "digits.md").write_text(_table(best, trained))
    print(_table(best, trained))


def _quality(row: dict[str, Any]) -> tuple[float, float]:
    return row["validation_accuracy"], -row["validation_loss"]


def _table(best: dict[str, Any], trained: list[dict[str, Any]]) -> str:
    heads = ("recipe", "learning rate", "initial tau", "test accuracy, mean ± SD", "lowest to highest", "validation", "hidden rate")
    table = []
    for name in RECIPES:
        rows = [row for row in trained if row["recipe"] == name]
        test = [100 * row["test_accuracy"] for row in rows]
        mean = {key: statistics.mean(row[key] for row in rows) for key in ("validation_accuracy", "rate_hz")}
        taus = f"{best[name]['tau_ms'][0]} to {best[name]['tau_ms'][1]} ms"
        accuracy = f"**{statistics.mean(test):.2f} ± {statistics.stdev(test):.2f} %**", f"{min(test):.2f} to {max(test):.2f} %"
        rest = f"{100 * mean['validation_accuracy']:.2f} %", f"{mean['rate_hz']:.1f} Hz"
        table.append([f"`{name}`", f"{best[name]['lr']:g}", taus, *accuracy, *rest])
    return Grid(heads, table).markdown() + "\n"


if __name__ == "__main__":
    main()

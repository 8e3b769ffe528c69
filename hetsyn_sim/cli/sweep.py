"""``hetsyn sweep``: many trainings of one recipe."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import say, show_table
from .options import DataFile, JsonFile, check_output, require_data, training_data, write_json

if TYPE_CHECKING:
    from ..training.sweep import Run


def sweep(
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="YAML file: a recipe, and which settings vary.")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help="Folder of the sweep; by default sweeps/PLAN.")] = None,
    trials: Annotated[int | None, typer.Option("--trials", min=1, help="Search with so many trials, instead of all combinations.")] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Trainings at a time.")] = 1,
    data_file: DataFile = None,
    json_file: JsonFile = None,
) -> None:
    """Train a recipe with many settings: all combinations, or a search.

    The plan names a recipe and, by their place in it, the settings that vary: lists of values, or for a search `{low: 1e-3, high: 1e-1,
    log: true}`. Runs are judged by recordings held out for validation, never by the test split. Finished runs are kept: the same command
    goes on after an interruption or a kill. The folder gets a table (`sweep.csv`, `sweep.json`), a figure for every setting, and the runs.

    ```
    hetsyn sweep rates.yaml --jobs 2
    hetsyn sweep search.yaml --trials 50 --jobs 2 --out sweeps/search
    ```
    """
    check_output(json_file)
    from ..training.sweep import sweep as train_all
    from ..training.sweep_plan import SweepPlan

    plan = SweepPlan.from_yaml(plan_file)
    recipe = plan.base()
    require_data("recipe", recipe.data, data_file, where=recipe.name)
    folder = Path("sweeps") / plan_file.stem if out is None else out
    recordings = partial(training_data, recipe, data_file)
    result = train_all(plan, recordings, folder, trials=trials, jobs=jobs, after_run=_show_run)

    from matplotlib.figure import Figure

    from ..data.files import write_atomically
    from ..report.document import png_of
    from ..report.plots import plot_sweep

    for setting in plan.vary:
        figure = Figure(figsize=(5.0, 3.5), layout="constrained")
        plot_sweep(result, setting, figure.subplots())
        write_atomically(folder / f"{setting}.png", png_of(figure, dpi=150))
    failed = sum(run.state == "failed" for run in result.runs)
    rows = {"runs": f"{len(result.runs) - failed} finished, {failed} failed"}
    best = None
    if means := result.means():
        settings, value = means[0]
        best = {"settings": settings, plan.metric: value}
        rows |= {f"best {name}": str(chosen) for name, chosen in settings.items()}
        rows["its " + plan.metric.replace("_", " ")] = f"{100 * value:.2f} %" if plan.metric == "validation_accuracy" else f"{value:.4f}"
    show_table(f"{plan_file.stem}, {recipe.name}", rows | {"table": str(folder / "sweep.csv")})
    write_json(json_file, {"best": best, "runs": len(result.runs), "failed": failed, "table": str(folder / "sweep.csv")})


def _show_run(run: Run, done: int, of: int) -> None:
    metrics = run.message or ", ".join(f"{name} {value:.4g}" for name, value in run.metrics.items() if name.startswith("validation"))
    settings = ", ".join(f"{name.rsplit('.', 1)[-1]} {value}" for name, value in run.settings.items())
    say(f"{done}/{of}  {settings}, seed {run.seed}: {metrics}")

"""``hetsyn forecast``: conductance neurons and others forecast Mackey-Glass, with several seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..data.files import write_atomically
from .console import progress_bar, say
from .options import JsonFile, check_output, write_json


def forecast(
    seeds: Annotated[
        int | None, typer.Option("--seeds", metavar="N", min=1, help="Runs of each case; by default as many as the study asks for.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", min=1, help="Runs side by side.")] = 1,
    tune: Annotated[bool, typer.Option("--tune", help="Compare learning rates on validation instead.")] = False,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where rows, table and figure go.")] = Path("forecasts"),
    json_file: JsonFile = None,
) -> None:
    """Compare neurons at forecasting the Mackey-Glass equation, at equal size and equal training.

    Every run is kept when it is done: a study that was stopped goes on when the same command is given again.

    ```
    hetsyn forecast
    hetsyn forecast --tune
    ```
    """
    check_output(json_file, out / "rows.json")
    from analysis.studies.forecasting import FORECAST, TUNING
    from analysis.studies.hetsyn import run_studies

    study = TUNING if tune else FORECAST
    with progress_bar(study.name) as progress:
        rows = run_studies([study], out, seeds=seeds, jobs=jobs, progress=progress)[study.name]
    table = "\n".join([*study.lines(rows), ""])
    typer.echo(f"{study.about}\n\n{table}")
    say(f"table: {write_atomically(out / f'{study.name}.md', table)}")
    if not tune:
        from analysis.studies.forecasting.page import draw_forecasts

        say(f"figure: {draw_forecasts(rows, out / f'{study.name}.png')}")
    write_json(json_file, {"study": study.name, "rows": rows})

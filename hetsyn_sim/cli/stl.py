"""``hetsyn stl``: learned thresholds against fixed ones, on MNIST, with several seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..data.files import write_atomically
from .console import progress_bar, say
from .options import JsonFile, check_output, write_json


def stl(
    data: Annotated[Path, typer.Option("--data", metavar="FOLDER", help="With MNIST's images, which do not ship.", show_default=False)],
    seeds: Annotated[int | None, typer.Option("--seeds", metavar="N", min=1, help="Runs of each mode; by default 5.")] = None,
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", min=1, help="Runs side by side.")] = 1,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where rows, table and figure go.")] = Path("stl"),
    json_file: JsonFile = None,
) -> None:
    """Train spiking networks that learn thresholds (TL), weights (SL), or both (STL), and compare them at rest and under noise.

    Every run is kept when it is done: a study that was stopped goes on when the same command is given again.

    ```
    hetsyn stl --data mnist/
    hetsyn stl --data mnist/ --seeds 2 --jobs 2
    ```
    """
    check_output(json_file, out / "rows.json")
    from analysis.studies.hetsyn import run_studies
    from analysis.studies.stl.figure import draw_stl
    from analysis.studies.stl.study import STL

    from ..tasks.mnist import read_images

    read_images(data)  # what is wrong with the files is said before anything is trained
    with progress_bar(STL.name) as progress:
        rows = run_studies([STL], out, seeds=seeds, jobs=jobs, source=data, progress=progress)[STL.name]
    table = "\n".join([*STL.lines(rows), ""])
    typer.echo(f"{STL.about}\n\n{table}")
    say(f"table: {write_atomically(out / f'{STL.name}.md', table)}")
    say(f"figure: {draw_stl(rows, out / f'{STL.name}.png')}")
    write_json(json_file, {"study": STL.name, "rows": rows})

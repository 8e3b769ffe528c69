"""``hetsyn reproduce``: published experiments with several seeds, beside the paper's numbers."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..data.files import write_atomically
from ..errors import ConfigError, UnknownNameError
from .console import progress_bar, say
from .options import JsonFile, check_output, write_json

if TYPE_CHECKING:
    from analysis.studies.hetsyn import Study

_UNITS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def reproduce(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Which: dms, patterns, digits, speakers, smnist, or all.", show_default=False)
    ],
    seeds: Annotated[
        int | None, typer.Option("--seeds", metavar="N", min=1, help="Runs of each case; by default as many as the study asks for.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", metavar="N", min=1, help="Runs side by side; by default one for each core.", show_default=False)
    ] = None,
    budget: Annotated[
        str | None, typer.Option("--budget", metavar="TIME", help='Begin no run that would last longer, such as "2h".', show_default=False)
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="FOLDER", help="Of images for smnist, which do not ship.", show_default=False)
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where rows, tables and figures go.")] = Path("reproduced"),
    json_file: JsonFile = None,
) -> None:
    """Run published experiments again, and print what came out beside what was published.

    Every run is kept when it is done: a study that was stopped goes on when the same command is given again, and more seeds are added to
    those that are there. All cases of all studies get one seed before any gets a second one.

    ```
    hetsyn reproduce dms
    hetsyn reproduce all --budget 2h
    hetsyn reproduce smnist --data mnist/ --seeds 2
    ```
    """
    seconds = None if budget is None else _seconds(budget)
    check_output(json_file, out / "rows.json")
    from analysis.studies.hetsyn import STUDIES, claim_lines, run_studies
    from analysis.studies.pages import draw_study

    chosen = _chosen(name, STUDIES, data)
    n_jobs = len(os.sched_getaffinity(0)) if jobs is None else jobs
    what = f"{', '.join(study.name for study in chosen)}, {n_jobs} runs side by side" if n_jobs > 1 else ", ".join(s.name for s in chosen)
    try:
        with progress_bar(what) as bar:
            progress = _of_this_call(bar, seconds)
            found = run_studies(chosen, out, seeds=seeds, jobs=n_jobs, budget=seconds, source=data, progress=progress)
    except KeyboardInterrupt:
        say(f"interrupted: what was done is kept in {out}, and the same command goes on from there")
        raise typer.Exit(130) from None
    for study in chosen:
        rows = found[study.name]
        n_wanted = len(study.cases) * (seeds or study.seeds)
        if len(rows) < n_wanted:
            say(f"{study.name}: {len(rows)} of {n_wanted} runs are there; run the same again for more")
        if not rows:
            continue
        table = "\n".join([*study.lines(rows), ""])
        typer.echo(f"{study.about}\n\n{table}")
        write_atomically(out / f"{study.name}.md", table)
        draw_study(study.name, rows, out / f"{study.name}.png")
        say(f"table and figure: {out / study.name}.md, {study.name}.png")
    if name == "all":
        table = "\n".join([*claim_lines(found), ""])
        typer.echo(table)
        say(f"every claim: {write_atomically(out / 'claims.md', table)}")
    write_json(json_file, {"studies": found})


def _of_this_call(bar: Callable[[float], None], budget: float | None) -> Callable[[float], None]:
    """A bar for what this call can do: runs that were there before are no part of it, and time ends with the budget."""
    begun, before = time.monotonic(), -1.0

    def tell(fraction: float) -> None:
        nonlocal before
        before = fraction if before < 0.0 else before
        done = 1.0 if before >= 1.0 else (fraction - before) / (1.0 - before)
        spent = 0.0 if not budget else (time.monotonic() - begun) / budget
        bar(min(1.0, max(done, spent)))

    return tell


def _chosen(name: str, studies: dict[str, Study], data: Path | None) -> list[Study]:
    if name == "all":
        for study in studies.values():
            if study.needs_data and data is None:
                say(f"{study.name} is left out: it needs --data, {study.needs_data}")
        return [study for study in studies.values() if not study.needs_data or data is not None]
    if name not in studies:
        raise UnknownNameError(
            "unknown experiment",
            where="hetsyn reproduce",
            got=repr(name),
            expected=f"{', '.join(studies)} or all",
            remedy="use one of these",
        )
    if studies[name].needs_data and data is None:
        raise ConfigError(
            "this experiment needs data that do not ship",
            where=f"hetsyn reproduce {name}",
            got="no --data",
            expected=studies[name].needs_data,
            remedy="name them with --data; see the page on data",
        )
    return [studies[name]]


def _seconds(text: str) -> float:
    """Seconds of ``2h``, ``90 min``, ``2m``, ``30s``."""
    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*(s|min|m|h)\s*", text)
    if match is None:
        raise ConfigError(
            "this is not a time to spend",
            where="--budget",
            got=repr(text),
            expected='a number with s, m, min or h, such as "2h"',
            remedy="--budget 2h",
        )
    return float(match[1]) * _UNITS[match[2]]

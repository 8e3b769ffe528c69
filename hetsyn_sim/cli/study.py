"""``hetsyn study NAME``: published experiments with several seeds, beside the papers' numbers."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..data.files import write_atomically
from ..errors import ConfigError, one_of
from .console import progress_bar, say
from .options import JsonFile, check_output, require_data, use_own_analysis, write_json

if TYPE_CHECKING:
    from analysis.studies.study import Row, Study

#: The studies of the HetSyn paper, each a command of its own.
OF_HETSYN = {
    "dms": "Delayed match-to-sample: accuracy, learning speed, and controls for what is learned (HetSyn, App. C).",
    "dms-memory": "Which time constants hold the cue of delayed match-to-sample, learned in three ways (HetSyn, Table 4).",
    "dms-success": "How many of 20 seeds learn delayed match-to-sample, by neuron, size and noise (HetSyn, Fig. 3D-G).",
    "patterns": "Pattern generation: errors over noise and learning rates (HetSyn, App. B).",
    "digits": "Spoken digits: accuracy, and robustness to lost spikes, added spikes and stretched time (HetSyn, Fig. A4).",
    "speakers": "Spoken digits of speakers that were not trained on (HetSyn, Fig. 4A).",
    "smnist": "Sequential MNIST, pixel by pixel and row by row; needs --data with the images (HetSyn, Table 1).",
    "all": "All studies of the HetSyn paper, and every claim with its verdict.",
}
_RESUMED = (
    "Every run is stored when it is done: a study that was stopped goes on when the same command is given again, and more seeds are added "
    "to those that are there. All cases get one seed before any gets a second one."
)
_UNITS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}

Seeds = Annotated[
    int | None, typer.Option("--seeds", metavar="N", min=1, help="Runs of each case; by default as many as the study asks for.")
]
Jobs = Annotated[int, typer.Option("--jobs", metavar="N", min=1, help="Runs side by side.")]
JobsPerCore = Annotated[int | None, typer.Option("--jobs", metavar="N", min=1, help="Runs side by side; by default one for each core.")]
Budget = Annotated[str | None, typer.Option("--budget", metavar="TIME", help='Begin no run that would last longer, such as "2h".')]
Images = Annotated[Path | None, typer.Option("--data", metavar="FOLDER", help="With MNIST's images, which do not ship.")]
OutFolder = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where rows, tables and figures go.")]


def reproduce(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"Which: {', '.join(OF_HETSYN)}.")],
    seeds: Seeds = None,
    jobs: JobsPerCore = None,
    budget: Budget = None,
    data: Images = None,
    out: OutFolder = Path("reproduced"),
    json_file: JsonFile = None,
) -> None:
    """Run published experiments again, and print what came out beside what was published."""
    seconds = None if budget is None else seconds_of(budget)
    check_output(json_file, out / "rows.json")
    use_own_analysis()
    from analysis.studies.claims import claim_lines
    from analysis.studies.hetsyn import CLAIMS, STUDIES

    studies = _chosen(name, STUDIES, data)
    n_jobs = len(os.sched_getaffinity(0)) if jobs is None else jobs
    title = ", ".join(study.name for study in studies) + (f", {n_jobs} runs side by side" if n_jobs > 1 else "")
    rows = _run(studies, out, title, seeds=seeds, jobs=n_jobs, budget=seconds, source=data)
    if name == "all":
        table = "\n".join([*claim_lines(CLAIMS, rows), ""])
        typer.echo(table)
        say(f"every claim: {write_atomically(out / 'claims.md', table)}")
    write_json(json_file, {"studies": rows})


def forecast(
    seeds: Seeds = None,
    jobs: Jobs = 1,
    budget: Budget = None,
    tune: Annotated[bool, typer.Option("--tune", help="Compare learning rates on validation instead.")] = False,
    out: OutFolder = Path("forecasts"),
    json_file: JsonFile = None,
) -> None:
    """Conductance neurons and spiking ones forecast the Mackey-Glass equation, at equal size and equal training.

    Every run is stored when it is done: a study that was stopped goes on when the same command is given again.

    ```
    hetsyn study forecasting --budget 1h
    hetsyn study forecasting --tune
    ```
    """
    seconds = None if budget is None else seconds_of(budget)
    check_output(json_file, out / "rows.json")
    use_own_analysis()
    from analysis.studies.forecasting import FORECAST, TUNING

    study = TUNING if tune else FORECAST
    rows = _run([study], out, study.name, seeds=seeds, jobs=jobs, budget=seconds)[study.name]
    write_json(json_file, {"study": study.name, "rows": rows})


def delays(
    seeds: Seeds = None,
    jobs: Jobs = 1,
    budget: Budget = None,
    tune: Annotated[bool, typer.Option("--tune", help="Compare learning rates on speakers of the training split instead.")] = False,
    out: OutFolder = Path("delays"),
    json_file: JsonFile = None,
) -> None:
    """Time constants and delays, learned one by one and together, on spoken digits of speakers who were never heard.

    Every run is stored when it is done: a study that was stopped goes on when the same command is given again.

    ```
    hetsyn study delays --budget 1h
    hetsyn study delays --tune
    ```
    """
    seconds = None if budget is None else seconds_of(budget)
    check_output(json_file, out / "rows.json")
    from analysis.studies.delays import DELAYS, TUNING

    study = TUNING if tune else DELAYS
    rows = _run([study], out, study.name, seeds=seeds, jobs=jobs, budget=seconds)[study.name]
    write_json(json_file, {"study": study.name, "rows": rows})


def stl(
    data: Annotated[Path, typer.Option("--data", metavar="FOLDER", help="With MNIST's images, which do not ship.")],
    seeds: Seeds = None,
    jobs: Jobs = 1,
    budget: Budget = None,
    out: OutFolder = Path("stl"),
    json_file: JsonFile = None,
) -> None:
    """Networks that learn thresholds (TL), weights (SL), or both (STL): at rest, under noise, by where thresholds begin, and over depth.

    Every run is stored when it is done: a study that was stopped goes on when the same command is given again.

    ```
    hetsyn study stl --data mnist/ --budget 2h
    hetsyn study stl --data mnist/ --seeds 2 --jobs 2
    ```
    """
    seconds = None if budget is None else seconds_of(budget)
    check_output(json_file, out / "rows.json")
    use_own_analysis()
    from analysis.studies.stl.study import STL

    from ..tasks.mnist import read_images

    read_images(data)  # fail before the first training, not after it
    rows = _run([STL], out, STL.name, seeds=seeds, jobs=jobs, budget=seconds, source=data)[STL.name]
    write_json(json_file, {"study": STL.name, "rows": rows})


def of_hetsyn(name: str) -> Callable[..., None]:
    """The command ``hetsyn study NAME`` for a study of :data:`OF_HETSYN`."""

    def command(
        seeds: Seeds = None,
        jobs: JobsPerCore = None,
        budget: Budget = None,
        data: Images = None,
        out: OutFolder = Path("reproduced"),
        json_file: JsonFile = None,
    ) -> None:
        reproduce(name, seeds, jobs, budget, data, out, json_file)

    options = {"smnist": " --data mnist/ --seeds 2", "all": " --budget 2h"}.get(name, "")
    command.__doc__ = f"{OF_HETSYN[name]}\n\n{_RESUMED}\n\n```\nhetsyn study {name}{options}\n```\n"
    return command


def _run(studies: Sequence[Study], out: Path, title: str, *, budget: float | None = None, **options: Any) -> dict[str, list[Row]]:
    """Run studies behind a progress bar, and print and write their tables and figures."""
    use_own_analysis()
    from analysis.studies.study import run_studies, write_results

    try:
        with progress_bar(title) as bar:
            rows = run_studies(studies, out, budget=budget, progress=of_this_call(bar, budget), **options)
    except KeyboardInterrupt:
        say(f"interrupted: finished runs are in {out}, and the same command goes on from there")
        raise typer.Exit(130) from None
    for study in studies:
        n_wanted = len(study.cases) * (options["seeds"] or study.seeds)
        if len(rows[study.name]) < n_wanted:
            say(f"{study.name}: {len(rows[study.name])} of {n_wanted} runs are there; run the same again for more")
        if rows[study.name]:
            typer.echo("\n".join([study.about, "", *study.lines(rows[study.name]), ""]))
            say(f"written: {', '.join(map(str, write_results(study, rows[study.name], out)))}")
    return rows


def of_this_call(bar: Callable[[float], None], budget: float | None) -> Callable[[float], None]:
    """A bar for what this call can do: runs that were there before are no part of it, and time ends with the budget."""
    start, before = time.monotonic(), -1.0

    def update(fraction: float) -> None:
        nonlocal before
        before = fraction if before < 0.0 else before
        done = 1.0 if before >= 1.0 else (fraction - before) / (1.0 - before)
        spent = 0.0 if not budget else (time.monotonic() - start) / budget
        bar(min(1.0, max(done, spent)))

    return update


def _chosen(name: str, studies: Mapping[str, Study], data: Path | None) -> list[Study]:
    if name != "all":
        study: Study = one_of(name, {**studies, "all": None}, "experiment", where="hetsyn study")
        require_data("experiment", study.needs_data, data, where=f"hetsyn study {name}")
        return [study]
    for study in studies.values():
        if study.needs_data and data is None:
            say(f"{study.name} is left out: it needs --data, {study.needs_data}")
    return [study for study in studies.values() if not study.needs_data or data is not None]


def seconds_of(text: str) -> float:
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

"""``hetsyn study biology``: learned time constants against measured ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ConfigError
from .console import progress_bar, say, show_table
from .options import JsonFile, check_output, load_data, seconds, use_own_analysis, write_json

if TYPE_CHECKING:
    from analysis.biology.extraction import Run

    from ..data.events import SpikeDataset

_SETS = (
    "hippocampome (synaptic currents), hippocampome-psc-e, hippocampome-psc-i, hippocampome-psp (potentials), hippocampome-psp-e, "
    "hippocampome-psp-i, hippocampome-all, or a .csv or .sqlite file."
)


def analyse(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="CHECKPOINT...", help="Folders of runs, folders of such folders, or checkpoint files."),
    ],
    against: Annotated[str, typer.Option("--against", metavar="SET", help=f"What was measured: {_SETS}")] = "hippocampome",
    report: Annotated[Path | None, typer.Option("--report", metavar="DIR", help="Write the report into this folder.")] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="FILE", help="Recordings of the task, if they neither ship nor are drawn."),
    ] = None,
    limits: Annotated[
        str | None,
        typer.Option("--limits", metavar="LOW,HIGH", help='What can be told apart, such as "1 ms, 2 s"; by default a step and a trial.'),
    ] = None,
    longer_than: Annotated[
        str | None,
        typer.Option(
            "--long", metavar="TIME", help='Set longer ones back for the lesion, such as "700 ms"; by default all above the initial.'
        ),
    ] = None,
    shuffled_labels: Annotated[
        bool, typer.Option("--shuffled-labels", help="Train again with shuffled labels, as one more null. Takes as long as the trainings.")
    ] = False,
    celsius: Annotated[
        float | None,
        typer.Option(
            "--celsius", metavar="DEGREES", help="Bring the measurements to this temperature (Q10 = 1.9); by default they stay as they are."
        ),
    ] = None,
    resamples: Annotated[int, typer.Option("--resamples", min=2, help="Cluster resamples for each interval; samples for each fit.")] = 100,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of resampling.")] = 0,
    json_file: JsonFile = None,
) -> None:
    """Learned time constants compared with those of real synapses.

    Several seeds of one network go together; three or more are needed for an answer. What was learned is held against what the networks
    began with, against weight decay alone, and against noise of the same size.

    ```
    hetsyn study biology runs/fsdd-demo-seed0
    hetsyn study biology runs/dms-hetsyn-seed0 runs/dms-hetsyn-seed1 runs/dms-hetsyn-seed2 --report analysed --long "700 ms"
    hetsyn study biology runs --against hippocampome-psp
    ```
    """
    check_output(json_file, None if report is None else report / "report.html")
    use_own_analysis()
    from analysis.biology.analyse import analyse as compare
    from analysis.biology.extraction import find_runs
    from analysis.biology.report import write_report
    from analysis.biology.summary import summary
    from analysis.biology.wording import answer_line

    runs = find_runs(paths)
    low_high = None if limits is None else _limits(limits)
    long = None if longer_than is None else seconds(longer_than, "--long")
    recordings = _recordings(runs, data)
    with progress_bar(f"{len(runs)} networks against {against}") as progress:
        result = compare(
            runs,
            against,
            data=recordings,
            limits=low_high,
            longer_than=long,
            shuffled_labels=shuffled_labels,
            celsius=celsius,
            n_resamples=resamples,
            seed=seed,
            progress=progress,
        )
    learned = result.learned
    below, above = learned.censored
    rows = {
        "networks": str(len(runs)),
        "time constants": f"{len(learned):,}",
        "limits": f"{1e3 * learned.low:g} to {1e3 * learned.high:g} ms: {100 * below:.1f} % below, {100 * above:.1f} % above",
    }
    rows |= {f"distance, {label}": str(estimate) for label, estimate in result.distances["all"].items()}
    rows |= {"scale set aside": result.verdicts["spread"].answer, "scale and width set aside": result.verdicts["shape"].answer}
    if report is not None:
        rows["report"] = str(write_report(report, result))
    show_table("closer to biology?", rows)
    typer.echo(answer_line(result))
    write_json(json_file, summary(result))


def _recordings(runs: list[Run], data: Path | None) -> list[SpikeDataset]:
    """Each run's own where they are drawn, one for all otherwise; none, with a message, where they are not at hand."""
    first = runs[0].trained
    drawn = bool(first.recipe.get("task"))
    if data is None and drawn:
        return [load_data(None, run.trained) for run in runs]
    if data is None and first.recipe.get("data"):
        say(f"no rates and no lesions: --data was not given ({first.recipe['data']})")
        return []
    dataset = load_data(data, first)
    if dataset.dt != first.spec.dt_s or dataset.n_channels != first.spec.n_input:
        raise ConfigError(
            "these recordings are not of the network's kind",
            where="--data" if data is not None else "the spoken digits that ship",
            got=f"{dataset.n_channels} channels, dt = {1e3 * dataset.dt:g} ms",
            expected=f"{first.spec.n_input} channels, dt = {1e3 * first.spec.dt_s:g} ms",
            remedy="name the recordings that the network was trained on with --data",
        )
    return [dataset]


def _limits(text: str) -> tuple[float, float]:
    """Two times with units."""
    times = text.split(",")
    if len(times) != 2:
        raise ConfigError(
            "limits are two times",
            where="--limits",
            got=repr(text),
            expected='the lower and the upper one with units, such as "1 ms, 2 s"',
            remedy='--limits "1 ms, 2 s"',
        )
    return seconds(times[0].strip(), "--limits"), seconds(times[1].strip(), "--limits")

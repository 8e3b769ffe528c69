"""``hetsyn transfer``: the Brian2 objects that hold a checkpoint, and the ladder from there to biophysics."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import ConfigError, UnknownNameError
from .console import progress_bar, say, show_table
from .options import (
    CheckpointPath,
    DataFile,
    Device,
    JsonFile,
    Recordings,
    Split,
    beside,
    check_output,
    check_split,
    load_checkpoint,
    load_run,
    write_json,
)


def transfer(
    checkpoint_path: CheckpointPath,
    ladder: Annotated[bool, typer.Option("--ladder", help="Run the ladder: units, finer dt, capacitance, noise, ...")] = False,
    rungs: Annotated[str | None, typer.Option("--rungs", metavar="NAMES", help="Only these rungs, by number or name, with commas.")] = None,
    seeds: Annotated[int, typer.Option("--seeds", metavar="N", min=1, help="Seeds for rungs that draw random numbers.")] = 5,
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", min=1, help="Runs side by side.")] = 1,
    data_file: DataFile = None,
    split: Split = "test",
    recordings: Recordings = None,
    device: Device = "numpy",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Where the ladder goes; else beside the checkpoint."),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Show what a trained network becomes in Brian2, or take it up the ladder to biophysics.

    Without --ladder: the equations, values and schedule of every Brian2 object. With it: the network in physical units, at a finer time
    step, with a membrane capacitance, delays, refractoriness, conductances, noise, jitter and mismatch, each at several strengths, with
    accuracy and the distance of spikes from the trained network's. A ladder that was stopped goes on when called again.

    ```
    hetsyn transfer runs/fsdd-demo-seed0
    hetsyn transfer runs/fsdd-demo-seed0 --ladder --rungs 1,2,noise --recordings 20 --seeds 2
    ```
    """
    folder = out or beside(checkpoint_path, "ladder")
    check_output(json_file, folder / "ladder.html")
    check_split(split)
    of_ladder = {"--rungs": rungs, "--data": data_file, "--recordings": recordings, "--out": out}
    if not ladder and (given := [name for name, value in of_ladder.items() if value is not None]):
        raise ConfigError(
            "these options are for the ladder",
            where=", ".join(given),
            got="no --ladder",
            expected="--ladder, or none of them",
            remedy="add --ladder, or leave them out to see what the network becomes in Brian2",
        )
    if not ladder:
        from ..brian.transfer import to_brian2

        report = to_brian2(load_checkpoint(checkpoint_path), device=device).report
        typer.echo(str(report))
        write_json(json_file, report.to_dict())
        return
    checkpoint, data = load_run(checkpoint_path, data_file, split, recordings)
    from dataclasses import asdict

    from ..ladder import RUNGS, run_ladder
    from ..report import ladder_table, write_ladder

    asked = [rung.strip() for rung in rungs.split(",")] if rungs else []
    chosen = [rung for rung in RUNGS if not asked or str(rung.number) in asked or rung.name in asked]
    if unknown := sorted(set(asked) - {str(rung.number) for rung in RUNGS} - {rung.name for rung in RUNGS}):
        raise UnknownNameError(
            "unknown rung",
            where="--rungs",
            got=", ".join(unknown),
            expected=", ".join(f"{rung.number} ({rung.name})" for rung in RUNGS),
            remedy="name rungs by number or name, with commas between them",
        )
    with progress_bar(f"ladder, {len(data)} recordings") as progress:
        rows = run_ladder(
            checkpoint, data, chosen, seeds=range(seeds), device=device, jobs=jobs, store=folder / "ladder.json", progress=progress
        )
    page = write_ladder(folder, rows, checkpoint)
    shown = {
        f"{rung}, {strength}" if strength else rung: f"{accuracy}, distance {distance}"
        for rung, strength, _, accuracy, _, distance, *_ in ladder_table(rows)
    }
    show_table("Accuracy on the ladder", shown)
    say(f"the ladder is in {page}")
    write_json(json_file, {"rows": [asdict(row) for row in rows], "page": str(page)})

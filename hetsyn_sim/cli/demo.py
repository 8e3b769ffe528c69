"""``hetsyn demo``: all verbs in a row, in three minutes."""

from __future__ import annotations

import os
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from .console import progress_bar, say, show_table
from .options import Device, JsonFile, check_output, write_json
from .verify import verdict

RECIPE = "fsdd-demo"


def demo(
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where the run and the report go.")] = Path("hetsyn-demo"),
    device: Device = "numpy",
    fresh: Annotated[
        bool, typer.Option("--fresh", "--overwrite", help="Train anew, even if the folder holds a finished training.")
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """Train a small network on real spoken digits, simulate it in Brian2, show that it is the same network, and write a report.

    Takes at most three minutes on two cores. Called again, it uses the training that it finds in the folder.

    ```
    hetsyn demo
    hetsyn demo --out /tmp/demo --fresh
    ```
    """
    check_output(json_file, out / "report" / "report.html")
    start = perf_counter()
    say("loading PyTorch and Brian2 ...")
    import torch

    from ..agreement.verify import verify
    from ..brian.devices import find_device
    from ..report import write_report
    from ..tasks import spoken_digits
    from ..training.fit import fit
    from ..training.recipe import load_recipe

    find_device(device)  # an unknown device is better found before the training than after it
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(len(os.sched_getaffinity(0)))
    data, recipe = spoken_digits(), load_recipe(RECIPE)
    learn = len(data.train)
    say(f"{recipe.name}: {recipe.training.epochs} epochs on {learn:,} recordings")
    begun, resumed = perf_counter(), not fresh and (out / "run" / "checkpoint.safetensors").is_file()
    result = fit(recipe, data, out=out / "run", overwrite=fresh, data_name="spoken digits (FSDD)")
    time_train = perf_counter() - begun

    with progress_bar(f"PyTorch float64 and Brian2 {device}, {len(data.test)} test recordings") as progress:
        outcome = verify(result.checkpoint, data.test, device=device, progress=progress, message=say)
    with progress_bar("report"):
        report = write_report(out / "report", result.checkpoint, outcome, data.test, initial=result.initial, history=result.history)
    total = perf_counter() - start
    rows = verdict(outcome)
    simulated = outcome.time_torch_s + outcome.time_brian2_s
    trained = "training found in the folder" if resumed else f"training {time_train:.0f} s"
    rows["time"] = f"{trained}, simulation {simulated:.0f} s, total {total:.0f} s"
    rows["report"] = str(report)
    show_table("The same network in PyTorch and in Brian2" if outcome.agrees else "NOT the same network", rows)
    times = {"time_train_s": time_train, "time_total_s": total}
    paths = {"checkpoint": str(out / "run" / "checkpoint.safetensors"), "report": str(report)}
    write_json(json_file, outcome.to_dict() | times | paths)
    if not outcome.agrees:
        raise typer.Exit(1)

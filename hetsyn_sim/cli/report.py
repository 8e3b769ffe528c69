"""``hetsyn report``: a page about a training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import DataError
from .console import progress_bar, say, show_table
from .options import CheckpointPath, DataFile, JsonFile, Recordings, beside, check_output, load_checkpoint, load_data, write_json

if TYPE_CHECKING:
    from ..data.checkpoint import Checkpoint
    from ..data.events import SpikeDataset


def report(
    checkpoint_path: CheckpointPath,
    data_file: DataFile = None,
    recordings: Recordings = None,
    out: Annotated[
        Path | None, typer.Option("--output", "--out", metavar="FOLDER", help="Where it goes; by default report/ beside the checkpoint.")
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Write a report of any training: one page as HTML, which needs nothing beside it, and as Markdown with its figures.

    What was trained on what, with which seeds; learning curves and the epoch that was kept; accuracy with its interval on every split, and
    the confusion matrix; rates of each layer and neurons that are silent; learned time constants before and after; what a certificate of
    this network says, if `hetsyn verify` has made one; versions. Where the recordings are not at hand, it is written without what needs
    them. `hetsyn verify --report` writes the same page with the comparison with Brian2.

    ```
    hetsyn report runs/fsdd-demo-seed0
    hetsyn report runs/fsdd-demo-seed0 --recordings 100 --output report/
    hetsyn report network.safetensors --data mine.h5
    ```
    """
    folder = out or beside(checkpoint_path, "report")
    check_output(json_file, folder / "report.html")
    checkpoint = load_checkpoint(checkpoint_path)
    data = _recordings(checkpoint, data_file)
    from ..report import read_certificate, read_run, write_report

    initial, history = read_run(checkpoint_path)
    certificate = read_certificate(checkpoint_path, checkpoint)
    with progress_bar("report" if data is None else f"report, {len(data):,} recordings") as progress:
        page = write_report(
            folder,
            checkpoint,
            data=data,
            initial=initial,
            history=history,
            certificate=certificate,
            recordings=recordings,
            progress=progress,
        )
    verified = "no certificate" if certificate is None else str(certificate["verdict"])
    show_table("A report of this training", {"report": str(page), "epochs": str(len(history)), "Brian2": verified})
    write_json(json_file, {"report": str(page), "epochs": len(history), "measured": data is not None, "certificate": certificate})


def _recordings(checkpoint: Checkpoint, data_file: Path | None) -> SpikeDataset | None:
    """Those that are named, or those of the training; None where these are not at hand."""
    try:
        return load_data(data_file, checkpoint)
    except DataError as error:
        if data_file is not None:
            raise
        say(f"without the recordings: {error.what} ({error.got})")
        return None

"""``hetsyn export``: a trained network as a script that needs Brian2 only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UnknownNameError
from .console import say, show_table
from .options import CheckpointPath, DataFile, JsonFile, Recordings, Split, check_output, load_checkpoint, load_data, selected, write_json

__all__ = ["export"]

_TARGETS = ("brian2",)


def export(
    checkpoint_path: CheckpointPath,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to: a new or empty folder, or that of an earlier export.")],
    to: Annotated[str, typer.Option("--to", metavar="TARGET", help="What to write: brian2.")] = "brian2",
    data_file: DataFile = None,
    split: Split = "test",
    recordings: Recordings = None,
    json_file: JsonFile = None,
) -> None:
    """Write a trained network as a commented Brian2 script with its values and recordings.

    The script needs Brian2 and NumPy only. It prints the accuracy, and how many spikes differ from those of the trained network.

    ```
    hetsyn export runs/fsdd-demo-seed0 digits --to brian2
    hetsyn export runs/fsdd-demo-seed0 digits --recordings 20
    ```
    """
    if to not in _TARGETS:
        raise UnknownNameError("unknown target", where="--to", got=repr(to), expected=", ".join(_TARGETS), remedy="use one of these")
    check_output(json_file)
    checkpoint = load_checkpoint(checkpoint_path)
    data = selected(load_data(data_file, checkpoint), split, recordings)
    from ..export import export_brian2

    done = export_brian2(checkpoint, data, folder)
    rows = {"recordings": str(done.n_recordings)} | {f"spikes of {name}": f"{n:,}" for name, n in done.n_spikes.items()}
    rows["accuracy"] = f"{100 * done.accuracy:.2f} %"
    show_table("Exported to Brian2", rows)
    say(f"run it with: python {done.folder / 'network.py'}")
    write_json(
        json_file,
        {"folder": str(done.folder), "n_recordings": done.n_recordings, "n_spikes": done.n_spikes, "accuracy": done.accuracy},
    )

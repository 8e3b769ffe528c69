"""``hetsyn view``: a page to look at one network in both simulators."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import progress_bar, say, show_table
from .options import CheckpointPath, DataFile, Device, JsonFile, Split, beside, check_output, load_run, write_json


def view(
    checkpoint_path: CheckpointPath,
    data_file: DataFile = None,
    split: Split = "test",
    recordings: Annotated[int, typer.Option("--recordings", metavar="N", min=1, help="How many recordings, evenly spread.")] = 4,
    device: Device = "numpy",
    out: Annotated[
        Path | None, typer.Option("--output", "--out", metavar="FILE", help="The page; by default view.html beside the checkpoint.")
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Write a page on which a trained network can be looked at, in PyTorch and in Brian2 side by side: one file for any browser.

    Rasters of the input and of all layers, voltage and currents of the neuron that is clicked on, the first spike that differs if one does,
    and the learned time constants over the epochs. Space plays it. The page needs no server and no internet, and has at most 2 MB: of large
    networks it has all spikes, and the voltages of the neurons that spike most.

    ```
    hetsyn view runs/fsdd-demo-seed0
    hetsyn view runs/fsdd-demo-seed0 --recordings 10 --output digits.html
    hetsyn view network.safetensors --data mine.h5 --split all --device cpp
    ```
    """
    path = out or beside(checkpoint_path, "view.html")
    check_output(path, json_file)
    _, data = load_run(checkpoint_path, data_file, split, recordings)
    from ..report import write_view

    with progress_bar(f"PyTorch float64 and Brian2 {device}, {len(data)} recording{'s' * (len(data) > 1)}") as progress:
        written = write_view(path, checkpoint_path, data, device=device, progress=progress, message=say)
    size = written.stat().st_size
    show_table("A page for your browser", {"page": str(written), "size": f"{size / 1e6:.1f} MB", "recordings": ", ".join(data.names[:10])})
    write_json(json_file, {"page": str(written), "bytes": size, "names": data.names.tolist()})

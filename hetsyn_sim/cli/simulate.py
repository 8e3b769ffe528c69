"""``hetsyn simulate``: a checkpoint in Brian2."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from .console import progress_bar, say, show_table
from .options import CheckpointPath, DataFile, Device, JsonFile, Recordings, Split, beside, check_output, load_run, write_json

if TYPE_CHECKING:
    from ..data.checkpoint import Checkpoint
    from ..data.recording import Raster


def simulate(
    checkpoint_path: CheckpointPath,
    data_file: DataFile = None,
    split: Split = "test",
    recordings: Recordings = None,
    device: Device = "numpy",
    form: Annotated[
        str,
        typer.Option("--form", metavar="FORM", help="How synapses are written: fast, or ode as in a textbook. The spikes are the same."),
    ] = "fast",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="PATH", help="Keep spikes and voltages in this file.npz; the project's folder of --build-only."),
    ] = None,
    build_only: Annotated[
        bool, typer.Option("--build-only", help="Compile the program of a standalone device and do not run it: for a GPU, none is needed.")
    ] = False,
    architecture: Annotated[
        str,
        typer.Option("--architecture", metavar="SM", help="Of the GPU, such as sm_90; by default that of the GPU that is here, or sm_80."),
    ] = "",
    json_file: JsonFile = None,
) -> None:
    """Simulate a trained network in Brian2.

    ```
    hetsyn simulate runs/fsdd-demo-seed0
    hetsyn simulate runs/fsdd-demo-seed0 --device cpp --out digits.npz
    hetsyn simulate runs/fsdd-demo-seed0 --device cuda --build-only --architecture sm_90
    ```
    """
    check_output(None if build_only else out, json_file)
    checkpoint, data = load_run(checkpoint_path, data_file, split, recordings)
    import numpy as np

    from ..brian.transfer import to_brian2
    from ..data.decoding import Decoder, check_input
    from ..data.recording_file import check_name, save_recording
    from ..discrete.cost import count_cost

    spec = checkpoint.spec
    check_input(data, spec, where="hetsyn simulate")
    decoder = Decoder.of(checkpoint)
    n_steps = decoder.length(data)
    if build_only:
        _build(checkpoint, data.rasters(n_steps), device, architecture, form, out or beside(checkpoint_path, device), json_file)
        return
    if out is not None:
        check_name(out)
    start = perf_counter()
    with progress_bar(f"Brian2 {device}, form {form}, {len(data)} recordings") as progress:
        simulation = to_brian2(checkpoint, device=device, form=form)
        recording = simulation.run(data.rasters(n_steps), dt=data.dt, progress=progress, message=say)
    seconds = perf_counter() - start
    guessed = decoder.predictions(recording, spec)
    spikes = {p.name: int(recording.rasters[p.name].sum()) for p in spec.populations if p.model.spiking}
    accuracy = float(np.mean(guessed == data.labels))
    duration = len(data) * n_steps * spec.dt_s
    rows = {"accuracy": f"{100 * accuracy:.2f} %", "recordings": f"{len(data)} of {n_steps} steps, dt = {1e3 * spec.dt_s:g} ms"}
    rows |= {f"spikes of {name}": f"{n:,} ({n / spec.population(name).size / duration:.1f} Hz)" for name, n in spikes.items()}
    cost = count_cost(spec, recording)
    rows["for one recording"] = f"{cost.spikes:,.0f} spikes, {cost.synaptic_operations:,.0f} synaptic operations"
    rows["time"] = f"{seconds:.1f} s"
    if out is not None:
        rows["recording"] = str(save_recording(recording, out))
    show_table(f"Brian2 {device}", rows)
    write_json(
        json_file,
        {
            "accuracy_brian2": accuracy,
            "device": device,
            "form": form,
            "n_recordings": len(data),
            "n_steps": n_steps,
            "dt_s": spec.dt_s,
            "n_spikes": spikes,
            "spikes_per_recording": cost.spikes,
            "synaptic_operations_per_recording": cost.synaptic_operations,
            "state_updates_per_recording": cost.state_updates,
            "names": data.names.tolist(),
            "labels": data.labels.tolist(),
            "predictions": guessed.tolist(),
            "time_s": seconds,
            "recording": None if out is None else str(out),
        },
    )


def _build(checkpoint: Checkpoint, raster: Raster, device: str, architecture: str, form: str, folder: Path, json_file: Path | None) -> None:
    """Generate and compile the program in a folder, and say what came of it."""
    from dataclasses import replace

    from ..brian.devices import find_device
    from ..brian.transfer import to_brian2

    chosen = replace(find_device(device, to_run=False), architecture=architecture)
    check_output(folder / "main")
    simulation = to_brian2(checkpoint, device=chosen, form=form)
    with progress_bar(f"building for {chosen.name} {architecture}".rstrip()) as progress:
        program = simulation.build(raster, folder, progress=progress, message=say)
    facts = {
        "program": str(program),
        "size_mib": round(program.stat().st_size / 2**20, 2),
        "sources": len([*folder.rglob("*.cu"), *folder.rglob("*.cpp")]),
        "compiled": simulation.seconds.compiled,
        "time_s": round(simulation.seconds.compiling, 1),
    }
    rows = {name.replace("_", " "): str(value) for name, value in facts.items()}
    show_table(f"Brian2 {chosen.name}, form {form}: built, not run", rows)
    write_json(json_file, {**facts, "device": chosen.name, "form": form, "architecture": architecture})

"""``hetsyn verify``: is it the same network in torch and in Brian2?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import progress_bar, say, show_table
from .options import (
    CheckpointPath,
    DataFile,
    Device,
    JsonFile,
    Recordings,
    Split,
    check_output,
    load_checkpoint,
    load_data,
    selected,
    write_json,
)

if TYPE_CHECKING:
    from ..verification import Verification

__all__ = ["verdict", "verify"]


def verify(
    checkpoint_path: CheckpointPath,
    data_file: DataFile = None,
    split: Split = "test",
    recordings: Recordings = None,
    device: Device = "numpy",
    precision: Annotated[str, typer.Option("--precision", help="Of PyTorch: float64 or float32. Brian2 works in float64.")] = "float64",
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FOLDER", help="Write a report with figures there.", show_default=False)
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Run a trained network in PyTorch and in Brian2 on the same recordings and compare every spike and every voltage.

    Ends with exit code 0 only if the two agree, and with 1 if they do not.

    ```
    hetsyn verify runs/fsdd-demo-seed0
    hetsyn verify runs/fsdd-demo-seed0 --device cpp_standalone --json out.json
    hetsyn verify runs/fsdd-demo-seed0 --precision float32 --report report/
    ```
    """
    check_output(json_file)
    checkpoint = load_checkpoint(checkpoint_path)
    data = selected(load_data(data_file), split, recordings)
    from ..brian.devices import find_device
    from ..verification import as_precision
    from ..verification import verify as run

    find_device(device)
    dtype = as_precision(precision)
    with progress_bar(f"PyTorch {precision} and Brian2 {device}, {len(data)} recordings") as progress:
        outcome = run(checkpoint, data, device=device, precision=dtype, progress=progress, message=say)
    rows = verdict(outcome)
    if report is not None:
        from ..report import run_material, write_report

        initial, history = run_material(checkpoint_path)
        rows["report"] = str(write_report(report, checkpoint, outcome, data, initial=initial, history=history))
    show_table("The same network" if outcome.agrees else "NOT the same network", rows)
    for divergence in outcome.comparison.diverged[:3]:
        say(f"first difference: {divergence}")
    write_json(json_file, outcome.to_dict())
    if not outcome.agrees:
        raise typer.Exit(1)


def verdict(outcome: Verification) -> dict[str, str]:
    """What people want to know of a verification, for a table."""
    c = outcome.comparison
    return {
        "accuracy in PyTorch": f"{100 * outcome.accuracy_torch:.2f} % of {outcome.n_recordings} recordings",
        "accuracy in Brian2": f"{100 * outcome.accuracy_brian2:.2f} % of the same recordings",
        "equal predictions": "yes" if outcome.predictions_equal else "NO",
        "spike mismatches": f"{c.spike_mismatches} of {c.n_spikes:,} spikes",
        "largest |dv|": f"{c.max_abs_dv:.2g} ({100 * c.max_dv_over_bound:.2g} % of what rounding may do)",
        "undecided runs": f"{len(c.undecided)} of {c.n_runs} ({100 * c.undecided_fraction:.2f} %)",
        "time": f"{outcome.time_torch_s:.1f} s in PyTorch, {outcome.time_brian2_s:.1f} s in Brian2",
    }

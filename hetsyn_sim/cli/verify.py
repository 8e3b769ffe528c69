"""``hetsyn verify``: is it the same network in torch and in Brian2?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import checks_bar, say, show_table
from .options import CheckpointPath, DataFile, Device, JsonFile, Recordings, Split, beside, check_output, load_run, write_json

if TYPE_CHECKING:
    from ..agreement.outcome import Verification


def verify(
    checkpoint_path: CheckpointPath,
    data_file: DataFile = None,
    split: Split = "test",
    recordings: Recordings = None,
    device: Device = "numpy",
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Every kernel back end and device that is here, more recordings, finer time steps.")
    ] = False,
    certify_spikes: Annotated[
        bool, typer.Option("--certify", help="Also prove every spike train: that v of real numbers is on its side of the threshold.")
    ] = False,
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", metavar="FOLDER", help="Where it goes; by default beside the checkpoint."),
    ] = None,
    report: Annotated[Path | None, typer.Option("--report", metavar="FOLDER", help="Write a report of the training there, too.")] = None,
    json_file: JsonFile = None,
) -> None:
    """Run a trained network in PyTorch and in Brian2 on the same recordings, compare every spike and voltage, and write a certificate.

    Five checks: agreement of all simulators, on the recordings and on probes; HetSyn's reductions with this network's weights; steps that
    are exact at any dt; and values that arrive in Brian2 as they were trained. The certificate is a page with figures, and JSON.
    With --certify a sixth: that the spike trains are those of the network of real numbers, cell by cell, and no matter of rounding.
    Ends with exit code 0 only if all of them pass, and with 1 if they do not.

    ```
    hetsyn verify runs/fsdd-demo-seed0
    hetsyn verify runs/fsdd-demo-seed0 --certify
    hetsyn verify runs/fsdd-demo-seed0 --device cpp_standalone --json out.json
    hetsyn verify runs/fsdd-demo-seed0 --input my-recordings.h5 --thorough --certificate proof/
    ```
    """
    folder = certificate or beside(checkpoint_path, "certificate")
    check_output(json_file, folder / "certificate.html", report / "report.html" if report else None)
    checkpoint, data = load_run(checkpoint_path, data_file, split, recordings)
    from ..agreement.certify import certify
    from ..brian.devices import find_device
    from ..report import write_certificate

    find_device(device)
    with checks_bar(f"{len(data)} recordings") as progress:
        result = certify(checkpoint, data, device=device, thorough=thorough, proofs=certify_spikes, progress=progress, message=say)
    rows = verdict(result.verification)
    if result.proof is not None:
        rows["proved"] = result.proof.summary
    rows |= {check.name: f"{check.result}, {len(check.findings)} findings" for check in result.checks}
    rows["certificate"] = str(write_certificate(folder, result, checkpoint, data))
    if report is not None:
        from ..report import read_run, write_report

        initial, history = read_run(checkpoint_path)
        rows["report"] = str(write_report(report, checkpoint, result.verification, data, initial=initial, history=history))
    show_table("The same network" if result.passed else "NOT the same network", rows)
    for check in result.checks:
        for finding in check.findings:
            if finding.passed is False:
                say(f"{check.name}: {finding.what} FAILED" + "".join(f"\nfirst difference: {line}" for line in finding.differences[:1]))
    if result.proof is not None and result.proof.open:
        say("\n".join([f"left open: {result.proof.open[0]}", *([f"to decide it: {result.proof.remedy}"] if result.proof.remedy else [])]))
    write_json(json_file, result.to_dict())
    if not result.passed:
        raise typer.Exit(1)


def verdict(outcome: Verification) -> dict[str, str]:
    """The rows of a verification's table."""
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

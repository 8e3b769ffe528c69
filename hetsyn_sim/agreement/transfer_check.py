"""Is what is in the file what is in Brian2? The file is written and read again, and every value is read back from Brian2's objects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ..brian.transfer import TransferredNetwork, to_brian2
from ..data.checkpoint import Checkpoint
from .certificate import Check, Finding
from .subject import Subject
from .verification import Verification

_CLAIM = "The file keeps every bit, every value in Brian2 is that of the file, and the network predicts the same class everywhere."


def check_transfer(subject: Subject, verification: Verification, progress: Callable[[float], None]) -> Check:
    """File, values and predictions. The predictions are those of the verification, on all recordings."""
    findings = [_file(subject.checkpoint)]
    progress(0.3)
    findings += _values(to_brian2(subject.checkpoint))
    progress(0.9)
    v = verification
    accuracies = {"accuracy_torch": v.accuracy_torch, "accuracy_brian2": v.accuracy_brian2}
    n_different = int(np.sum(v.predictions_torch != v.predictions_brian2))
    findings.append(Finding("predictions", n_different == 0, {"n": v.n_recordings, "n_different": n_different, **accuracies}))
    return Check("transfer", _CLAIM, tuple(findings))


def _file(checkpoint: Checkpoint) -> Finding:
    with TemporaryDirectory() as folder:
        path = checkpoint.save(Path(folder) / "again")
        again = Checkpoint.load(path)
        same_bytes = again.to_bytes() == path.read_bytes() == checkpoint.to_bytes()
    differing = sum(int(np.sum(checkpoint.values[key] != again.values[key])) for key in checkpoint.spec.slots)
    n = sum(value.size for value in checkpoint.values.values())
    passed = same_bytes and differing == 0 and again.spec == checkpoint.spec
    return Finding("saved and loaded again", passed, {"n": n, "n_different": differing})


def _values(network: TransferredNetwork) -> list[Finding]:
    """One finding per parameter: the values that Brian2's objects hold against those of the checkpoint."""
    findings = []
    projections = {projection.name: projection for projection in network.spec.projections}
    for mapped in network.report.parameters:
        slot = network.spec.slots[mapped.key]
        owner, variable = mapped.variable.rsplit(".", 1)
        if owner not in network.network:  # one neuron without a synapse onto itself: no synapses, no values
            continue
        group, wanted = network.network[owner], np.asarray(network.checkpoint.values[mapped.key], dtype=np.float64)
        if slot.owner in projections and wanted.ndim:
            shape = (projections[slot.owner].n_post, projections[slot.owner].n_pre)
            full = np.broadcast_to(wanted[:, None] if wanted.ndim == 1 else wanted, shape)
            wanted = full[group.j[:], group.i[:]]  # in the order of Brian2's synapses
        held = np.asarray(getattr(group, f"{variable}_"), dtype=np.float64)
        n_different = int(np.sum(held != wanted))
        findings.append(Finding(mapped.key, n_different == 0, {"n": wanted.size, "n_different": n_different}))
    return findings

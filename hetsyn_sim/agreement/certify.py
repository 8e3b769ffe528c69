"""The certificate of a network: all checks, one after the other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ..brian.devices import find_device
from ..brian.transfer import TransferredNetwork, to_brian2
from ..data.checkpoint import Checkpoint
from ..data.events import SpikeDataset
from ..models.reductions import REDUCTIONS, has_hetsyn, has_textbook, in_hetsyn_form, textbook_of
from ..spec import NetworkSpec
from .backends import check_agreement, check_probes
from .certificate import Certificate, Check, Finding, of_comparison
from .compare import compare_recordings
from .outcome import Verification
from .proofs.check import check_proof
from .proofs.paths import check_provable
from .refinement import check_refinement
from .subject import Subject, Values

#: The checks in their order.
CHECKS = ("agreement", "probes", "reductions", "refinement", "transfer")
_REDUCTIONS_CLAIM = "With tied time constants HetSyn is the textbook neuron, for the weights of this network."
_NO_REDUCTION = "None of the models of this network has a reduction: nothing was checked."
_REDUCED_RECORDINGS = 5
_TRANSFER_CLAIM = "The file keeps every bit, every value in Brian2 is that of the file, and the network predicts the same class everywhere."


def certify(
    checkpoint: Checkpoint | str | PathLike[str],
    data: SpikeDataset,
    *,
    device: str = "numpy",
    thorough: bool = False,
    proofs: bool = False,
    progress: Callable[[str, float], None] | None = None,
    message: Callable[[str], None] | None = None,
) -> Certificate:
    """Check that a trained network is the same in every simulator.

    Parameters
    ----------
    checkpoint
        The network, or the path of its file.
    data
        The recordings. All of them are run in torch and in Brian2; the other checks take some.
    device
        Brian2's device: ``"numpy"``, ``"cython"`` or ``"cpp_standalone"``.
    thorough
        Also run every kernel back end and every device that is here, four times the recordings in the checks that take some, and
        finer time steps.
    proofs
        Also prove the spike trains on all recordings (:mod:`hetsyn_sim.agreement.proofs`), as a last check.
    progress
        Called with the name of a check and the fraction of it that is done, from 0 to 1.
    message
        Called with a line of text where there is something to say.

    Raises
    ------
    CheckpointError
        If there is no such checkpoint.
    DtMismatchError, DataError
        If the recordings do not fit the network, or there are none.
    UnknownNameError, BackendError
        If there is no such device, or no compiler for it.
    SpecError
        If proofs are asked for, and a population's v is no sum of exponentially decaying events.
    """
    find_device(device)
    checkpoint = checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint.load(checkpoint)
    if proofs:
        check_provable(checkpoint.spec)  # before minutes of work
    subject = Subject(checkpoint, data, device, thorough, message)

    def report(check: str) -> Callable[[float], None]:
        of_check: Callable[[float], None] = (lambda fraction: None) if progress is None else partial(progress, check)
        of_check(0.0)
        return of_check

    agreement = check_agreement(subject, report("agreement"))
    checks: tuple[Check, ...] = (
        agreement.check,
        check_probes(subject, report("probes")),
        check_reductions(subject, report("reductions")),
        check_refinement(subject, report("refinement")),
        check_transfer(subject, agreement.verification, report("transfer")),
    )
    proof = None
    if proofs:
        check, proof = check_proof(subject, report("proof"))
        checks = (*checks, check)
    return Certificate(
        _network(checkpoint),
        _input(data, subject.n_steps),
        agreement.verification,
        checks,
        agreement.margins,
        agreement.bounds,
        datetime.now(UTC).isoformat(timespec="seconds"),
        thorough,
        proof,
    )


def check_reductions(subject: Subject, progress: Callable[[float], None]) -> Check:
    """Every reduction that applies: both forms, in torch and in Brian2, on some of the recordings."""
    forms = list(_forms(subject))
    x = subject.sample(_REDUCED_RECORDINGS).rasters(subject.n_steps)
    simulators = {"torch float64": subject.by_torch, "brian2 numpy": subject.by_brian2}
    findings: list[Finding] = []
    for name, textbook, hetsyn in forms:
        for simulator, run in simulators.items():
            # the textbook's v is the sum of the same events, so the bound of the HetSyn form holds for both
            outcome = compare_recordings(*hetsyn, run(*hetsyn, x), run(*textbook, x))
            findings.append(of_comparison(f"{name}, {simulator}", outcome))
            progress(len(findings) / (len(forms) * len(simulators)))
    return Check("reductions", _REDUCTIONS_CLAIM if forms else _NO_REDUCTION, tuple(findings))


_Network = tuple[NetworkSpec, Values]


def _forms(subject: Subject) -> Iterator[tuple[str, _Network, _Network]]:
    """Name of the reduction, and the network in textbook and in HetSyn form."""
    spec, values = subject.checkpoint.spec, subject.values
    if has_textbook(spec):
        yield "in HetSyn form", (spec, values), in_hetsyn_form(spec, values)
    if has_hetsyn(spec):
        for name in REDUCTIONS:
            textbook = textbook_of(spec, values, name)
            yield f"tied to {name}", textbook, in_hetsyn_form(*textbook)


def check_transfer(subject: Subject, verification: Verification, progress: Callable[[float], None]) -> Check:
    """The file written and read again, every value read back from Brian2's objects, and the predictions of the verification."""
    findings = [_file(subject.checkpoint)]
    progress(0.3)
    findings += _values(to_brian2(subject.checkpoint))
    progress(0.9)
    v = verification
    n_different = int(np.sum(v.predictions_torch != v.predictions_brian2))
    predicted = _all_equal("predictions", v.n_recordings, n_different)
    accuracies = {"accuracy_torch": v.accuracy_torch, "accuracy_brian2": v.accuracy_brian2}
    findings.append(replace(predicted, numbers={**predicted.numbers, **accuracies}))
    return Check("transfer", _TRANSFER_CLAIM, tuple(findings))


def _all_equal(what: str, n: int, n_different: int, *, passed: bool = True) -> Finding:
    return Finding(what, passed and n_different == 0, {"n": n, "n_different": n_different})


def _file(checkpoint: Checkpoint) -> Finding:
    with TemporaryDirectory() as folder:
        path = checkpoint.save(Path(folder) / "again")
        again = Checkpoint.load(path)
        same_bytes = again.to_bytes() == path.read_bytes() == checkpoint.to_bytes()
    differing = sum(int(np.sum(checkpoint.values[key] != again.values[key])) for key in checkpoint.spec.slots)
    n = sum(value.size for value in checkpoint.values.values())
    return _all_equal("saved and loaded again", n, differing, passed=same_bytes and again.spec == checkpoint.spec)


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
        findings.append(_all_equal(mapped.key, wanted.size, int(np.sum(held != wanted))))
    return findings


def _network(checkpoint: Checkpoint) -> dict[str, Any]:
    spec = checkpoint.spec
    return {
        "name": str(checkpoint.recipe.get("name", "network")),
        "sha256": hashlib.sha256(checkpoint.to_bytes()).hexdigest(),
        "n_input": spec.n_input,
        "populations": [{"name": p.name, "model": p.model.name, "size": p.size} for p in spec.populations],
        "recurrent": [p.target for p in spec.projections if p.kind == "recurrent"],
        "dt_s": spec.dt_s,
        "step_order": spec.phases,
        "n_synapses": sum(p.n_post * p.n_pre for p in spec.projections),
        "filters": dict(checkpoint.filters),
    }


def _input(data: SpikeDataset, n_steps: int) -> dict[str, Any]:
    return {
        "fingerprint": data.fingerprint(),
        "source": str(data.info.get("title", "")),
        "n_recordings": len(data),
        "n_channels": data.n_channels,
        "n_steps": n_steps,
        "n_spikes": len(data.steps),
    }

"""All checks of a network, one after the other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from os import PathLike
from typing import Any

from ..brian.devices import find_device
from ..data.checkpoint import Checkpoint
from ..data.events import SpikeDataset
from .backends import check_agreement, check_probes
from .certificate import Certificate
from .reduction import check_reductions
from .refinement import check_refinement
from .subject import Subject
from .transfer_check import check_transfer

#: The checks in their order.
CHECKS = ("agreement", "probes", "reductions", "refinement", "transfer")


def certify(
    checkpoint: Checkpoint | str | PathLike[str],
    data: SpikeDataset,
    *,
    device: str = "numpy",
    thorough: bool = False,
    progress: Callable[[str, float], None] | None = None,
    message: Callable[[str], None] | None = None,
) -> Certificate:
    """Check that a trained network is the same neuron everywhere, and say how that was found.

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
    """
    find_device(device)
    checkpoint = checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint.load(checkpoint)
    subject = Subject(checkpoint, data, device, thorough, message)

    def report(check: str) -> Callable[[float], None]:
        tell: Callable[[float], None] = (lambda fraction: None) if progress is None else partial(progress, check)
        tell(0.0)
        return tell

    agreement = check_agreement(subject, report("agreement"))
    checks = (
        agreement.check,
        check_probes(subject, report("probes")),
        check_reductions(subject, report("reductions")),
        check_refinement(subject, report("refinement")),
        check_transfer(subject, agreement.verification, report("transfer")),
    )
    return Certificate(
        _network(checkpoint),
        _input(data, subject.n_steps),
        agreement.verification,
        checks,
        agreement.margins,
        agreement.bounds,
        datetime.now(UTC).isoformat(timespec="seconds"),
        thorough,
    )


def _network(checkpoint: Checkpoint) -> dict[str, Any]:
    spec = checkpoint.spec
    return {
        "name": str(checkpoint.recipe.get("name", "network")),
        "sha256": hashlib.sha256(checkpoint.to_bytes()).hexdigest(),
        "n_input": spec.n_input,
        "populations": [{"name": p.name, "model": p.model.name, "size": p.size} for p in spec.populations],
        "recurrent": [p.target for p in spec.projections if p.kind == "recurrent"],
        "dt_s": spec.dt_s,
        "step_order": list(spec.step_order.phases),
        "n_synapses": sum(p.n_post * p.n_pre for p in spec.projections),
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

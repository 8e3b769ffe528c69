"""The certificate's check of proved spike trains."""

from __future__ import annotations

from collections.abc import Callable

from ..certificate import Check, Finding
from ..subject import Subject
from ..verify import torch_side_of
from .proof import Proof
from .proving import prove

_CLAIM = (
    "The spike trains are those of the network of real numbers with exactly these parameters: in every cell v - theta is on the side that "
    "the spike train says, beyond every rounding error."
)


def check_proof(subject: Subject, progress: Callable[[float], None]) -> tuple[Check, Proof]:
    """The spike trains of PyTorch in float64 on all recordings, which those of all others are compared with."""
    side = torch_side_of(subject.checkpoint, "float64")
    proof = prove(subject.checkpoint, subject.data, run=lambda raster: side.run(raster, lambda fraction: None), progress=progress)
    numbers = {
        "n_cells": proof.n_cells,
        "n_proved": proof.n_proved,
        "n_refuted": len(proof.refuted),
        "n_open": len(proof.open),
        "largest_bound": proof.largest_bound,
    }
    # what is left open is no failure: nothing speaks against it. It is counted, and shown
    passed = False if proof.refuted else None if proof.open else True
    shown = (*(f"refuted: {cell}" for cell in proof.refuted[:3]), *(f"left open: {cell}" for cell in proof.open[:3]))
    if proof.remedy:
        shown = (*shown, proof.remedy)
    return Check("proof", _CLAIM, (Finding("torch float64", passed, numbers, shown),)), proof

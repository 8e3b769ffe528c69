"""Do HetSyn's reductions hold for the weights of this network? Each is run in both forms, in torch and in Brian2."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from numpy.typing import NDArray

from ..models.reductions import REDUCTIONS, has_hetsyn, has_textbook, in_hetsyn_form, textbook_of
from ..spec import NetworkSpec
from .certificate import Check, Finding, of_comparison
from .compare import compare_recordings
from .subject import Subject

_CLAIM = "With tied time constants HetSyn is the textbook neuron, for the weights of this network."
_NONE = "None of the models of this network has a reduction: nothing was checked."
_RECORDINGS = 5


def check_reductions(subject: Subject, progress: Callable[[float], None]) -> Check:
    """Every reduction that applies, in torch and in Brian2, on some of the recordings."""
    forms = list(_forms(subject))
    x = subject.sample(_RECORDINGS).rasters(subject.n_steps)
    simulators = {"torch float64": subject.by_torch, "brian2 numpy": subject.by_brian2}
    findings: list[Finding] = []
    for what, textbook, hetsyn in forms:
        for simulator, run in simulators.items():
            one, other = run(*hetsyn, x), run(*textbook, x)
            # the textbook's v is the sum of the same events, so the bound of the HetSyn form holds for both
            outcome = compare_recordings(*hetsyn, one, other)
            findings.append(of_comparison(f"{what}, {simulator}", outcome, "float64"))
            progress(len(findings) / (len(forms) * len(simulators)))
    return Check("reductions", _CLAIM if forms else _NONE, tuple(findings))


_Network = tuple[NetworkSpec, Mapping[str, NDArray[Any]]]


def _forms(subject: Subject) -> Iterator[tuple[str, _Network, _Network]]:
    """What is reduced, and the network in textbook and in HetSyn form."""
    spec, values = subject.checkpoint.spec, subject.values
    if has_textbook(spec):
        yield "in HetSyn form", (spec, values), in_hetsyn_form(spec, values)
    if has_hetsyn(spec):
        for name in REDUCTIONS:
            textbook = textbook_of(spec, values, name)
            yield f"tied to {name}", textbook, in_hetsyn_form(*textbook)

"""A certificate as data: checks, each with its findings and their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .outcome import MAX_UNDECIDED, Comparison, Verification
from .proofs.proof import Proof


@dataclass(frozen=True)
class Finding:
    """The result for one simulator, reduction, time step or value.

    Attributes
    ----------
    what
        Its name.
    passed
        None where something was measured and nothing had to hold.
    numbers
        Name -> value, the same names for all findings of a check that are alike.
    differences
        Where two runs first differ, as text.
    """

    what: str
    passed: bool | None
    numbers: Mapping[str, Any]
    differences: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"what": self.what, "passed": self.passed, **self.numbers, "differences": list(self.differences)}


@dataclass(frozen=True)
class Check:
    """One of the certificate's checks: a claim, and findings for or against it."""

    name: str
    claim: str
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether no finding speaks against the claim."""
        return all(finding.passed is not False for finding in self.findings)

    @property
    def result(self) -> str:
        """In a word, for headings. Nothing speaks against cells that a proof has left open, but they are not proved."""
        if not self.findings:
            return "does not apply"
        if not self.passed:
            return "FAILED"
        return "open in part" if any(finding.numbers.get("n_open") for finding in self.findings) else "passed"

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"name": self.name, "claim": self.claim, "passed": self.passed, "findings": [f.to_dict() for f in self.findings]}


@dataclass(frozen=True)
class Certificate:
    """All checks of one network.

    Attributes
    ----------
    network
        What was checked: name, architecture, models, dt, sha256 of the checkpoint.
    input
        On what: name, fingerprint, how many recordings, steps and input spikes.
    verification
        The comparison of PyTorch with Brian2 on all recordings.
    checks
        Everything else.
    margins
        The smallest ``|v - theta|`` of every recording, shape (recording,).
    bounds
        Precision -> the largest difference of v that rounding explains.
    created
        Date and time in UTC, ISO 8601.
    thorough
        Whether everything was run that can be, and not a part of it.
    proof
        What is proved of the spike trains; None if that was not asked for.
    """

    network: Mapping[str, Any]
    input: Mapping[str, Any]
    verification: Verification
    checks: tuple[Check, ...]
    margins: NDArray[np.float64] = field(repr=False)
    bounds: Mapping[str, float]
    created: str
    thorough: bool
    proof: Proof | None = None

    @property
    def passed(self) -> bool:
        """Whether every check has passed."""
        return all(check.passed for check in self.checks)

    @property
    def verdict(self) -> str:
        """One sentence."""
        if self.passed:
            same = "PyTorch and Brian2 run the same network"
            if self.proof is None:
                return f"{same}."
            if self.proof.complete:
                return f"{same}, and its spike trains are proved."
            return f"{same}. Its spike trains are proved in {self.proof.n_proved:,} of {self.proof.n_cells:,} cells."
        failed = ", ".join(check.name for check in self.checks if not check.passed)
        return f"NOT certified: {failed}."

    def largest_dv(self, precision: str) -> float:
        """The largest difference of v that the first check found in a precision."""
        return max(float(f.numbers["max_abs_dv"]) for f in self.checks[0].findings if f.numbers["precision"] == precision)

    def to_dict(self) -> dict[str, Any]:
        """Plain data: the figures of the verification at the top, then what is the certificate's own."""
        return self.verification.to_dict() | {
            "agrees": self.passed,
            "verdict": self.verdict,
            "created": self.created,
            "thorough": self.thorough,
            "network": dict(self.network),
            "input": dict(self.input),
            "rounding_bounds": dict(self.bounds),
            "max_undecided": dict(MAX_UNDECIDED),
            "proof": None if self.proof is None else self.proof.to_dict(),
            "closest_margins": [float(margin) for margin in self.margins],
            "checks": [check.to_dict() for check in self.checks],
        }


def of_comparison(what: str, comparison: Comparison, *, typical: bool = True, **numbers: Any) -> Finding:
    """The finding that a comparison is: it passes if the two agree and near-ties leave few runs undecided.

    Where runs are not ``typical`` but made to be hard, any number of them may be undecided in float32: float64 decides what happens there.
    """
    c = comparison
    few = c.few_undecided or (c.precision == "float32" and not typical)
    names = ("precision", "n_runs", "n_spikes", "spike_mismatches", "max_abs_dv", "max_dv_over_bound", "undecided_fraction")
    shown = {name: getattr(c, name) for name in names}
    return Finding(what, c.agrees and few, shown | numbers, tuple(map(str, c.diverged[:3])))

"""The verdict of :mod:`hetsyn_sim.comparison` as an assertion, and the ledger of what was compared.

A near-tie leaves a run undecided. That is honest as long as it is rare: the ledger counts, and ``conftest.py`` fails the session if the
share of undecided runs, or of networks that never spike, is too large to mean anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import settings

from hetsyn_sim.comparison import Comparison, compare_recordings
from hetsyn_sim.recording import Recording

from .simulators import REFERENCE, SIMULATORS, Precision, precision
from .strategies import Case

__all__ = ["LEDGER", "Ledger", "agree", "fewer_examples", "hold", "run"]


@dataclass
class Ledger:
    """Counts over a session. They add up across processes."""

    runs: dict[str, int] = field(default_factory=lambda: {"float64": 0, "float32": 0})
    undecided: dict[str, int] = field(default_factory=lambda: {"float64": 0, "float32": 0})
    networks: int = 0
    spiking: int = 0

    def add(self, other: Ledger) -> None:
        """Count what another process has counted."""
        for precision_ in self.runs:
            self.runs[precision_] += other.runs[precision_]
            self.undecided[precision_] += other.undecided[precision_]
        self.networks += other.networks
        self.spiking += other.spiking

    def note_outcome(self, outcome: Comparison, dtype: Precision) -> None:
        """Count the runs of one comparison."""
        self.runs[dtype] += outcome.n_runs
        self.undecided[dtype] += len(outcome.undecided)

    def note_network(self, recording: Recording) -> None:
        """Count one generated network, and whether it spikes."""
        self.networks += 1
        self.spiking += any(raster.any() for name, raster in recording.rasters.items() if name != "input")


#: The ledger of this session.
LEDGER = Ledger()


def run(simulator: str, case: Case) -> Recording:
    """The recording of a case; the test is skipped, with the reason, if the simulator can't run here."""
    reason = SIMULATORS[simulator].unavailable()
    if reason:
        pytest.skip(reason)
    return SIMULATORS[simulator].run(case.spec, case.values, case.inputs)


def agree(case: Case, one: Recording, other: Recording, dtype: Precision) -> Comparison:
    """Assert that two recordings are of the same network, ``case``."""
    outcome = compare_recordings(case.spec, case.values, one, other, dtype)
    LEDGER.note_outcome(outcome, dtype)
    assert outcome.agrees, f"{outcome}\n{case!r}"
    return outcome


def hold(case: Case, simulator: str) -> Comparison:
    """Assert that a simulator runs a case as the reference does."""
    reference = run(REFERENCE, case)
    LEDGER.note_network(reference)
    return agree(case, reference, run(simulator, case), precision(simulator))


def fewer_examples(share: float = 0.15) -> settings:
    """Settings for properties that cost seconds per example: a share of what the profile asks for, and at least three."""
    profile = settings.default
    assert profile is not None
    return settings(max_examples=max(3, round(share * profile.max_examples)))

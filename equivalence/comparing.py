"""The verdict of :mod:`hetsyn_sim.agreement` as an assertion. What is compared is counted in :mod:`equivalence.ledger`."""

from __future__ import annotations

import pytest

from hetsyn_sim.agreement.compare import compare_recordings
from hetsyn_sim.agreement.outcome import Comparison, Precision
from hetsyn_sim.data.recording import Recording

from .ledger import LEDGER
from .simulators import Simulator, find, precision
from .strategies import Case


def run(simulator: str | Simulator, case: Case) -> Recording:
    """The recording of a case; the test is skipped, with the reason, if the simulator can't run here."""
    found = find(simulator)
    reason = found.unavailable()
    if reason:
        pytest.skip(reason)
    return found.run(case.spec, case.values, case.inputs)


def agree(case: Case, one: Recording, other: Recording, dtype: Precision) -> Comparison:
    """Assert that two recordings are of the same network, ``case``."""
    outcome = compare_recordings(case.spec, case.values, one, other, dtype)
    LEDGER.note_outcome(outcome)
    assert outcome.agrees, f"{outcome}\n{case!r}"
    return outcome


def hold(case: Case, simulator: str | Simulator) -> Comparison:
    """Assert that a simulator runs a case as the reference does."""
    LEDGER.note_network(case.reference)
    return agree(case, case.reference, run(simulator, case), precision(simulator))

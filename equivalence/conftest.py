"""Hypothesis profiles, and the account that the suite gives of itself at the end.

``pytest equivalence/`` uses the profile ``default`` (``ci`` on CI: the same examples every time); ``--hypothesis-profile thorough`` tries
twenty times as many.
"""

from __future__ import annotations

import os
from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, settings

from equivalence.comparing import LEDGER, Ledger

#: Largest share of runs that near-ties may leave undecided, and smallest share of networks that spike.
MAX_UNDECIDED = {"float64": 0.01, "float32": 0.10}
MIN_SPIKING = 0.80
#: Shares of fewer runs or networks than this say nothing; when single tests are picked they are shown and not judged.
ENOUGH = 200

_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
settings.register_profile("default", _PATIENT, max_examples=100)
settings.register_profile("ci", _PATIENT, max_examples=100, derandomize=True, print_blob=True)
settings.register_profile("thorough", _PATIENT, max_examples=2000)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def complaints(ledger: Ledger) -> list[str]:
    """What is wrong with the shares."""
    found = []
    for dtype, limit in MAX_UNDECIDED.items():
        runs, undecided = ledger.runs[dtype], ledger.undecided[dtype]
        if runs >= ENOUGH and undecided > limit * runs:
            found.append(f"{undecided} of {runs} runs in {dtype} are undecided: more than {100 * limit:.0f} %")
    if ledger.networks >= ENOUGH and ledger.spiking < MIN_SPIKING * ledger.networks:
        found.append(f"only {ledger.spiking} of {ledger.networks} generated networks spike: less than {100 * MIN_SPIKING:.0f} %")
    return found


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """A pytest-xdist worker has finished: add what it counted."""
    counted = getattr(node, "workeroutput", {}).get("equivalence_ledger")
    if counted is not None:
        LEDGER.add(Ledger(**counted))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["equivalence_ledger"] = asdict(LEDGER)
    elif complaints(LEDGER) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    if not (LEDGER.networks or any(LEDGER.runs.values())):
        return
    terminalreporter.section("equivalence")
    for dtype, runs in LEDGER.runs.items():
        terminalreporter.write_line(f"undecided runs, {dtype}: {_share(LEDGER.undecided[dtype], runs)}")
    terminalreporter.write_line(f"generated networks that spike: {_share(LEDGER.spiking, LEDGER.networks)}")
    for complaint in complaints(LEDGER):
        terminalreporter.write_line(f"FAILED: {complaint}", red=True)


def _share(part, whole):
    return f"{part} of {whole}" + (f" ({100 * part / whole:.2f} %)" if whole else "")

"""Hypothesis profiles, and the account that the suite gives of itself at the end.

``pytest equivalence/`` uses the profile ``default`` (``ci`` on CI: the same examples every time); ``--hypothesis-profile thorough`` tries
ten times as many.
"""

from __future__ import annotations

import gc
import os
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from equivalence.any_model import to_be_held
from equivalence.ledger import LEDGER, Ledger
from hetsyn_sim.spec import NeuronModel

_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
settings.register_profile("default", _PATIENT, max_examples=100)
settings.register_profile("ci", _PATIENT, max_examples=100, derandomize=True, print_blob=True)
settings.register_profile("thorough", _PATIENT, max_examples=1000)
settings.register_profile("glance", _PATIENT, max_examples=5, derandomize=True)  # .ci/pythons: does it run at all with these versions
# for `python -m equivalence.mutants`: one counter-example is enough, and need not be small
settings.register_profile(
    "mutants",
    _PATIENT,
    max_examples=100,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
)
settings.load_profile(os.environ.get("EQUIVALENCE_PROFILE") or ("ci" if os.environ.get("CI") else "default"))


def pytest_addoption(parser):
    parser.addoption(
        "--model", action="append", default=[], metavar="FILE", help="hold this neuron model too: a file of NeuronModel.to_text"
    )


def pytest_generate_tests(metafunc):
    """``member``: every neuron that is registered, and those of ``--model``."""
    if "member" in metafunc.fixturenames:
        given = [NeuronModel.from_text(Path(file).read_text(encoding="utf-8")) for file in metafunc.config.getoption("--model", [])]
        members = to_be_held() | {model.name: model for model in given}
        metafunc.parametrize("member", members.values(), ids=members)


def pytest_collection_finish(session):
    """Brian2 collects garbage after every run. What is there now stays for good: without it, a small network takes half the time."""
    gc.freeze()


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
    elif LEDGER.complaints() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    if not (LEDGER.rates or any(LEDGER.runs.values())):
        return
    terminalreporter.section("equivalence")
    for line in LEDGER.lines():
        terminalreporter.write_line(line)
    for complaint in LEDGER.complaints():
        terminalreporter.write_line(f"FAILED: {complaint}", red=True)

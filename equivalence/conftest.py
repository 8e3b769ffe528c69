"""The option ``--model``, and the ledger that the suite shows at the end. Hypothesis' profiles are in ``profiles.py``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from equivalence.any_model import to_be_held
from equivalence.ledger import LEDGER, Ledger
from hetsyn_sim.spec import NeuronModel


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

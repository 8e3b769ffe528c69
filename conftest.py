"""What all tests share: marks by what a test costs, Hypothesis' profiles, the one way to start a process, things made once a session.

``make test`` leaves out what is marked here. A mark follows from a test's fixtures or from its folder, so that nobody has to think of it;
a test that starts a process or compiles without the mark fails.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from filelock import FileLock
from hypothesis import settings

from equivalence import profiles

ROOT = Path(__file__).parent

#: What is in these places costs more than `make test` may. `equivalence/` runs Brian2 in `make test`: many networks in few items.
OF_PLACES = {
    "tests/docs": "docs",
    "tests/benchmarks": "study",
    "tests/analysis": "study",
    "tests/cli/test_study.py": "study",
    "tests/cli/test_verbs.py": "study",
    "tests/cli/test_doctor.py": "process",
    "tests/brian": "brian2",
    "tests/agreement/test_certificate.py": "brian2",
    "tests/report/test_certificate.py": "brian2",
    "tests/exchange/test_from_brian2.py": "brian2",
    "tests/ladder": "brian2",
    "tests/models/test_conductance.py": "slow",
    "equivalence": "property",
}
#: What takes these fixtures starts a program, or waits for a C++ compiler.
OF_FIXTURES = {"process": "process", "compiled_network": "compiled"}
#: A test with one of these marks may start programs.
MAY_START_PROGRAMS = {"process", "compiled", "docs", "study"}

profiles.register()
settings.load_profile(os.environ.get("EQUIVALENCE_PROFILE", "quick"))


@pytest.hookimpl(tryfirst=True)  # before marks are asked for by `-m`, and before pytest-xdist forms its groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by what it costs. One worker runs all tests that share a module's fixture, which is then made once."""
    for item in items:
        place = item.path.relative_to(ROOT).as_posix() if item.path.is_relative_to(ROOT) else ""
        names = getattr(item, "fixturenames", ())
        marks = {mark for part, mark in OF_PLACES.items() if f"{place}/".startswith(f"{part}/")}
        marks |= {mark for fixture, mark in OF_FIXTURES.items() if fixture in names}
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            marks.add("property")
        for mark in sorted(marks):
            item.add_marker(mark)
        definitions = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
        if any(definition[-1].scope == "module" for definition in definitions.values()):
            item.add_marker(pytest.mark.xdist_group(place))


def pytest_collection_finish() -> None:
    """Keep what is imported out of Brian2's garbage collections, one after every run: a small network takes half the time then."""
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _costs_of_filters() -> Iterator[None]:
    """What filters cost is the same for all tests on all machines: a layer chooses by it in which form its filters are computed."""
    from hetsyn_sim.kernels import costs, forms

    with patch.object(forms, "costs", lambda kind: costs.Costs(exact=9e-11, synapse=7e-10, step=8e-11, event=2.2e-11)):
        yield


# --- processes -----------------------------------------------------------------------------------------------------------------------

_started: list[str] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen":
        _started.append(str(arguments[1]))
    elif event in ("os.fork", "os.posix_spawn", "os.system"):
        _started.append(event)


sys.addaudithook(_note)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[object]:
    """A test that starts a program, and does not say so by its fixtures or its folder, fails."""
    _started.clear()
    result = yield
    if _started and not any(item.get_closest_marker(mark) for mark in MAY_START_PROGRAMS):
        pytest.fail(f"starts a program without a mark that says so, so that `make test` runs it: {_started[0][:200]}", pytrace=False)
    return result


class Processes:
    """Programs that a test starts. Those that still run when it ends are killed."""

    def __init__(self) -> None:
        self._running: list[subprocess.Popen[Any]] = []

    def __call__(
        self, command: Sequence[str | os.PathLike[str]], *, check: bool = True, timeout: float = 600, **options: Any
    ) -> subprocess.CompletedProcess[Any]:
        """Run a program to its end: ``process([sys.executable, "-c", code], cwd=tmp_path)``, with what `subprocess.run` takes.

        ``env`` has variables to add; ``None`` for one takes it away. Output is text. Where a program fails, the test does and shows what
        it printed, unless ``check`` is false.
        """
        options = {"capture_output": "stdout" not in options and "stderr" not in options, "text": True} | options
        done = subprocess.run(command, check=False, timeout=timeout, **self._with_environment(options))
        if check and done.returncode:
            pytest.fail(f"{' '.join(map(str, command))} failed ({done.returncode})\n{done.stdout}\n{done.stderr}")
        return done

    def start(self, command: Sequence[str | os.PathLike[str]], **options: Any) -> subprocess.Popen[Any]:
        """Start a program and return at once, with what `subprocess.Popen` takes; ``process.PIPE`` is `subprocess.PIPE`."""
        self._running.append(subprocess.Popen(command, **self._with_environment({"text": True} | options)))
        return self._running[-1]

    PIPE = subprocess.PIPE

    def close(self) -> None:
        """Kill what still runs."""
        for program in self._running:
            if program.poll() is None:
                program.kill()
            program.communicate()

    @staticmethod
    def _with_environment(options: dict[str, Any]) -> dict[str, Any]:
        added = {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", **(options.pop("env", None) or {})}
        return options | {"env": {name: value for name, value in {**os.environ, **added}.items() if value is not None}}


@pytest.fixture
def process() -> Iterator[Processes]:
    """The one way to start a program: see :class:`Processes`."""
    processes = Processes()
    yield processes
    processes.close()


# --- made once -----------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """``made_once(name, make)``: a folder that ``make(folder)`` has filled, in whichever worker asked first. It is only to be read."""

    def get(name: str, make: Callable[[Path], object]) -> Path:
        base = tmp_path_factory.getbasetemp()
        folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / name
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                unfinished = folder.with_name(f"{name}.unfinished")
                unfinished.mkdir()
                make(unfinished)
                unfinished.rename(folder)
        return folder

    return get

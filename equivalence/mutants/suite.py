"""The tests, run against a copy of the repository with one fault in it.

A fault counts as killed if a test fails, if the ledger at the end of the session complains, or if the tests do not come to an end. If the
copy can't even be imported, built or collected, nothing is shown: that is an error, and not a kill.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath

from hetsyn_sim.errors import BackendError

from .faults import AREAS
from .mutant import ROOT, Mutant

#: The files of the suite that look at a part of the package the most come first, the strategies' own tests and the negative controls last.
_FIRST = {
    "agreement": ("near_misses", "agreement", "bounds", "proofs"),
    "brian": ("agreement", "transfer"),
    "data": ("transfer",),
    "discrete": ("agreement", "reductions"),
    "kernels": ("gradients", "agreement", "time", "expansion"),
    "models": ("reductions", "closed_forms"),
    "spec": ("transfer", "agreement"),
    "training": ("transfer", "gradients", "time", "agreement"),
}
_LAST = ("strategies", "near_misses")

#: `make test` leaves out what these marks say; each of them is a part of `make check`.
_COSTLY = ("compiled", "process", "brian2", "study", "docs", "slow")
TEST = "make test"
_STUDIES = ("tests/analysis/", "study")
#: Areas whose own tests run Brian2 or studies, so that `make test` leaves them out: their folder, and the mark of `make check`.
OF_CHECK = {"ladder": ("tests/ladder/", "brian2"), "analysis": _STUDIES, "studies": _STUDIES}
_OF_TEST = f"not ({' or '.join(_COSTLY)} or thorough)"

#: What a copy does without.
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "venv", "__pycache__", ".*_cache", ".hypothesis", "_build", "auto_examples", "htmlcov", "*.tmp"
)
#: pytest's exit code where no test is of the kind that is asked for: no compiler, no compiled tests.
_NOTHING_COLLECTED = 5
#: Seconds after which a run of pytest is ended. Without a fault the longest takes some ten minutes.
TIME_LIMIT = 3600


@dataclass(frozen=True)
class Outcome:
    """The test that failed first, ``""`` if none did; what runs that test; and how long it took."""

    by: str
    stage: str
    seconds: float


def run_suite(mutant: Mutant, killer: str = "", *, whole: bool = False) -> Outcome:
    """Run the tests against a copy with a fault until one fails.

    Parameters
    ----------
    mutant
        The fault.
    killer
        The test that killed it the last time. Its file is run first.
    whole
        Go on with what ``make check`` runs where nothing of ``make test`` fails.

    Raises
    ------
    BackendError
        If the copy can't be built, imported or collected.
    """
    start = time.monotonic()
    with _copy(mutant) as root:
        for stage, arguments in stages(mutant, killer):
            if stage == TEST or whole or not of_test([mutant]):
                by = _pytest(root, [*arguments, "-x"], what=mutant.fault)
                if by:
                    return Outcome(by, stage, round(time.monotonic() - start, 1))
    return Outcome("", "", round(time.monotonic() - start, 1))


def run_control(tests: Sequence[str]) -> Outcome:
    """Run tests that have killed faults against a copy without one: were they to fail there, their kills would mean nothing."""
    start = time.monotonic()
    with _copy(None) as root:
        by = _pytest(root, list(tests), what="the copy without a fault")
    return Outcome(by, "", round(time.monotonic() - start, 1))


def of_test(mutants: Sequence[Mutant]) -> list[Mutant]:
    """Those that `make test` is to notice."""
    left_out = {mutant for area in OF_CHECK for mutant in AREAS[area]}
    return [mutant for mutant in mutants if mutant not in left_out]


@contextmanager
def _copy(mutant: Mutant | None) -> Iterator[Path]:
    """The repository in a folder of its own, with the fault planted and the kernels built anew if they have it."""
    with tempfile.TemporaryDirectory(prefix="hetsyn_mutant_") as folder:
        root = Path(folder) / "repository"
        shutil.copytree(ROOT, root, ignore=_LEFT_OUT)
        if mutant is not None:
            mutant.plant(root)
            if mutant.is_compiled:
                _build_kernels(root / "hetsyn_sim" / "kernels")
        yield root


def _build_kernels(target: Path) -> None:
    """Compile as fast as can be: the kernels of a fault have to be wrong, not quick."""
    cmake = shutil.which("cmake", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if cmake is None:
        raise _broken("the compiled kernels", "there is no cmake")
    build = target / "build"
    for arguments in (
        ["-S", str(target / "csrc"), "-B", str(build), "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_CXX_FLAGS=-O1"],
        ["--build", str(build)],
        ["--install", str(build), "--prefix", str(target)],
    ):
        done = subprocess.run([cmake, *arguments], capture_output=True, text=True)
        if done.returncode:
            raise _broken("the compiled kernels", done.stdout + done.stderr)


def stages(mutant: Mutant, killer: str = "") -> list[tuple[str, list[str]]]:
    """What is run, and pytest's arguments: files on the fault's subject and of its own room first, then the others, then ``make check``."""
    area = next((area for area, mutants in AREAS.items() if mutant in mutants), "nothing")
    subject = area.removesuffix("s")
    room, name = PurePath(mutant.file).parts[0].removesuffix(".py"), PurePath(mutant.file).stem
    suite = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "equivalence").glob("test_*.py"))]
    tests = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "tests").rglob("test_*.py"))]
    of_room = [file for file in tests if file.startswith((f"tests/{room}/", f"tests/test_{room}"))]
    of_file = [file for file in of_room if name in PurePath(file).stem]
    last = [f"equivalence/test_{part}.py" for part in _LAST]
    of_subject = [file for file in (*tests, *suite) if subject in file and file not in last]
    first = [f"equivalence/test_{part}.py" for part in _FIRST.get(room, ())]
    near = [killer.partition("::")[0], *of_file, *of_subject, *first, *of_room, *(file for file in suite if file not in last), *last]
    near = list(dict.fromkeys(file for file in near if file in (*suite, *tests)))
    far = [file for file in tests if file not in near]
    folder, mark = OF_CHECK.get(area, ("", ""))
    own = [file for file in tests if folder and file.startswith(folder)]
    own.sort(key=lambda file: (PurePath(mutant.file).parts[-2] not in file, name not in file))
    at_once = [(f"make check: {mark}", [*own, "-m", f"{mark} and not thorough"])] if own else []
    of_check = [(f"make check: {mark}", [*near, *far, "-m", f"{mark} and not thorough"]) for mark in _COSTLY]
    return [
        *at_once,
        (TEST, [*near, "-m", _OF_TEST]),
        (TEST, [*far, "-m", _OF_TEST]),
        *of_check,
    ]


def _pytest(root: Path, arguments: Sequence[str], *, what: str) -> str:
    """The first test that failed, or ``""``."""
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PYTHONDONTWRITEBYTECODE": "1"}
    origin = subprocess.run(
        [sys.executable, "-c", "from importlib.util import find_spec; print(find_spec('hetsyn_sim').origin)"],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
    ).stdout.strip()
    if not origin.startswith(str(root)):
        raise _broken(what, f"the package is imported from {origin or 'nowhere'} and not from the copy")
    profile = [] if "--hypothesis-profile" in arguments else ["--hypothesis-profile", "mutants"]
    command = [sys.executable, "-m", "pytest", *arguments, *profile, "-q", "--tb=no", "-p", "no:cacheprovider"]
    try:
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        return "the time limit"
    if done.returncode in (0, _NOTHING_COLLECTED):
        return ""
    if done.returncode == 1:
        failed = re.search(r"^(?:FAILED|ERROR) ((?:equivalence|tests)/\S+::\w+(?:\[.*?\])?)(?: - .*)?$", done.stdout, re.MULTILINE)
        if failed:
            return failed.group(1)
        complaint = re.search(r"^FAILED: (.*)$", done.stdout, re.MULTILINE)
        if complaint:
            return f"the ledger: {complaint.group(1)}"
    raise _broken(what, done.stdout[-3000:] + done.stderr[-2000:])


def _broken(what: str, output: str) -> BackendError:
    return BackendError(
        "the tests could not be run",
        where=what,
        got=output,
        expected="a copy of the repository that can be built, imported and collected",
        remedy="a fault has to leave the package whole: change the fault",
    )

"""The suite, run against a copy of the packages with one fault in it.

A fault counts as killed if a test fails, if the account at the end of the session does, or if the suite does not come to an end. If the
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
from pathlib import Path

from hetsyn_sim.errors import BackendError

from .mutant import ROOT, Mutant

#: The files of the suite that look at a part of the package the most come first, the strategies' own tests and the negative controls last.
_FIRST = {
    "agreement": ("near_misses", "agreement"),
    "brian": ("transfer",),
    "data": ("transfer",),
    "discrete": ("agreement", "reductions"),
    "kernels": ("gradients", "agreement", "time", "expansion"),
    "models": ("reductions", "closed_forms"),
    "spec": ("transfer", "agreement"),
    "training": ("transfer", "gradients", "time", "agreement"),
}
_THEN = ("agreement", "reductions", "transfer", "gradients", "time")
_LAST = ("strategies", "near_misses")

#: pytest's exit code where no test is of the kind that is asked for: no compiler, no compiled tests.
_NOTHING_COLLECTED = 5

#: Seconds after which the suite is ended. Without a fault it takes a few minutes.
TIME_LIMIT = 1800


@dataclass(frozen=True)
class Outcome:
    """What the suite said: the name of what failed first, ``""`` if nothing did; and how long it took."""

    by: str
    seconds: float


def run_suite(mutant: Mutant | None) -> Outcome:
    """Run the suite against a copy with a fault, or against a copy as it is.

    Raises
    ------
    BackendError
        If the copy can't be built, imported or collected.
    """
    start = time.monotonic()
    with _copy(mutant) as root:
        by = ""
        for arguments in _stages(root, mutant):
            by = by or _pytest(root, arguments, what=mutant.fault if mutant else "the copy without a fault")
    return Outcome(by, round(time.monotonic() - start, 1))


@contextmanager
def _copy(mutant: Mutant | None) -> Iterator[Path]:
    """The packages and pytest's settings in a folder of their own, with the fault planted and the kernels built anew if they have it."""
    with tempfile.TemporaryDirectory(prefix="hetsyn_mutant_") as folder:
        root = Path(folder)
        for package in ("hetsyn_sim", "equivalence"):
            shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
        shutil.copy(ROOT / "pyproject.toml", root)
        if mutant is not None:
            mutant.plant(root)
            if mutant.is_compiled:
                _build_kernels(root / "hetsyn_sim" / "kernels")
        yield root


def _build_kernels(target: Path) -> None:
    cmake = shutil.which("cmake", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if cmake is None:
        raise _broken("the compiled kernels", "there is no cmake")
    build = target / "build"
    for arguments in (
        ["-S", str(target / "csrc"), "-B", str(build), "-DCMAKE_BUILD_TYPE=Release"],
        ["--build", str(build)],
        ["--install", str(build), "--prefix", str(target)],
    ):
        done = subprocess.run([cmake, *arguments], capture_output=True, text=True)
        if done.returncode:
            raise _broken("the compiled kernels", done.stdout + done.stderr)


def _stages(root: Path, mutant: Mutant | None) -> list[list[str]]:
    """Arguments of pytest: all that needs no compiler, then the rest."""
    part = re.match(r"[a-z]+", mutant.file) if mutant else None
    names = sorted(path.stem.removeprefix("test_") for path in (root / "equivalence").glob("test_*.py"))
    ordered = [*_FIRST.get(part.group() if part else "", ()), *_THEN, *(name for name in names if name not in _LAST), *_LAST]
    files = [f"equivalence/test_{name}.py" for name in dict.fromkeys(ordered) if name in names]
    return [[*files, "-m", "not compiled"], [*files, "-m", "compiled"]]


def _pytest(root: Path, arguments: Sequence[str], *, what: str) -> str:
    """The first test that failed, or ``""``."""
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PYTHONDONTWRITEBYTECODE": "1"}
    found = subprocess.run(
        [sys.executable, "-c", "from importlib.util import find_spec; print(find_spec('hetsyn_sim').origin)"],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
    ).stdout.strip()
    if not found.startswith(str(root)):
        raise _broken(what, f"the package is imported from {found or 'nowhere'} and not from the copy")
    command = [
        sys.executable,
        "-m",
        "pytest",
        *arguments,
        "-x",
        "-q",
        "--tb=no",
        "-p",
        "no:cacheprovider",
        "--hypothesis-profile",
        "mutants",
    ]
    try:
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        return "the time limit"
    if done.returncode in (0, _NOTHING_COLLECTED):
        return ""
    if done.returncode == 1:
        failed = re.search(r"^FAILED equivalence/(\S+::\w+(?:\[.*?\])?)(?: - .*)?$", done.stdout, re.MULTILINE)
        if failed:
            return failed.group(1)
        account = re.search(r"^FAILED: (.*)$", done.stdout, re.MULTILINE)
        if account:
            return f"the account: {account.group(1)}"
    raise _broken(what, done.stdout[-3000:] + done.stderr[-2000:])


def _broken(what: str, output: str) -> BackendError:
    return BackendError(
        "the suite could not be run",
        where=what,
        got=output,
        expected="a copy of the packages that can be built, imported and collected",
        remedy="a fault has to leave the package whole: change the fault",
    )

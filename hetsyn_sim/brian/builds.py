"""Cache of compiled standalone programs: the same sources are compiled once, whatever numbers they run on.

Object files are cached, too: of a project that differs from an earlier one in a file or two, only these are compiled. A file enters the
cache (:mod:`hetsyn_sim.data.cache`) in one piece when it is finished; an interrupted compilation leaves nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import brian2

from ..data import cache
from ..errors import BackendError

#: Programs and object files kept; of more, those that have not been used for the longest time are deleted.
MOST_PROGRAMS, MOST_OBJECTS = 64, 2048

_SOURCES = (".cpp", ".h", ".cu")
_NUMBERED = re.compile(r"(codeobject|push_spikes)_\d+")
_FLAGS = re.compile(r"^(?:OPTIMISATIONS|CXXFLAGS|NVCC|NVCCFLAGS) =.*$", re.MULTILINE)
_DATA = ("static_arrays", "results")


def cache_folder() -> Path:
    """Where compiled programs are kept."""
    return cache.cache_folder("standalone")


def program_for(project: Path, *, message: Callable[[str], None] | None = None) -> tuple[Path, bool]:
    """Put the compiled program of a generated project into it, as ``main``; whether it had to be compiled.

    Raises
    ------
    BackendError
        If it can't be compiled, or the cache can't be written or is not this user's alone.
    """
    program, entry = project / "main", cache_folder() / _fingerprint(project)
    if cache.fetch(entry, program):
        return program, False
    if message is not None:
        message("compiling the C++ standalone program: once for networks of this shape, and kept")
    objects = stored_objects(project)
    for path, stored in objects.items():
        cache.fetch(stored, path)  # newer than its source: make leaves it alone
    (project / "make.deps").touch()  # newer than the sources: make would read every header twice to list what depends on what
    jobs = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    run_make(project, f"-j{jobs}", remedy='keep the project with build_directory and run `make` there; or use device="numpy"')
    for path, stored in objects.items():
        if path.is_file() and not stored.is_file():
            keep_object(path, stored)
    cache.store(program, entry, MOST_PROGRAMS)
    return program, True


def keep_object(made: Path, entry: Path) -> None:
    """Put a compiled object file into the cache, at a place of :func:`stored_objects`."""
    cache.store(made, entry, MOST_OBJECTS)


def _compiler() -> str:
    compiler = os.environ.get("CXX", "g++")
    output = subprocess.run([*compiler.split(), "--version"], capture_output=True, text=True, check=False).stdout
    return f"{brian2.__version__}\n{compiler}\n{output}\n"


def _sources(project: Path) -> list[Path]:
    found = (p for p in project.rglob("*") if p.suffix in _SOURCES or p.name == "makefile")
    return [path for path in found if path.relative_to(project).parts[0] not in _DATA]


def _fingerprint(project: Path) -> str:
    """Of everything that the program depends on: sources, makefile with its flags, the compiler, Brian2."""
    digest = hashlib.sha256(_compiler().encode())
    for name, path in sorted((_unnumbered(str(p.relative_to(project))), p) for p in _sources(project)):
        digest.update(f"{name}\n{_unnumbered(path.read_text(encoding='utf-8'))}".encode())
    return digest.hexdigest()


def stored_objects(project: Path) -> dict[Path, Path]:
    """Object file -> where it is kept, by its source, all headers and the flags, to the letter: its symbols have the sources' names."""
    common = hashlib.sha256(_compiler().encode())
    sources = sorted(_sources(project))
    for path in sources:
        if path.suffix == ".h":
            common.update(f"{path.relative_to(project)}\n{path.read_text(encoding='utf-8')}".encode())
        elif path.name == "makefile":  # its lists of files are no flags
            common.update("\n".join(_FLAGS.findall(path.read_text(encoding="utf-8"))).encode())
    found = {}
    for path in sources:
        if path.suffix in (".cpp", ".cu"):
            digest = common.copy()
            digest.update(path.read_bytes())
            found[path.with_suffix(".o")] = cache_folder() / "objects" / f"{digest.hexdigest()}.o"
    return found


def _unnumbered(text: str) -> str:
    """Without the numbers by which Brian2 tells code objects from those of the networks that this process has made before."""
    return _NUMBERED.sub(r"\1", text)


def run_make(project: Path, *arguments: str, remedy: str) -> None:
    """Run ``make`` in a project.

    Raises
    ------
    BackendError
        If it fails; with the last lines of what it printed.
    """
    done = subprocess.run(["make", *arguments], cwd=project, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackendError(
            "the standalone program can't be compiled",
            where=str(project),
            got="\n            ".join((done.stdout + done.stderr).strip().splitlines()[-8:]) or f"make ended with {done.returncode}",
            expected="a program called main",
            remedy=remedy,
        )

"""The checks of `hetsyn doctor` that import neither torch nor Brian2: packages, processor and memory, compilers, cache folders."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from ..data.cache import cache_folder, check_private
from ..errors import BackendError

#: Versions that must not be there together; why; what helps.
CONFLICTS = (
    ({"brian2": "<2.10", "numpy": ">=2.4"}, "Brian2 before 2.10 can't be imported on NumPy 2.4", 'pip install "numpy<2.4"'),
    *(
        (
            {name: ">=2.6.2,<2.6.4"},
            "2.6.2 and 2.6.3 were malicious uploads",
            f'pip install "{name}>=2.6.4", and change the passwords and tokens that this user had here',
        )
        for name in ("pytorch-lightning", "lightning")
    ),
)
_EXTRAS_OF_DEVELOPERS = ("dev", "docs")
_CACHES = {"kernels": "generated kernels", "standalone": "Brian2's programs"}
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_PROGRAMS = {
    "make": ("Brian2's standalone programs are built with it", "install make (Debian, Ubuntu: apt install build-essential)"),
    "cmake": ("it builds the kernels when the package is installed from source; pip brings one", ""),
    "nvcc": ("for Brian2CUDA only", "only for --device cuda: install the CUDA toolkit"),
}
_SOURCE = r"""
#include <cmath>
#include <cstdio>
#include <thread>
int main() { std::thread([] { std::printf("%.0f", std::exp2(5.0)); }).join(); }
"""


@dataclass(frozen=True)
class Finding:
    """One thing that was checked.

    Parameters
    ----------
    group, name
        What was checked: ``"packages"``, ``"numpy"``.
    state
        ``ok``: there, and it works where it was tried. ``absent``: not there, and something can do without it. ``broken``: there, but does
        not work, or does not go with something else; or not there, although everything needs it.
    value
        A version, a path, a size, a message: one line.
    remedy
        What to do if it is absent or broken; empty where nothing has to be done.
    essential
        Whether nothing works without it.
    """

    group: str
    name: str
    state: Literal["ok", "absent", "broken"]
    value: str
    remedy: str = ""
    essential: bool = False


def check_packages(
    version: Callable[[str], str] = metadata.version, requires: Callable[[str], Iterable[str] | None] = metadata.requires
) -> Iterator[Finding]:
    """Python, this package, what it requires, versions in conflict, and what its extras would add."""

    def installed(name: str) -> str | None:
        try:
            return version(name)
        except metadata.PackageNotFoundError:
            return None

    def package(name: str, has: str | None, wanted: str, remedy: str) -> Finding:
        if has is not None and SpecifierSet(wanted).contains(has, prereleases=True):
            return Finding("packages", name, "ok", has, essential=True)
        return Finding("packages", name, "broken", f"{has}, not {wanted}" if has else "not installed", remedy, essential=True)

    yield Finding("packages", "Python", "ok", f"{platform.python_version()} ({platform.python_implementation()})", essential=True)
    own = installed("hetsyn-sim")
    yield package("hetsyn-sim", own, "", "pip install hetsyn-sim, or in its folder: pip install -e .")
    stated = [Requirement(line) for line in (requires("hetsyn-sim") if own else None) or ()]
    required = {r.name: str(r.specifier) for r in stated if r.marker is None or r.marker.evaluate({"extra": ""})}
    for name in sorted(required):
        yield package(name, installed(name), required[name], f'pip install "{name}{required[name]}"')
    for versions, why, remedy in CONFLICTS:
        have = {name: installed(name) for name in versions if name in required}
        if have and all(has and SpecifierSet(versions[name]).contains(has, prereleases=True) for name, has in have.items()):
            yield Finding("packages", " with ".join(f"{name} {has}" for name, has in have.items()), "broken", why, remedy, essential=True)
    extras: dict[str, str] = {}
    for requirement in stated:
        extra = str(requirement.marker).rpartition('extra == "')[2].strip('"') if "extra ==" in str(requirement.marker) else ""
        if extra and extra not in _EXTRAS_OF_DEVELOPERS and requirement.name not in {*required, "hetsyn-sim"}:
            extras.setdefault(requirement.name, extra)
    for name, extra in sorted(extras.items(), key=lambda item: (item[1], item[0])):
        has, remedy = installed(name), f'only for what needs it: pip install "hetsyn-sim[{extra}]"'
        yield Finding(f"extra [{extra}]", name, "ok" if has else "absent", has or "not installed", "" if has else remedy)


def check_machine() -> Iterator[Finding]:
    """System, cores, memory, and the environment's limits on threads."""
    system = platform.system()
    remedy = "" if system == "Linux" else "this package is made and tested for Linux only"
    yield Finding("machine", "system", "broken" if remedy else "ok", f"{system} {platform.release()}, {platform.machine()}", remedy)
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield Finding("machine", "cores", "ok", f"{mine} of {os.cpu_count()} may be used by this process")
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        kib = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        yield Finding("machine", "memory", "ok", f"{kib['MemAvailable'] / 2**20:.1f} of {kib['MemTotal'] / 2**20:.1f} GiB are free")
    except (OSError, ValueError, KeyError, IndexError):  # a system without it
        pass
    limits = ", ".join(f"{name}={os.environ[name]}" for name in _THREADS if name in os.environ)
    yield Finding("machine", "threads", "ok", limits or "not restricted by the environment")


def check_compilers() -> Iterator[Finding]:
    """The C++ compiler that generated kernels use, which compiles and runs a program here, and the programs around it."""
    commands = [command.split() for command in (os.environ.get("CXX"), "g++", "c++", "clang++") if command and command.split()]
    compiler = next((command for command in commands if shutil.which(command[0])), None)
    if compiler is None:
        value = "none found; without it, neurons that are stepped train many times slower, and Brian2 runs on numpy only"
        yield Finding("compilers", "C++", "absent", value, "install g++ (Debian, Ubuntu: apt install g++), or set CXX")
    else:
        yield _try_compiler(compiler)
    for name, (purpose, remedy) in _PROGRAMS.items():
        path = shutil.which(name) or next((p for p in (f"/usr/local/cuda/bin/{name}", f"/opt/cuda/bin/{name}") if Path(p).is_file()), None)
        if path is None:
            yield Finding("compilers", name, "absent", f"not found; {purpose}", remedy)
        else:
            numbered = [line.strip() for line in _output([path, "--version"]).splitlines() if any(c.isdigit() for c in line)]
            version = next((line for line in numbered if "release" in line), *numbered[:1] or [""])  # nvcc's is below its copyright
            yield Finding("compilers", name, "ok", f"{path} ({version})" if version else path)


def _try_compiler(command: list[str]) -> Finding:
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder) / "try.cpp", Path(folder) / "try"
        source.write_text(_SOURCE, encoding="ascii")
        messages = _output([*command, "-std=c++17", "-O1", "-pthread", str(source), "-o", str(program)]).splitlines()
        works = program.is_file() and _output([str(program)]) == "32"
    if works:
        version = (_output([*command, "--version"]).splitlines() or ["version unknown"])[0]
        return Finding("compilers", "C++", "ok", f"{shutil.which(command[0])} ({version}); compiled and ran a program")
    message = next((line for line in messages if "error" in line), (messages or ["no message"])[0])
    remedy = "install a working g++, or set CXX to a compiler for C++17"
    return Finding("compilers", "C++", "broken", f"{' '.join(command)} does not compile: {message}", remedy)


def _output(command: list[str]) -> str:
    """What a program prints, to both streams; empty if it can't be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr


def check_caches() -> Iterator[Finding]:
    """The folders of :mod:`hetsyn_sim.data.cache`: size, and whether they can be written to, by nobody else."""
    for part, name in _CACHES.items():
        try:
            check_private(cache_folder(part))
        except BackendError as error:
            yield Finding("caches", name, "broken", str(error.got), error.remedy)
            continue
        except OSError:  # not made yet, or not to be looked into
            pass
        yield check_folder(name, cache_folder(part), remedy="name another folder in the environment variable HETSYN_CACHE")


def check_folder(name: str, folder: Path, remedy: str) -> Finding:
    """A folder that is made when it is needed. Nothing is left in it."""
    there = next((place for place in (folder, *folder.absolute().parents) if place.exists()), Path("/"))
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
        sizes = list(_sizes(folder))
    except OSError as error:
        return Finding("caches", name, "broken", f"{folder}: {error.strerror or error}", remedy)
    content = f"{len(sizes)} files, {sum(sizes) / 2**20:.1f} MiB" if folder.exists() else "not made yet"
    return Finding("caches", name, "ok", f"{folder} ({content})")


def _sizes(folder: Path) -> Iterator[int]:
    for path in folder.rglob("*"):
        try:
            if path.is_file():
                yield path.stat().st_size
        except OSError:  # another process has removed it, or it is not ours to look at
            continue

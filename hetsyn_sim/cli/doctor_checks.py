"""The checks of `hetsyn doctor` that import neither torch nor Brian2: packages, processor and memory, programs, cache folders."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

from ..data.cache import cache_folder, check_private
from ..errors import BackendError

#: Versions that must not be there together; why; what helps.
CONFLICTS = (
    (("brian2<2.10", "numpy>=2.4"), "Brian2 before 2.10 can't be imported on NumPy 2.4", 'pip install "numpy<2.4"'),
    *(
        (
            (f"{name}>=2.6.2,<2.6.4",),
            "2.6.2 and 2.6.3 were malicious uploads",
            f'pip install "{name}>=2.6.4", and change the passwords and tokens that this user had here',
        )
        for name in ("pytorch-lightning", "lightning")
    ),
)
_EXTRAS_OF_DEVELOPERS = ("dev", "docs", "test")
_PROGRAMS = {
    "make": ("Brian2's standalone programs are built with it", "install make (Debian, Ubuntu: apt install build-essential)"),
    "cmake": ("it builds the kernels when the package is installed from source; pip brings one", ""),
    "nvcc": ("for Brian2CUDA only", "only for --device cuda: install the CUDA toolkit"),
}


@dataclass(frozen=True)
class Finding:
    """One thing that was checked.

    ``state`` is ``ok`` where it works, ``absent`` where something can do without it, else ``broken``. ``value`` is one line: a version, a
    path, a message. ``remedy`` says what helps, and is empty where nothing has to be done. Nothing works without what is ``essential``.
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

    def installed(name: str) -> str:
        try:
            return version(name)
        except metadata.PackageNotFoundError:
            return ""

    def satisfied(r: Requirement) -> bool:
        return installed(r.name) != "" and r.specifier.contains(installed(r.name), prereleases=True)

    stated = [Requirement(line) for line in (requires("hetsyn-sim") if installed("hetsyn-sim") else None) or ()]
    required = {r.name: r for r in stated if r.marker is None or r.marker.evaluate({"extra": ""})}
    yield Finding("packages", "Python", "ok", f"{platform.python_version()} ({platform.python_implementation()})", essential=True)
    for name, r in [("hetsyn-sim", Requirement("hetsyn-sim")), *sorted(required.items())]:
        has = installed(name)
        if satisfied(r):
            yield Finding("packages", name, "ok", has, essential=True)
        else:
            value = f"{has}, not {r.specifier}" if has else "not installed"
            yield Finding("packages", name, "broken", value, f'pip install "{name}{r.specifier}"', essential=True)
    for lines, why, remedy in CONFLICTS:
        together = [Requirement(line) for line in lines]
        if all(map(satisfied, together)):
            names = " with ".join(f"{r.name} {installed(r.name)}" for r in together)
            yield Finding("packages", names, "broken", why, remedy, essential=True)
    extras = {(match[1], r.name) for r in stated if (match := re.search('extra == "(.+?)"', str(r.marker)))}
    for extra, name in sorted(extras):
        if extra not in _EXTRAS_OF_DEVELOPERS and name not in {*required, "hetsyn-sim"}:
            remedy = f'only for what needs it: pip install "hetsyn-sim[{extra}]"'
            yield _found(f"extra [{extra}]", name, installed(name), "not installed", remedy)


def check_machine() -> Iterator[Finding]:
    """System, cores, memory, and the environment's limits on threads."""
    if platform.system() == "Linux":
        yield Finding("machine", "system", "ok", platform.platform())
    else:
        yield Finding("machine", "system", "broken", platform.platform(), "this package is made and tested for Linux only")
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield Finding("machine", "cores", "ok", f"{mine} of {os.cpu_count()} may be used by this process")
    if (memory := Path("/proc/meminfo")).is_file():
        gib = {name: int(kib) / 2**20 for name, kib in re.findall(r"(\w+): +(\d+) kB", memory.read_text(encoding="ascii"))}
        yield Finding("machine", "memory", "ok", f"{gib.get('MemAvailable', 0.0):.1f} of {gib['MemTotal']:.1f} GiB are free")
    limits = ", ".join(f"{name}={value}" for name, value in sorted(os.environ.items()) if name.endswith("_NUM_THREADS"))
    yield Finding("machine", "threads", "ok", limits or "not restricted by the environment")


def check_programs() -> Iterator[Finding]:
    """The programs around the compiler, which is tried by compiling."""
    folders = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/cuda/bin", "/opt/cuda/bin"])
    for name, (purpose, remedy) in _PROGRAMS.items():
        path = shutil.which(name, path=folders)
        yield _found("compilers", name, with_version([path]) if path else "", f"not found; {purpose}", remedy)


def with_version(command: list[str]) -> str:
    """The path of a program, and the version that it names."""
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, errors="replace", check=False)
    version = re.search(r".*\d+\.\d+.*", done.stdout)  # nvcc's is below its copyright
    return f"{shutil.which(command[0])} ({version[0].strip() if version else 'version unknown'})"


def check_caches() -> Iterator[Finding]:
    """The folders of :mod:`hetsyn_sim.data.cache`: size, and whether they can be written to, by nobody else."""
    for part, name in (("kernels", "generated kernels"), ("standalone", "Brian2's programs")):
        try:
            check_private(cache_folder(part))
        except BackendError as error:
            yield Finding("caches", name, "broken", str(error.got), error.remedy)
            continue
        except OSError:  # not made yet, or not to be looked into
            pass
        yield check_folder(name, cache_folder(part), remedy="name another folder in the environment variable HETSYN_CACHE")


def check_folder(name: str, folder: Path, remedy: str) -> Finding:
    """A folder of a cache, which is made when it is needed."""
    there = next((place for place in (folder, *folder.absolute().parents) if place.exists()), Path("/"))
    if not there.is_dir() or not os.access(there, os.R_OK | os.W_OK | os.X_OK):
        return Finding("caches", name, "broken", f"{folder}: {there} can't be written to", remedy)
    sizes = [path.lstat().st_size for path in folder.rglob("*") if path.is_file()]
    content = f"{len(sizes)} files, {sum(sizes) / 2**20:.1f} MiB" if folder.exists() else "not made yet"
    return Finding("caches", name, "ok", f"{folder} ({content})")


def _found(group: str, name: str, value: str, missing: str, remedy: str) -> Finding:
    """What is there if ``value`` says something of it, and else can be done without."""
    return Finding(group, name, "ok", value) if value else Finding(group, name, "absent", missing, remedy)

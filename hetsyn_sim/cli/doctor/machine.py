"""Processor, memory, the settings of threads, and the folders that compiled things are kept in."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ...data.cache import kept_folder
from .finding import Finding

_CACHES = {"kernels": "generated kernels", "standalone": "Brian2's programs"}
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def find_machine() -> Iterator[Finding]:
    """System, cores and memory."""
    system = platform.system()
    known = system == "Linux"
    yield Finding(
        "machine",
        "system",
        "ok" if known else "broken",
        f"{system} {platform.release()}, {platform.machine()}",
        "" if known else "this package is made and tested for Linux only",
    )
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield Finding("machine", "cores", "ok", f"{mine} of {os.cpu_count()} may be used by this process")
    memory = _memory()
    if memory:
        yield Finding("machine", "memory", "ok", memory)
    told = ", ".join(f"{name}={os.environ[name]}" for name in _THREADS if name in os.environ)
    yield Finding("machine", "threads", "ok", told or "not restricted by the environment")


def _memory() -> str:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        kib = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        return f"{kib['MemAvailable'] / 2**20:.1f} of {kib['MemTotal'] / 2**20:.1f} GiB are free"
    except (OSError, ValueError, KeyError, IndexError):  # a system without it
        return ""


def find_caches() -> Iterator[Finding]:
    """The folders of :mod:`hetsyn_sim.data.cache`: size, and whether they can be written to."""
    for part, what in _CACHES.items():
        yield folder_finding(what, kept_folder(part), remedy="name another folder in the environment variable HETSYN_CACHE")


def folder_finding(what: str, folder: Path, remedy: str) -> Finding:
    """A folder that is made when it is needed. Nothing is left in it."""
    there = next((place for place in (folder, *folder.absolute().parents) if place.exists()), Path("/"))
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
        n, size = _size(folder)
    except OSError as error:
        return Finding("caches", what, "broken", f"{folder}: {error.strerror or error}", remedy)
    held = f"{n} files, {size / 2**20:.1f} MiB" if folder.exists() else "not made yet"
    return Finding("caches", what, "ok", f"{folder} ({held})")


def _size(folder: Path) -> tuple[int, int]:
    sizes = []
    for path in folder.rglob("*"):
        try:
            if path.is_file():
                sizes.append(path.stat().st_size)
        except OSError:  # another process has removed it, or it is not ours to look at
            continue
    return len(sizes), sum(sizes)

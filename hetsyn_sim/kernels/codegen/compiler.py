"""Sources to libraries, once: compiled ones are kept by everything that they are made of.

The cache is the folder of :mod:`hetsyn_sim.data.cache`. A library goes into it in one piece, with its own digest at its
end: one that was damaged there is made anew and never run.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from ...data import cache as build_cache
from ...errors import BackendError

#: Libraries kept; of more, those that have not been used for the longest time are deleted.
MOST_LIBRARIES = 128
#: No -ffast-math: NaN and infinities are numbers as any, and sums keep their order. Without errno and traps, which nothing here reads, a
#: square root or a comparison can be vectorised.
_ARITHMETIC = ("-fno-math-errno", "-fno-trapping-math")
FLAGS = ("-std=c++17", "-O3", "-march=native", "-fPIC", "-shared", "-fvisibility=hidden", *_ARITHMETIC, "-pthread")
INCLUDE = (Path(__file__).parent / "include", Path(__file__).parent.parent / "csrc")

_SECONDS = 300
_log = logging.getLogger("hetsyn_sim")


def cache_folder() -> Path:
    """Where libraries are kept."""
    return build_cache.cache_folder("kernels")


def find_compiler() -> tuple[str, ...] | None:
    """The C++ compiler as a command, ``$CXX`` first; None if there is none."""
    for command in (os.environ.get("CXX"), "g++", "c++", "clang++"):
        words = tuple(command.split()) if command else ()
        if words and shutil.which(words[0]):
            return words
    return None


def compiled(source: str) -> Path:
    """The library of a source, from the cache if it is there and whole.

    Raises
    ------
    BackendError
        If there is no compiler, it fails, or the cache can't be written or is not this user's alone.
    """
    compiler = find_compiler()
    if compiler is None:
        raise BackendError(
            "there is no C++ compiler",
            where="hetsyn_sim.kernels.codegen",
            got=f"CXX={os.environ.get('CXX')!r}, and no g++, c++ or clang++",
            expected="a compiler for C++17",
            remedy='install one, or choose the slower back end with use_backend("plain")',
        )
    library = cache_folder() / f"{_fingerprint(source, compiler)}.so"
    if build_cache.touch(library) and is_whole(library):
        return library
    _log.warning("compiling a neuron's step: once for this model, and kept")  # of no other level is the default seen on stderr
    with tempfile.TemporaryDirectory(prefix="hetsyn-") as folder:
        build_cache.store(_compile(source, compiler, Path(folder)), library, MOST_LIBRARIES, "*.so")
    return library


def is_whole(library: Path) -> bool:
    """Whether a library is there and is what was put there."""
    try:
        content = library.read_bytes()
    except OSError:
        return False
    size = hashlib.sha256().digest_size
    return len(content) > size and hashlib.sha256(content[:-size]).digest() == content[-size:]


def _compile(source: str, compiler: tuple[str, ...], folder: Path) -> Path:
    code, made = folder / "step.cpp", folder / "step.so"
    code.write_text(source, encoding="ascii")
    command = [*compiler, *FLAGS, *(f"-I{path}" for path in INCLUDE), str(code), "-o", str(made)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
        output, failed = (done.stderr + done.stdout).strip(), done.returncode != 0 or not made.is_file()
    except subprocess.TimeoutExpired:
        output, failed = f"still running after {_SECONDS} s", True
    if failed:
        raise BackendError(
            "a neuron's step can't be compiled",
            where=" ".join(compiler),
            got="\n            ".join(output.splitlines()[:8]) or "no message",
            expected="a library",
            remedy='set CXX to a compiler for C++17, or choose the slower back end with use_backend("plain")',
        )
    content = made.read_bytes()
    made.write_bytes(content + hashlib.sha256(content).digest())  # behind the end of what the loader reads
    return made


def _fingerprint(source: str, compiler: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for part in (source, _headers(), _version(compiler), " ".join(FLAGS), _processor()):
        digest.update(f"{len(part)}\n{part}\n".encode())
    return digest.hexdigest()


@cache
def _headers() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for folder in INCLUDE for path in sorted(folder.glob("*.hpp")))


@cache
def _version(compiler: tuple[str, ...]) -> str:
    output = subprocess.run([*compiler, "--version"], capture_output=True, text=True, check=False).stdout
    return f"{' '.join(compiler)}\n{shutil.which(compiler[0])}\n{output}"


@cache
def _processor() -> str:
    """What -march=native looks at: a cache may be shared by several machines."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split("\n\n", 1)[0].splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    fields = ("model name", "cpu family", "model", "stepping", "flags", "Features", "CPU part")
    return "\n".join(line for line in lines if line.split(":")[0].strip() in fields)

"""The C++ compiler, which is tried, and the programs around it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .finding import Finding

_SOURCE = r"""
#include <cmath>
#include <cstdio>
#include <thread>
int main() { std::thread([] { std::printf("%.0f", std::exp2(5.0)); }).join(); }
"""
_NEEDED_BY = "without it, neurons that are stepped train many times slower, and Brian2 runs on numpy only"
_PROGRAMS = {
    "make": ("Brian2's standalone programs are built with it", "install make (Debian, Ubuntu: apt install build-essential)"),
    "cmake": ("it builds the kernels when the package is installed from source; pip brings one", ""),
    "nvcc": ("for Brian2CUDA only", "only for --device cuda: install the CUDA toolkit"),
}


def find_toolchain() -> Iterator[Finding]:
    """What compiles here. The compiler is the one that the generated kernels take: ``$CXX``, g++, c++ or clang++."""
    yield _compiler()
    for name, (what_for, remedy) in _PROGRAMS.items():
        path = shutil.which(name) or next((p for p in (f"/usr/local/cuda/bin/{name}", f"/opt/cuda/bin/{name}") if Path(p).is_file()), None)
        if path is None:
            yield Finding("compilers", name, "absent", f"not found; {what_for}", remedy)
        else:
            told = [line.strip() for line in _output([path, "--version"]).splitlines() if any(c.isdigit() for c in line)]
            numbered = next((line for line in told if "release" in line), told[0] if told else "")  # nvcc's is below its copyright
            yield Finding("compilers", name, "ok", f"{path} ({numbered})" if numbered else path)


def _compiler() -> Finding:
    commands = [command.split() for command in (os.environ.get("CXX"), "g++", "c++", "clang++") if command and command.split()]
    words = next((command for command in commands if shutil.which(command[0])), None)
    if words is None:
        remedy = "install g++ (Debian, Ubuntu: apt install g++), or set CXX"
        return Finding("compilers", "C++", "absent", f"none found; {_NEEDED_BY}", remedy)
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder) / "try.cpp", Path(folder) / "try"
        source.write_text(_SOURCE, encoding="ascii")
        told = _output([*words, "-std=c++17", "-O1", "-pthread", str(source), "-o", str(program)])
        works = program.is_file() and _output([str(program)]) == "32"
    if works:
        version = (_output([*words, "--version"]).splitlines() or ["version unknown"])[0]
        return Finding("compilers", "C++", "ok", f"{shutil.which(words[0])} ({version}); compiled and ran a program")
    message = next((line for line in told.splitlines() if "error" in line), (told.splitlines() or ["no message"])[0])
    remedy = "install a working g++, or set CXX to a compiler for C++17"
    return Finding("compilers", "C++", "broken", f"{' '.join(words)} does not compile: {message}", remedy)


def _output(command: list[str]) -> str:
    """What a program prints, to both streams; empty if it can't be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr

"""The CUDA device with a C++ compiler in nvcc's place."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path

from hetsyn_sim.brian import DEVICES
from hetsyn_sim.brian.builds import cache_folder, keep_object
from hetsyn_sim.brian.cuda import check_tools, find_nvcc
from hetsyn_sim.data.cache import fetch
from hetsyn_sim.errors import BackendError

from .translate import translated

_HERE = Path(__file__).parent
_FLAGS = [
    "-std=c++17",
    "-O1",
    "-w",
    "-ffp-contract=off",
    "-I.",
    f"-I{_HERE / 'include'}",
    "-DTHRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP",
]


def why_not() -> str:
    """Why it can't run here; empty if it can."""
    try:
        check_tools()
    except BackendError as error:
        return str(error)
    missing = [header for header in ("cuda_runtime.h", "cccl/thrust/sort.h") if not (_toolkit() / header).is_file()]
    return f"no {' and '.join(missing)} in {_toolkit()}" if missing else ""


def compile_on_cpu(project: Path, *, message: Callable[[str], None] | None = None) -> tuple[Path, bool]:
    """Compile a project of the CUDA device as a program for the CPU, ``main``; the units are kept."""
    if message is not None:
        message("compiling the CUDA sources for the CPU")
    for path in (*project.rglob("*.cu"), *project.rglob("*.h")):
        text = translated(path.read_text(encoding="utf-8"))
        path.with_suffix(".cpp" if path.suffix == ".cu" else ".h").write_text(text, encoding="utf-8")
    shutil.copy(_HERE / "runtime.cpp", project / "runtime.cpp")
    toolkit = _toolkit()
    flags = [*_FLAGS, f"-I{toolkit}", f"-I{toolkit / 'cccl'}"]
    common = project / "common.h.gch"  # found before common.h itself
    _run(project, ["-x", "c++-header", str(_HERE / "include" / "common.h"), "-o", common.name, *flags])
    headers = [*sorted((_HERE / "include").iterdir()), *sorted(project.rglob("*.h"))]
    about = hashlib.sha256(b"".join(path.read_bytes() for path in headers) + " ".join(flags).encode()).hexdigest()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        objects = list(pool.map(lambda path: _object(project, path, flags, about), sorted(project.rglob("*.cpp"))))
    _run(project, [*(str(path.relative_to(project)) for path in objects), "-o", "main"])
    return project / "main", True


def _object(project: Path, source: Path, flags: list[str], about: str) -> Path:
    made = source.with_suffix(".o")
    kept = cache_folder() / "objects" / f"{hashlib.sha256(about.encode() + source.read_bytes()).hexdigest()}.o"
    if not fetch(kept, made):
        _run(project, ["-include", "common.h", "-c", str(source.relative_to(project)), "-o", str(made.relative_to(project)), *flags])
        keep_object(made, kept)
    return made


def _run(project: Path, arguments: list[str]) -> None:
    done = subprocess.run([os.environ.get("CXX", "g++"), *arguments], cwd=project, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackendError(
            "the CUDA sources can't be compiled for the CPU",
            where=str(project),
            got="\n            ".join(done.stderr.strip().splitlines()[:8]),
            expected="sources that the stand-in for CUDA has everything for",
            remedy="add what is missing to equivalence/cuda_on_cpu/include",
        )


@cache
def _toolkit() -> Path:
    """The folder of CUDA's headers, as the compiler itself says: what is called nvcc may be a script somewhere else."""
    nvcc = find_nvcc()
    said = subprocess.run([nvcc, "--dryrun", "-x", "cu", os.devnull], capture_output=True, text=True, check=False).stderr if nvcc else ""
    found = re.search(r'INCLUDES="-I([^"]+)"', said)
    return Path(found[1]).resolve() if found else Path("/nowhere")


#: The device: Brian2CUDA's code, on the CPU.
CUDA_ON_CPU = replace(DEVICES["cuda_standalone"], program=compile_on_cpu, needs_gpu=False)

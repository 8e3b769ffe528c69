"""Brian2CUDA: its requirements, its preferences, and compilation with nvcc.

The code is generated and compiled without a GPU as well; running it needs one. Nothing of this package has ever run on a GPU.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from ..data.cache import fetch, make_folder
from ..errors import BackendError, ConfigError, TransferError
from ..spec import NetworkSpec, NeuronModel
from .builds import cache_folder, keep_object, run_make, stored_objects
from .templates import teach

#: Compiled for where no GPU says what it is.
DEFAULT_ARCHITECTURE = "sm_80"
_BACKEND = "devices.cuda_standalone.cuda_backend"
_WHERE = "device 'cuda_standalone'"
_REMEDY = "run `make` there and read its messages; pip install nvidia-curand if curand is missing"


def import_brian2cuda() -> Any:
    """Brian2CUDA, with the templates of the form ``fast``.

    Raises
    ------
    BackendError
        If it is not installed, or does not work with this Brian2.
    """
    try:
        import brian2cuda
        from brian2cuda.codeobject import CUDAStandaloneAtomicsCodeObject, CUDAStandaloneCodeObject
    except Exception as error:  # an old Brian2CUDA fails in many ways
        raise BackendError(
            "Brian2CUDA can't be used",
            where=_WHERE,
            got=f"{type(error).__name__}: {error}",
            expected="an installed brian2cuda that fits the installed Brian2",
            remedy='pip install "hetsyn-sim[cuda]" (Python 3.12 or newer); see the page on CUDA',
        ) from error
    for target in (CUDAStandaloneCodeObject, CUDAStandaloneAtomicsCodeObject):
        teach(target, "cuda_standalone")
    return brian2cuda


def check_tools() -> None:
    """Raise a BackendError unless code can be generated and compiled; neither needs a GPU."""
    import_brian2cuda()
    if find_nvcc() is None:
        raise BackendError(
            "there is no CUDA compiler",
            where=_WHERE,
            got="nvcc not found",
            expected="nvcc on the search path, in $CUDA_PATH/bin or in /usr/local/cuda/bin",
            remedy="install the CUDA toolkit, or use another device",
        )


def check_gpu() -> None:
    """Raise a BackendError unless there is a GPU to run on."""
    program = shutil.which("nvidia-smi")
    listed = subprocess.run([program, "-L"], capture_output=True, text=True, check=False).stdout if program else ""
    if "GPU" not in listed:
        raise BackendError(
            "there is no GPU to run on",
            where=_WHERE,
            got=listed.strip() or "nvidia-smi lists none" if program else "nvidia-smi not found",
            expected="an NVIDIA GPU with its driver",
            remedy="build here and run elsewhere (`hetsyn simulate --device cuda --build-only`), or use --device cpp",
        )


def goes_beyond_filters(model: NeuronModel) -> Iterator[str]:
    """Each thing that a model says and a sum of filtered events does not need, in words."""
    if model.scheme != "exact":
        yield f"scheme={model.scheme!r}"
    if model.noise:
        yield f"noise {', '.join(model.noise)}"
    if model.time_courses:
        yield f"time courses {', '.join(model.time_courses)}"
    if model.refractory:
        yield f"refractory={model.refractory!r}"
    if begins := [state for state, value in model.initial_states.items() if value != 0]:
        yield f"initial values of {', '.join(begins)}"
    if model.synapse_scheme != "exact":
        yield f"synapse_scheme={model.synapse_scheme!r}"
    if begins := [state for state, value in model.initial_synapse_states.items() if value != 0]:
        yield f"initial values of the synapse's {', '.join(begins)}"
    if not model.spikes_add:
        yield f"on_pre {model.on_pre!r}"
    if model.summed_expressions:
        yield f"sums of {', '.join(model.summed_expressions)}"
    if model.takes_values:
        yield "synapses that read x_pre"
    if model.output:
        yield f"output={model.output!r}"
    yield from (f"reset {jump.text!r}" for jump in model.reset_jumps if not jump.is_additive)


def check_filters_only(spec: NetworkSpec) -> None:
    """Raise a TransferError if a model of the network goes beyond a sum of filtered events."""
    for population in spec.populations:
        beyond = list(goes_beyond_filters(population.model))
        if beyond:
            raise TransferError(
                "the device 'cuda_standalone' can't express this model",
                where=f"{population.name}: {population.model.name}",
                got=", ".join(beyond),
                expected="linear equations that begin at 0, solved exactly, with spikes in and out and resets that add",
                remedy="use cpp_standalone: on CUDA, nothing else was ever tried",
            )


def find_nvcc() -> Path | None:
    """The compiler, where Brian2CUDA looks for it."""
    own = os.environ.get("CUDA_PATH")
    places = [Path(own) / "bin" / "nvcc"] if own else []
    if on_path := shutil.which("nvcc"):
        places.append(Path(on_path))
    return next((p for p in [*places, Path("/usr/local/cuda/bin/nvcc"), Path("/opt/cuda/bin/nvcc")] if p.is_file()), None)


def find_architecture(name: str) -> float:
    """The compute capability that ``"sm_90"``, ``"90"`` or ``"9.0"`` stands for.

    Raises
    ------
    ConfigError
        If it is none.
    """
    match = re.fullmatch(r"(?:sm_)?(\d{1,2})\.?(\d)", name.strip())
    if not match:
        raise ConfigError(
            "this is not an architecture of a GPU",
            where="--architecture",
            got=repr(name),
            expected="sm_80, sm_90, ...",
            remedy="see the compute capability of your GPU at developer.nvidia.com/cuda-gpus",
        )
    return float(f"{match[1]}.{match[2]}")


def cuda_preferences(architecture: str = "") -> dict[str, Any]:
    """Brian2's preferences for code that nvcc compiles, and that computes as the other devices do.

    With no architecture, Brian2CUDA asks the GPU; where there is none, the code is made for :data:`DEFAULT_ARCHITECTURE`.
    """
    libraries = _curand_folders()
    chosen: dict[str, Any] = {
        # C++17 for both compilers: CUDA 13's own headers ask for it. No -use_fast_math and no fused multiply-adds: they round differently.
        f"{_BACKEND}.extra_compile_args_nvcc": ["-w", "-std=c++17", "--fmad=false"],
        # Without -march=native, so that the program runs on another machine.
        "codegen.cpp.extra_compile_args_gcc": ["-w", "-O3", "-std=c++17"],
    }
    if libraries is not None:
        include, library = libraries
        chosen |= {
            "codegen.cpp.include_dirs": [str(include)],
            "codegen.cpp.library_dirs": [str(library)],
            "codegen.cpp.runtime_library_dirs": [str(library)],
        }
    if not architecture:
        try:
            check_gpu()
        except BackendError:
            architecture = DEFAULT_ARCHITECTURE
    if architecture:
        capability = find_architecture(architecture)
        chosen |= {f"{_BACKEND}.detect_gpus": False, f"{_BACKEND}.gpu_id": 0, f"{_BACKEND}.compute_capability": capability}
    return chosen


def _curand_folders() -> tuple[Path, Path] | None:
    """Headers and library of cuRAND from its wheel, for toolkits that come without it; None if there is no such wheel."""
    found = importlib.util.find_spec("nvidia")
    for place in (found.submodule_search_locations or []) if found else []:
        for header in sorted(Path(place).glob("*/include/curand_kernel.h")):
            versioned = sorted((header.parents[1] / "lib").glob("libcurand.so.*"))
            if versioned:
                library = cache_folder().parent / "curand" / hashlib.sha256(str(versioned[-1]).encode()).hexdigest()[:16]
                for name in ("libcurand.so", versioned[-1].name):  # the wheel has no libcurand.so to link with
                    _link(library / name, versioned[-1])
                return header.parent, library
    return None


def _link(link: Path, target: Path) -> None:
    """Make a symbolic link, also in place of one that points nowhere; several processes may do so at a time."""
    make_folder(link.parent)
    if link.exists():
        return
    new = link.with_name(f".{link.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    os.replace(new, link)


def compile_cuda(
    project: Path, *, message: Callable[[str], None] | None = None, progress: Callable[[float], None] = lambda fraction: None
) -> tuple[Path, bool]:
    """Compile a generated project, as ``main``; every finished unit is cached at once, so an interrupted build goes on where it was."""
    check_tools()
    objects = stored_objects(project)
    for path, stored in objects.items():
        fetch(stored, path)
    missing = [path for path in objects if not path.is_file()]
    if message is not None and missing:
        message(f"compiling {len(missing)} of {len(objects)} files with nvcc: some 20 s each on one core")
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        running: set[Future[None]] = {pool.submit(_compile, project, path, objects[path]) for path in missing}
        try:
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                progress(1.0 - len(running) / len(missing))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    run_make(project, "main", remedy=_REMEDY)
    return project / "main", bool(missing)


def _compile(project: Path, path: Path, stored: Path) -> None:
    run_make(project, str(path.relative_to(project)), remedy=_REMEDY)
    keep_object(path, stored)

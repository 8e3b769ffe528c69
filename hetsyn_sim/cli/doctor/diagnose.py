"""All of it: packages, machine, compilers, and what training and Brian2 do when they are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .children import attempt
from .finding import Diagnosis, Finding
from .machine import find_caches, find_machine, folder_finding
from .toolchain import find_toolchain
from .versions import find_packages

#: Brian2's devices that are tried, and what it means if one does not work.
TARGETS = {
    "numpy": "",
    "cython": "only for --device cython: a C++ compiler and Python's headers (Debian, Ubuntu: apt install g++ python3-dev)",
    "cpp_standalone": "only for --device cpp: a C++ compiler and make (Debian, Ubuntu: apt install build-essential)",
}
_TORCH = 'pip install "torch>=2.6"; pytorch.org says how to get a build for the CPU only'
_BRIAN = 'pip install --upgrade "brian2>=2.9"; with Brian2 2.9 also "numpy<2.4"'
_PACKAGE = "hetsyn_sim.cli.doctor"
#: The kernels and plain torch add in different orders. No number comes from a chain of more than 70 roundings of 1.1e-16 (20 terms, of sums
#: of 30 and of 10), and what cancels in it is less than ten times the largest number.
_SAME = 1e-13


def diagnose(*, quick: bool = False, progress: Callable[[float], None] | None = None) -> Diagnosis:
    """Look at everything; with ``quick`` without compiling a Brian2 network, which takes half a minute when it is done for the first time.

    Torch and Brian2 are imported in processes of their own: whatever is wrong with them is a finding.
    """
    targets = [name for name in TARGETS if name == "numpy" or not quick]
    jobs = [(f"{_PACKAGE}.try_torch",), *((f"{_PACKAGE}.try_brian", name) for name in targets)]
    answers = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for answer in pool.map(lambda job: attempt(*job), jobs):
            answers.append(answer)
            if progress is not None:
                progress(len(answers) / len(jobs))
    torch, brian = answers[0], dict(zip(targets, answers[1:], strict=True))
    found = [*find_packages(), *find_machine(), *find_toolchain(), *_training(torch), *_simulation(brian), *find_caches()]
    cython = next((Path(answer["cython_cache"]) for answer in brian.values() if answer.get("cython_cache")), None)
    if cython is not None:
        found.append(folder_finding("Brian2's Cython modules", cython, "set Brian2's preference codegen.runtime.cython.cache_dir"))
    return Diagnosis(tuple(found))


def _training(torch: dict[str, Any]) -> Iterator[Finding]:
    if "error" in torch:
        yield Finding("training", "torch", "broken", torch["error"], _TORCH, essential=True)
        return
    yield Finding("training", "torch", "ok", f"{torch['version']}, imported; {torch['threads']} threads", essential=True)
    devices = ", ".join(torch["devices"])
    yield Finding("training", "CUDA", "ok" if devices else "absent", devices or "torch finds no GPU; training runs on the CPU")
    for level, problem in torch["libraries"].items():
        yield Finding("training", f"kernels {level}", "absent" if problem else "ok", problem or "loaded")
    rebuild = "pip install --force-reinstall --no-deps hetsyn-sim; from source that needs a C++ compiler"
    if torch["level"] is None:
        yield Finding("training", "kernels", "absent", "none: training works in plain torch, several times slower", rebuild)
    elif not torch["difference"] <= _SAME:  # NaN too
        wrong = f"{torch['level']} differs from plain torch by {torch['difference']:.1e} of the largest number"
        yield Finding("training", "kernels", "broken", wrong, f'use_backend("plain") works around it; {rebuild}', essential=True)
    else:
        yield Finding("training", "kernels", "ok", f"{torch['level']} is used here; agrees with plain torch")


def _simulation(brian: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    for name, answer in brian.items():
        essential, remedy = name == "numpy", TARGETS[name] or _BRIAN
        if "error" in answer:
            yield Finding("Brian2", name, "broken" if essential else "absent", answer["error"], remedy, essential)
        elif not answer["same"] or not answer["n_spikes"]:
            yield Finding("Brian2", name, "broken", "does not give the spikes of the reference", "please report this as a bug", True)
        else:
            ran = f"ran a network in Brian2 {answer['version']}: the {answer['n_spikes']} spikes of the reference"
            yield Finding("Brian2", name, "ok", ran, "", essential)

"""Processes with JAX, of this interpreter or of the one that the environment variable HETSYN_JAX_PYTHON names.

JAX's libraries may need another Python than torch's (sparx needs 3.12), and no two of them have to be installed together.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .homogeneous import steps_of_tau
from .jax_networks import Problem
from .shapes import Shape

ROOT = Path(__file__).parents[1]
#: Implementation -> the package that it comes from.
JAX: Mapping[str, str] = {"jax": "jax", "spyx": "spyx", "sparx": "sparxml", "jaxpike": "jaxpike"}
_ASK = """
import json, platform, sys
from importlib.metadata import PackageNotFoundError, version
found = {"python": platform.python_version()}
for name in sys.argv[1:]:
    try:
        found[name] = version(name)
    except PackageNotFoundError:
        pass
print(json.dumps(found))
"""


def interpreter() -> str:
    """The Python that runs JAX."""
    return os.environ.get("HETSYN_JAX_PYTHON", sys.executable)


@cache
def _versions(python: str) -> dict[str, str]:
    answer = subprocess.run([python, "-c", _ASK, *JAX.values()], capture_output=True, text=True, check=True, timeout=120)
    found: dict[str, str] = json.loads(answer.stdout)
    return found


def versions() -> dict[str, str]:
    """The version of that Python, as ``python``, and of those of the packages that it has.

    Raises
    ------
    OSError, subprocess.SubprocessError
        If it can't be run.
    """
    return _versions(interpreter())


def missing(name: str) -> str | None:
    """Why an implementation can't run, or None if it can."""
    try:
        found = versions()
    except (OSError, subprocess.SubprocessError) as error:
        return f"{interpreter()} can't be run ({error})"
    wanted = {"jax", JAX[name]} - set(found)
    return f"{', '.join(sorted(wanted))} not installed for {interpreter()}: see HETSYN_JAX_PYTHON in docs/speed.md" if wanted else None


def problem(shape: Shape, dtype: str = "float32", lr: float = 1e-9) -> Problem:
    """What a shape's homogeneous network is trained on. The weights are those of float32 in any dtype, as in ``homogeneous``."""
    weights = {key: value.astype(np.float32).astype(dtype) for key, value in shape.values().items() if key.endswith(".w")}
    x, target = (tensor.numpy() for tensor in shape.batch(getattr(torch, dtype)))
    return Problem(weights, x, target, steps_of_tau(shape), lr)


def start(name: str, given: Problem, threads: int, device: str = "cpu") -> tuple[Connection, subprocess.Popen[bytes]]:
    """A process that builds the named network and then answers as :func:`benchmarks.worker.serve` does."""
    ours, theirs = Pipe()
    # XLA makes as many threads as NPROC says; with one, everything runs in the thread that called
    environment = os.environ | {"NPROC": str(threads), "JAX_PLATFORMS": device, "PYTHONPATH": str(ROOT)}
    environment |= {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}  # on a GPU, torch is there as well
    command = [interpreter(), "-m", "benchmarks.jax_networks", name, str(theirs.fileno())]
    process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment, cwd=ROOT)
    theirs.close()
    ours.send(given)
    return ours, process


def gradients(name: str, given: Problem) -> dict[str, Any]:
    """The loss, its gradients, and the weights after a step: see :meth:`benchmarks.jax_networks.Step.gradients`."""
    pipe, process = start(name, given, 1)
    with pipe:
        answer = pipe.recv()
        if answer is None:
            pipe.send(("gradients", 0))
            answer = pipe.recv()
    process.wait()
    if isinstance(answer, Exception):
        raise answer
    found: dict[str, Any] = answer
    return found

"""The devices a network runs on, and leaving Brian2's global state as it was found."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import brian2
import numpy as np
from brian2.devices.device import reset_device

from ..errors import BackendError, one_of
from .builds import program_for
from .cuda import check_gpu, check_tools, compile_cuda, cuda_preferences, import_brian2cuda

# Without -ffast-math, which Brian2 sets by default: it lets the compiler reorder sums and assume that nothing is infinite, while here
# tau = 0 and tau = infinity are valid. Without -march=native too: fused multiply-adds round differently from all other simulators.
_EXACT_ARITHMETIC = {"codegen.cpp.extra_compile_args_gcc": ["-w", "-O3", "-std=c++11"]}

#: Synapses of all copies beyond which more recordings side by side gain nothing: 4 of the digits network, hundreds of small ones.
_SIDE_BY_SIDE = 2**17

# By default Brian2 answers Ctrl-C by ending the run early, as if it had been shorter. A recording must be whole or not be.
_INTERRUPTIBLE = {"core.stop_on_keyboard_interrupt": False}


@dataclass(frozen=True)
class Device:
    """One way to run a network: Brian2's device, whether it needs a C++ compiler, and the preferences that hold meanwhile."""

    #: Brian2's name for it; whether it is a program of its own; whether it needs a C++ compiler; what holds while it is used.
    name: str
    standalone: bool = False
    compiled: bool = True
    preferences: Mapping[str, Any] = field(default_factory=dict)
    #: Seconds that stand in for time constants of 0, where code refuses to divide by 0.
    smallest_time: float = 0.0
    #: Makes the program of a generated project, and says whether it had to be compiled.
    program: Callable[..., tuple[Path, bool]] = program_for
    #: Whether it is Brian2CUDA's; what to compile for, if not for the GPU that is here; False if CUDA sources run without one.
    cuda: bool = False
    architecture: str = ""
    needs_gpu: bool = False
    #: Synapses up to which recordings go side by side, in copies of the network that share the costs of a step.
    side_by_side: int = 0


DEVICES: Mapping[str, Device] = MappingProxyType(
    {
        device.name: device
        for device in (
            Device("numpy", compiled=False, preferences={"codegen.target": "numpy"}, side_by_side=_SIDE_BY_SIDE),
            # Cython refuses to divide by 0; exp(-dt / 2e-308) is exactly 0 too
            Device(
                "cython",
                preferences={"codegen.target": "cython", **_EXACT_ARITHMETIC},
                smallest_time=float(np.finfo(float).tiny),
                side_by_side=_SIDE_BY_SIDE,
            ),
            Device(
                "cpp_standalone", standalone=True, preferences={"devices.cpp_standalone.extra_make_args_unix": ["-j2"], **_EXACT_ARITHMETIC}
            ),
            Device("cuda_standalone", standalone=True, program=compile_cuda, cuda=True, needs_gpu=True, side_by_side=2**23),
        )
    }
)


#: Short names.
_ALIASES = {"cpp": "cpp_standalone", "cuda": "cuda_standalone"}
_WHERE = "Brian2 simulation"
_REMEDY = "use one of these; numpy needs no compiler, cpp_standalone is the fastest for long runs"


def find_device(name: str | Device, *, to_run: bool = True) -> Device:
    """The device called ``name``; ``"cpp"`` and ``"cuda"`` are short for the standalone ones. A device stands for itself.

    With ``to_run=False`` it is enough that code can be generated and compiled for it.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    BackendError
        If it needs a compiler and there is none; if it needs Brian2CUDA or a GPU, the same.
    """
    device = name if isinstance(name, Device) else one_of(_ALIASES.get(name, name), DEVICES, "device", where=_WHERE, remedy=_REMEDY)
    _check_compiler(device)
    if device.cuda:
        check_tools()
        if to_run and device.needs_gpu:
            check_gpu()
    return device


def _check_compiler(device: Device) -> None:
    wanted = [os.environ.get("CXX", "g++").split()[0], *(["make"] if device.standalone else [])] if device.compiled else []
    missing = [tool for tool in wanted if shutil.which(tool) is None]
    if missing:
        raise BackendError(
            "there is no C++ compiler",
            where=f"device {device.name!r}",
            got=f"{' and '.join(missing)} not found",
            expected=f"{' and '.join(wanted)} on the search path",
            remedy='install a C++ compiler (and make), name it in the environment variable CXX, or use device="numpy"',
        )


#: Brian2 has one active device, one set of preferences and one random seed for a process: one thread at a time uses them here. A thread may
#: take it several times, since a run makes its network on the way.
BRIAN2 = threading.RLock()


@contextmanager
def preferences(changes: Mapping[str, Any]) -> Iterator[None]:
    """Brian2 preferences for the time of a ``with`` block."""
    before = {name: brian2.prefs[name] for name in changes}
    try:
        for name, value in changes.items():
            brian2.prefs[name] = value
        yield
    finally:
        for name, value in before.items():
            brian2.prefs[name] = value


@contextmanager
def on_runtime(device: Device = DEVICES["numpy"]) -> Iterator[None]:
    """Brian2's runtime device with the preferences of ``device`` for the time of a ``with`` block, whatever the user has set."""
    with BRIAN2:
        changed = brian2.get_device() is not brian2.all_devices["runtime"]
        if changed:
            brian2.set_device("runtime")
        try:
            with preferences({**_INTERRUPTIBLE, **device.preferences}):
                yield
        finally:
            if changed:
                reset_device()


@contextmanager
def on_standalone(device: Device) -> Iterator[Any]:
    """An empty standalone project for the time of a ``with`` block; yields Brian2's device.

    Raises
    ------
    BackendError
        If a standalone project of the user's own is in the making: the device can hold only one, and it would be lost.
    """
    with BRIAN2, _on_standalone(device) as standalone:
        yield standalone


@contextmanager
def _on_standalone(device: Device) -> Iterator[Any]:
    if device.cuda:
        import_brian2cuda().utils.gputools.reset_gpu_selection()  # it remembers the architecture of the project before
    standalone = brian2.all_devices[device.name]
    if brian2.get_device() is standalone:
        raise BackendError(
            "Brian2's standalone device is in use",
            where=f"device {device.name!r}",
            got=f"set_device({device.name!r}) was called before",
            expected="the runtime device, so that a project of its own can be made here",
            remedy="build your own project first, then brian2.device.reinit() and brian2.set_device('runtime')",
        )
    standalone.reinit()
    # Brian2 gives code objects names that no living one has, and those of networks before live on in cycles. With the same names as before,
    # what was compiled before is found again.
    gc.collect()
    brian2.set_device(device.name, build_on_run=False)
    try:
        own = cuda_preferences(device.architecture) if device.cuda else {}
        with preferences({**_INTERRUPTIBLE, **device.preferences, **own}), _quiet("brian2.brian2cuda"):
            yield standalone
    finally:
        standalone.reinit()
        reset_device()


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Warnings and errors only, from a logger of this name."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)

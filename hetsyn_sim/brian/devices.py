"""The devices a network runs on, and leaving Brian2's global state as it was found."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import brian2
import numpy as np
from brian2.devices.device import reset_device

from ..errors import BackendError, UnknownNameError

__all__ = ["DEVICES", "Device", "find_device", "on_runtime", "on_standalone", "preferences"]

# Without -ffast-math, which Brian2 sets by default: it lets the compiler reorder sums and assume that nothing is infinite, while here
# tau = 0 and tau = infinity are valid. Without -march=native too: fused multiply-adds round differently from all other simulators.
_EXACT_ARITHMETIC = {"codegen.cpp.extra_compile_args_gcc": ["-w", "-O3", "-std=c++11"]}

# By default Brian2 answers Ctrl-C by ending the run early, as if it had been shorter. A recording must be whole or not be.
_INTERRUPTIBLE = {"core.stop_on_keyboard_interrupt": False}


@dataclass(frozen=True)
class Device:
    """One way to run a network: Brian2's device, whether it needs a C++ compiler, and the preferences that hold meanwhile.

    ``smallest_time`` (seconds) stands in for time constants of 0 on a device whose code refuses to divide by 0.
    """

    name: str
    standalone: bool = False
    compiled: bool = True
    preferences: Mapping[str, Any] = field(default_factory=dict)
    smallest_time: float = 0.0


DEVICES: Mapping[str, Device] = MappingProxyType(
    {
        device.name: device
        for device in (
            Device("numpy", compiled=False, preferences={"codegen.target": "numpy"}),
            # exp(-dt / 2e-308) is exactly 0 too
            Device("cython", preferences={"codegen.target": "cython", **_EXACT_ARITHMETIC}, smallest_time=float(np.finfo(float).tiny)),
            Device(
                "cpp_standalone", standalone=True, preferences={"devices.cpp_standalone.extra_make_args_unix": ["-j2"], **_EXACT_ARITHMETIC}
            ),
        )
    }
)


#: Short names.
_ALIASES = {"cpp": "cpp_standalone"}


def find_device(name: str) -> Device:
    """The device called ``name``; ``"cpp"`` is short for ``"cpp_standalone"``.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    BackendError
        If it needs a C++ compiler and there is none.
    """
    name = _ALIASES.get(name, name)
    if name not in DEVICES:
        raise UnknownNameError(
            "unknown device",
            where="Brian2 simulation",
            got=repr(name),
            expected=", ".join(DEVICES),
            remedy="use one of these; numpy needs no compiler, cpp_standalone is the fastest for long runs",
        )
    device = DEVICES[name]
    wanted = [os.environ.get("CXX", "g++").split()[0], *(["make"] if device.standalone else [])] if device.compiled else []
    missing = [tool for tool in wanted if shutil.which(tool) is None]
    if missing:
        raise BackendError(
            "there is no C++ compiler",
            where=f"device {name!r}",
            got=f"{' and '.join(missing)} not found",
            expected=f"{' and '.join(wanted)} on the search path",
            remedy='install a C++ compiler (and make), name it in the environment variable CXX, or use device="numpy"',
        )
    return device


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
    """An empty C++ standalone project for the time of a ``with`` block; yields Brian2's device.

    Raises
    ------
    BackendError
        If a standalone project of the user's own is in the making: the device can hold only one, and it would be lost.
    """
    standalone = brian2.all_devices[device.name]
    if brian2.get_device() is standalone:
        raise BackendError(
            "Brian2's C++ standalone device is in use",
            where=f"device {device.name!r}",
            got="set_device('cpp_standalone') was called before",
            expected="the runtime device, so that a project of its own can be made here",
            remedy="build your own project first, then brian2.device.reinit() and brian2.set_device('runtime')",
        )
    standalone.reinit()
    # Brian2 gives code objects names that no living one has, and those of networks before live on in cycles. With the same names as before,
    # what was compiled before is found again.
    gc.collect()
    brian2.set_device(device.name, build_on_run=False)
    try:
        with preferences({**_INTERRUPTIBLE, **device.preferences}):
            yield standalone
    finally:
        standalone.reinit()
        reset_device()

"""A process that takes steps of training when it is told to. Needs no torch: the process may be another interpreter's."""

from __future__ import annotations

import ctypes
import gc
import resource
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

MIB = 2**20
#: In one turn.
MOST_STEPS = 20
_STATUS = Path("/proc/self/status")


class Step(Protocol):
    """A whole step of training: forward, loss, backward, AdamW. Called, it takes one and returns the loss."""

    def __call__(self) -> float: ...

    def hidden_rates(self) -> list[float]:
        """Spikes per neuron and step of each hidden layer."""


def _memory(field: str) -> float:
    """Resident memory in MiB: VmRSS now or VmHWM at its peak; where there is no /proc, the peak for both."""
    if not _STATUS.exists():
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / MIB if sys.platform == "darwin" else peak / 1024
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


def _begin_anew() -> float:
    """Give back what imports and building have freed, let the peak begin anew, and return the memory that is left: the base.

    Where one of these is not possible, the memory above base can only look smaller than it is.
    """
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # glibc
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def serve(pipe: Connection, build: Callable[[], Step]) -> None:
    """Build, then answer ``("steps", seconds)`` with measurements and any method of the step's by its name, until the pipe closes.

    ``build`` has to load the code of libraries and to start thread pools, so that the memory of the first step is the step's own.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its workers
    try:
        step = build()
    except Exception as error:
        pipe.send(_portable(error))
        return
    base = _begin_anew()
    pipe.send(None)
    while True:
        try:
            order, seconds = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(_turn(step, base, seconds) if order == "steps" else getattr(step, order)())
        except Exception as error:
            pipe.send(_portable(error))


def _portable(error: Exception) -> Exception:
    """An error that can be unpickled where the library that raised it is not installed."""
    return error if type(error).__module__ == "builtins" else RuntimeError(f"{type(error).__name__}: {error}")


def _turn(step: Step, base: float, seconds: float) -> list[dict[str, Any]]:
    """Steps until the time is over, one at least."""
    until = time.perf_counter() + seconds
    done = [_measured(step, base)]
    while time.perf_counter() < until and len(done) < MOST_STEPS:
        done.append(_measured(step, base))
    return done


def _measured(step: Step, base: float) -> dict[str, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    loss = step()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu_s": cpu, "wall_s": wall, "memory_mib": _memory("VmHWM") - base, "loss": loss}

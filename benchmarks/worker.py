"""One implementation in a process of its own, which takes a step when it is told to."""

from __future__ import annotations

import ctypes
import gc
import resource
import signal
import sys
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from .implementations import Step
from .shapes import Shape

MIB = 2**20
#: In one turn.
MOST_STEPS = 20
_STATUS = Path("/proc/self/status")


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


def serve(pipe: Connection, name: str, shape: Shape, threads: int) -> None:
    """Build, then answer ``("steps", seconds)`` with measurements and ``("rates", 0)`` with the hidden firing rates, until the pipe closes.

    Before anything is measured, a miniature of the network takes a step: the code of libraries is loaded and thread pools are started, so
    that the memory of the first step is the step's own.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its workers
    torch.set_num_threads(threads)
    try:
        Step(name, shape.small())()
        step = Step(name, shape)
    except Exception as error:
        pipe.send(error)
        return
    base = _begin_anew()
    pipe.send(None)
    while True:
        try:
            order, seconds = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(step.hidden_rates() if order == "rates" else _turn(step, base, seconds))
        except Exception as error:
            pipe.send(error)


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

"""Measuring in alternation: every implementation takes its steps in turn, round after round, so that the machine's noise hits all alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from subprocess import Popen
from typing import Any

from . import jax_process
from .implementations import serve
from .jax_process import JAX
from .shapes import Shape

#: A turn is as many steps as begin in this time, so that short steps don't pay for the caches that the others have filled.
TURN_S = 0.4
#: An implementation whose step takes longer than this comes in fewer rounds, though never in fewer than three.
SLOW_S, FEWEST = 2.0, 3
#: Threads that wait for each other on a busy machine can take minutes for a step; then there is nothing to be learned.
TOO_SLOW_S = 20.0
#: The warm-up step, with its page faults, takes up to ten times as long as the others.
PATIENCE_S = 900.0


class WorkerDied(RuntimeError):
    """A process ended without an answer; most often the system took it for want of memory."""


@dataclass
class Measured:
    """What an implementation's worker said: the first step, and the fastest step of each round it took part in."""

    name: str
    first: dict[str, float]
    steps: list[dict[str, float]] = field(default_factory=list)
    rounds: dict[int, dict[str, float]] = field(default_factory=dict)
    hidden_rates: list[float] = field(default_factory=list)

    def take(self, k: int, steps: Sequence[dict[str, float]]) -> None:
        self.steps += steps
        self.rounds[k] = {key: min(step[key] for step in steps) for key in ("cpu_s", "wall_s")}

    def row(self) -> dict[str, Any]:
        """Minimum and median over all timed steps, the minima of the rounds, and the peak of memory over all steps, the first included."""
        row: dict[str, Any] = {"repeats": len(self.steps)}
        for key in ("cpu_s", "wall_s"):
            seconds = [step[key] for step in self.steps]
            row |= {key: min(seconds), f"median_{key}": statistics.median(seconds), f"slowest_{key}": max(seconds)}
            row[f"{key}_by_round"] = {str(k): found[key] for k, found in self.rounds.items()}
        peaks = [self.first["memory_mib"], *(step["memory_mib"] for step in self.steps)]
        row |= {"memory_mib": max(peaks), "first_step_memory_mib": peaks[0], "first_step_cpu_s": self.first["cpu_s"]}
        return row | {"hidden_rates": self.hidden_rates}


class _Worker:
    def __init__(self, name: str, shape: Shape, threads: int) -> None:
        started = jax_process.start(name, jax_process.problem(shape), threads) if name in JAX else _fork(name, shape, threads)
        self.pipe, self.process = started
        self._receive()

    def _receive(self) -> Any:
        if not self.pipe.poll(PATIENCE_S):
            raise WorkerDied(f"no answer in {PATIENCE_S:g} s")
        try:
            answer = self.pipe.recv()
        except EOFError:
            raise WorkerDied(f"the process ended with exit code {self._wait()}; was there enough memory?") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def turn(self, seconds: float) -> list[dict[str, float]]:
        self.pipe.send(("steps", seconds))
        answer: list[dict[str, float]] = self._receive()
        return answer

    def rates(self) -> list[float]:
        self.pipe.send(("hidden_rates", 0))
        answer: list[float] = self._receive()
        return answer

    def close(self) -> None:
        self.pipe.close()
        self.process.terminate()
        self._wait()

    def _wait(self) -> int | None:
        if isinstance(self.process, Popen):
            return self.process.wait()
        self.process.join()
        return self.process.exitcode


def _fork(name: str, shape: Shape, threads: int) -> tuple[Connection, ForkServerProcess]:
    context = get_context("forkserver")  # a new process from one that has imported torch, and nothing more
    context.set_forkserver_preload(["benchmarks.implementations"])
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, name, shape, threads), daemon=True)
    process.start()
    theirs.close()
    return ours, process


def needs_mib(name: str, shape: Shape) -> float:
    """Memory that a worker may need beyond what every machine has: three times what autograd must keep, as the heap becomes fragmented."""
    return 3.0 * shape.materialised_mib if name == "materialised" else 0.0


def available_mib() -> float:
    """Memory that a process could get without making the machine swap."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return float("inf")  # not Linux: nobody to ask
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("MemAvailable"))


def rounds_of(step_s: float, n_rounds: int) -> set[int]:
    """The rounds that an implementation takes part in: all, or three that are spread over them if its step is slow."""
    if step_s <= SLOW_S or n_rounds <= FEWEST:
        return set(range(n_rounds))
    return {0, n_rounds // 2, n_rounds - 1}


def measure(
    names: Sequence[str], shape: Shape, threads: int, n_rounds: int, tell: Callable[[str], None]
) -> tuple[list[Measured], dict[str, str]]:
    """All implementations at one shape: what was measured, and why the others could not be."""
    workers: dict[str, _Worker] = {}
    found: dict[str, Measured] = {}
    notes: dict[str, str] = {}
    turns: dict[str, set[int]] = {}  # the rounds an implementation takes part in

    def drop(name: str, error: Exception) -> None:
        notes[name] = f"{type(error).__name__}: {error}".splitlines()[0]
        tell(f"{name}: {notes[name]}")
        found.pop(name, None)
        if name in workers:
            workers.pop(name).close()

    try:
        for name in names:
            try:
                workers[name] = _Worker(name, shape, threads)
                first, second = (workers[name].turn(0.0)[0] for _ in range(2))
                if second["wall_s"] > TOO_SLOW_S:
                    raise TimeoutError(f"a step takes {second['wall_s']:.0f} s; is the machine busy?")
                found[name] = Measured(name, first)
                turns[name] = rounds_of(second["wall_s"], n_rounds)
                tell(f"{name}: warm, {second['wall_s']:.3g} s a step")
            except Exception as error:
                drop(name, error)
        for k in range(n_rounds):
            for name in [name for name in workers if k in turns[name]]:
                try:
                    found[name].take(k, workers[name].turn(TURN_S))
                except Exception as error:
                    drop(name, error)
            tell(f"round {k + 1} of {n_rounds}")
        for name in list(workers):
            try:
                found[name].hidden_rates = workers[name].rates()
            except Exception as error:
                drop(name, error)
    finally:
        for worker in workers.values():
            worker.close()
    return list(found.values()), notes

"""Standalone programs: one network, compiled, which runs any number of recordings, some at a time.

What is compiled in is the network's shape: how many neurons, synapses and recorded variables, how many steps a run has, and room for input
spikes. All numbers, weights and input values among them, are files that the program reads. So recordings come in runs of a fixed number,
the last one filled up with silent ones, and input spikes in a list of a fixed length, filled up with spikes that come after the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from brian2.units.allunits import second

from ..data.recording import Recording
from ..errors import BackendError, TransferError
from ..spec import NetworkSpec
from ..spec.values import Array, is_delay
from .additions import Additions
from .built import BuiltNetwork, copies_for
from .devices import Device, on_standalone
from .forms import Form
from .inputs import Inputs, filled
from .network import build_network, check_finite, run_network, set_input
from .noise import set_noise
from .record import Monitors, Trace
from .sources import input_files, noise_files

#: The most recordings of one run, and the most bytes of recorded traces.
_MOST_RECORDINGS = 64
_MOST_BYTES = 256 * 2**20
#: Room for input spikes grows by this factor, so that few programs differ by it.
_ROOM = 4
_LEAST_ROOM = 1024


@dataclass
class Seconds:
    """What a run took: finding or compiling the program (and whether it was compiled), and the steps themselves."""

    compiling: float = 0.0
    compiled: bool = False
    simulating: float = 0.0


def recordings_per_run(n_runs: int, n_steps: int, n_recorded: int) -> int:
    """How many of ``n_runs`` recordings go into one run of the program: a power of two.

    ``n_recorded`` is the number of values that are recorded in each step.
    """
    fitting = max(1, _MOST_BYTES // max(1, 8 * n_steps * n_recorded))
    return min(1 << (n_runs - 1).bit_length(), 1 << (fitting.bit_length() - 1), _MOST_RECORDINGS)


def room_for(n_spikes: int) -> int:
    """The length of the list of input spikes for at most so many of them."""
    room = _LEAST_ROOM
    while room < n_spikes:
        room *= _ROOM
    return room


@dataclass(frozen=True)
class Job:
    """What a program is made of."""

    spec: NetworkSpec
    values: Mapping[str, Array]
    form: Form
    additions: Additions
    traces: tuple[Trace, ...]
    noise_seed: int = 0


@dataclass(frozen=True)
class _Generated:
    """A generated project: Brian2's device and objects, and how many recordings and input spikes a run has room for."""

    standalone: Any
    built: BuiltNetwork
    monitors: Monitors
    at_once: int
    room: int


@contextmanager
def _generated(device: Device, job: Job, inputs: Inputs, directory: Path) -> Iterator[_Generated]:
    """Generate the project of a network for these recordings in ``directory``."""
    n_steps, n_runs, _ = inputs.shape
    read = job.spec.n_input if job.spec.takes_values else 0
    at_once = recordings_per_run(n_runs, n_steps, _values_per_step(job.spec, job.traces) + read)
    copies = copies_for(device, job.spec, job.additions, at_once)
    at_once = copies * -(-at_once // copies)
    counts = [0] if job.spec.takes_values else [int(inputs[:, k : k + at_once].sum()) for k in range(0, n_runs, at_once)]
    room = room_for(max(counts))
    with on_standalone(device) as standalone:
        if job.additions.noise:
            standalone.seed(job.additions.seed)
        clock = None
        if device.cuda:
            if job.additions.delays or any(map(is_delay, job.spec.slots.values())):
                raise TransferError(
                    "this device can't run delays",
                    where=f"device {device.name!r}",
                    got="axonal delays",
                    expected="spikes that arrive in the step they are sent",
                    remedy="use cpp_standalone: with delays, Brian2CUDA reads a layer's spikes before its threshold from another step",
                )
            clock = standalone.defaultclock  # Brian2CUDA's templates know no other
            clock.dt = job.spec.dt_s * second
        built = build_network(job.spec, job.values, job.form, job.additions, clock, copies=copies)
        monitors = Monitors(built, job.traces)
        set_input(built, filled(inputs[:, :at_once], at_once), room)
        set_noise(built, job.noise_seed)
        run_network(built, n_steps, at_once)
        standalone.build(directory=str(directory), compile=False, run=False)
        yield _Generated(standalone, built, monitors, at_once, room)


def build_standalone(
    device: Device, job: Job, inputs: Inputs, directory: Path, *, seconds: Seconds, **callbacks: Callable[..., None]
) -> Path:
    """Generate the project in ``directory`` and compile its program, for a run on ``inputs``; fill in ``seconds``."""
    with _generated(device, job, inputs, directory):
        start = perf_counter()
        program, seconds.compiled = device.program(directory, **callbacks)
        seconds.compiling = perf_counter() - start
    return program


def run_standalone(
    device: Device,
    job: Job,
    inputs: Inputs,
    directory: Path,
    *,
    progress: Callable[[float], None],
    message: Callable[[str], None] | None = None,
    seconds: Seconds,
) -> Recording:
    """Generate the project in ``directory``, find or compile its program, and run all recordings of ``inputs``; fill in ``seconds``.

    Raises
    ------
    BackendError
        If the program can't be compiled or fails.
    """
    n_runs = inputs.shape[1]
    progress(0.0)
    parts = []
    with _generated(device, job, inputs, directory) as made:
        start = perf_counter()
        seconds.compiled = device.program(directory, message=message)[1]
        seconds.compiling = perf_counter() - start
        for begin in range(0, n_runs, made.at_once):
            part = inputs[:, begin : begin + made.at_once]
            padded = filled(part, made.at_once)
            files = input_files(made.standalone, made.built, padded, made.room)
            files |= noise_files(made.standalone, made.built, job.noise_seed, begin)
            for name, content in files.items():
                content.tofile(directory / "static_arrays" / name)
            try:
                made.standalone.run(str(directory), "results", with_output=False)
            except RuntimeError as error:
                raise BackendError(
                    "the standalone program failed",
                    where=str(directory),
                    got=str(error),
                    expected="a program that runs to its end",
                    remedy='keep the project with build_directory and run ./main there; or use device="numpy"',
                ) from error
            seconds.simulating += float(made.standalone._last_run_time)
            check_finite(made.built)
            recording = made.monitors.recording(padded, f"brian2 {device.name}", job.noise_seed)
            parts.append(recording.runs(slice(0, part.shape[1])))
            progress(min(1.0, (begin + made.at_once) / n_runs))
    return Recording.joined(parts)


def _values_per_step(spec: NetworkSpec, traces: tuple[Trace, ...]) -> int:
    sizes = {p.name: p.size for p in spec.populations} | {q.name: q.n_pre for q in spec.projections}
    return sum(sizes[trace.owner] for trace in traces)

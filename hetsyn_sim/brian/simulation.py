"""Simulations of a network in Brian2: all recordings in a single run, on any device, one after the other or some side by side."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import Any

import brian2
import numpy as np
from brian2 import Network

from ..data.events import SpikeDataset
from ..data.recording import Recording, check_same_dt
from ..errors import BackendError, TransferError
from ..spec import NetworkSpec
from ..spec.summary import Summarised
from ..spec.values import check_values, is_time_constant
from .additions import NOTHING, Additions, check_additions
from .built import BuiltNetwork, copies_for
from .cuda import check_filters_only
from .devices import BRIAN2, DEVICES, Device, find_device, on_runtime
from .forms import find_form
from .inputs import Inputs, check_inputs, filled
from .mapping import make_report
from .network import build_network, check_finite, run_network, set_input
from .noise import set_noise
from .record import Monitors, resolve_traces
from .report import TransferReport
from .standalone import Job, Seconds, build_standalone, run_standalone

_FRESH = "before any run"


class BrianSimulation(Summarised):
    """A network in Brian2, to be run on any inputs.

    Parameters
    ----------
    spec
        The network.
    values
        Parameter values in SI units, one float array for every slot of ``spec.slots``.
    device
        ``"numpy"``, ``"cython"``, ``"cpp_standalone"`` or ``"cuda_standalone"``, or a :class:`Device`. Standalone devices compile a
        program for a network's shape, once, and are the fastest.
    form
        ``"ode"``, the textbook, or ``"fast"`` (:mod:`hetsyn_sim.brian.forms`): the same network.
    record
        The traces to keep; see :func:`hetsyn_sim.brian.record.resolve_traces`. Spikes are always kept.
    additions
        Delays, refractoriness and noise that the equations do not have.
    build_directory
        Where ``cpp_standalone`` writes its project. A temporary directory by default.

    Attributes
    ----------
    seconds
        What the last run took.

    Raises
    ------
    TransferError
        If the values do not fit the network, the form can't express it, or Brian2 refuses the equations.
    UnknownNameError, BackendError
        If there is no such device, form or variable to record; if the device needs a C++ compiler and there is none.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        values: Mapping[str, Any],
        *,
        device: str | Device = "numpy",
        form: str = "ode",
        record: str | Iterable[str] = "v",
        additions: Additions = NOTHING,
        build_directory: str | Path | None = None,
    ) -> None:
        self.spec = spec
        self.device = find_device(device, to_run=False)
        self.form = find_form(form)
        self.form.check(spec)
        if self.device.cuda:
            check_filters_only(spec)
        check_additions(spec, additions)
        self.additions = additions
        self.traces = resolve_traces(spec, record)
        self.values = check_values(spec, values, error=TransferError, used_only=True)
        self.build_directory = build_directory
        self.seconds = Seconds()
        self._latest: tuple[BuiltNetwork, Monitors] | None = None

    def _built(self, copies: int = 1) -> tuple[BuiltNetwork, Monitors]:
        """The network on Brian2's runtime device, for running it there and for looking at it. The latest one is kept."""
        if self._latest is None or self._latest[0].copies != copies:
            with on_runtime():  # making it needs no compiler, whatever it runs on later
                built = build_network(self.spec, self._values(self.device.smallest_time), self.form, self.additions, copies=copies)
                monitors = Monitors(built, self.traces)
                built.network.store(_FRESH)
            self._latest = built, monitors
        return self._latest

    @cached_property
    def network(self) -> Network:
        """A ``brian2.Network`` to go on with in Brian2: at time 0, without monitors, its time yours.

        Add monitors, stimuli and groups of your own, and run it. Its objects are called after the spec: ``network["layer_1"]``,
        ``network["layer_1_feedforward"]``. Input spikes go to ``network["input"].set_spikes(...)``, input values to
        ``network["input"].namespace["input_values"]``, a TimedArray. It is made on the Brian2 device that is active when it is first asked
        for. :meth:`run` has a network of its own, which begins each recording anew (and holds neurons that do not begin at 0 there for one
        step, which this network does not).
        """
        with on_runtime() if brian2.get_device() is brian2.all_devices["runtime"] else nullcontext():  # making it needs no compiler
            # compiled code divides by time constants, and which code it will be is the user's choice
            values = self._values(DEVICES["cython"].smallest_time)
            return build_network(self.spec, values, self.form, self.additions, recordings=False).network

    def _values(self, smallest_time: float) -> Mapping[str, Any]:
        times = {key for key, slot in self.spec.slots.items() if is_time_constant(slot)}
        return {key: np.maximum(v, smallest_time) if key in times else v for key, v in self.values.items()}

    def summary(self) -> Mapping[str, str]:
        """What it is: label -> text."""
        added = {} if self.additions == NOTHING else {"additions": str(self.additions)}
        return {
            **self.spec.summary(),
            "device": self.device.name,
            "form": self.form.name,
            "records": ", ".join(trace.key for trace in self.traces) or "spikes",
            **added,
        }

    def describe(self) -> str:
        """The equations, conditions and jumps as Brian2 runs them, and the step it derives from each."""
        return self.report.describe()

    @cached_property
    def report(self) -> TransferReport:
        """What was mapped to what: populations, projections, parameters and the schedule."""
        return make_report(self._built()[0], self.values, self.device.name)

    def run(
        self,
        inputs: Any,
        *,
        dt: float | None = None,
        noise_seed: int = 0,
        progress: Callable[[float], None] | None = None,
        message: Callable[[str], None] | None = None,
    ) -> Recording:
        """Simulate a batch of recordings, each from a network at rest.

        In several threads, one simulation waits for the other: Brian2 has one active device in a process.

        Parameters
        ----------
        inputs
            Input spikes, 0 or 1, shape (time, batch, channel); for a network that takes values, finite numbers. Or a
            :class:`~hetsyn_sim.data.SpikeDataset`: all its recordings are as long as the longest, the shorter ones silent at their end.
        dt
            The inputs' time step in seconds, if they carry one: it must be the network's.
        noise_seed
            Of noise ``xi`` in the equations: with the same seed, a recording has the same noise in every simulator.
        progress
            Called with the fraction done, from 0 to 1.
        message
            Called with a line of text where there is something to say: that the C++ compiler is at work.

        Returns
        -------
        Recording
            Spikes of all spiking populations and the traces asked for, shape (time, batch, neuron).

        Raises
        ------
        DataError, DtMismatchError
            If the inputs do not fit; if ``dt``, or the data set's, is not the network's; if the seed is out of range.
        BackendError
            If the standalone project can't be compiled or run, or there is no GPU for it.
        """
        from ..discrete.noise import check_seed

        find_device(self.device)  # once more: what can be built here need not run here
        if isinstance(inputs, SpikeDataset):
            check_same_dt(inputs.dt, self.spec.dt_s, where="recordings for the Brian2 simulation")
            inputs = inputs.rasters()
        if dt is not None:
            check_same_dt(dt, self.spec.dt_s, where="inputs of the Brian2 simulation")
        checked = check_inputs(inputs, self.spec.n_input, values=self.spec.takes_values)
        progress = progress or (lambda fraction: None)
        noise_seed = check_seed(noise_seed, where="noise_seed")
        with BRIAN2:  # until the recording is read: another thread's run of this simulation would begin in its arrays
            self.seconds = Seconds()
            if self.device.standalone:
                return self._run_standalone(checked, noise_seed, progress, message)
            return self._run_runtime(checked, noise_seed, progress)

    def _run_runtime(self, inputs: Inputs, noise_seed: int, progress: Callable[[float], None]) -> Recording:
        n_steps, n_runs, _ = inputs.shape
        copies = copies_for(self.device, self.spec, self.additions, n_runs)
        built, monitors = self._built(copies)
        padded = filled(inputs, copies * -(-n_runs // copies))
        with on_runtime(self.device), np.errstate(all="ignore"):  # tau = 0 is a decay of exactly 0; what is not finite is looked for later
            built.network.restore(_FRESH)
            if self.additions.noise:
                brian2.seed(self.additions.seed)
            set_input(built, padded)
            set_noise(built, noise_seed)
            start = perf_counter()
            run_network(built, n_steps, padded.shape[1], lambda elapsed, fraction, start, duration: progress(float(fraction)))
            self.seconds.simulating = perf_counter() - start
        check_finite(built)
        return monitors.recording(padded, f"brian2 {self.device.name}", noise_seed).runs(slice(0, n_runs))

    def build(
        self,
        inputs: Any,
        directory: str | Path,
        *,
        progress: Callable[[float], None] | None = None,
        message: Callable[[str], None] | None = None,
    ) -> Path:
        """Generate the project of a standalone device in ``directory`` and compile it, without running it: for a GPU, none is needed.

        The program is made for as many steps and spikes as ``inputs`` have. It reads its files beside it and writes into ``results``.

        Returns
        -------
        Path
            Of the program.

        Raises
        ------
        DataError, BackendError
            If the inputs do not fit, the device compiles no program, or the project can't be compiled.
        """
        if not self.device.standalone:
            raise BackendError(
                "this device compiles no program",
                where="BrianSimulation.build",
                got=f"device {self.device.name!r}",
                expected="cpp_standalone or cuda_standalone",
                remedy="run it as it is, or choose a standalone device",
            )
        checked = check_inputs(inputs, self.spec.n_input, values=self.spec.takes_values)
        self.seconds = Seconds()
        callbacks: dict[str, Any] = {"message": message} | ({"progress": progress} if progress is not None and self.device.cuda else {})
        return build_standalone(self.device, self._job, checked, Path(directory), seconds=self.seconds, **callbacks)

    @property
    def _job(self) -> Job:
        return Job(self.spec, self.values, self.form, self.additions, self.traces)

    def _run_standalone(
        self, inputs: Inputs, noise_seed: int, progress: Callable[[float], None], message: Callable[[str], None] | None
    ) -> Recording:
        job = replace(self._job, noise_seed=noise_seed)
        with ExitStack() as stack:
            directory = self.build_directory or stack.enter_context(tempfile.TemporaryDirectory(prefix="hetsyn_sim_"))
            return run_standalone(self.device, job, inputs, Path(directory), progress=progress, message=message, seconds=self.seconds)


def simulate(
    spec: NetworkSpec,
    values: Mapping[str, Any],
    inputs: Any,
    *,
    device: str | Device = "numpy",
    form: str = "ode",
    record: str | Iterable[str] = "v",
    dt: float | None = None,
    noise_seed: int = 0,
    progress: Callable[[float], None] | None = None,
    message: Callable[[str], None] | None = None,
    build_directory: str | Path | None = None,
) -> Recording:
    """Build a network and run it once: its parameters are described as in :class:`BrianSimulation`."""
    simulation = BrianSimulation(spec, values, device=device, form=form, record=record, build_directory=build_directory)
    return simulation.run(inputs, dt=dt, noise_seed=noise_seed, progress=progress, message=message)

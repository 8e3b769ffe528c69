"""Recordings as Neo objects, which elephant and most tools for spike trains read, and back.

A recording becomes a ``neo.Block`` with a ``Segment`` for every run. A segment has a ``SpikeTrain`` for every neuron, also for those that
are silent, from 0 s to the end of the recording, and an ``AnalogSignal`` for every trace. Times are in ms; the annotations of a spike
train are its population, its neuron and, as ``sampling_period``, dt. Step t is the time ``t*dt``, so a recording of n steps stops at
``n*dt``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data.recording import Recording, spikes_to_raster
from ..errors import DataError, package

_PURPOSE = "exchanging Neo objects"
_REMEDY = "use a block that to_neo made, or build a Recording from arrays"


def to_neo(recording: Recording, *, units: dict[str, str] | None = None, name: str = "hetsyn-sim") -> Any:
    """The ``neo.Block`` of a recording.

    Parameters
    ----------
    recording
        Rasters and traces of any number of runs.
    units
        Trace -> unit, as in ``{"layer_1.v": "mV"}``, of the numbers in it. Traces without one are pure numbers.
    name
        Of the block.

    Raises
    ------
    BackendError
        If neo is not installed.
    DataError
        If ``units`` names no trace, or a unit that quantities does not know.
    """
    neo, pq = (package(name, _PURPOSE, extra="neo") for name in ("neo", "quantities"))
    given = dict(units or {})
    if unknown := sorted(set(given) - set(recording.traces)):
        raise DataError(
            "units of traces that are not there",
            where="to_neo",
            got=", ".join(unknown),
            expected=", ".join(recording.traces) or "no units: there are no traces",
            remedy="name the traces of the recording",
        )
    period = (recording.dt * pq.s).rescale(pq.ms)
    stop = recording.n_steps * recording.dt * pq.s
    block = neo.Block(name=name, simulator=recording.simulator, dt_s=float(recording.dt), n_steps=recording.n_steps)
    for run in range(recording.n_runs):
        segment = neo.Segment(name=f"run {run}", index=run)
        for population, raster in recording.rasters.items():
            for neuron in range(raster.shape[2]):
                times = np.flatnonzero(raster[:, run, neuron]) * recording.dt * pq.s
                train = neo.SpikeTrain(
                    times.rescale(pq.ms),
                    t_stop=stop.rescale(pq.ms),
                    t_start=0.0 * pq.ms,
                    sampling_rate=1.0 / period,
                    name=f"{population}[{neuron}]",
                    population=population,
                    neuron=neuron,
                )
                segment.spiketrains.append(train)
        for trace, values in recording.traces.items():
            unit = given.get(trace, "dimensionless")
            try:
                signal = neo.AnalogSignal(np.asarray(values[:, run]), units=unit, sampling_period=period, t_start=0.0 * pq.ms, name=trace)
            except LookupError as error:
                raise DataError(
                    "a unit that quantities does not know",
                    where=f"to_neo: {trace}",
                    got=repr(unit),
                    expected="the name of a unit, such as mV",
                    remedy="correct the unit, or leave it out for a pure number",
                ) from error
            segment.analogsignals.append(signal)
        block.segments.append(segment)
    return block


def from_neo(block: Any) -> Recording:
    """The recording that :func:`to_neo` made a block of, to the last bit; or that of any block with the same annotations.

    Raises
    ------
    BackendError
        If quantities is not installed.
    DataError
        If dt or the number of steps are not annotated, a spike train has no population or neuron, a spike is not on the grid, or segments
        hold different populations or traces.
    """
    pq = package("quantities", _PURPOSE, extra="neo")
    try:
        dt, n_steps = float(block.annotations["dt_s"]), int(block.annotations["n_steps"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _foreign("block", f"no {error}", "dt_s and n_steps among the annotations of the block") from error
    if not (dt > 0.0 and n_steps >= 0):
        raise _foreign("block", f"dt_s = {dt}, n_steps = {n_steps}", "a positive time and a number of steps")
    rasters: dict[str, list[Any]] = {}
    traces: dict[str, list[Any]] = {}
    for index, segment in enumerate(block.segments):
        where = f"segment {index}"
        trains: dict[str, dict[int, Any]] = {}
        for train in segment.spiketrains:
            try:
                population, neuron = str(train.annotations["population"]), int(train.annotations["neuron"])
            except (KeyError, TypeError, ValueError) as error:
                raise _foreign(where, f"a spike train without {error}", "population and neuron among its annotations") from error
            trains.setdefault(population, {})[neuron] = np.asarray(train.rescale(pq.s).magnitude, dtype=np.float64)
        for population, times_of in trains.items():
            if sorted(times_of) != list(range(len(times_of))):
                got = f"neurons {', '.join(map(str, sorted(times_of)[:5]))}, ... of {population}"
                raise _foreign(where, got, "a spike train for every neuron from 0 on, also for those that are silent")
            times = np.concatenate([times_of[neuron] for neuron in range(len(times_of))])
            neurons = np.repeat(np.arange(len(times_of)), [len(times_of[neuron]) for neuron in range(len(times_of))])
            raster = spikes_to_raster(times, neurons, dt=dt, n_steps=n_steps, n_units=len(times_of), where=f"{where}: {population}")
            rasters.setdefault(population, []).append(raster)
        for signal in segment.analogsignals:
            traces.setdefault(str(signal.name), []).append(np.asarray(signal.magnitude))
    for name, parts in (*rasters.items(), *traces.items()):
        if len(parts) != len(block.segments) or len({part.shape for part in parts}) != 1:
            shapes = ", ".join(sorted({str(part.shape) for part in parts}))
            raise _foreign(name, f"{len(parts)} of shape {shapes} in {len(block.segments)} segments", "one in every segment, of one shape")
    simulator = str(block.annotations.get("simulator", ""))
    stacked = [{name: np.stack(parts, axis=1) for name, parts in group.items()} for group in (rasters, traces)]
    return Recording(dt, stacked[0], stacked[1], simulator)


def _foreign(where: str, got: str, expected: str) -> DataError:
    return DataError("this block can't be a recording", where=where, got=got, expected=expected, remedy=_REMEDY)

"""Spikes and traces on a time grid: the plain data in which training, Brian2 and the analyses meet. NumPy only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, DtMismatchError
from ..spec.summary import Summarised, count, milliseconds

Raster = NDArray[np.bool_]


def check_same_dt(dt: float, expected: float, *, where: str) -> None:
    """Raise :class:`DtMismatchError` unless two time steps (in seconds) are equal to within 1e-9 relative.

    The tolerance is far above the rounding of a unit conversion (about 1e-16) and far below any change somebody means.
    """
    if not abs(dt - expected) <= 1e-9 * abs(expected):
        raise DtMismatchError(
            "the time steps differ",
            where=where,
            got=f"dt = {dt:.9g} s",
            expected=f"dt = {expected:.9g} s",
            remedy="re-encode the data at the expected dt (`hetsyn encode --dt`), or build the network for the data's dt",
        )


def on_finer_grid(raster: Raster, factor: int) -> Raster:
    """The same spikes at the same times on a grid that is ``factor`` times finer; shape (factor * time, batch, channel)."""
    finer = np.zeros((factor * len(raster), *raster.shape[1:]), dtype=bool)
    finer[::factor] = raster
    return finer


def spikes_to_raster(
    times: NDArray[np.floating],
    units: NDArray[np.integer],
    *,
    dt: float,
    n_steps: int,
    n_units: int,
    where: str = "spike list",
) -> Raster:
    """Put a spike list on the grid: the spike at ``times[k]`` (seconds) of ``units[k]`` sets ``raster[round(t/dt), unit]``.

    Times are those of the grid itself, ``step * dt``; rounding only undoes the rounding of that product.

    Returns
    -------
    raster : bool array, shape (n_steps, n_units)

    Raises
    ------
    DataError
        If a time or a unit is out of range or not finite, if units are no integers, if a time is off the grid by more than 1 % of dt, or if
        one unit spikes twice in one step.
    """
    times = np.asarray(times, dtype=np.float64)
    units = np.asarray(units)
    if times.shape != units.shape or times.ndim != 1:
        raise DataError(
            "spike times and units must be two lists of the same length",
            where=where,
            got=f"shapes {times.shape} and {units.shape}",
            expected="two one-dimensional arrays of equal length",
            remedy="pass one unit for every spike time",
        )
    if units.size and not np.issubdtype(units.dtype, np.integer):
        raise DataError(
            "units must be integers",
            where=where,
            got=f"dtype {units.dtype}",
            expected="an integer dtype",
            remedy="pass the index of each spike's unit",
        )
    if not np.all(np.isfinite(times)):
        raise DataError(
            "a spike time is not finite",
            where=where,
            got=f"{int(np.sum(~np.isfinite(times)))} of {times.size} times are NaN or infinite",
            expected="finite times in seconds",
            remedy="remove those spikes before building the raster",
        )
    steps = np.rint(times / dt).astype(np.int64)
    if times.size and np.max(np.abs(times / dt - steps)) > 0.01:
        worst = int(np.argmax(np.abs(times / dt - steps)))
        raise DataError(
            "a spike time is not on the grid",
            where=where,
            got=f"t = {times[worst]:.9g} s at spike {worst}",
            expected=f"a multiple of dt = {dt:.9g} s",
            remedy="bin the spikes first, or pass the dt they were recorded with",
        )
    for name, values, stop in (("time", steps, n_steps), ("unit", units, n_units)):
        bad = (values < 0) | (values >= stop)
        if np.any(bad):
            first = int(np.argmax(bad))
            shown = f"{times[first]:.9g} s (step {int(steps[first])})" if name == "time" else f"{int(units[first])}"
            raise DataError(
                f"a spike {name} is out of range",
                where=where,
                got=f"{shown} at spike {first}",
                expected=f"0 <= {'step' if name == 'time' else name} < {stop}",
                remedy="cut the recording, or state its true length and number of channels",
            )
    raster = np.zeros((n_steps, n_units), dtype=bool)
    raster[steps, units.astype(np.int64)] = True
    if int(raster.sum()) != times.size:
        flat = np.sort(steps * n_units + units.astype(np.int64))
        twice = int(flat[:-1][np.diff(flat) == 0][0])
        raise DataError(
            "a unit spikes twice in one step",
            where=where,
            got=f"unit {twice % n_units}, step {twice // n_units}",
            expected="at most one spike of a unit in a step",
            remedy="use a smaller dt, or merge the duplicates (np.unique over (step, unit)) if they are the same spike",
        )
    return raster


def raster_to_spikes(raster: Raster, dt: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The spike list of a raster of shape (time, unit): times in seconds, ``step * dt``, and units, ordered by time, then unit."""
    steps, units = np.nonzero(raster)
    return np.multiply(steps, dt, dtype=np.float64), units.astype(np.int64, copy=False)


@dataclass(frozen=True, repr=False)
class Recording(Summarised):
    """What a simulator hands back: rasters and traces of named populations over a batch of runs.

    Attributes
    ----------
    dt
        Time step in seconds.
    rasters
        Population name -> bool array of shape (time, batch, neuron). ``raster[t]`` is what the neuron did at time ``t * dt``.
    traces
        ``"population.variable"`` -> float array of shape (time, batch, neuron), in the SI unit of
        the variable, sampled after everything in the step has happened.
    simulator
        Who made it: ``"torch float64"``, ``"brian2 numpy"`` and so on.
    noise_seed
        Of the noise in the network's equations, if there is any. Its paths are counted by the runs, 0, 1, ...
    """

    dt: float
    rasters: Mapping[str, Raster]
    traces: Mapping[str, NDArray[np.floating]] = field(default_factory=dict)
    simulator: str = ""
    noise_seed: int = 0

    def __post_init__(self) -> None:
        shapes = {name: array.shape for name, array in (*self.rasters.items(), *self.traces.items())}
        wrong = {name: shape for name, shape in shapes.items() if len(shape) != 3}
        if wrong or len({shape[:2] for shape in shapes.values()}) > 1:
            raise DataError(
                "the arrays of a recording do not share their time and batch axes",
                where=f"Recording from {self.simulator or 'an unnamed simulator'}",
                got=", ".join(f"{name}: {shape}" for name, shape in (wrong or shapes).items()),
                expected="arrays of shape (time, batch, neuron) with equal time and batch",
                remedy="record every population over the same runs",
            )

    @property
    def n_steps(self) -> int:
        """Number of time steps."""
        return self._shape[0]

    @property
    def n_runs(self) -> int:
        """Number of runs in the batch."""
        return self._shape[1]

    @property
    def _shape(self) -> tuple[int, ...]:
        return next((a.shape for a in (*self.rasters.values(), *self.traces.values())), (0, 0, 0))

    def summary(self) -> Mapping[str, str]:
        """What it is: label -> text."""
        spikes = {name: f"{raster.shape[2]:,} neurons, {count(int(raster.sum()), 'spike')}" for name, raster in self.rasters.items()}
        time = f"{self.n_steps:,} steps of {milliseconds(self.dt)}"
        facts = {"simulator": self.simulator or "not named", "runs": f"{self.n_runs:,}", "time": time, **spikes}
        return facts | ({"traces": ", ".join(self.traces)} if self.traces else {})

    def runs(self, chosen: slice) -> Recording:
        """The recording of some of the runs: those that ``chosen`` slices."""
        rasters = {name: raster[:, chosen] for name, raster in self.rasters.items()}
        return replace(self, rasters=rasters, traces={name: trace[:, chosen] for name, trace in self.traces.items()})

    @classmethod
    def joined(cls, parts: Sequence[Recording]) -> Recording:
        """One recording of the runs of all parts, which are of the same network, step for step."""
        first = parts[0]
        if len(parts) == 1:
            return first
        rasters = {name: np.concatenate([part.rasters[name] for part in parts], axis=1) for name in first.rasters}
        traces = {name: np.concatenate([part.traces[name] for part in parts], axis=1) for name in first.traces}
        return replace(first, rasters=rasters, traces=traces)

    def spikes(self, population: str, run: int = 0) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Spike times (seconds) and neuron indices of one population in one run."""
        return raster_to_spikes(self.rasters[population][:, run], self.dt)

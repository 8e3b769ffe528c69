"""Are two recordings those of the same network? Spikes cell by cell, voltages within a bound that is computed, not guessed.

The rule. v is a sum of exponentially decaying events. Rounding in precision u makes it wrong by at most

    bound = u * (n_terms + 3 * n_steps + 32) * gain,      gain = the sum of the absolute values of the events, decayed,

(n_terms additions; per step one product, one power of the decay and one addition; 32 for the exponential and the decay's own rounding,
whose effect c (dt/tau) exp(-c dt/tau) never exceeds 1/e of it). Voltages must agree within the bounds of both sides. Spikes carry no
rounding, so errors do not travel from layer to layer. Rasters must agree in every cell; if the first difference of a run is at a neuron
that both sides put within the bound of its threshold (a near-tie), the run is undecided from there: counted and reported, never hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .discrete import discretise, evaluate, neuron_values, synapse_values
from .errors import DataError
from .recording import Recording, check_same_dt
from .spec import NetworkSpec, Projection

__all__ = ["Comparison", "Divergence", "compare_recordings", "voltage_bounds"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Divergence:
    """Where two runs first differ in a spike."""

    run: int
    step: int
    time_s: float
    population: str
    neuron: int
    v_reference: float
    v_other: float
    theta: float
    bound: float

    @property
    def is_near_tie(self) -> bool:
        """Whether both voltages are so close to the threshold that rounding decides.

        Two voltages exactly at the threshold are no matter of rounding: a strict threshold leaves both silent, and only another rule
        (``>=``) makes one of them spike.
        """
        if self.v_reference == self.v_other == self.theta:
            return False
        return max(abs(self.v_reference - self.theta), abs(self.v_other - self.theta)) <= self.bound

    def __str__(self) -> str:
        return (
            f"run {self.run}, step {self.step} (t = {self.time_s:.6g} s), {self.population} neuron {self.neuron}: "
            f"v = {self.v_reference!r} and {self.v_other!r}, theta = {self.theta!r}, bound {self.bound:.3g}"
        )


@dataclass(frozen=True)
class Comparison:
    """The outcome. ``agrees`` is the verdict; everything else says how it came about."""

    reference: str
    other: str
    n_runs: int
    n_steps: int
    n_spikes: int
    spike_mismatches: int
    max_abs_dv: float
    max_dv_over_bound: float
    smallest_margin: float
    undecided: tuple[Divergence, ...]
    diverged: tuple[Divergence, ...]

    @property
    def undecided_fraction(self) -> float:
        """Share of runs that a near-tie left undecided."""
        return len(self.undecided) / self.n_runs

    @property
    def agrees(self) -> bool:
        """No spike differs outside of undecided runs, and every voltage before a divergence is within the bound."""
        return self.spike_mismatches == 0 and self.max_dv_over_bound <= 1.0

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"undecided_fraction": self.undecided_fraction, "agrees": self.agrees}

    def __str__(self) -> str:
        lines = [
            f"{self.reference} against {self.other}: {'the same network' if self.agrees else 'NOT the same network'}",
            f"  runs                  {self.n_runs} of {self.n_steps} steps, {self.n_spikes} spikes",
            f"  spike mismatches      {self.spike_mismatches}",
            f"  largest |dv|          {self.max_abs_dv:.3g} ({self.max_dv_over_bound:.2g} of the rounding bound)",
            f"  closest |v - theta|   {self.smallest_margin:.3g}",
            f"  undecided runs        {len(self.undecided)} ({100 * self.undecided_fraction:.2f} %)",
        ]
        lines += [f"  first divergence      {d}" for d in self.diverged[:3]]
        return "\n".join(lines)


def voltage_bounds(spec: NetworkSpec, values: Mapping[str, NDArray[Any]], recording: Recording, dtype: str) -> dict[str, float]:
    """Population -> how far rounding in ``dtype`` can move v, from the spikes of a recording (see the module's docstring)."""
    unit = float(np.finfo(dtype).eps) / 2
    bounds = {}
    for population in spec.populations:
        program = discretise(population.model, spec.step_order)
        gains, n_terms = np.zeros(recording.n_runs), 0
        for projection in spec.projections_to(population.name):
            source = recording.rasters["input" if projection.source == "input" else projection.source]
            counts = source.sum(axis=0).astype(np.float64)  # (run, pre)
            seen = synapse_values(spec, projection, values)
            for path in program.synaptic_paths:
                amplitude = np.abs(evaluate(path.gain * path.amplitude, seen))
                gains += _peak(counts, amplitude, evaluate(path.decay, seen), projection)
                n_terms += projection.n_pre
        own = neuron_values(spec, population.name, values)
        for path in program.reset_paths:
            counts = recording.rasters[population.name].sum(axis=0).astype(np.float64)  # (run, post)
            amplitude = np.abs(evaluate(path.gain * path.amplitude, own))
            gains += np.max(amplitude * np.minimum(counts, _memory(evaluate(path.decay, own))), axis=1)
            n_terms += 1
        theta = 0.0 if program.theta is None else float(np.max(np.abs(evaluate(program.theta, own))))
        bounds[population.name] = unit * (n_terms + 3 * recording.n_steps + 32) * (float(np.max(gains, initial=0.0)) + theta)
    return bounds


def _peak(counts: Array, amplitude: Array, decay: Array, projection: Projection) -> Array:
    """Per run, the largest sum over a neuron's synapses of |amplitude| times the most that its spikes can add up to."""
    shape = (projection.n_post, projection.n_pre)
    amplitude, memory = np.broadcast_to(amplitude, shape), np.broadcast_to(_memory(decay), shape)
    return np.array([np.max((amplitude * np.minimum(run, memory)).sum(axis=1)) for run in counts])


def _memory(decay: Array) -> Array:
    """A spike per step adds up to 1 / (1 - rho)."""
    with np.errstate(divide="ignore"):
        return 1.0 / (1.0 - np.asarray(decay, dtype=np.float64))


def compare_recordings(
    spec: NetworkSpec, values: Mapping[str, NDArray[Any]], reference: Recording, other: Recording, dtype: str = "float64"
) -> Comparison:
    """Compare two recordings of the same network over the same inputs, population by population and step by step.

    Parameters
    ----------
    spec, values
        The network, and its parameters in SI units by slot key.
    reference, other
        Recordings with ``rasters`` of the input and every spiking population and the trace ``v`` of every population.
    dtype
        ``"float32"`` or ``"float64"``: the lower of the two precisions.

    Raises
    ------
    DtMismatchError, DataError
        If the recordings differ in dt or shape, or are not of this network.
    """
    check_same_dt(reference.dt, spec.dt_s, where=reference.simulator)
    check_same_dt(other.dt, spec.dt_s, where=other.simulator)
    for recording in (reference, other):
        _check_shapes(spec, recording, reference)
    if not np.array_equal(reference.rasters["input"], other.rasters["input"]):
        raise DataError(
            "the recordings are of different inputs",
            where=f"{reference.simulator} and {other.simulator}",
            got=f"{int(np.sum(reference.rasters['input'] != other.rasters['input']))} cells differ",
            expected="equal input rasters",
            remedy="run both simulators on the same recordings",
        )
    # a simulator's own voltage may be off by the bound on either side
    bounds = {name: 2 * bound for name, bound in voltage_bounds(spec, values, reference, dtype).items()}
    thetas = {
        p.name: np.broadcast_to(evaluate(discretise(p.model).theta, neuron_values(spec, p.name, values)), (p.size,))
        for p in spec.populations
        if p.model.spiking
    }
    undecided, diverged, mismatches = [], [], 0
    until = np.full(reference.n_runs, reference.n_steps)  # first step of each run that is not compared any more
    for run in range(reference.n_runs):
        first = _first_divergence(spec, reference, other, run, thetas, bounds)
        if first is None:
            continue
        until[run] = first.step
        if first.is_near_tie:
            undecided.append(first)
        else:
            diverged.append(first)
            mismatches += sum(int((reference.rasters[name][:, run] != other.rasters[name][:, run]).sum()) for name in thetas)
    compared = np.arange(reference.n_steps)[:, None] < until  # (time, run)
    largest, relative, margin = 0.0, 0.0, np.inf
    for name, bound in bounds.items():
        v = reference.traces[f"{name}.v"]
        with np.errstate(invalid="ignore"):  # inf - inf
            dv = np.abs(v - other.traces[f"{name}.v"])[compared]
        # NaN must not pass for agreement
        worst = float(np.max(np.nan_to_num(dv, nan=np.inf), initial=0.0))
        largest, relative = max(largest, worst), max(relative, _over(worst, bound))
        if name in thetas:
            margin = min(margin, float(np.min(np.abs(v - thetas[name])[compared], initial=np.inf)))
    n_spikes = sum(int(reference.rasters[name].sum()) for name in thetas)
    return Comparison(
        reference.simulator,
        other.simulator,
        reference.n_runs,
        reference.n_steps,
        n_spikes,
        mismatches,
        largest,
        relative,
        margin,
        tuple(undecided),
        tuple(diverged),
    )


def _check_shapes(spec: NetworkSpec, recording: Recording, reference: Recording) -> None:
    """A recording holds every population of the network, over the same steps and runs as the reference, and at least one of each."""
    n_steps, n_runs = reference.n_steps, reference.n_runs
    shapes = {"input": (n_steps, n_runs, spec.n_input)} | {f"{p.name}.v": (n_steps, n_runs, p.size) for p in spec.populations}
    shapes |= {p.name: (n_steps, n_runs, p.size) for p in spec.populations if p.model.spiking}
    recorded = {name: array.shape for name, array in (*recording.rasters.items(), *recording.traces.items())}
    wrong = [name for name, shape in shapes.items() if recorded.get(name) != shape or 0 in shape]
    if wrong:
        raise DataError(
            "these recordings can't be compared",
            where=recording.simulator,
            got=", ".join(f"{name}: {recorded.get(name, 'not recorded')}" for name in wrong),
            expected=", ".join(f"{name}: {shapes[name]}" for name in wrong) + ", none of them empty",
            remedy="record the spikes and v of every population over the same inputs",
        )


def _over(worst: float, bound: float) -> float:
    """How many bounds a difference is. Infinite if the bound itself is no number, or 0 with a difference."""
    if worst == 0.0:
        return 0.0
    return worst / bound if 0.0 < bound < np.inf else np.inf


def _first_divergence(
    spec: NetworkSpec, reference: Recording, other: Recording, run: int, thetas: Mapping[str, Array], bounds: Mapping[str, float]
) -> Divergence | None:
    """The first differing cell of a run: the earliest step, in it the first layer, in it the neuron farthest from a tie."""
    found: Divergence | None = None
    for name, theta in thetas.items():
        differs = reference.rasters[name][:, run] != other.rasters[name][:, run]  # (time, neuron)
        steps = np.flatnonzero(differs.any(axis=1))
        if not steps.size or (found is not None and steps[0] >= found.step):
            continue
        step = int(steps[0])
        v, w = (r.traces[f"{name}.v"][step, run] for r in (reference, other))
        candidates = np.flatnonzero(differs[step])
        distance = np.maximum(np.abs(v - theta), np.abs(w - theta))[candidates]
        neuron = int(candidates[np.argmax(distance)])
        found = Divergence(
            run, step, step * spec.dt_s, name, neuron, float(v[neuron]), float(w[neuron]), float(theta[neuron]), bounds[name]
        )
    return found

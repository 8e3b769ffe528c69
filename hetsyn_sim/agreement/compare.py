"""The comparison of two recordings, cell by cell and voltage by voltage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.recording import Recording, check_same_dt
from ..errors import DataError
from ..spec import NetworkSpec
from .bounds import thresholds, voltage_bounds
from .outcome import Comparison, Divergence, Precision
from .states import first_state_difference
from .trajectories import trajectories

Array = NDArray[np.float64]


def compare_recordings(
    spec: NetworkSpec, values: Mapping[str, NDArray[Any]], reference: Recording, other: Recording, precision: Precision = "float64"
) -> Comparison:
    """Compare two recordings of the same network over the same inputs, population by population and step by step.

    Parameters
    ----------
    spec, values
        The network, and its parameters in SI units by slot key.
    reference, other
        Recordings with ``rasters`` of the input and every spiking population and the trace ``v`` of every population. If both also hold
        synaptic sums (``layer_1.I_syn``) or neuron states (``layer_1.R``), a divergence names the one that differed first.
    precision
        ``"float32"`` or ``"float64"``: the lower one of the two sides.

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
    if reference.noise_seed != other.noise_seed and any(p.model.noise for p in spec.populations):
        raise DataError(
            "the recordings are of different noise",
            where=f"{reference.simulator} and {other.simulator}",
            got=f"noise_seed {reference.noise_seed} and {other.noise_seed}",
            expected="the same seed of the noise",
            remedy="run both with the same noise_seed",
        )
    # a simulator's own voltage may be off by the bound on either side
    followed = trajectories(spec, values, reference, precision)
    bounds = {name: 2 * bound for name, bound in voltage_bounds(spec, values, reference, precision, followed).items()}
    thetas = thresholds(spec, values, reference, followed)
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
            cause = first_state_difference(spec, values, reference, other, run, first.step, bounds)
            model = spec.population(first.population).model.name
            diverged.append(replace(first, model=model, simulator=other.simulator, first_state=cause))
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
        precision,
    )


def _check_shapes(spec: NetworkSpec, recording: Recording, reference: Recording) -> None:
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
    first: Divergence | None = None
    for name, theta in thetas.items():
        differs = reference.rasters[name][:, run] != other.rasters[name][:, run]  # (time, neuron)
        steps = np.flatnonzero(differs.any(axis=1))
        if not steps.size or (first is not None and steps[0] >= first.step):
            continue
        step = int(steps[0])
        v, w = (r.traces[f"{name}.v"][step, run] for r in (reference, other))
        candidates = np.flatnonzero(differs[step])
        level = theta[step, run]
        distance = np.maximum(np.abs(v - level), np.abs(w - level))[candidates]
        neuron = int(candidates[np.argmax(distance)])
        first = Divergence(
            run, step, step * spec.dt_s, name, neuron, float(v[neuron]), float(w[neuron]), float(level[neuron]), bounds[name]
        )
    return first

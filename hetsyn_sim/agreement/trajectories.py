"""The rounding bound of a population that is stepped, along the path that it took in a recording.

The population is run again in the reference, with the spikes that a recording holds. In each step, :mod:`hetsyn_sim.agreement.rounding`
says what rounding adds to each state (l, a vector) and how a difference of states travels on (J, a matrix). A difference d of two runs that
round differently is then a sum of what all steps before have added, each carried to now: d = sum_s Phi(s) l(s), Phi a product of J's. With
P = sum_s Phi(s) diag(l(s)^2) Phi(s)^T, which is updated by ``P <- J P J^T + diag(l^2)``, the inequality of Cauchy and Schwarz says that
d_k is at most sqrt(n P_kk), n the number of terms (states times steps), whatever the
signs of the roundings are. It is of first order: it assumes that differences stay small, as a rounding error must.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.recording import Recording
from ..discrete import evaluate, is_filter, synapse_values
from ..discrete.noise import LARGEST
from ..discrete.reference_axons import Axons
from ..discrete.reference_stepped import SteppedPopulation
from ..discrete.schemes import ACTIVE
from ..discrete.tape import Tape, run_tape
from ..spec import NetworkSpec, Population
from .rounding import ROUNDED, Rounded
from .synapse_errors import of_projections

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Units of roundoff in a constant of the step: a few operations of its own, or an entry of a matrix exponential.
_CONSTANT_ERROR = 16.0


@dataclass(frozen=True)
class Trajectory:
    """How far rounding can move a population along a recording. Arrays have the shape (time, run, post)."""

    bound: float
    """Of v, in its unit."""
    theta: Array | None
    """What v has to exceed; None for a readout."""
    output_error: Array | None
    """Of the graded output, in units of roundoff; None where spikes are handed on."""


def trajectories(spec: NetworkSpec, values: Mapping[str, Any], recording: Recording, dtype: str) -> dict[str, Trajectory]:
    """Every population that is stepped, by its name, followed through a recording."""
    unit = float(np.finfo(dtype).eps) / 2
    paths: dict[str, Trajectory] = {}
    errors: dict[str, Array | None] = {}  # of graded outputs: the only rounding that travels from layer to layer
    for population in spec.populations:
        if is_filter(population.model, population.step_order):
            continue
        source = spec.projections_to(population.name)[0].source
        if source == "input" and spec.takes_values:
            errors[source] = np.abs(recording.traces["input.x"])  # rounded to the precision
        paths[population.name] = trajectory(spec, values, recording, population, unit, errors.get(source))
        errors[population.name] = paths[population.name].output_error
    return paths


def trajectory(
    spec: NetworkSpec,
    values: Mapping[str, Any],
    recording: Recording,
    population: Population,
    unit: float,
    source_error: Array | None = None,
) -> Trajectory:
    """Follow one population of a recording.

    Parameters
    ----------
    unit
        The unit roundoff of the precision that is looked at.
    source_error
        How far rounding has moved what a graded source hands on, in units of roundoff, (time, run, pre).
    """
    follower = _Follower(spec, population, values, recording, unit)
    shape = (recording.n_steps, recording.n_runs, population.size)
    thetas = np.zeros(shape) if population.model.spiking else None
    outputs = np.zeros(shape) if population.model.output else None
    for t in range(recording.n_steps):
        follower.step(t, None if source_error is None else source_error[t])
        if thetas is not None:
            thetas[t] = follower.theta
        if outputs is not None:
            outputs[t] = follower.output_error
    return Trajectory(follower.bound, thetas, outputs)


class _Follower:
    def __init__(self, spec: NetworkSpec, population: Population, values: Mapping[str, Any], recording: Recording, unit: float) -> None:
        self.spec, self.recording, self.unit, self.population = spec, recording, unit, population
        self.state = SteppedPopulation(spec, population, values, recording.n_runs, recording.noise_seed)
        n, shape = len(self.state.states), (recording.n_runs, population.size)
        self.spread: Array = np.zeros((*shape, n, n))  # P, in units of roundoff squared
        self.n_terms, self.bound = 0, 0.0
        self.theta: Array = np.zeros(shape)
        self.output_error: Array = np.zeros(shape)
        # begins: the expression of an initial value is rounded
        self._add([np.abs(x) * _CONSTANT_ERROR for x in self.state.states.values()])
        self.synapses = of_projections(self.state.program.synapse, self.state.stepped_synapses, _CONSTANT_ERROR)
        self.sizes = {} if self.synapses else _arriving_sizes(spec, population, values)
        self.axons = {p.kind: Axons(spec, p, values, recording.n_runs) for p in self.state.projections}
        self.sum_error = dict.fromkeys(self.state.sums, np.zeros(shape))
        self.handed_on = {key: np.zeros_like(carried) for key, carried in self.state.carried.items()}  # errors of a graded source
        self.error_before: Array | None = None

    def step(self, t: int, source_error: Array | None) -> None:
        state, model = self.state, self.state.model
        arriving = self._source(t)
        if state.model.takes_values and source_error is not None:
            self._hand_on(source_error)
        for phase in self.population.step_order.phases if t else ("feedforward", "threshold"):
            if phase == "decay":
                active = self._active_in_this_step()
                self._travel(state.program.advance, active)
                for synapses in self.synapses.values():
                    synapses.decay()
            elif phase == "reset" and model.spiking:
                self._travel(state.program.reset, state.active, only=state.spikes > 0)
            elif phase in self.axons:
                source = self.axons[phase].arriving(state.spikes if phase == "recurrent" else arriving)
                if phase in self.synapses:
                    self._jumps_of_stepped(phase, source)
                else:
                    self._jumps(phase, source)
            state.do(phase, arriving)
        self._sums(t)
        self._read(t)

    def _source(self, t: int) -> Array:
        (projection,) = [p for p in self.state.projections if p.kind == "feedforward"]
        if self.state.model.takes_values:
            output = "x" if projection.source == "input" else self.spec.population(projection.source).model.output
            return np.asarray(self.recording.traces[f"{projection.source}.{output}"][t], dtype=np.float64)
        spikes: Array = self.recording.rasters[projection.source][t].astype(np.float64)
        return spikes

    def _active_in_this_step(self) -> Flags:
        """``active`` as it will be in this step's decay."""
        state = self.state
        if state.n_refractory is None:
            return state.active  # crossing models have no frozen states, so it does not matter
        return np.asarray(state.steps_since_spike + 1 >= state.n_refractory)

    def _numbers(self, active: Flags) -> dict[str, Any]:
        state = self.state
        n = len(state.states)
        known = {name: Rounded(c, 0.0, _CONSTANT_ERROR * np.abs(c)) for name, c in state.constants.items()}
        for k, (name, x) in enumerate(state.states.items()):
            slopes = np.zeros((n, *x.shape))
            slopes[k] = 1.0
            known[name] = Rounded(x, slopes, 0.0)
        sums = {name: Rounded(x, 0.0, self.sum_error[name]) for name, x in state.sums.items()}
        # a number is made in float64, by functions of a product that is as large as LARGEST, and then rounded
        made = LARGEST * _CONSTANT_ERROR * (np.finfo(np.float64).eps / 2 / self.unit) / np.sqrt(state.values["dt"])
        noise = {name: Rounded(x, 0.0, made + np.abs(x)) for name, x in state.noise.items()}
        courses = {name: Rounded(x, 0.0, np.abs(x)) for name, x in state.courses.items()}
        return {**known, **sums, **noise, **courses, str(ACTIVE): active}

    def _run(self, tape: Tape, active: Flags) -> tuple[list[Array], list[Array]]:
        """Slopes (k, run, post) and rounding (run, post) of each output."""
        with np.errstate(all="ignore"):
            outputs = run_tape(tape, self._numbers(active), ROUNDED)
        shape, n = self.theta.shape, len(self.state.states)
        return [np.broadcast_to(y.slopes, (n, *shape)) for y in outputs], [np.broadcast_to(y.error, shape) for y in outputs]

    def _travel(self, tape: Tape, active: Flags, only: Flags | None = None) -> None:
        if not self.state.states:
            return
        slopes, errors = self._run(tape, active)
        jacobian = np.stack([np.moveaxis(s, 0, -1) for s in slopes], axis=-2)  # (run, post, next, before)
        moved = jacobian @ self.spread @ np.swapaxes(jacobian, -1, -2)
        if only is None:
            self.spread = moved
        else:
            self.spread = np.where(only[..., None, None], moved, self.spread)
            errors = [np.where(only, error, 0.0) for error in errors]
        self._add(errors)

    def _add(self, errors: list[Array]) -> None:
        if not errors:
            return
        self.n_terms += len(errors)
        self.spread = self.spread + np.square(np.stack(errors, axis=-1))[..., None] * np.eye(len(errors))

    def _jumps(self, kind: str, source: Array) -> None:
        """What arrives at synapses, (run, post or 1, pre), is added to states."""
        errors = []
        for name, x in self.state.states.items():
            sizes = self.sizes.get((kind, name))
            arrived = 0.0 if sizes is None else (np.abs(source) * sizes).sum(axis=-1) * (sizes.shape[1] + _CONSTANT_ERROR)
            errors.append(np.broadcast_to(arrived + (0.0 if sizes is None else np.abs(x)), self.theta.shape))
        if any(key[0] == kind and key[1] in self.state.states for key in self.sizes):
            self._add(errors)

    def _jumps_of_stepped(self, kind: str, source: Array) -> None:
        added = self.synapses[kind].deliver(source)
        n_terms = source.shape[-1]
        arrived = {name: size * (n_terms + _CONSTANT_ERROR) + error for name, (size, error) in added.items()}
        if added:
            shape = self.theta.shape
            self._add([np.broadcast_to(arrived[x] + np.abs(y) if x in arrived else 0.0, shape) for x, y in self.state.states.items()])

    def _hand_on(self, source_error: Array) -> None:
        """Carry the errors of a graded source through every synapse, the same way as its values."""
        for projection in self.state.projections:
            seen = self.state.synapse_values[projection.kind]
            for step in self.state.program.synapses:
                key = projection.kind, step.name
                arrived = self.error_before if step.held else source_error
                self.handed_on[key] = self.handed_on[key] * evaluate(step.decay, seen)
                if step.drive is not None and arrived is not None:
                    self.handed_on[key] += np.abs(evaluate(step.drive, seen)) * arrived[:, None, :]  # (run, post, pre)
        self.error_before = source_error

    def _sums(self, t: int) -> None:
        """A sum over synapses of decaying events: as in :mod:`hetsyn_sim.agreement`, (n_terms + 3 n_steps + 32) times its size."""
        for total in self.state.sums:
            parts = [np.abs(x).sum(axis=-1) for (_, name), x in self.state.carried.items() if f"{name}_syn" == total]
            handed = [x.sum(axis=-1) for (_, name), x in self.handed_on.items() if f"{name}_syn" == total]
            n_terms = sum(p.n_pre for p in self.state.projections)
            if self.synapses:
                found = [synapses.total(total.removesuffix("_syn")) for synapses in self.synapses.values()]
                self.sum_error[total] = np.sum([(n_terms + _CONSTANT_ERROR) * size + error for size, error in found], axis=0)
                continue
            self.sum_error[total] = (n_terms + 3 * t + 32) * np.sum(parts, axis=0) + np.sum(handed, axis=0)

    def _read(self, t: int) -> None:
        state = self.state
        slopes, errors = self._run(state.program.read, state.active)
        widths = []
        for row, error in zip(slopes, errors, strict=True):
            carried = np.einsum("k...,...km,m...->...", row, self.spread, row)
            widths.append(np.sqrt(self.n_terms * np.maximum(carried, 0.0)) + error)
        if state.model.output:
            self.output_error = widths.pop()
        of_v = np.max(widths, axis=0)  # of v, and of its distance to the threshold
        self.bound = max(self.bound, self.unit * float(np.max(np.where(np.isfinite(state.v), of_v, 0.0))))
        if state.program.spiking:
            self.theta = state.v - state.distance()
            recorded = self.recording.rasters[self.population.name][t]
            if np.any(recorded != (state.spikes > 0)):
                state.spiked(recorded)


def _arriving_sizes(spec: NetworkSpec, population: Population, values: Mapping[str, Any]) -> dict[tuple[str, str], Array]:
    """Kind of projection and state -> the size of what each presynaptic spike adds, (post, pre)."""
    total: dict[tuple[str, str], Array] = {}
    for projection in spec.projections_to(population.name):
        seen = synapse_values(spec, projection, values)
        for jump in population.model.on_pre_jumps:
            sizes = np.broadcast_to(np.abs(evaluate(jump.amount, seen)), (projection.n_post, projection.n_pre))
            key = projection.kind, jump.target.removesuffix("_post")
            total[key] = total[key] + sizes if key in total else sizes
    return total

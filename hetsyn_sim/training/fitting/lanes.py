"""Many neurons side by side, held to the same trials: a lane for each set of parameter values, or for each of its derivatives."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...discrete.clamped import HIGHEST, LOWEST, PULL, RECORDED_SPIKE, RECORDED_V, ClampedProgram, clamped
from ...discrete.operations import NUMPY
from ...discrete.propagators import Propagator, matrix_exponential
from ...discrete.stepping import NEVER, refractory_steps
from ...discrete.tangents import tangent_name, with_tangents
from ...discrete.tape import run_tape, tape_of
from ...kernels.step_data import Carried, Drive, StepOptions
from ...kernels.stepping import step_scan
from ...spec import NeuronModel
from ..surrogates import Triangular
from .trials import Trials

Array = NDArray[np.float64]
#: As many numbers as a trace of all lanes may have; beyond that, lanes are run one group after the other.
_MOST = 6_000_000


@dataclass(frozen=True)
class Traces:
    """What lanes did: v and the distance to the threshold, (time, trial, lane), how they move, (time, trial, lane, parameter); spikes."""

    v: Array
    distance: Array | None
    v_moves: Array | None = None
    distance_moves: Array | None = None
    spikes: NDArray[np.bool_] | None = None


class Lanes:
    """A model on trials.

    Parameters
    ----------
    model
        The neuron.
    trials
        What it is held to.
    fixed
        Values in SI units of all parameters that are not fitted.
    fitted
        Names of those that are.

    Attributes
    ----------
    runs
        How many traces of all trials were computed so far; one with a derivative counts as one for each parameter.
    """

    def __init__(self, model: NeuronModel, trials: Trials, fixed: Mapping[str, float], fitted: tuple[str, ...]) -> None:
        self.model, self.trials, self.fixed, self.fitted = model, trials, dict(fixed), fitted
        self.runs = 0
        self.forced = trials.spikes is not None and model.spiking and not model.spikes_where_crossed
        self.drawn = trials.v is not None and "v" in model.neuron_equations.states
        self._whole: Lanes | None = None
        self._programs: dict[tuple[bool, bool], ClampedProgram] = {}

    def on(self, trials: Trials) -> Lanes:
        """The same on other trials; their runs are counted here, a shorter one fully."""
        other = copy(self)
        other.trials, other._whole = trials, self._whole or self
        return other

    def program(self, *, free: bool, tangents: bool) -> ClampedProgram:
        """The step of a lane: free, or held to the recording; with derivatives or without."""
        if (free, tangents) not in self._programs:
            held = {"forced": self.forced and not free, "drawn": self.drawn and not free}
            plain = clamped(self.model, tuple(self.trials.inputs), **held, driven=self.trials.input_spikes is not None)
            self._programs[free, tangents] = plain.tangential(self.fitted) if tangents else plain
        return self._programs[free, tangents]

    def run(self, values: Array, *, pull: float = 0.0, free: bool = False, tangents: bool = False) -> Traces:
        """Run sets of ``values``, (set, parameter) in SI units.

        In every step v is drawn the part ``pull`` of the way to the recorded voltage. ``free`` neurons are not, and spike by themselves.
        With ``tangents``, derivatives with respect to every fitted parameter come along.
        """
        n_sets, n_parameters = values.shape
        whole = self._whole or self
        whole.runs += n_sets * (n_parameters if tangents else 1)
        lanes = np.repeat(values, n_parameters, axis=0) if tangents else values
        seeds = np.tile(np.eye(n_parameters), (n_sets, 1)) if tangents else None
        found = self._run(lanes, seeds, pull, free)
        if not tangents:
            return found
        shape = (*found.v.shape[:2], n_sets, n_parameters)
        first = (slice(None), slice(None), slice(None, None, n_parameters))
        return Traces(
            found.v[first],
            None if found.distance is None else found.distance[first],
            None if found.v_moves is None else found.v_moves.reshape(shape),
            None if found.distance_moves is None else found.distance_moves.reshape(shape),
        )

    def group_size(self, *, tangents: bool) -> int:
        """How many sets of values may run at once."""
        cells = self.trials.n_steps * self.trials.n_trials * (len(self.fitted) if tangents else 1)
        return max(1, _MOST // cells)

    def _run(self, lanes: Array, seeds: Array | None, pull: float, free: bool) -> Traces:
        held = self.program(free=free, tangents=seeds is not None)
        program, trials = held.program, self.trials
        n = len(lanes)
        values: dict[str, Array] = {name: np.full(n, self.fixed[name]) for name in held.parameters if name not in self.fitted}
        values |= {name: lanes[:, k] for k, name in enumerate(self.fitted)}
        values |= {"dt": np.asarray(trials.dt), LOWEST: np.asarray(trials.lowest), HIGHEST: np.asarray(trials.highest)}
        for propagator in program.propagators:
            values |= propagator.evaluate(values)
        if seeds is not None:
            values |= {tangent_name(name): seeds[:, k] for k, name in enumerate(self.fitted)}
            for propagator in program.propagators:
                values |= _tangents_of(propagator, values, self.fitted)
        shape = (trials.n_trials, n)
        begin, jumps = self._beginning(held, values, shape)
        steps = refractory_steps(program, values)
        one = torch.ones((), dtype=torch.float64)
        wanted = tuple(name for name in program.states if name in held.readout.inputs)
        with torch.no_grad():
            result = step_scan(
                program,
                {name: torch.as_tensor(np.broadcast_to(values[name], (n,)).copy()) for name in program.constants},
                Drive(jumps, self._given(program.sums, n, pull)),
                begin,
                Triangular(),
                StepOptions(one, one, None if steps is None else torch.as_tensor(np.broadcast_to(steps, (n,)).copy()), record=wanted),
            )
        traces = {name: result.traces[name].numpy() for name in wanted}
        given = {name: x[:, :, None] for name, x in trials.inputs.items()}
        with np.errstate(all="ignore"):  # what overflows is for the loss to see
            found = run_tape(held.readout, {**values, **given, **traces}, NUMPY)
        full = (trials.n_steps, *shape)
        shown = [np.broadcast_to(x, full) for x in found]
        spiking = self.model.spiking
        v, distance = shown[0], shown[1] if spiking else None
        moves = shown[len(shown) // 2 :] if seeds is not None else [None, None]
        spikes = None if result.z is None else result.z.numpy() > 0
        return Traces(v, distance, moves[0], moves[1] if spiking else None, spikes)

    def _given(self, names: tuple[str, ...], n: int, pull: float) -> dict[str, Tensor]:
        """What comes from outside, (time, trial, lane)."""
        of_name = {**self.trials.inputs, RECORDED_SPIKE: self.trials.spikes}
        if self.trials.v is not None:  # sums are seen a step later: what the step ends at is the next sample
            of_name |= {RECORDED_V: _next(self.trials.v), PULL: pull * _next(self.trials.counted)}
        found = {}
        for name in names:
            series = torch.as_tensor(np.asarray(of_name[name], dtype=np.float64))
            found[name] = series[:, :, None].expand(-1, -1, n).contiguous()
        return found

    def _beginning(self, held: ClampedProgram, values: Mapping[str, Array], shape: tuple[int, int]) -> tuple[Carried, dict[str, Tensor]]:
        """Where lanes begin, and the jumps that input spikes make."""

        def evaluated(expressions: Mapping[str, Any]) -> dict[str, Array]:
            found: dict[str, Array] = {}
            for x, expression in expressions.items():
                tape = tape_of(expression)
                results = run_tape(with_tangents(tape, self.fitted) if held.moving else tape, values, NUMPY)
                found |= dict(zip((x, tangent_name(x)), results, strict=False))
            return found

        begin = {x: torch.as_tensor(np.broadcast_to(value, shape).copy()) for x, value in evaluated(held.initial).items()}
        zero = torch.zeros(shape, dtype=torch.float64)
        since = torch.full(shape, NEVER, dtype=torch.int64)
        sums = dict.fromkeys(held.program.sums, zero)
        carried = Carried({x: begin[x] for x in held.program.states}, sums, {}, zero, since, torch.ones_like(zero, dtype=torch.bool))
        jumps = {}
        for x, amount in evaluated(held.jumps).items():
            assert self.trials.input_spikes is not None
            jumps[x] = torch.as_tensor(self.trials.input_spikes[:, :, None] * np.broadcast_to(amount, shape[1:]))
        if not jumps and not held.program.sums:  # something has to say how long to run
            jumps[held.program.states[0]] = torch.zeros((self.trials.n_steps, *shape), dtype=torch.float64)
        return carried, jumps


def _next(series: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([series[1:], series[-1:]])


def _tangents_of(propagator: Propagator, values: Mapping[str, Array], moving: tuple[str, ...]) -> dict[str, Array]:
    """How a propagator's entries move: a block of an exponential of twice the size (Najfeld and Havel 1995, Adv. Appl. Math. 16:321)."""
    n = len(propagator.states)
    found = [run_tape(with_tangents(tape_of(rate), moving), values, NUMPY) for row in propagator.rates for rate in row]
    both = np.stack(np.broadcast_arrays(*(x for pair in found for x in pair)), axis=-1)
    both = np.moveaxis(both.reshape(*both.shape[:-1], n, n, 2), -1, 0)  # (rates and their tangents, lane, state, state)
    rates, moves = both
    large = np.zeros((*rates.shape[:-2], 2 * n, 2 * n))
    large[..., :n, :n] = large[..., n:, n:] = rates
    large[..., :n, n:] = moves
    phi, gamma = matrix_exponential(large, float(values["dt"]))
    return {tangent_name(name): x for name, x in propagator.named(phi[..., :n, n:], gamma[..., :n, n:]).items()}

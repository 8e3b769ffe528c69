"""Simulators that are almost right: the plain loop with one fault at a time, in the parameters, in the input, or in the step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray

from hetsyn_sim.data.recording import Recording
from hetsyn_sim.discrete import is_time_constant, simulate_reference
from hetsyn_sim.spec import NetworkSpec, ParameterSlot

from .loop import Twist, run_loop
from .simulators import Simulator, Values, states_of
from .strategies import Case

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Fault:
    """A case that is run in place of the one that was asked for, and a step that is not the model's."""

    change: Callable[[Case], Case] = lambda case: case
    twist: Twist = field(default_factory=Twist)
    leaking: bool = False

    def run(self, spec: NetworkSpec, values: Values, inputs: NDArray[np.bool_]) -> Recording:
        """What a simulator with this fault records."""
        case = self.change(Case(spec, dict(values), inputs))
        x = torch.as_tensor(np.array(case.inputs, order="C"), dtype=torch.float64)
        n_steps, n_runs, _ = x.shape
        if self.leaking:  # every run begins with the states that the run before has left
            x = x.transpose(0, 1).reshape(n_steps * n_runs, 1, -1)
        done = run_loop(case.spec, {key: torch.as_tensor(value) for key, value in case.values.items()}, x, twist=self.twist)
        z, v = ({name: self._split(found, n_runs) for name, found in which.items()} for which in (done.z, done.v))
        rasters = {"input": inputs} | {p.name: z[p.name] > 0 for p in spec.populations if p.model.spiking}
        return Recording(spec.dt_s, rasters, {f"{name}.v": trace for name, trace in v.items()}, "a loop")

    def _split(self, found: torch.Tensor, n_runs: int) -> Array:
        if self.leaking:
            found = found.reshape(n_runs, -1, found.shape[2]).transpose(0, 1)
        array: Array = found.numpy()
        return array


@dataclass(frozen=True)
class SpoiltRecording:
    """The reference, whose traces are changed by ``change(key, trace)`` when everything is over."""

    change: Callable[[str, Array], Array]

    def run(self, spec: NetworkSpec, values: Values, inputs: NDArray[np.bool_]) -> Recording:
        """What is recorded."""
        right = simulate_reference(spec, values, inputs, record=states_of(spec))
        return replace(right, traces={key: self.change(key, np.array(trace)) for key, trace in right.traces.items()})


def _states_late(key: str, trace: Array) -> Array:
    if not key.endswith(".v"):
        trace[1:] = trace[:-1].copy()
    return trace


def _not_a_number(key: str, trace: Array) -> Array:
    trace[-1] = np.nan
    return trace


def _values(change: Callable[[ParameterSlot, Array], Array]) -> Callable[[Case], Case]:
    """Change every value by ``change(slot, value)``."""

    def changed(case: Case) -> Case:
        return replace(case, values={key: change(case.spec.slots[key], value.copy()) for key, value in case.values.items()})

    return changed


def _times(change: Callable[[Array], Array], where: str = "") -> Callable[[Case], Case]:
    return _values(lambda slot, value: change(value) if is_time_constant(slot) and where in slot.key else value)


def _weights(change: Callable[[Array], Array], where: str = "") -> Callable[[Case], Case]:
    return _values(lambda slot, value: change(value) if slot.name == "w" and where in slot.key else value)


def _euler(tau: Array, dt: float) -> Array:
    """The time constant whose exact decay is Euler's 1 - dt/tau."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(tau > dt, -dt / np.log1p(-dt / tau), 0.0)


def _by_euler(case: Case, where: str = "") -> Case:
    return _times(lambda tau: _euler(tau, case.spec.dt_s), where)(case)


def _one_millisecond(case: Case) -> Case:
    return _times(lambda tau: tau * case.spec.dt_s / 1e-3)(case)


def _swapped(value: Array) -> Array:
    if value.size > 1:
        value.flat[0], value.flat[-1] = value.flat[-1], value.flat[0]
    return value


def _without_diagonal(w: Array) -> Array:
    np.fill_diagonal(w, 0.0)
    return w


def _first_scaled(value: Array, factor: float) -> Array:
    value.flat[0] *= factor
    return value


def shifted(case: Case, by: int) -> Case:
    """Input ``by`` steps late; what would come before the first step or after the last is lost."""
    moved = np.zeros_like(case.inputs)
    n = len(moved)
    moved[max(by, 0) : n + min(by, 0)] = case.inputs[max(-by, 0) : n - max(by, 0)]
    return replace(case, inputs=moved)


def _deaf(case: Case, step: int) -> Case:
    """No input in one step."""
    inputs = case.inputs.copy()
    inputs[step] = False
    return replace(case, inputs=inputs)


#: Every fault by its name.
FAULTS: Mapping[str, Fault | SpoiltRecording] = MappingProxyType(
    {
        # the parameters
        "tau_reset off by 1 %": Fault(_times(lambda tau: 1.01 * tau, ".tau_reset")),
        "time constants of two synapses swapped": Fault(_times(_swapped)),
        "dt four times too small": Fault(_times(lambda tau: 4 * tau)),
        "dt four times too large": Fault(_times(lambda tau: tau / 4)),
        "dt taken as 1 ms": Fault(_one_millisecond),
        "Euler for exact": Fault(_by_euler),
        "Euler for the membrane": Fault(lambda case: _by_euler(case, ".tau_mem")),
        "w transposed": Fault(_weights(lambda w: w.T.reshape(w.shape))),
        "two weights swapped": Fault(_weights(_swapped)),
        "one weight off by a millionth": Fault(_weights(lambda w: _first_scaled(w, 1 + 1e-6))),
        "weights above 1 cut off": Fault(_weights(lambda w: np.minimum(w, 1.0))),
        "self-connections dropped": Fault(_weights(_without_diagonal, ".recurrent.")),
        "theta taken as 1": Fault(_values(lambda slot, value: np.ones_like(value) if slot.name == "theta" else value)),
        # the input
        "input one step early": Fault(lambda case: shifted(case, -1)),
        "input one step late": Fault(lambda case: shifted(case, 1)),
        "deaf in the first step": Fault(lambda case: _deaf(case, 0)),
        "deaf in the last step": Fault(lambda case: _deaf(case, -1)),
        # the step
        ">= for >": Fault(twist=Twist(inclusive=True)),
        "reset one step late": Fault(twist=Twist(reset_lag=2)),
        "reset one step early": Fault(twist=Twist(reset_lag=0)),
        "reset by v instead of theta": Fault(twist=Twist(reset_to_zero=True)),
        "reset by 1 instead of theta": Fault(twist=Twist(unit_reset=True)),
        "recurrent spikes two steps late": Fault(twist=Twist(recurrent_lag=2)),
        "layers one step late": Fault(twist=Twist(layer_lag=1)),
        "delays one step longer": Fault(twist=Twist(delay_off=1)),
        "delays rounded down": Fault(twist=Twist(delay_rounded_down=True)),
        "no delays of recurrent synapses": Fault(twist=Twist(delay_only="feedforward")),
        "no delays of feed-forward synapses": Fault(twist=Twist(delay_only="recurrent")),
        "coincident spikes counted once": Fault(twist=Twist(merge_coincident=True)),
        "runs that begin where the one before ended": Fault(leaking=True),
        # the recording
        "states behind v recorded one step late": SpoiltRecording(_states_late),
        "voltages that are no numbers in the last step": SpoiltRecording(_not_a_number),
    }
)

#: The loop without a fault.
LOOP = Simulator(Fault().run)

"""A network as a plain loop in torch: one state per event path and synapse, one step and one population after the other.

It is a route of its own to every number, and, because autograd differentiates it, to every gradient: no kernel of the package is used. It
can also be wrong on purpose (:class:`Twist`), in one thing at a time, for the negative controls, and smooth, for finite differences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hetsyn_sim.discrete import Path, discretise, evaluate, neuron_values, synapse_values
from hetsyn_sim.kernels.operations import TORCH
from hetsyn_sim.spec import NetworkSpec, Projection

#: ``spike(v - theta, theta)``: 1 for a spike, 0 for none, or something smooth.
Spike = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Twist:
    """What a step does otherwise than the models say. The defaults are right."""

    recurrent_lag: int = 1
    reset_lag: int = 1
    layer_lag: int = 0
    inclusive: bool = False
    reset_to_zero: bool = False
    unit_reset: bool = False
    merge_coincident: bool = False
    #: Steps by which delays are longer; or whole steps, rounded down instead of to the nearest; or delays of one kind of projection only.
    delay_off: int = 0
    delay_rounded_down: bool = False
    delay_only: str = ""
    #: Cut from the graph: the values are right, their gradients are not.
    detach: str = ""


@dataclass(frozen=True)
class Run:
    """Spikes and v of every population, (time, batch, neuron)."""

    z: dict[str, Tensor]
    v: dict[str, Tensor]


def run_loop(
    spec: NetworkSpec,
    values: Mapping[str, Any],
    x: Tensor,
    spike: Spike | None = None,
    twist: Twist = Twist(),
    *,
    whole_steps: bool = True,
) -> Run:
    """Run a network on an input of shape (time, batch, channel). ``values`` are float64 tensors in SI units by slot key.

    Delays are rounded to ``whole_steps``, or else interpolated, as they are while they are learned.
    """
    n_steps, n_batch, _ = x.shape
    spike = spike or (lambda distance, theta: (distance >= 0 if twist.inclusive else distance > 0).to(distance.dtype))
    delays = {q.name: _delay(spec, q, values, twist, whole_steps) for q in spec.projections if f"{q.name}.delay" in values}
    before = 3 + max((int(d.max()) + 2 for d in delays.values()), default=0)  # steps of silence before the first, to look back into
    z = {p.name: [x.new_zeros(n_batch, p.size)] * before for p in spec.populations}
    v: dict[str, list[Tensor]] = {p.name: [] for p in spec.populations}
    arriving = [x.new_zeros(n_batch, spec.n_input)] * before + list(x.unbind(0))
    parts = {p.name: _Parts(spec, p.name, values) for p in spec.populations}
    for t in range(before, before + n_steps):
        for population in spec.populations:
            name = population.name
            total = x.new_zeros(n_batch, population.size)
            for projection, paths in parts[name].synaptic:
                recurrent = projection.kind == "recurrent"
                lag = twist.recurrent_lag if recurrent else 0 if projection.source == "input" else twist.layer_lag
                past = arriving if projection.source == "input" else z[projection.source]
                spikes = past[t - lag][:, None, :]
                if projection.name in delays:
                    delay = delays[projection.name]
                    shares = [(1.0 - (delay - c).abs()).clamp_min(0.0) * past[t - lag - c][:, None, :] for c in range(before - 3)]
                    spikes = torch.stack(shares).sum(dim=0)
                if recurrent and twist.detach == "recurrent":
                    spikes = spikes.detach()
                for path in paths:
                    path.step(spikes)
                    total = total + (path.state.max(dim=2).values if twist.merge_coincident else path.state.sum(dim=2))
            theta = parts[name].theta
            for path in parts[name].resets:
                last = z[name][t - twist.reset_lag] if twist.reset_lag else torch.zeros_like(total)
                if twist.reset_to_zero and v[name]:
                    last = last * v[name][-1].detach()
                path.step(last.detach() if twist.detach == "reset" else last, unit=twist.unit_reset)
                total = total + path.state
            out = total if theta is None else spike(total - theta, theta.expand(population.size))
            if twist.reset_lag == 0:
                for path in parts[name].resets:
                    path.state = path.state + path.amplitude * out
                    total = total + path.amplitude * out
            z[name].append(out)
            v[name].append(total)
    return Run({name: torch.stack(found[before:]) for name, found in z.items()}, {name: torch.stack(found) for name, found in v.items()})


def _delay(spec: NetworkSpec, projection: Projection, values: Mapping[str, Any], twist: Twist, whole_steps: bool) -> Tensor:
    steps: Tensor = values[f"{projection.name}.delay"] / spec.dt_s
    if whole_steps:
        steps = steps.floor() if twist.delay_rounded_down else steps.round()
    if twist.delay_only not in ("", projection.kind):
        steps = steps * 0.0
    steps = steps[:, None] if steps.dim() == 1 else steps
    return (steps + twist.delay_off).expand(projection.n_post, projection.n_pre)


class _Events:
    """Events of one kind: each adds ``amplitude`` to a state that keeps ``decay`` of itself per step."""

    def __init__(self, amplitude: Tensor, decay: Tensor) -> None:
        self.amplitude, self.decay = amplitude, decay
        self.state = torch.zeros((), dtype=torch.float64)

    def step(self, spikes: Tensor, *, unit: bool = False) -> None:
        amplitude = self.amplitude.sign() if unit else self.amplitude
        self.state = self.state * self.decay + amplitude * spikes


class _Parts:
    """The evaluated paths of one population."""

    def __init__(self, spec: NetworkSpec, name: str, values: Mapping[str, Any]) -> None:
        self.program = discretise(spec.population(name).model, spec.population(name).step_order)
        own = neuron_values(spec, name, values)
        self.synaptic = [
            (q, [self._synaptic(path, q, synapse_values(spec, q, values)) for path in self.program.synaptic_paths])
            for q in spec.projections_to(name)
        ]
        self.resets = [self._events(path, own, "reset") for path in self.program.reset_paths]
        self.theta = None if self.program.theta is None else _number(self.program.theta, own)

    def _events(self, path: Path, values: Mapping[str, Any], phase: str) -> _Events:
        decay = _number(path.decay, values)
        amplitude = _number(path.gain * path.amplitude, values)
        return _Events(amplitude * decay if self.program.step_order.decays_in_same_step(phase) else amplitude, decay)

    def _synaptic(self, path: Path, projection: Projection, values: Mapping[str, Any]) -> _Events:
        events = self._events(path, values, projection.kind)
        shape = (projection.n_post, projection.n_pre)
        connected = torch.ones(shape, dtype=torch.float64)
        if not projection.self_connections:
            connected.fill_diagonal_(0.0)
        events.amplitude = events.amplitude.expand(shape) * connected
        return events


def _number(expression: Any, values: Mapping[str, Any]) -> Tensor:
    return torch.as_tensor(evaluate(expression, values, TORCH), dtype=torch.float64)

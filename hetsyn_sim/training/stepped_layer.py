"""Layers of all other models: what arrives is filtered over time at once, the neurons are stepped by the kernels.

Synapses that are more than filters are run over time ahead of the neurons, which do not act on them; recurrent ones with them. Noise is one
more of the sums that drive a neuron, as it was in the step before: the number of a step stands one row earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..discrete import SynapseProgram, neuron_values, stepped, synapse_values
from ..discrete.propagators import balancing
from ..discrete.stepping import NEVER, SteppedProgram, refractory_steps
from ..discrete.synapses import APART, exponentials
from ..discrete.time_courses import sample_of_step
from ..kernels import DecayPath, Window, delayed_filter, delayed_window, exponential_filter
from ..kernels.backends import backend_for
from ..kernels.plain_synapses import SteppedSynapses, run_synapses
from ..kernels.slow import say_slow
from ..kernels.step_data import Carried, Drive, StepOptions
from ..kernels.stepping import step_scan
from ..spec import Projection
from .layer_run import LayerRun
from .population import PopulationLayer
from .randomness import CountedNoise


@dataclass(frozen=True)
class SteppedState:
    """The neurons after their last step, the feed-forward synapses' sums by path or their states by name, and the last input.

    ``recent`` is the input of as many steps as the feed-forward projection has lags, (lag, batch, pre); None without a delay. ``noise`` is
    what comes next.
    """

    neurons: Carried
    synapses: Mapping[str, Tensor]
    last_input: Tensor
    noise: CountedNoise
    recent: Tensor | None = None

    @property
    def n_recordings(self) -> int:
        """How many recordings it is of."""
        return self.last_input.shape[0]

    def detach(self) -> SteppedState:
        """The same state, cut from the graph (truncated backpropagation through time)."""
        recent = None if self.recent is None else self.recent.detach()
        synapses = {k: x.detach() for k, x in self.synapses.items()}
        return SteppedState(self.neurons.detach(), synapses, self.last_input.detach(), self.noise, recent)


class _Later(Mapping[str, Tensor]):
    """The states of synapses after a piece of time, stepped when somebody asks for them: whoever goes on does, and nobody else."""

    def __init__(self, compute: Callable[[], Mapping[str, Tensor]]) -> None:
        self._compute = compute

    @cached_property
    def _found(self) -> Mapping[str, Tensor]:
        return self._compute()

    def __getitem__(self, name: str) -> Tensor:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


class SteppedLayer(PopulationLayer):
    """One population of any model, with the projections onto it.

    Parameters are those of :class:`~hetsyn_sim.training.population.PopulationLayer`. The surrogate sees the distance to the threshold; if v
    has a unit, as a part of the largest distance in the population from where v begins, or is reset to, to the threshold.

    Raises
    ------
    SpecError
        If the model's scheme does not fit its equations, or a trainable value is outside of its bounds.
    """

    def _derive_program(self) -> None:
        self.program: SteppedProgram = stepped(self.model, self.spec.population(self.population).step_order)

    # -- running -----------------------------------------------------------------------------------------------------

    def run(
        self, x: Tensor, state: SteppedState | None = None, record: Collection[str] = (), noise: CountedNoise | None = None
    ) -> LayerRun:
        own = self.with_decays(neuron_values(self.spec, self.population, self.physical_values()), "")
        n_post = self.spec.population(self.population).size
        synapses = {} if self.program.synapse is None else {k: self._synapses(self.program.synapse, p) for k, p in self.projections.items()}
        begin = self._at_rest(own, x.shape[1], n_post, synapses.get("recurrent")) if state is None else state.neurons
        last = x.new_zeros(x.shape[1:]) if state is None else state.last_input
        if synapses:
            drive, carry, recent = self._stepped_drive(synapses, x, state)
        else:
            drive, carry, recent = self._drive(x, last, state)
        # where there is no noise, no seed is drawn: that would change all numbers that come after
        drawn = self.training and bool(self.program.noise)
        noise = (noise or CountedNoise.fresh(drawn)) if state is None else state.noise
        numbers = {name: noise.like(begin.spikes, x.shape[0], self.population, name, self.spec.dt_s) for name in self.model.white_noise}
        for name, events in self.model.random_events.items():
            p = events.probability(self.spec.dt_s, where=f"{self.population}: {name}")
            numbers[name] = noise.events(begin.spikes, x.shape[0], self.population, name, events.n, p)
        drive = replace(drive, sums={**drive.sums, **numbers, **self._time_courses(x, noise.step)})
        steps = refractory_steps(self.program, {k: v.detach().numpy(force=True) if isinstance(v, Tensor) else v for k, v in own.items()})
        spikes = self.model.condition is not None
        scale = self._scale(own) if spikes else x.new_ones(())
        options = StepOptions(
            scale=scale,
            theta=self.evaluated(self.program.theta, own) if spikes and not self.program.distances else scale,
            refractory=None if steps is None else torch.as_tensor(steps, device=self.device),
            fresh=state is None,
            reset_gradient=self.reset_gradient,
            record=tuple(name for name in record if name in (*self.program.states, *self.program.sums)),
        )
        result = step_scan(self.program, self._constants(self.program, own), drive, begin, self.surrogate, options)
        after = SteppedState(result.end, carry, x[-1], noise.after(x.shape[0]), recent)
        return LayerRun(result.z, result.v, result.output, after, result.traces)

    def _time_courses(self, x: Tensor, n_before: int) -> dict[str, Tensor]:
        """Time courses over the steps of x, (time, batch, post), after ``n_before`` steps; each a row earlier, as noise is."""
        steps, shape = n_before + 1 + np.arange(x.shape[0]), (*x.shape[:2], self.spec.population(self.population).size)
        found = {}
        for name in self.program.time_courses:
            values = self.physical(f"{self.population}.neuron.{name}")  # (sample,) or (sample, post)
            rows = values[torch.as_tensor(sample_of_step(self.model, name, steps, self.spec.dt_s), device=self.device)]
            found[name] = rows.reshape(len(steps), 1, -1).expand(shape).contiguous()
        return found

    def _scale(self, own: Mapping[str, Any]) -> Tensor:
        """What counts as a distance of 1 to the threshold, for the whole population."""
        found = [self.evaluated(distance, own).detach().abs().amax() for distance in self.program.distances]
        largest = torch.stack(found).amax() if found else torch.ones((), dtype=self.dtype, device=self.device)
        return torch.where(largest > 0, largest, 1.0)

    def _at_rest(self, own: Mapping[str, Any], n_batch: int, n_post: int, synapses: SteppedSynapses | None) -> Carried:
        shape = (n_batch, n_post)
        zero = torch.zeros(shape, dtype=self.dtype, device=self.device)
        states = {x: self.evaluated(e, own).expand(shape) for x, e in self.model.initial_states.items()}
        recurrent = {}
        if "recurrent" in self.projections:
            recurrent = {f"{s.name}_syn": zero.new_zeros(n_batch, n_post, n_post) for s in self.program.synapses if s.held}
            recurrent = {name: x for name, x in recurrent.items() if name in self.program.sums}
        since = torch.full(shape, NEVER, dtype=torch.int64, device=self.device)
        active = torch.ones_like(zero, dtype=torch.bool)
        of_synapses = {} if synapses is None else synapses.at_rest(n_batch)
        sent = None if self.delay("recurrent") is None else zero.new_zeros(self.n_lags("recurrent") + 1, *shape)
        sums = dict.fromkeys((*self.program.sums, *self.program.noise, *self.program.time_courses), zero)
        return Carried(states, sums, recurrent, zero, since, active, of_synapses, sent)

    def _constants(self, program: SteppedProgram | SynapseProgram, own: Mapping[str, Any]) -> dict[str, Tensor]:
        found = {name: torch.as_tensor(own[name], dtype=self.dtype, device=self.device) for name in program.constants if name in own}
        for propagator in program.propagators:
            n = len(propagator.states)
            entries = [[self.evaluated(rate, own) for rate in row] for row in propagator.rates]
            flat = torch.stack(torch.broadcast_tensors(*(entry for row in entries for entry in row)), dim=-1)
            rates = flat.unflatten(-1, (n, n)) * self.spec.dt_s  # (..., n, n)
            sizes = balancing(rates.detach().double().numpy(force=True))
            scale = torch.as_tensor(sizes, dtype=self.dtype, device=self.device)
            there, back = scale / scale[:, None], scale[:, None] / scale
            both = torch.cat(
                [torch.cat([rates * there, torch.eye(n).to(rates).expand_as(rates)], dim=-1), rates.new_zeros(*rates.shape[:-2], n, 2 * n)],
                dim=-2,
            )
            result = torch.linalg.matrix_exp(both)
            phi, gamma = result[..., :n, :n] * back, result[..., :n, n:] * back * self.spec.dt_s
            found |= propagator.named(phi, gamma)
        return {name: found[name] for name in program.constants}

    # -- what arrives ------------------------------------------------------------------------------------------------

    def _drive(self, x: Tensor, last: Tensor, state: SteppedState | None) -> tuple[Drive, dict[str, Tensor], Tensor | None]:
        carried = {} if state is None else state.synapses
        recent = None if state is None else state.recent
        delay, after = self.delay("feedforward"), None

        def arriving(events: Tensor, w: Tensor, rho: Tensor, name: str) -> Tensor:
            """What synapses with a delay add over time; what they carry on is kept under the name."""
            nonlocal after
            assert delay is not None
            past = None if recent is None else Window(recent, carried[name])
            window = delayed_window(events, w, rho, delay, past, n_lags=self.n_lags("feedforward"))
            after, carry[name] = window
            return delayed_filter(events, w, rho, delay, past)

        jumps: dict[str, Tensor] = {}
        sums: dict[str, Tensor] = {}
        carry: dict[str, Tensor] = {}
        recurrent_jumps: dict[str, Tensor] = {}
        recurrent_sums: dict[str, DecayPath] = {}
        for kind, projection in self.projections.items():
            values = self.with_decays(synapse_values(self.spec, projection, self.physical_values()), projection.name)
            amounts = self._per_target(projection, values)
            if kind == "feedforward":
                for target, w in amounts.items():
                    if target in self.program.states and delay is not None:
                        jumps[target] = arriving(x, w, torch.zeros_like(w), f"jumps on {target}")
                    elif target in self.program.states:
                        jumps[target] = self.wiring.weigh(x, w)
                for step in self.program.synapses:
                    name = f"{step.name}_syn"
                    if name not in self.program.sums:
                        continue
                    if not step.held:
                        assert step.drive is not None
                        sums[name] = self.wiring.weigh(x, self._gain(step.drive, values, projection))
                        continue
                    driven = step.drive is not None
                    gain = self._gain(step.drive, values, projection) if driven else amounts.get(step.name)
                    if gain is not None:
                        source, rho = torch.cat([last[None], x[:-1]]) if driven else x, self.evaluated(step.decay, values)
                        if delay is not None:  # only where spikes drive
                            sums[name] = arriving(x, gain, rho, name)
                            continue
                        sums[name] = self.wiring.filter(source, gain, rho, carried.get(name))
                        carry[name] = self.wiring.carry(source, gain, rho, carried.get(name))
            else:
                decays = {s.name: s.decay for s in self.program.synapses if f"{s.name}_syn" in self.program.sums}
                for target, w in amounts.items():
                    if target in self.program.states:
                        recurrent_jumps[target] = w
                    elif target in decays:
                        recurrent_sums[f"{target}_syn"] = DecayPath(w, self.evaluated(decays[target], values))
        return Drive(jumps, sums, recurrent_jumps, recurrent_sums, recurrent_delay=self.delay("recurrent")), carry, after

    def _synapses(self, program: SynapseProgram, projection: Projection) -> SteppedSynapses:
        values = self.with_decays(synapse_values(self.spec, projection, self.physical_values()), projection.name)
        return SteppedSynapses(
            program,
            self._constants(program, values),
            {x: self.evaluated(e, values) for x, e in program.begin.items()},
            {x: self.evaluated(decay, values) for x, decay in program.filters.items()},
            tuple(self._gain(part.weight, values, projection) for part in program.arrivals),
            tuple(self._gain(part.weight, values, projection) for part in program.sums),
            self.delay(projection.kind),
        )

    def _stepped_drive(
        self, synapses: Mapping[str, SteppedSynapses], x: Tensor, state: SteppedState | None
    ) -> tuple[Drive, Mapping[str, Tensor], Tensor | None]:
        recent = None if state is None else state.recent
        if state is None and (found := self._exponential_drive(synapses, x)) is not None:
            return found
        if not synapses["feedforward"].is_shared and backend_for(x) == "fused":
            say_slow(self.model.name, "states of synapses")
        if recent is None and synapses["feedforward"].delay is not None:
            recent = x.new_zeros(self.n_lags("feedforward"), *x.shape[1:])
        jumps, sums, carry = run_synapses(synapses["feedforward"], x, None if state is None else state.synapses, recent)
        sums = {name: total for name, total in sums.items() if name in self.program.sums}
        after = None if recent is None else torch.cat([recent, x])[len(x) :]
        drive = Drive(jumps, sums, recurrent_synapses=synapses.get("recurrent"), recurrent_delay=self.delay("recurrent"))
        return drive, carry, after

    def _exponential_drive(
        self, synapses: Mapping[str, SteppedSynapses], x: Tensor
    ) -> tuple[Drive, Mapping[str, Tensor], Tensor | None] | None:
        """From rest, without a state for every step: the sums as exponentials, where they are and are far enough apart; else None."""
        found, projection = exponentials(self.model), self.projections["feedforward"]
        if found is None or synapses["feedforward"].delay is not None:
            return None
        values = self.with_decays(synapse_values(self.spec, projection, self.physical_values()), projection.name)
        if any(bool((self.evaluated(away, values).detach().abs() < APART).any()) for _, _, away, _ in found.apart):
            return None
        sums: dict[str, Tensor] = {}
        for mode in found.modes:
            total = exponential_filter(x, self._gain(mode.weight, values, projection), self.evaluated(mode.decay, values))
            sums[mode.name] = sums[mode.name] + total if mode.name in sums else total
        jumps = {name: x @ self._gain(amount, values, projection).T for name, amount in found.jumps.items()}
        drive = Drive(jumps, sums, recurrent_synapses=synapses.get("recurrent"), recurrent_delay=self.delay("recurrent"))
        return drive, _Later(lambda: run_synapses(synapses["feedforward"], x)[2]), None

    def _gain(self, drive: Any, values: Mapping[str, Any], projection: Projection) -> Tensor:
        return self.connected(self.evaluated(drive, values), projection)

    def _per_target(self, projection: Projection, values: Mapping[str, Any]) -> dict[str, Tensor]:
        """State, of the synapse or of the neuron -> what a spike adds to it, (post, pre)."""
        found: dict[str, Tensor] = {}
        for jump in self.model.on_pre_jumps:
            state = jump.target if jump.target in self.model.synapse_equations.states else jump.target.removesuffix("_post")
            amount = self._gain(jump.amount, values, projection)
            found[state] = found[state] + amount if state in found else amount
        return found

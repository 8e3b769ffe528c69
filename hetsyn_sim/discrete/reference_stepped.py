"""The reference interpreter's population of a model that is stepped: plain float64 NumPy, one array per state, phases one by one."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..spec import NetworkSpec, Population, Projection
from .operations import NUMPY
from .program import evaluate
from .reference_axons import Axons
from .reference_synapses import ReferenceSynapses
from .schemes import ACTIVE
from .stepping import SteppedProgram, constants_of, stepped
from .synapses import is_plain
from .tape import Tape, run_tape
from .values import neuron_values, synapse_values

Array = NDArray[np.float64]


class SteppedPopulation:
    """The state of one population of a network in a batch of runs. ``noise`` has the noise of the next decay."""

    def __init__(self, spec: NetworkSpec, population: Population, values: Mapping[str, Array], n_runs: int, noise_seed: int = 0) -> None:
        self.name, self.model = population.name, population.model
        self.program: SteppedProgram = stepped(population.model, population.step_order)
        self.values = neuron_values(spec, population.name, values)
        self.constants = constants_of(self.program, self.values)
        self.projections = spec.projections_to(population.name)
        shape = (n_runs, population.size)
        begin = {x: evaluate(e, self.values) for x, e in self.model.initial_states.items()}
        self.states: dict[str, Array] = {x: np.broadcast_to(begin[x], shape).copy() for x in self.program.states}
        self.synapse_values = {p.kind: synapse_values(spec, p, values) for p in self.projections}
        self.axons = {p.kind: Axons(spec, p, values, n_runs) for p in self.projections}
        self.carried = {(p.kind, s.name): np.zeros((n_runs, p.n_post, p.n_pre)) for p in self.projections for s in self.program.synapses}
        #: Where synapses are more than filters: kind of projection -> all their states.
        self.stepped_synapses: dict[str, ReferenceSynapses] = {}
        if not is_plain(self.model):
            self.stepped_synapses = {
                p.kind: ReferenceSynapses(self.model, self.synapse_values[p.kind], self.connected(p), n_runs) for p in self.projections
            }
        self.sums: dict[str, Array] = {total: np.zeros(shape) for total in self.model.summed}
        self.previous: dict[str, Array] = {p.kind: np.zeros((n_runs, p.n_pre)) for p in self.projections}
        # Not refractory_steps(), which the layers use: a fault in it must show as a difference.
        period, dt = self.model.refractory_period, self.values["dt"]
        self.n_refractory = None if period is None else np.floor((evaluate(period, self.values) + 1e-3 * dt) / dt)
        self.steps_since_spike = np.full(shape, np.iinfo(np.int64).max // 2)  # never: longer ago than any recording is long
        self.active = np.ones(shape, dtype=np.bool_)
        self.before_spiking = self.steps_since_spike, self.active
        self.spikes: Array = np.zeros(shape)
        self.output: Array = np.zeros(shape)
        self.v: Array = np.zeros(shape)
        self.n_decays, self.noise_seed = 0, noise_seed
        self.noise, self.courses = self.next_noise(), self.next_courses()

    def do(self, phase: str, arriving: Array) -> None:
        """One phase of the step order; ``arriving`` is what the source of the feed-forward projection puts out, (batch, pre)."""
        if phase == "decay":
            self.decay()
        elif phase == "reset":
            self.reset()
        elif phase == "threshold":
            self.take_sums()
            self.read()
        else:
            for projection in self.projections:
                if projection.kind == phase:
                    self.deliver(projection, self.spikes if phase == "recurrent" else arriving)

    def run(self, tape: Tape) -> list[Array]:
        """A tape's outputs, each (batch, post)."""
        seen = {**self.constants, **self.states, **self.sums, **self.noise, **self.courses, str(ACTIVE): self.active}
        with np.errstate(all="ignore"):  # what overflows shows in the traces, and where() computes both sides
            return [np.broadcast_to(value, self.v.shape) for value in run_tape(tape, seen, NUMPY)]

    def decay(self) -> None:
        self.steps_since_spike += 1
        if self.model.spikes_where_crossed:
            self.active = self.active | ~(self.distance() > 0)
        elif self.n_refractory is not None:
            self.active = self.steps_since_spike >= self.n_refractory
        self.states = dict(zip(self.program.states, (x.copy() for x in self.run(self.program.advance)), strict=True))
        for synapses in self.stepped_synapses.values():
            synapses.decay()
        for projection in self.projections:
            seen = self.synapse_values[projection.kind]
            for step in self.program.synapses:
                key = projection.kind, step.name
                if step.held:
                    self.carried[key] = self.carried[key] * evaluate(step.decay, seen)
                    if step.drive is not None:
                        self.carried[key] += (
                            self.connected(projection) * evaluate(step.drive, seen) * self.previous[projection.kind][:, None]
                        )

        self.n_decays += 1
        self.noise, self.courses = self.next_noise(), self.next_courses()

    def next_courses(self) -> dict[str, Array]:
        """Time courses by name, (batch, post), at the time of the next step: the last sample that has begun, give or take a hundredth."""
        found = {}
        for name in self.program.time_courses:
            samples: Any = self.model.parameters[name].initial
            sample = int((self.n_decays + 1) * self.values["dt"] / samples.dt + 0.01)
            found[name] = np.broadcast_to(self.values[name][min(sample, int(samples.n) - 1)], self.spikes.shape)
        return found

    def next_noise(self) -> dict[str, Array]:
        """By name, (batch, post): of white noise a step's standard normal numbers over the root of dt, of drives the number of events."""
        n_runs, size = self.spikes.shape
        found = {}
        for name in self.program.noise:
            stream = zlib.crc32(f"{self.name}.{name}".encode()) & 0x7FFFFFFF
            words = [
                _counted_normal(self.n_decays + 1, neuron, run, stream, self.noise_seed) for run in range(n_runs) for neuron in range(size)
            ]
            drive = self.model.random_events.get(name)
            if drive is not None:
                levels = _levels(drive.n, drive.probability(float(self.values["dt"]), where=f"{self.name}: {name}"))
                found[name] = np.reshape([float(sum(word > level for level in levels)) for word in words], (n_runs, size))
                continue
            found[name] = np.reshape(words, (n_runs, size)) / np.sqrt(self.values["dt"])
        return found

    def reset(self) -> None:
        after = self.run(self.program.reset)
        for x, value in zip(self.program.states, after, strict=True):
            self.states[x] = np.where(self.spikes > 0, value, self.states[x])

    def deliver(self, projection: Projection, source: Array) -> None:
        arriving = self.axons[projection.kind].arriving(source)  # (batch, post or 1, pre)
        if self.stepped_synapses:
            for target, added in self.stepped_synapses[projection.kind].deliver(arriving):
                self._add(target, added)
            return
        seen = self.synapse_values[projection.kind]
        for jump in self.model.on_pre_jumps:
            amount = arriving * (self.connected(projection) * evaluate(jump.amount, seen))
            target = jump.target.removesuffix("_post")
            if jump.target in self.model.synapse_equations.states:
                self.carried[projection.kind, jump.target] += amount
            else:
                self._add(target, amount)
        for step in self.program.synapses:
            if not step.held and step.drive is not None:
                self.carried[projection.kind, step.name] = source[:, None, :] * (self.connected(projection) * evaluate(step.drive, seen))
        self.previous[projection.kind] = source

    def _add(self, target: str, amounts: Array) -> None:
        """Amounts, (batch, post, pre), onto a state of the neuron."""
        moved = self.active if target in self.program.frozen else True
        self.states[target] = np.where(moved, self.states[target] + amounts.sum(axis=-1), self.states[target])

    def take_sums(self) -> None:
        for total in self.model.summed:
            if self.stepped_synapses:
                name = total.removesuffix("_syn")
                self.sums[total] = np.sum([synapses.total(name) for synapses in self.stepped_synapses.values()], axis=0)
                continue
            parts = [self.carried[p.kind, total.removesuffix("_syn")].sum(axis=-1) for p in self.projections]
            self.sums[total] = np.sum(parts, axis=0)

    def read(self) -> None:
        found = self.run(self.program.read)
        self.v = found[0]
        if self.program.spiking:
            self.before_spiking = self.steps_since_spike.copy(), self.active
            self.spiked((found[1] > 0) & self.active)
        if self.model.output:
            self.output = found[-1]

    def spiked(self, which: NDArray[np.bool_]) -> None:
        """The neurons that spike in this step, (batch, post), in place of those that a call before has said."""
        self.steps_since_spike, self.active = self.before_spiking[0].copy(), self.before_spiking[1]
        self.spikes = which.astype(np.float64)
        self.steps_since_spike[which] = 0
        if self.model.refractory:
            self.active = self.active & ~which

    def distance(self) -> Array:
        """How far above the threshold, with the states and sums of this moment."""
        return self.run(self.program.read)[1]

    @staticmethod
    def connected(projection: Projection) -> Array:
        """1 where there is a synapse, (post, pre)."""
        mask = np.ones((projection.n_post, projection.n_pre))
        if not projection.self_connections:
            np.fill_diagonal(mask, 0.0)
        return mask

    @property
    def variables(self) -> list[str]:
        """v, the synaptic sums, the neuron's states and its output."""
        return list(dict.fromkeys(("v", *self.model.summed, *self.program.states, *([self.model.output] if self.model.output else []))))

    def variable(self, name: str) -> Array:
        """One of them at this moment, (batch, post)."""
        if name == self.model.output:
            return self.output
        found = {**self.sums, **self.states, "v": self.v}
        return found[name]


def _levels(n: int, p: float) -> list[float]:
    """Above which normal numbers there are more than 0, 1, ... events: :func:`hetsyn_sim.discrete.noise.levels_of_events`, term by term."""
    chances = [(1.0 - p) ** n]
    while len(chances) <= n and not (len(chances) > n * p and chances[-1] < 1e-25):
        k = len(chances)
        chances.append(chances[-1] * (n - k + 1) / k * p / (1.0 - p) if p < 1.0 else float(k == n))
    found = []
    for k in range(len(chances) - 1):
        below, above = math.fsum(chances[: k + 1]), math.fsum(chances[k + 1 :])
        if above < 4e-18:
            break
        found.append(-math.inf if below == 0.0 else NormalDist().inv_cdf(below) if below < 0.5 else -NormalDist().inv_cdf(above))
    return found


def _counted_normal(step: int, neuron: int, run: int, stream: int, seed: int) -> float:
    """One of the numbers of :mod:`hetsyn_sim.discrete.noise`, written again in Python's whole numbers: Philox4x32-10, Box and Muller."""
    x, key = [step, neuron, run, stream], [seed, 0]
    for _ in range(10):
        low, high = 0xD2511F53 * x[0], 0xCD9E8D57 * x[2]
        x = [(high >> 32) ^ x[1] ^ key[0], high % 2**32, (low >> 32) ^ x[3] ^ key[1], low % 2**32]
        key = [(key[0] + 0x9E3779B9) % 2**32, (key[1] + 0xBB67AE85) % 2**32]
    radius = math.sqrt(-2 * math.log(1 - ((x[0] // 2**5) * 2**26 + x[1] // 2**6) / 2**53))
    return radius * math.cos(2 * math.pi * ((x[2] // 2**5) * 2**26 + x[3] // 2**6) / 2**53)

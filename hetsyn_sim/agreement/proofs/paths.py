"""The ways in which spikes reach v of a population, with the numbers of one network: v is the sum of ``size * decay**lag`` over spikes.

Decays, sizes and thresholds stay expressions here; :mod:`.voltages`, :mod:`.balls` and :mod:`.ties` evaluate them, in numbers of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ...data.recording import Recording
from ...discrete import discretise, neuron_values, synapse_values
from ...discrete.program import StepProgram, at_synapse
from ...discrete.stepping import is_linear
from ...discrete.synapses import exponentials
from ...discrete.tape import tape_of
from ...errors import SpecError
from ...spec import NetworkSpec, Population, Projection
from ...spec.values import steps_of_delay
from .intervals import INTERVALS

Values = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class EventPath:
    """One way of spikes to v: a synaptic current, a jump of a state, or a neuron's own reset.

    Attributes
    ----------
    source
        The population whose spikes they are.
    size, decay
        What a spike adds to v, and the share of it that a step leaves: expressions.
    values
        The numbers in them, each of shape (post, pre), (post, 1) or ().
    n_post, n_pre
        Neurons, and presynaptic ones; 1 for a neuron's own spikes.
    own
        Whether the spikes are the neuron's own.
    late
        Steps from a spike to its arrival, without the synapse's delay: 1 for recurrent spikes and resets.
    aged
        1 if what arrives decays in the same step, by the step order.
    delay
        Further steps until it arrives, (post, pre).
    connected
        Where there is a synapse, (post, pre).
    """

    source: str
    size: sympy.Expr
    decay: sympy.Expr
    values: Mapping[str, Any]
    n_post: int
    n_pre: int
    own: bool
    late: int
    aged: int
    delay: NDArray[np.int64]
    connected: NDArray[np.bool_]

    def events(self, recording: Recording, run: int, step: int, neuron: int) -> Iterator[tuple[int, int]]:
        """The spikes that a neuron has had by a step: (presynaptic neuron, number of decays since)."""
        raster = recording.rasters[self.source][: max(0, step + 1 - self.late), run]
        steps, sources = np.nonzero(raster[:, neuron : neuron + 1] if self.own else raster)
        since = step - self.late - steps - self.delay[neuron, sources]
        arrived = (since >= 0) & self.connected[neuron, sources]
        return zip(sources[arrived].tolist(), (since[arrived] + self.aged).tolist(), strict=True)

    def row(self, neuron: int) -> dict[str, Any]:
        """The numbers of one neuron, each of shape (pre,), (1,) or ()."""
        return {name: np.asarray(value)[neuron] if np.ndim(value) else value for name, value in self.values.items()}


@dataclass(frozen=True)
class Sum:
    """v of a population as a sum of events, and the threshold that it has to exceed.

    ``own`` are the neurons' values, each of shape (post, 1) or ().
    """

    name: str
    size: int
    paths: tuple[EventPath, ...]
    theta: sympy.Expr
    own: Mapping[str, Any]

    @property
    def n_terms(self) -> int:
        """How many events can reach v in one step."""
        return sum(path.n_pre for path in self.paths)


def sums(spec: NetworkSpec, values: Values) -> tuple[Sum, ...]:
    """Every population with a threshold as a sum of events. (A readout has no spikes to be proved.)

    Raises
    ------
    SpecError
        If one is none, with its name: :func:`check_provable`.
    """
    check_provable(spec)
    return tuple(_sum(spec, population, values) for population in spec.populations if population.model.spiking)


def check_provable(spec: NetworkSpec) -> None:
    """Raise :class:`SpecError` for a network with spikes of a v that is no sum of exponentially decaying events, naming the population."""
    for population in spec.populations:
        model = population.model
        if not model.spiking:
            continue
        try:
            reason = _reason(population)
        except SpecError as error:
            reason = error.what
        if reason:
            raise SpecError(
                "the spike trains of this network can't be proved",
                where=f"{population.name} ({model.name})",
                got=reason,
                expected="models whose v is a sum of exponentially decaying events, such as HetSynLIF, HetNeuLIF and HomNeuALIF",
                remedy="leave out the proof: comparing simulators, as `hetsyn verify` does without --certify, takes every model",
            )


def _reason(population: Population) -> str:
    """What is in the way of a proof; nothing if it can be done."""
    model, order = population.model, population.step_order
    if not is_linear(model, order):
        return "a neuron that is stepped, not a sum of events"
    program = discretise(model, order)
    if not program.neuron.is_diagonal or not (program.synapse.is_diagonal or exponentials(model)):
        return "states that are coupled"
    expressions = [program.theta, *(e for path in _routes(program) for e in path[1:3])]
    used = {node.op for e in expressions if e is not None for node in tape_of(e).nodes} - {"symbol"}
    return f"{', '.join(sorted(used - INTERVALS.keys()))} in what does not change from step to step" if used - INTERVALS.keys() else ""


def _routes(program: StepProgram) -> list[tuple[bool, sympy.Expr, sympy.Expr]]:
    """Whether it begins at a synapse, size and decay of every path."""
    resets = [(False, path.size, path.decay) for path in program.reset_paths]
    if program.synapse.is_diagonal:
        return [*((True, path.size, path.decay) for path in program.synaptic_paths), *resets]
    modes = exponentials(program.model)  # a double exponential is the difference of two
    assert modes is not None
    synaptic = [(True, at_synapse(program.v_of_sums[m.name.removesuffix("_syn")]) * m.weight, m.decay) for m in modes.modes]
    for state, amount in modes.jumps.items():
        synaptic.append((True, at_synapse(program.v_of_states[state]) * amount, at_synapse(program.neuron.decay(state))))
    return [*synaptic, *resets]


def _sum(spec: NetworkSpec, population: Population, values: Values) -> Sum:
    program = discretise(population.model, population.step_order)
    own = {name: np.asarray(v)[:, None] if np.ndim(v) else v for name, v in neuron_values(spec, population.name, values).items()}
    paths = []
    for at_synapses, size, decay in _routes(program):
        if not at_synapses:
            shape = (population.size, 1)
            aged = int(program.step_order.decays_in_same_step("reset"))
            nowhere, everywhere = np.zeros(shape, dtype=np.int64), np.ones(shape, dtype=bool)
            paths.append(EventPath(population.name, size, decay, own, *shape, True, 1, aged, nowhere, everywhere))
            continue
        for projection in spec.projections_to(population.name):
            late = int(projection.kind == "recurrent")
            aged = int(bool(late) and program.step_order.decays_in_same_step("recurrent"))
            seen = synapse_values(spec, projection, values)
            shape = (projection.n_post, projection.n_pre)
            delay = _delay(spec, projection, values)
            paths.append(EventPath(projection.source, size, decay, seen, *shape, False, late, aged, delay, _connected(projection)))
    assert program.theta is not None
    return Sum(population.name, population.size, tuple(paths), program.theta, own)


def _delay(spec: NetworkSpec, projection: Projection, values: Values) -> NDArray[np.int64]:
    delay = np.asarray(values.get(f"{projection.name}.delay", 0.0))
    steps = steps_of_delay(delay[:, None] if delay.ndim == 1 else delay, spec.dt_s)
    return np.broadcast_to(steps, (projection.n_post, projection.n_pre))


def _connected(projection: Projection) -> NDArray[np.bool_]:
    connected = np.ones((projection.n_post, projection.n_pre), dtype=bool)
    if not projection.self_connections:
        np.fill_diagonal(connected, False)
    return connected

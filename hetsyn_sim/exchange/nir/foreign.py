"""Graphs of other programs, by their nodes alone: LIF, IF, CubaLIF, LI, CubaLI, and LI nodes that meet at a Threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...data.checkpoint import Checkpoint
from ...models import RESET_FIRST
from ...spec import DEFAULT_STEP_ORDER, Layer, NetworkSpec
from .structure import GraphPopulation, populations_of, unsupported
from .vocabulary import FIRING, HARD_RESET, NIR_MODELS, SAME_DELAY, Array, Reading, coupling, kind_of

Values = dict[str, Array]


def from_foreign(graph: Any, reading: Reading, dt: float) -> Checkpoint:
    """The checkpoint of a graph, each node read as ``reading`` says, with steps of ``dt`` seconds."""
    n_input, populations = populations_of(graph)
    order = RESET_FIRST if any(population.kind in HARD_RESET for population in populations) else DEFAULT_STEP_ORDER
    nodes = _Nodes(_all_nodes(graph), reading, dt, order.decays_in_same_step("reset"))
    layers: list[Layer] = []
    readout: Layer | None = None
    values: Values = {}
    for k, population in enumerate(populations, start=1):
        _check_delays(population, reading, dt)
        read = (
            nodes.filters
            if population.kind in ("Threshold", "filters")
            else nodes.cuba
            if population.kind.startswith("Cuba")
            else nodes.leaky
        )
        own, model = read(population), NIR_MODELS[population.kind]
        layer = Layer(model, population.size, recurrent="recurrent.w" in own)
        if model.spiking:
            layers.append(layer)
        else:
            readout = layer
        values |= {f"{f'layer_{k}' if model.spiking else 'readout'}.{key}": value for key, value in own.items()}
    if not layers:
        raise unsupported("", "no population that spikes", "at least one", "add a LIF, or a Threshold after an LI")
    spec = NetworkSpec(dt, n_input, layers, readout, order)
    versions = {"nir": str(getattr(graph, "version", ""))} if hasattr(graph, "version") else {}
    return Checkpoint(spec, values, recipe={"name": "imported"}, data={"name": "imported from NIR", "reading": reading.name, **versions})


@dataclass(frozen=True)
class _Nodes:
    """The nodes by name, and how they are read; ``reset_decays``: whether a reset has decayed once when it is first felt."""

    nodes: Mapping[str, Any]
    reading: Reading
    dt: float
    reset_decays: bool

    def array(self, name: str, key: str, n: int) -> Array:
        return np.array(np.broadcast_to(np.asarray(getattr(self.nodes[name], key), dtype=np.float64), (n,)))

    def time(self, name: str, key: str, n: int) -> Array:
        tau = self.array(name, key, n)
        if np.any(tau <= 0.0):
            raise unsupported(name, f"a time constant of {float(tau.min()):g} s", "a time above 0", "correct the node")
        return tau

    def step(self, tau: Array, r: Array) -> tuple[Array, Array, Array]:
        """What a step of the reader keeps, the time constant of ours that keeps as much, and what a spike of weight 1 adds."""
        decay, gain = self.reading.step_of(tau, r, self.dt)
        return decay, self.reading.tau_of(decay, tau, self.dt), gain

    def leaky(self, population: GraphPopulation) -> Values:
        """LIF, IF and LI."""
        name, n = population.name, population.size
        bias = np.sum([a.bias for a in population.projections], axis=0)
        if population.kind == "IF":
            if np.any(bias):
                raise unsupported(name, "a bias before an IF", "none: v would grow without end", "use a LIF")
            tau, leak = np.full(n, np.inf), np.zeros(n)
            gain = self.array(name, "r", n) * (1.0 if self.reading.kind == "impulse" else self.reading.h(self.dt))
            start = leak
        else:
            r = np.ones(n) if self.reading.folded and population.kind == "LIF" else self.array(name, "r", n)
            decay, tau, gain = self.step(self.time(name, "tau", n), r)
            at_rest = self.array(name, "v_leak", n)
            leak, start = at_rest + r * bias, at_rest + (1.0 - decay) * r * bias
        return {"neuron.tau_mem": tau, "neuron.v_leak": leak, "neuron.v_0": start} | self.firing(population) | _weights(population, gain)

    def cuba(self, population: GraphPopulation) -> Values:
        """CubaLIF and CubaLI. Libraries step the current first, and the membrane by the new current."""
        name, n = population.name, population.size
        if any(np.any(a.bias) for a in population.projections):
            raise unsupported(name, f"a bias before a {population.kind}", "a Linear, or a bias of 0", "put the bias into v_leak")
        left, tau_syn, jump = self.step(self.time(name, "tau_syn", n), self.array(name, "w_in", n))
        _, tau_mem, gain = self.step(self.time(name, "tau_mem", n), self.array(name, "r", n))
        if self.reading.kind == "impulse":
            at_once, k = np.zeros(n), gain
        else:
            reach = coupling(tau_syn, tau_mem, self.dt)
            at_once, k = gain, np.where(reach > 0.0, gain * left / np.where(reach > 0.0, reach, 1.0), 0.0)
        leak = self.array(name, "v_leak", n)
        own = {"tau_syn": tau_syn, "tau_mem": tau_mem, "k": k, "at_once": at_once, "v_leak": leak, "v_0": leak}
        return {f"neuron.{key}": value for key, value in own.items()} | self.firing(population) | _weights(population, jump)

    def filters(self, population: GraphPopulation) -> Values:
        """LI nodes at a Threshold, or summed for the Output."""
        name, n = population.name, population.size
        values: Values = {}
        if population.kind == "Threshold":
            theta = self.array(name, "threshold", n)
            values = {"neuron.theta": theta, "neuron.jump": np.zeros(n), "neuron.tau_reset": np.full(n, self.dt)}
        has_reset = False
        for projection in population.projections:
            via = projection.filter
            assert via is not None
            if np.any(projection.bias) or np.any(self.array(via, "v_leak", n)):
                got = f"{'a bias' if np.any(projection.bias) else 'v_leak'} other than 0 at {via!r}"
                raise unsupported(name, got, "filters of spikes, at rest at 0", "shift the threshold by what they add")
            decay, tau, gain = self.step(self.time(via, "tau", n), self.array(via, "r", n))
            weight, back = projection.weight * gain[:, None], projection.source == name
            if back and not has_reset and np.array_equal(weight, np.diag(np.diag(weight))):
                has_reset = True
                # the graph's loop brings the jump as it is, so it is larger where our step lets it decay first
                if self.reset_decays and np.any(decay == 0.0):
                    raise unsupported(via, "a reset that is gone in a step", "tau above the step", "give it a longer tau")
                values |= {"neuron.jump": -np.diag(weight) / (decay if self.reset_decays else 1.0), "neuron.tau_reset": tau}
                continue
            _add_synapses(values, population, "recurrent" if back else "feedforward", weight, tau)
        return values

    def firing(self, population: GraphPopulation) -> Values:
        """Threshold and reset of a node that has them."""
        arrays = FIRING if population.kind in HARD_RESET else {}
        return {f"neuron.{parameter}": self.array(population.name, array, population.size) for parameter, array in arrays.items()}


def _weights(population: GraphPopulation, gain: Array) -> Values:
    """Weights of a population with one filter: what comes from one source adds up."""
    values: Values = {}
    for projection in population.projections:
        key = "recurrent.w" if projection.source == population.name else "feedforward.w"
        values[key] = values.get(key, 0.0) + projection.weight * gain[:, None]
    return values


def _add_synapses(values: Values, population: GraphPopulation, kind: str, weight: Array, tau: Array) -> None:
    """The synapses of one filter; a synapse of HetSyn has one time constant, so each may be in one filter only."""
    w = values.setdefault(f"{kind}.w", np.zeros(weight.shape))
    taus = values.setdefault(f"{kind}.tau_syn", np.broadcast_to(tau[:, None], weight.shape).copy())
    here = weight != 0.0
    if np.any(here & (w != 0.0)):
        i, j = np.argwhere(here & (w != 0.0))[0]
        got, remedy = f"two filters for the synapse from {j} onto {i} ({kind})", "add the two up in one, or give one another source"
        raise unsupported(population.name, got, "one filter for every synapse", remedy)
    w[here] = weight[here]
    taus[here] = np.broadcast_to(tau[:, None], weight.shape)[here]


def _check_delays(population: GraphPopulation, reading: Reading, dt: float) -> None:
    """Loops take one step: by a Delay where spikes are impulses, by themselves where equations are stepped."""
    for projection in population.projections:
        back, delay = projection.source == population.name, projection.delay
        if delay is not None and (not back or not reading.delays or np.any(np.abs(delay - dt) > SAME_DELAY * dt)):
            got = f"a Delay of {float(delay.min()):g} to {float(delay.max()):g} s " + (
                "in a loop" if back else f"from {projection.source!r}"
            )
            in_loops, nowhere = f"a Delay of dt = {dt:g} s in loops, and none elsewhere", "no Delay: a loop takes one step by itself"
            remedy = "remove the Delay, or read the graph otherwise (--reading)"
            raise unsupported(population.name, got, in_loops if reading.delays else nowhere, remedy)
        if back and delay is None and reading.delays:
            got = "a loop without a Delay, in which a spike would come back in the instant it is made"
            remedy = "read the graph as libraries do, where a loop takes one step (--reading euler)"
            raise unsupported(population.name, got, f"a Delay of dt = {dt:g} s", remedy)


def _all_nodes(graph: Any, prefix: str = "") -> dict[str, Any]:
    nodes: dict[str, Any] = {}
    for name, node in graph.nodes.items():
        nodes |= _all_nodes(node, f"{prefix}{name}/") if kind_of(node) == "NIRGraph" else {f"{prefix}{name}": node}
    return nodes

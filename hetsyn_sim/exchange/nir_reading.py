"""Graphs of other programs, by their nodes alone: LIF, IF, CubaLIF, LI, CubaLI, and LI nodes that meet at a Threshold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..data.checkpoint import Checkpoint
from ..models import RESET_FIRST, LeakyReadout
from ..spec import DEFAULT_STEP_ORDER, Layer, NetworkSpec, NeuronModel, StepOrder
from .nir_conventions import Array, Reading, coupling
from .nir_models import FILTERS_AT_A_THRESHOLD, NIR_MODELS
from .nir_structure import Arrival, Head, heads_of, unsupported

Values = dict[str, Array]
#: A Delay is one step if it differs by less: far above the rounding of float32, far below any other delay.
_SAME_DELAY = 1e-5


def from_foreign(graph: Any, reading: Reading, dt: float) -> Checkpoint:
    """The checkpoint of a graph, each node read as ``reading`` says, with steps of ``dt`` seconds.

    Raises
    ------
    CheckpointError
        If a node, or the way nodes are connected, is not understood; the message names the node.
    ConfigError
        If a forward Euler step is longer than a time constant.
    """
    n_input, heads = heads_of(graph)
    nodes = _all_nodes(graph)
    hard = any(head.kind in ("LIF", "IF", "CubaLIF") for head in heads)
    order = RESET_FIRST if hard else DEFAULT_STEP_ORDER
    layers: list[Layer] = []
    readout: Layer | None = None
    found: dict[int, Values] = {}
    for k, head in enumerate(heads):
        _check_delays(head, reading, dt)
        model, values = _BUILDERS[head.kind](head, nodes, reading, dt, order)
        layer = Layer(model, head.size, recurrent=any(key.startswith("recurrent.") for key in values))
        found[k] = values
        if model.spiking:
            layers.append(layer)
        else:
            readout = layer
    if not layers:
        raise unsupported("the graph", "no population that spikes", "at least one", "add a LIF, or a Threshold after an LI")
    spec = NetworkSpec(dt, n_input, layers, readout, order)
    values = {f"{p.name}.{key}": value for k, p in enumerate(spec.populations) for key, value in found[k].items()}
    versions = {"nir": str(getattr(graph, "version", ""))} if hasattr(graph, "version") else {}
    return Checkpoint(spec, values, recipe={"name": "imported"}, data={"name": "imported from NIR", "reading": reading.name, **versions})


def _leaky(head: Head, nodes: Mapping[str, Any], reading: Reading, dt: float, order: StepOrder) -> tuple[NeuronModel, Values]:
    """LIF, IF and LI."""
    node, n = nodes[head.name], head.size
    bias = np.sum([a.bias for a in head.arrivals], axis=0)
    if head.kind == "IF":
        if np.any(bias):
            raise unsupported(f"node {head.name!r}", "a bias before an IF", "none: v would grow without end", "use a LIF")
        tau, leak = np.full(n, np.inf), np.zeros(n)
        gain = _of(node, "r", n) * (1.0 if reading.kind == "impulse" else reading.h(dt))
        start = leak
    else:
        tau, r = _positive(head.name, _of(node, "tau", n)), np.ones(n) if reading.folded and head.kind == "LIF" else _of(node, "r", n)
        decay, gain = reading.step_of(tau, r, dt)
        at_rest = _of(node, "v_leak", n)
        leak, start = at_rest + r * bias, at_rest + (1.0 - decay) * r * bias
        tau = _tau_of(decay, tau, reading, dt)
    values = {"neuron.tau_mem": tau, "neuron.v_leak": leak, "neuron.v_0": start, **_fired(head, node)}
    return NIR_MODELS["LI" if head.kind == "LI" else "LIF"], values | _summed(head, gain)


def _cuba(head: Head, nodes: Mapping[str, Any], reading: Reading, dt: float, order: StepOrder) -> tuple[NeuronModel, Values]:
    """CubaLIF and CubaLI. Libraries step the current first, and the membrane by the new current."""
    node, n = nodes[head.name], head.size
    if any(np.any(a.bias) for a in head.arrivals):
        raise unsupported(f"node {head.name!r}", f"a bias before a {head.kind}", "a Linear, or a bias of 0", "put the bias into v_leak")
    tau_syn, tau_mem = (_positive(head.name, _of(node, key, n)) for key in ("tau_syn", "tau_mem"))
    kept_syn, jump = reading.step_of(tau_syn, _of(node, "w_in", n), dt)
    kept_mem, taken = reading.step_of(tau_mem, _of(node, "r", n), dt)
    ours_syn, ours_mem = _tau_of(kept_syn, tau_syn, reading, dt), _tau_of(kept_mem, tau_mem, reading, dt)
    if reading.kind == "impulse":
        at_once, k = np.zeros(n), taken
    else:
        reach = coupling(ours_syn, ours_mem, dt)
        at_once, k = taken, np.where(reach > 0.0, taken * kept_syn / np.where(reach > 0.0, reach, 1.0), 0.0)
    leak = _of(node, "v_leak", n)
    values = {"tau_syn": ours_syn, "tau_mem": ours_mem, "k": k, "at_once": at_once, "v_leak": leak, "v_0": leak}
    return NIR_MODELS[head.kind], {f"neuron.{key}": value for key, value in values.items()} | _fired(head, node) | _summed(head, jump)


def _filters(head: Head, nodes: Mapping[str, Any], reading: Reading, dt: float, order: StepOrder) -> tuple[NeuronModel, Values]:
    """LI nodes at a Threshold, or summed for the Output."""
    n = head.size
    values: Values = {}
    if head.kind == "Threshold":
        values = {"neuron.theta": _of(nodes[head.name], "threshold", n), "neuron.jump": np.zeros(n), "neuron.tau_reset": np.full(n, dt)}
    reset: Arrival | None = None
    for arrival in head.arrivals:
        assert arrival.filter is not None
        node = nodes[arrival.filter]
        if np.any(arrival.bias) or np.any(_of(node, "v_leak", n)):
            got = f"{'a bias' if np.any(arrival.bias) else 'v_leak'} other than 0 at {arrival.filter!r}"
            raise unsupported(f"node {head.name!r}", got, "filters of spikes, at rest at 0", "shift the threshold by what they add")
        tau = _positive(arrival.filter, _of(node, "tau", n))
        decay, gain = reading.step_of(tau, _of(node, "r", n), dt)
        tau, weight = _tau_of(decay, tau, reading, dt), arrival.weight * gain[:, None]
        back = arrival.source == head.name
        if back and reset is None and np.array_equal(weight, np.diag(np.diag(weight))):
            reset = arrival
            early = order.decays_in_same_step("reset")  # jumps before the decay, which the graph's loop does not
            if early and np.any(decay == 0.0):
                raise unsupported(
                    f"node {arrival.filter!r}", "a reset that is gone in a step", "tau above the step", "give it a longer tau"
                )
            values |= {"neuron.jump": -np.diag(weight) / (decay if early else 1.0), "neuron.tau_reset": tau}
            continue
        _add_synapses(values, head, "recurrent" if back else "feedforward", weight, tau, dt)
    return FILTERS_AT_A_THRESHOLD if head.kind == "Threshold" else LeakyReadout, values


def _add_synapses(values: Values, head: Head, kind: str, weight: Array, tau: Array, dt: float) -> None:
    """The synapses of one filter; a synapse of HetSyn has one time constant, so each may be in one filter only."""
    w = values.setdefault(f"{kind}.w", np.zeros(weight.shape))
    taus = values.setdefault(f"{kind}.tau_syn", np.broadcast_to(tau[:, None], weight.shape).copy())
    here = weight != 0.0
    if np.any(here & (w != 0.0)):
        i, j = np.argwhere(here & (w != 0.0))[0]
        got = f"two filters for the synapse from {j} onto {i} ({kind})"
        raise unsupported(f"node {head.name!r}", got, "one filter for every synapse", "add the two up in one, or give one another source")
    w[here] = weight[here]
    taus[here] = np.broadcast_to(tau[:, None], weight.shape)[here]


_BUILDERS: Mapping[str, Callable[..., tuple[NeuronModel, Values]]] = {
    "LIF": _leaky,
    "IF": _leaky,
    "LI": _leaky,
    "CubaLIF": _cuba,
    "CubaLI": _cuba,
    "Threshold": _filters,
    "filters": _filters,
}


def _summed(head: Head, gain: Array) -> Values:
    """Weights of a population with one filter: what comes from one source adds up."""
    found: Values = {}
    for arrival in head.arrivals:
        key = "recurrent.w" if arrival.source == head.name else "feedforward.w"
        found[key] = found.get(key, 0.0) + arrival.weight * gain[:, None]
    return found


def _fired(head: Head, node: Any) -> Values:
    if head.kind not in ("LIF", "IF", "CubaLIF"):
        return {}
    return {"neuron.theta": _of(node, "v_threshold", head.size), "neuron.v_reset": _of(node, "v_reset", head.size)}


def _tau_of(decay: Array, tau: Array, reading: Reading, dt: float) -> Array:
    """The time constant with which ``decay`` is left after dt."""
    if reading.kind == "impulse":
        return tau
    with np.errstate(divide="ignore"):
        return np.where(decay > 0.0, -dt / np.log(decay), 0.0)


def _check_delays(head: Head, reading: Reading, dt: float) -> None:
    for arrival in head.arrivals:
        back, delay = arrival.source == head.name, arrival.delay
        if delay is not None and (not back or not reading.delays or np.any(np.abs(delay - dt) > _SAME_DELAY * dt)):
            got = f"a Delay of {float(delay.min()):g} to {float(delay.max()):g} s " + ("in a loop" if back else f"from {arrival.source!r}")
            expected = (
                f"a Delay of dt = {dt:g} s in loops, and none elsewhere" if reading.delays else "no Delay: a loop takes one step by itself"
            )
            raise unsupported(f"node {head.name!r}", got, expected, "remove the Delay, or read the graph otherwise (--reading)")
        if back and delay is None and reading.delays:
            raise unsupported(
                f"node {head.name!r}",
                "a loop without a Delay, in which a spike would come back in the instant it is made",
                f"a Delay of dt = {dt:g} s",
                "read the graph as libraries do, where a loop takes one step (--reading euler)",
            )


def _of(node: Any, key: str, n: int) -> Array:
    return np.array(np.broadcast_to(np.asarray(getattr(node, key), dtype=np.float64), (n,)))


def _positive(name: str, tau: Array) -> Array:
    if np.any(tau <= 0.0):
        raise unsupported(f"node {name!r}", f"a time constant of {float(tau.min()):g} s", "a time above 0", "correct the node")
    return tau


def _all_nodes(graph: Any, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, node in graph.nodes.items():
        found |= _all_nodes(node, f"{prefix}{name}/") if type(node).__name__ == "NIRGraph" else {f"{prefix}{name}": node}
    return found

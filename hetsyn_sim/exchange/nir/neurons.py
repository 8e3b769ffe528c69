"""Neurons that NIR has a node for, with a hard reset or without a threshold: LIF, IF, CubaLIF, LI, CubaLI."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...errors import TransferError
from ...spec import Population
from .graph import Draft
from .vocabulary import FIRING, Array, coupling

#: Relative difference up to which a coupling is that of a forward Euler step: it is computed back and forth through exponentials.
_SAME = 1e-9


def add_neurons(draft: Draft, population: Population, kind: str, values: Mapping[str, Array], source: str) -> str:
    """Add a population that is one node of NIR, with its weights; the name of the node."""
    name, n, reading = population.name, population.size, draft.reading
    spec = draft.checkpoint.spec
    own = {p: np.broadcast_to(values[f"{name}.neuron.{p}"], (n,)).astype(np.float64) for p in population.model.parameters_of("neuron")}
    _check_order(draft, population, kind, own)
    draft.store(f"{name}.neuron")
    arrays, scale = (_cuba if kind.startswith("Cuba") else _leaky)(draft, name, own)
    bias = np.zeros(n)
    if np.any(own["v_0"] != own["v_leak"]):
        if kind.startswith("Cuba") or np.any(np.isinf(own["tau_mem"])):
            raise _other(name, "v begins elsewhere than at v_leak", "v_0 = v_leak, as for a neuron without a bias", "set v_0 to v_leak")
        # v_0 = leak + (1 - rho) b and v_leak = leak + b, for a bias that moves v by b in the long run
        moved = (own["v_leak"] - own["v_0"]) * np.exp(draft.dt / own["tau_mem"])
        bias, arrays["v_leak"] = moved / arrays["r"], own["v_leak"] - moved
    if kind == "LIF" and np.all(np.isinf(arrays["tau"])):
        kind, arrays = "IF", {"r": arrays["r"]}
    if population.model.spiking:
        arrays |= {array: own[parameter] for parameter, array in FIRING.items()}
    sources = []
    for projection in spec.projections_to(name):
        weight = np.asarray(values[f"{projection.name}.w"])
        if not projection.self_connections:
            weight = weight * (1.0 - np.eye(n))
        if scale is not None or not projection.self_connections:
            draft.store(f"{projection.name}.w")
        weight = weight if scale is None else weight * scale[:, None]
        label = f"{projection.name.replace('.', '_')}_weight"
        if projection.kind == "feedforward" and np.any(bias):
            sources.append(draft.add(label, "Affine", [source], weight=weight, bias=bias))
            continue
        before = source if projection.kind == "feedforward" else name
        if projection.kind == "recurrent" and reading.delays:
            before = draft.add(f"{name}_back", "Delay", [name], delay=np.full(n, draft.dt))
        sources.append(draft.linear(label, before, weight))
    draft.add(name, kind, sources, **arrays)
    return name


def _leaky(draft: Draft, name: str, own: Mapping[str, Array]) -> tuple[dict[str, Array], Array | None]:
    """Arrays of an LI or LIF, and what weights are multiplied by if the reader leaves R aside."""
    tau, dt, spiking = own["tau_mem"], draft.dt, "theta" in own
    if np.any(tau == 0.0) or (np.any(np.isinf(tau)) and not (np.all(np.isinf(tau)) and spiking)):
        raise _other(name, "a membrane time constant of 0 or infinity", "finite times above 0; all infinite makes an IF", "correct tau_mem")
    if np.all(np.isinf(tau)):  # dv/dt = R I
        node_tau, r = tau, np.full(tau.shape, 1.0 if draft.reading.kind == "impulse" else 1.0 / draft.reading.h(dt))
    else:
        node_tau, r = draft.reading.node_of(tau, np.ones(tau.shape), dt)
    scale = r if draft.reading.folded else None
    return {"tau": node_tau, "r": r if scale is None else np.ones(tau.shape), "v_leak": own["v_leak"]}, scale


def _cuba(draft: Draft, name: str, own: Mapping[str, Array]) -> tuple[dict[str, Array], Array | None]:
    """Arrays of a CubaLI or CubaLIF, in which every reader heeds R."""
    reading, dt = draft.reading, draft.dt
    if not np.all(np.isfinite(own["tau_mem"]) & (own["tau_mem"] > 0.0) & np.isfinite(own["tau_syn"]) & (own["tau_syn"] > 0.0)):
        raise _other(name, "a time constant of 0 or infinity", "finite times above 0", "correct tau_mem and tau_syn")
    ones = np.ones(own["tau_mem"].shape)
    tau_syn, w_in = reading.node_of(own["tau_syn"], ones, dt)
    if reading.kind == "impulse":
        if np.any(own["at_once"] != 0.0):
            expected = "at_once = 0: by NIR's equations an impulse moves the current, and the membrane follows"
            raise _other(name, "input that moves the membrane at once", expected, "read it by forward Euler: --reading euler")
        return {"tau_mem": own["tau_mem"], "tau_syn": tau_syn, "r": own["k"] * own["tau_mem"], "v_leak": own["v_leak"], "w_in": w_in}, None
    euler = own["at_once"] * np.exp(-dt / own["tau_syn"])
    ours = own["k"] * coupling(own["tau_syn"], own["tau_mem"], dt)
    if np.any(np.abs(euler - ours) > _SAME * np.maximum(np.abs(euler), np.abs(ours))):
        expected = "what a membrane has that is stepped by the new current: at_once for this step's input as for what is left of the last"
        raise _other(name, "a membrane that a forward Euler step can't be", expected, "write it as its equations stand: --reading ode")
    tau_mem, r = reading.node_of(own["tau_mem"], own["at_once"], dt)
    return {"tau_mem": tau_mem, "tau_syn": tau_syn, "r": r, "v_leak": own["v_leak"], "w_in": w_in}, None


def _check_order(draft: Draft, population: Population, kind: str, own: Mapping[str, Array]) -> None:
    """A node of NIR is reset when it spikes, before time goes on; and what comes back to it in the next step has not decayed."""
    order = population.step_order
    if not population.model.spiking:
        return
    at_rest = kind == "LIF" and bool(np.all(own["v_reset"] == own["v_leak"]))  # decay leaves it there
    if order.decays_in_same_step("recurrent") or not (order.decays_in_same_step("reset") or at_rest):
        raise _other(
            population.name,
            f"a step in the order {', '.join(order.phases)}",
            "reset, decay, recurrent: a node is reset when it spikes, and v_reset then decays",
            "build the network with step_order=RESET_FIRST, or reset to v_leak",
        )


def _other(where: str, got: str, expected: str, remedy: str) -> TransferError:
    return TransferError("this is another neuron than NIR's node", where=where, got=got, expected=expected, remedy=remedy)

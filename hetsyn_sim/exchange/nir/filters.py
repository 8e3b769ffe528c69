"""Populations that NIR has no node for, written as leaky integrators that meet at a threshold.

Every state that filters spikes is a leaky integrator, LI, of a projection's group or of the neuron; weights are Linear nodes before it.
What makes up v meets at a Threshold, whose spikes go on to the next layer, back through the recurrent synapses, and back through the
reset: a Linear with what a spike takes away, and the LI in which that wears off. In a step of ours a spike comes back in the next step,
undiminished.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...discrete import StepProgram, discretise, evaluate, neuron_values, synapse_values
from ...errors import TransferError
from ...spec import Population, Projection
from .graph import Draft
from .synapses import Groups, distinct, groups_of, paths_of, time_constant
from .vocabulary import Array

#: Filters per projection beyond which nobody gets a graph without having asked for it.
MOST_GROUPS = 16
#: Entries of a Linear node that puts every synapse apart: 2 GiB in float64.
_LARGEST = 2**28


def add_filters(draft: Draft, population: Population, values: Mapping[str, Array], source: str) -> str:
    """A population of leaky integrators that meet at a threshold; the name of the node that its spikes, or its v, come out of."""
    spec, reading, name, n = draft.checkpoint.spec, draft.reading, population.name, population.size
    program = discretise(population.model, population.step_order)
    own = neuron_values(spec, name, values)
    draft.store(f"{name}.neuron")
    into: list[str] = []
    sources_of: dict[str, list[str]] = {}  # state of the neuron -> the weights that lead to it
    back = f"{name}_back" if reading.delays else name
    for projection in spec.projections_to(name):
        before = back if projection.kind == "recurrent" else source
        _projection(draft, projection, values, before, into, sources_of)
    for jump in population.model.reset_jumps:
        amount = evaluate(jump.amount, own) * _undelayed(program, program.neuron.decay(jump.target), own, "reset")
        amount = np.broadcast_to(amount * _entering(draft, program, jump.target, own), (n,))
        sources_of.setdefault(jump.target, []).append(draft.linear(f"{name}_reset_{jump.target}_weight", back, np.diag(amount)))
    for state, sources in sources_of.items():
        tau = time_constant(program.neuron, state, own)
        into.append(draft.filter(f"{name}_{state}", sources, tau, _unfolded(draft, np.ones(()), tau), n))
    if program.theta is None:
        return into[0] if len(into) == 1 else draft.add(name, "Linear", into, weight=np.eye(n))
    draft.add(name, "Threshold", into, threshold=np.broadcast_to(evaluate(program.theta, own), (n,)).astype(np.float64))
    if reading.delays and any(edge[0] == back for edge in draft.edges):
        draft.add(back, "Delay", [name], delay=np.full(n, draft.dt))
    return name


def _projection(
    draft: Draft, projection: Projection, values: Mapping[str, Array], source: str, into: list[str], sources_of: dict[str, list[str]]
) -> None:
    """The weights of a projection and, where every synapse has a state of its own, its filters."""
    spec, target = draft.checkpoint.spec, draft.checkpoint.spec.population(projection.target)
    model, order = target.model, target.step_order
    program = discretise(model, order)
    at_synapses = synapse_values(spec, projection, values)
    own = neuron_values(spec, projection.target, values)
    shape = (projection.n_post, projection.n_pre)
    mask = np.ones(shape)
    if not projection.self_connections:
        np.fill_diagonal(mask, 0.0)
    # whether weights stand in their nodes to the last bit: no R, no decay and no missing synapse is multiplied into them
    verbatim = not draft.reading.folded and projection.self_connections
    verbatim = verbatim and (projection.kind == "feedforward" or not order.decays_in_same_step("recurrent"))
    readable: set[str] = set()
    for path in paths_of(model, order):
        name = f"{projection.name.replace('.', '_')}_{path.state}"
        weight = mask * np.broadcast_to(evaluate(path.amplitude, at_synapses), shape)
        gain = np.asarray(evaluate(path.gain, own), dtype=np.float64)
        block, at_state = (program.synapse, at_synapses) if path.per_synapse else (program.neuron, own)
        tau = time_constant(block, path.state, at_state)
        if projection.kind == "recurrent":
            decay = np.asarray(_undelayed(program, block.decay(path.state), at_state, "recurrent"))
            weight = weight * (decay if path.per_synapse or decay.ndim == 0 else decay[:, None])
        if (
            verbatim
            and path.weight is not None
            and model.parameters[path.weight].axes == "post pre"
            and (path.per_synapse or path.gain == 1)
        ):
            readable.add(path.weight)
        if not path.per_synapse:
            scale = np.asarray(_entering(draft, program, path.state, own))
            sources_of.setdefault(path.state, []).append(
                draft.linear(f"{name}_weight", source, weight * (scale[:, None] if scale.ndim else scale))
            )
            continue
        tau = np.broadcast_to(tau, shape)
        if path.tau is not None and model.parameters[path.tau].axes == "post pre" and draft.reading.keeps_tau and verbatim:
            readable.add(path.tau)
        if draft.form == "synapses" and distinct(tau) > 1:
            into.append(_apart(draft, name, source, weight, tau, gain))
            continue
        groups = _checked_groups(draft, projection, tau)
        draft.members[f"{projection.name}.{path.state}"] = groups.member
        for k in range(len(groups.tau)):
            scale = np.asarray(_fold_factor(draft, gain, groups.tau[k]))
            part = np.where(groups.member == k, weight * (scale[:, None] if scale.ndim else scale), 0.0)
            before = draft.linear(f"{name}_{k}_weight", source, part)
            into.append(draft.filter(f"{name}_{k}", [before], groups.tau[k], _unfolded(draft, gain, groups.tau[k]), projection.n_post))
    for parameter in model.parameters_of("synapse"):
        if parameter not in readable:
            draft.store(f"{projection.name}.{parameter}")


def _checked_groups(draft: Draft, projection: Projection, tau: Array) -> Groups:
    n = distinct(tau)
    if n > MOST_GROUPS:
        raise TransferError(
            "the time constants of these synapses do not fall into groups",
            where=projection.name,
            got=f"up to {n} different time constants among the synapses of one neuron",
            expected=f"at most {MOST_GROUPS}: a node of NIR has one time constant per neuron, so each of them is a node",
            remedy="group them and see what it changes (groups=8; --groups 8), or write every synapse apart, exactly and at length "
            '(form="synapses"; --per-synapse)',
        )
    return groups_of(tau)


def _apart(draft: Draft, name: str, source: str, weight: Array, tau: Array, gain: Array) -> str:
    """Every synapse as an LI of its own: weights that spread the sources out, filters, and a sum for every neuron."""
    n_post, n_pre = weight.shape
    if n_post * n_pre * max(n_post, n_pre) > _LARGEST:
        raise TransferError(
            "this projection is too large to write every synapse apart",
            where=name,
            got=f"{n_post} x {n_pre} synapses: a Linear node of {n_post * n_pre * max(n_post, n_pre):,} entries",
            expected=f"at most {_LARGEST:,}",
            remedy="group the time constants (groups=8; --groups 8)",
        )
    each = np.broadcast_to(gain if gain.ndim == 0 else gain[:, None], weight.shape).ravel()
    scaled = weight.ravel() * _fold_factor(draft, each, tau.ravel())
    spread = np.zeros((n_post * n_pre, n_pre))
    spread[np.arange(n_post * n_pre), np.tile(np.arange(n_pre), n_post)] = scaled
    draft.linear(f"{name}_weight", source, spread)
    draft.filter(f"{name}_each", [f"{name}_weight"], tau.ravel(), _unfolded(draft, each, tau.ravel()), n_post * n_pre)
    return draft.linear(name, f"{name}_each", np.repeat(np.eye(n_post), n_pre, axis=1))


def _undelayed(program: StepProgram, decay: Any, values: Mapping[str, Any], phase: str) -> Any:
    """What is left of a jump at the end of its step: all of it, or what the step's decay leaves if that comes after."""
    return evaluate(decay, values) if program.step_order.decays_in_same_step(phase) else 1.0


def _entering(draft: Draft, program: StepProgram, state: str, values: Mapping[str, Any]) -> Array:
    """What a jump of a neuron's state is multiplied by where the LI is that state as it enters v: its gain, and R for who leaves R
    aside.
    """
    gain = np.asarray(evaluate(program.v_of_states[state], values), dtype=np.float64)
    entering: Array = gain * _fold_factor(draft, np.ones(()), time_constant(program.neuron, state, values))
    return entering


def _fold_factor(draft: Draft, gain: Array, tau: Array) -> Any:
    """What weights are multiplied by for a reader that leaves R aside: R."""
    return draft.reading.node_of(tau, gain, draft.dt)[1] if draft.reading.folded else 1.0


def _unfolded(draft: Draft, gain: Array, tau: Array) -> Array:
    """The gain of a filter: for a reader that leaves R aside, what R = 1 makes of it."""
    if not draft.reading.folded:
        return gain
    return np.broadcast_to(-np.expm1(-draft.dt / tau), np.shape(tau))

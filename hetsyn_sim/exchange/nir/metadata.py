"""What a graph of ours says about itself: writing it, and from it the checkpoint that the graph was made of, to the last bit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...data.checkpoint import Checkpoint
from ...data.checkpoint_file import PARTS
from ...discrete import is_time_constant
from ...errors import CheckpointError, HetSynError
from ...spec import NetworkSpec, Projection
from .file import OURS, digest_of_graph, not_nir
from .graph import Draft
from .quantisation import Quantised
from .vocabulary import kind_of

#: Version of what stands in the metadata.
NIR_FORMAT = 1
_REMEDY = "export it again; or read it as any program's graph, by its nodes alone (ours=False; --as-foreign)"


def add_metadata(graph: Any, draft: Draft, quantised: Quantised | None) -> None:
    """What it takes to come back, and what a reader should know. HDF5 compresses no single values, so those get an axis."""
    checkpoint, spec = draft.checkpoint, draft.checkpoint.spec
    about = dict(checkpoint.about)
    about["dtypes"] = {key: np.asarray(checkpoint.values[key]).dtype.name for key in spec.slots}
    about["quantised"] = None if quantised is None else quantised.to_dict()
    ours: dict[str, Any] = {
        "format": NIR_FORMAT,
        "dt": float(spec.dt_s),
        "dt_unit": "s",
        "scheme": ", ".join(sorted({p.model.scheme for p in spec.populations})),
        "step_order": "; ".join(dict.fromkeys(str(p.step_order) for p in spec.populations if p.model.spiking)),
        "reading": draft.reading.name,
        "reader_step": float(draft.reading.h(spec.dt_s)),
        "form": draft.form,
        "spec": spec.to_text(),
        "about": json.dumps(about, sort_keys=True, allow_nan=False),
    }
    if draft.values:
        ours["values"] = {key: np.atleast_1d(np.asarray(value, dtype=np.float64)) for key, value in draft.values.items()}
    if draft.members:
        ours["members"] = dict(draft.members)
    graph.metadata[OURS] = ours
    ours["digest"] = digest_of_graph(graph)


def from_metadata(graph: Any, where: str) -> Checkpoint:
    """The checkpoint of a graph with our metadata."""
    ours = graph.metadata[OURS]
    if not isinstance(ours, Mapping) or ours.get("format") != NIR_FORMAT:
        got = f"format {ours.get('format')!r}" if isinstance(ours, Mapping) else type(ours).__name__
        raise not_nir(f"{where}: metadata", got, f"format {NIR_FORMAT}", "update hetsyn-sim, or use --as-foreign")
    if ours.get("digest") != digest_of_graph(graph):
        raise CheckpointError(
            "this graph was changed after it was written",
            where=where,
            got="nodes, edges or metadata with another digest",
            expected="what the digest in the metadata was computed from",
            remedy=_REMEDY,
        )
    try:
        spec, about = NetworkSpec.from_text(str(ours["spec"])), json.loads(str(ours["about"]))
        nodes = _all_nodes(graph)
        stored, members = ours.get("values", {}), ours.get("members", {})
        values: dict[str, NDArray[np.floating]] = {}
        for key, slot in spec.slots.items():
            value = np.asarray(stored[key]).reshape(slot.shape) if key in stored else _from_nodes(nodes, spec, key, members)
            values[key] = value.astype(about["dtypes"][key])
        return Checkpoint(spec, values, **{name: about[name] for name in PARTS if name in about})
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        if isinstance(error, HetSynError):
            raise
        raise not_nir(f"{where}: metadata", f"{type(error).__name__}: {error}", "what to_nir writes", _REMEDY) from error


def _all_nodes(graph: Any) -> dict[str, Any]:
    """The nodes by their names, also those that are in a subgraph."""
    nodes: dict[str, Any] = {}
    for name, node in graph.nodes.items():
        nodes |= _all_nodes(node) if kind_of(node) == "NIRGraph" else {name: node}
    return nodes


def _from_nodes(nodes: Mapping[str, Any], spec: NetworkSpec, key: str, members: Mapping[str, Any]) -> NDArray[np.float64]:
    """Weights or time constants of a projection, from its nodes."""
    owner, _ = key.rsplit(".", 1)
    projection = {p.name: p for p in spec.projections}[owner]
    model, base = spec.population(projection.target).model, owner.replace(".", "_")
    weights = not is_time_constant(spec.slots[key])
    for state in (*model.synapse_equations.states, *model.neuron_equations.states):
        name = f"{base}_{state}"
        if (member := members.get(f"{owner}.{state}")) is not None:
            return _grouped(nodes, name, np.asarray(member), weights=weights)
        if f"{name}_each" in nodes:
            return _apart(nodes, name, projection, weights=weights)
        if f"{name}_weight" in nodes:
            return np.asarray(nodes[f"{name}_weight"].weight)
    return np.asarray(nodes[f"{base}_weight"].weight)


def _grouped(nodes: Mapping[str, Any], name: str, member: NDArray[np.integer], *, weights: bool) -> NDArray[np.float64]:
    """From a filter for every group of synapses."""
    values = np.zeros(member.shape)
    for k in range(int(member.max()) + 1):
        node = nodes[f"{name}_{k}_weight"].weight if weights else nodes[f"{name}_{k}"].tau[:, None]
        values = np.where(member == k, node, values)
    return values


def _apart(nodes: Mapping[str, Any], name: str, projection: Projection, *, weights: bool) -> NDArray[np.float64]:
    """From a filter for every synapse."""
    shape = (projection.n_post, projection.n_pre)
    if not weights:
        return np.asarray(nodes[f"{name}_each"].tau).reshape(shape)
    spread = nodes[f"{name}_weight"].weight
    values: NDArray[np.float64] = spread[np.arange(spread.shape[0]), np.tile(np.arange(shape[1]), shape[0])].reshape(shape)
    return values

"""Graphs that this package wrote, back to the checkpoint that they were made of, to the last bit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.checkpoint import Checkpoint
from ..data.checkpoint_file import PARTS
from ..discrete import is_time_constant
from ..errors import CheckpointError, HetSynError
from ..spec import NetworkSpec, Projection
from .nir_file import OURS, digest_of, not_nir

_REMEDY = "export it again; or read it as any program's graph, by its nodes alone (ours=False; --as-foreign)"


def from_own(graph: Any, where: str) -> Checkpoint:
    """The checkpoint of a graph with our metadata.

    Raises
    ------
    CheckpointError
        If the graph was changed after it was written, its metadata are of a newer format, or incomplete.
    """
    told = graph.metadata[OURS]
    if not isinstance(told, Mapping) or told.get("format") != 1:
        got = f"format {told.get('format')!r}" if isinstance(told, Mapping) else type(told).__name__
        raise not_nir(f"{where}: metadata", got, "format 1", "update hetsyn-sim, or use --as-foreign")
    if told.get("digest") != digest_of(graph):
        raise CheckpointError(
            "this graph was changed after it was written",
            where=where,
            got="nodes, edges or metadata with another digest",
            expected="what the digest in the metadata was computed from",
            remedy=_REMEDY,
        )
    try:
        spec, about = NetworkSpec.from_text(str(told["spec"])), json.loads(str(told["about"]))
        nodes = _all_nodes(graph)
        kept, members = told.get("values", {}), told.get("members", {})
        values: dict[str, NDArray[np.floating]] = {}
        for key, slot in spec.slots.items():
            found = np.asarray(kept[key]).reshape(slot.shape) if key in kept else _from_nodes(nodes, spec, key, members)
            values[key] = found.astype(about["dtypes"][key])
        return Checkpoint(spec, values, **{name: about[name] for name in PARTS if name in about})
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        if isinstance(error, HetSynError):
            raise
        raise not_nir(f"{where}: metadata", f"{type(error).__name__}: {error}", "what to_nir writes", _REMEDY) from error


def _all_nodes(graph: Any) -> dict[str, Any]:
    """The nodes by their names, also those that are in a subgraph."""
    found: dict[str, Any] = {}
    for name, node in graph.nodes.items():
        found |= _all_nodes(node) if type(node).__name__ == "NIRGraph" else {name: node}
    return found


def _from_nodes(nodes: Mapping[str, Any], spec: NetworkSpec, key: str, members: Mapping[str, Any]) -> NDArray[np.float64]:
    """Weights or time constants of a projection, from its nodes."""
    owner, _ = key.rsplit(".", 1)
    projection = {p.name: p for p in spec.projections}[owner]
    model, base = spec.population(projection.target).model, owner.replace(".", "_")
    is_weight = not is_time_constant(spec.slots[key])
    for state in (*model.synapse_equations.states, *model.neuron_equations.states):
        name = f"{base}_{state}"
        if (member := members.get(f"{owner}.{state}")) is not None:
            return _grouped(nodes, name, np.asarray(member), weights=is_weight)
        if f"{name}_each" in nodes:
            return _apart(nodes, name, projection, weights=is_weight)
        if f"{name}_weight" in nodes:
            return np.asarray(nodes[f"{name}_weight"].weight)
    return np.asarray(nodes[f"{base}_weight"].weight)


def _grouped(nodes: Mapping[str, Any], name: str, member: NDArray[np.integer], *, weights: bool) -> NDArray[np.float64]:
    found = np.zeros(member.shape)
    for k in range(int(member.max()) + 1):
        node = nodes[f"{name}_{k}_weight"].weight if weights else nodes[f"{name}_{k}"].tau[:, None]
        found = np.where(member == k, node, found)
    return found


def _apart(nodes: Mapping[str, Any], name: str, projection: Projection, *, weights: bool) -> NDArray[np.float64]:
    shape = (projection.n_post, projection.n_pre)
    if not weights:
        return np.asarray(nodes[f"{name}_each"].tau).reshape(shape)
    spread = nodes[f"{name}_weight"].weight
    found: NDArray[np.float64] = spread[np.arange(spread.shape[0]), np.tile(np.arange(shape[1]), shape[0])].reshape(shape)
    return found

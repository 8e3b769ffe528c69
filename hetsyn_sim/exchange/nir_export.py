"""A trained network as a NIR graph, for snnTorch, Norse and whatever else reads NIR."""

from __future__ import annotations

import json
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ..data.checkpoint import Checkpoint
from ..errors import ConfigError
from .nir_conventions import reading_called
from .nir_file import OURS, digest_of, need_nir, write_graph
from .nir_parts import Form, Parts
from .nir_quantise import Quantised, quantise
from .nir_writing import parts_of

#: Version of what stands in the metadata.
NIR_FORMAT = 1


@dataclass(frozen=True, eq=False)
class ExportedNIR:
    """A written graph: where, how many nodes of which kind, and, if time constants were changed, how they were ``quantised``."""

    path: Path
    nodes: dict[str, int]
    quantised: Quantised | None


def export_nir(
    checkpoint: Checkpoint,
    path: str | PathLike[str],
    *,
    reading: str = "ode",
    groups: int | None = None,
    form: Form = "groups",
) -> ExportedNIR:
    """Write a trained network as a ``.nir`` file (HDF5). Arguments and errors as for :func:`to_nir`.

    Raises
    ------
    ConfigError
        If the name does not end in ``.nir``, or a folder is called so.
    """
    target = Path(path)
    if target.suffix != ".nir" or target.is_dir():
        got = f"the suffix {target.suffix!r}" if target.suffix != ".nir" else "a folder"
        raise ConfigError(
            "a NIR graph is a .nir file", where=str(target), got=got, expected="a name such as network.nir", remedy="choose another name"
        )
    graph, quantised = to_nir(checkpoint, reading=reading, groups=groups, form=form)
    kinds = [type(node).__name__ for node in graph.nodes.values()]
    return ExportedNIR(write_graph(graph, target), {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}, quantised)


def to_nir(
    checkpoint: Checkpoint, *, reading: str = "ode", groups: int | None = None, form: Form = "groups"
) -> tuple[Any, Quantised | None]:
    """A network as a ``nir.NIRGraph``.

    Parameters
    ----------
    checkpoint
        The network. dt, step order, spec and provenance go into the graph's metadata, from which :func:`import_nir` makes the same network.
    reading
        Who reads it, one of :data:`~hetsyn_sim.exchange.nir_conventions.READINGS`: ``"ode"``, the equations as NIR publishes them; or a
        library that steps them by forward Euler, for which tau and R are chosen so that its step is exactly ours.
    groups
        Replace every neuron's synaptic time constants by at most so many values (:func:`~hetsyn_sim.exchange.nir_quantise.quantise`). None:
        they have to fall into few groups as they are.
    form
        ``"groups"``: a filter for every group. ``"synapses"``: a filter for every synapse, where there is more than one group.

    Returns
    -------
    graph, quantised
        The graph, and the quantised network if time constants were changed, else None.

    Raises
    ------
    BackendError
        If nir is not installed.
    TransferError
        If NIR can't hold the neuron, or the time constants as they are.
    UnknownNameError, ConfigError
        If there is no such reading, form, or number of groups.
    """
    nir, how = need_nir(), reading_called(reading)
    if form not in ("groups", "synapses"):
        raise ConfigError("unknown form", where="to_nir", got=repr(form), expected="groups or synapses", remedy="use one of these")
    quantised = None if groups is None else quantise(checkpoint, groups)
    if quantised is not None and not quantised.errors:
        quantised = None  # they fall into so many groups
    parts = parts_of(checkpoint if quantised is None else quantised.checkpoint, how, form)
    nodes: dict[str, Any] = {name: _node(nir, kind, arrays) for name, (kind, arrays) in parts.nodes.items()}
    edges = list(parts.edges)
    if how.nested:
        for population in parts.checkpoint.spec.populations:
            edges = _nest(nir, nodes, edges, population.name)
    graph = nir.NIRGraph(nodes=nodes, edges=edges, metadata={OURS: _metadata(parts, quantised)})
    graph.metadata[OURS]["digest"] = digest_of(graph)
    return graph, quantised


def _node(nir: Any, kind: str, arrays: dict[str, Any]) -> Any:
    if kind in ("Input", "Output"):
        return getattr(nir, kind)(arrays["shape"])
    return getattr(nir, kind)(**{key: np.array(array, dtype=np.float64) for key, array in arrays.items()})


def _nest(nir: Any, nodes: dict[str, Any], edges: list[tuple[str, str]], name: str) -> list[tuple[str, str]]:
    """Put a recurrent LIF or CubaLIF and its weights into a subgraph ``NAME_neurons``; the edges that are left.

    HDF5 hands out nodes by the alphabet, and NIRTorch 2.6 fails on a subgraph that it meets before what feeds it; so its name comes after
    ``NAME_feedforward_weight``.
    """
    weight, outside = f"{name}_recurrent_weight", f"{name}_neurons"
    if type(nodes.get(name)).__name__ not in ("LIF", "CubaLIF") or weight not in nodes:
        return edges
    size = np.array([nodes[name].v_threshold.size])
    inside = {"input": nir.Input(size), name: nodes.pop(name), weight: nodes.pop(weight), "output": nir.Output(size)}
    nodes[outside] = nir.NIRGraph(inside, [("input", name), (name, weight), (weight, name), (name, "output")])
    return [(outside if a == name else a, outside if b == name else b) for a, b in edges if weight not in (a, b)]


def _metadata(parts: Parts, quantised: Quantised | None) -> dict[str, Any]:
    """What it takes to come back, and what a reader should know. HDF5 compresses no single values, so those get an axis."""
    checkpoint, spec = parts.checkpoint, parts.checkpoint.spec
    about = checkpoint.about
    about["dtypes"] = {key: np.asarray(checkpoint.values[key]).dtype.name for key in spec.slots}
    about["quantised"] = None if quantised is None else quantised.to_dict()
    values = {key: np.atleast_1d(np.asarray(value, dtype=np.float64)) for key, value in parts.values.items()}
    found: dict[str, Any] = {
        "format": NIR_FORMAT,
        "dt": float(spec.dt_s),
        "dt_unit": "s",
        "scheme": ", ".join(sorted({p.model.scheme for p in spec.populations})),
        "step_order": ", ".join(spec.step_order.phases),
        "reading": parts.reading.name,
        "reader_step": float(parts.reading.h(spec.dt_s)),
        "form": parts.form,
        "spec": spec.to_text(),
        "about": json.dumps(about, sort_keys=True, allow_nan=False),
    }
    if values:
        found["values"] = values
    if parts.members:
        found["members"] = dict(parts.members)
    return found

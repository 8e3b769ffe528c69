"""Networks from NIR files: our own, to the last bit, and those of other programs, by their nodes."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

from ...data.checkpoint import Checkpoint
from ...data.escape import one_line
from ...errors import CheckpointError, ConfigError, one_of, positive
from ...spec.quantities import QuantityLike, to_si
from .file import OURS, read_graph
from .foreign import from_foreign
from .metadata import from_metadata
from .vocabulary import READINGS, STATED, Reading


def import_nir(path: str | PathLike[str], *, dt: QuantityLike | None = None, reading: str | None = None, ours: bool = True) -> Checkpoint:
    """A checkpoint of a ``.nir`` file. Arguments and errors as for :func:`from_nir`; and CheckpointError if it can't be read."""
    return from_nir(read_graph(path), dt=dt, reading=reading, ours=ours, where=str(path))


def from_nir(
    graph: Any, *, dt: QuantityLike | None = None, reading: str | None = None, ours: bool = True, where: str = "NIRGraph"
) -> Checkpoint:
    """A checkpoint of a ``nir.NIRGraph``, or of a file with one.

    Parameters
    ----------
    graph
        The path of a ``.nir`` file, or a graph: a stack of layers of LIF, IF or CubaLIF nodes, or of LI nodes that meet at a Threshold,
        with Linear or Affine nodes before them, loops where a layer is recurrent, and an LI, a CubaLI or several LI for a readout if
        there is one.
    dt
        Time step. Graphs of ours and of sparx have it in their metadata; others have none.
    reading
        What the equations and the spikes mean, one of :data:`~hetsyn_sim.exchange.nir.vocabulary.READINGS`; by default what the metadata
        say (ours, and those of sparx), else ``"euler"``, as most libraries do it.
    ours
        Take our own metadata, if there are any. False: go by the nodes alone, as for any other graph.

    Raises
    ------
    CheckpointError
        If the graph was changed after we wrote it, or something in it is not understood; the message names the node.
    ConfigError
        If dt is needed and not given, is no positive time, or given for a graph that has its own.
    UnknownNameError
        If there is no such reading.
    """
    if isinstance(graph, str | PathLike):
        return import_nir(graph, dt=dt, reading=reading, ours=ours)
    if not hasattr(graph, "metadata"):
        raise CheckpointError(
            "this is not a graph",
            where=where,
            got=type(graph).__name__,
            expected="a nir.NIRGraph, or the path of a .nir file",
            remedy="pass the graph as a whole; nir.read(path) gives one",
        )
    stated = _stated(graph.metadata)
    if OURS in graph.metadata and ours:
        if dt is not None or reading is not None:
            raise ConfigError(
                "this graph says itself what its dt and its reading are",
                where=where,
                got=", ".join(f"{name} = {value}" for name, value in (("dt", dt), ("reading", reading)) if value is not None),
                expected=f"dt = {one_line(str(stated.get('dt')))} s, reading {one_line(str(stated.get('reading')))}, as in its metadata",
                remedy="leave them out; or go by the nodes alone (ours=False; --as-foreign)",
            )
        return from_metadata(graph, where)
    return from_foreign(graph, *reading_of(graph, dt, reading, where))


def reading_of(graph: Any, dt: QuantityLike | None, reading: str | None, where: str) -> tuple[Reading, float]:
    """How a graph is meant, and its time step in seconds: as given, else as its metadata say, else by forward Euler.

    Raises
    ------
    ConfigError
        If there is no dt, or none above 0.
    UnknownNameError
        If there is no such reading.
    """
    stated = _stated(graph.metadata)
    if dt is None and "dt" not in stated:
        raise ConfigError(
            "a NIR graph has no time step",
            where=where,
            got="no dt",
            expected="the time that a step of the recordings is",
            remedy='give it with its unit: --dt "1 ms"',
        )
    step = stated["dt"] if dt is None else to_si(dt, "ms", where="dt")
    step = positive(step, "dt", where=where, unit="of seconds", remedy='give it with its unit: --dt "1 ms"', error=ConfigError)
    how: Reading = one_of(reading or str(stated.get("reading", "euler")), READINGS, "reading", where="NIR")
    return how, step


def _stated(metadata: object) -> Mapping[str, Any]:
    """What a graph's metadata say of its ``dt`` (seconds) and its ``reading``: our own, or those of a program that says so."""
    if not isinstance(metadata, Mapping):
        return {}
    if OURS in metadata:
        return metadata[OURS] if isinstance(metadata[OURS], Mapping) else {}
    words = STATED.get(str(metadata.get("exporter")), {})
    word = str(metadata.get("discretization"))
    if word not in words:
        return {}
    return {"reading": words[word], **({"dt": metadata["dt"]} if "dt" in metadata else {})}

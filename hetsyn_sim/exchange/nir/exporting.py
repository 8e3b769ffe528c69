"""A trained network as a NIR graph, for snnTorch, Norse and whatever else reads NIR."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ...data.checkpoint import Checkpoint
from ...discrete import check_values, is_filter, is_plain
from ...errors import ConfigError, TransferError, one_of
from ...spec.scope import DELAY
from .file import nir_package, write_graph
from .filters import add_filters
from .graph import Draft, Form
from .metadata import add_metadata
from .neurons import add_neurons
from .quantisation import Quantised, quantise
from .vocabulary import READINGS, Reading, kind_of, node_of_model


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
        expected, remedy = "a name such as network.nir", "choose another name"
        raise ConfigError("a NIR graph is a .nir file", where=str(target), got=got, expected=expected, remedy=remedy)
    graph, quantised = to_nir(checkpoint, reading=reading, groups=groups, form=form)
    kinds = [kind_of(node) for node in graph.nodes.values()]
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
        Who reads it, one of :data:`~hetsyn_sim.exchange.nir.vocabulary.READINGS`: ``"ode"``, the equations as NIR publishes them; or a
        library that steps them by forward Euler, for which tau and R are chosen so that its step is exactly ours.
    groups
        Replace every neuron's synaptic time constants by at most so many values
        (:func:`~hetsyn_sim.exchange.nir.quantisation.quantise`). None:
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
    nir_package()
    how: Reading = one_of(reading, READINGS, "reading", where="NIR")
    one_of(form, ("groups", "synapses"), "form", where="to_nir", error=ConfigError)
    quantised = None if groups is None else quantise(checkpoint, groups)
    if quantised is not None and not quantised.errors:
        quantised = None  # they fall into so many groups
    draft = _draft(checkpoint if quantised is None else quantised.checkpoint, how, form)
    graph = draft.to_graph()
    add_metadata(graph, draft, quantised)
    return graph, quantised


def _draft(checkpoint: Checkpoint, reading: Reading, form: Form) -> Draft:
    spec, values = checkpoint.spec, check_values(checkpoint.spec, checkpoint.values)
    draft = Draft(checkpoint, reading, form)
    last = draft.add("input", "Input", [], shape=np.array([spec.n_input]))
    for population in spec.populations:
        if DELAY in population.model.parameters:
            raise TransferError(
                "NIR has no synapses whose spikes arrive later",
                where=f"{population.name}: {population.model.name}",
                got="a parameter delay",
                expected="spikes that arrive in the step they are sent",
                remedy="export it to Brian2 (--to brian2), which has delays",
            )
        if is_filter(population.model, population.step_order):
            last = add_filters(draft, population, values, last)
        elif (kind := node_of_model(population.model)) is not None:
            last = add_neurons(draft, population, kind, values, last)
        else:
            stepped = "" if is_plain(population.model) else "; and synapses that are more than filters, as those of short-term plasticity"
            noise = f"noise {', '.join(population.model.noise)} in " if population.model.noise else ""
            raise TransferError(
                "NIR has no node for this neuron",
                where=f"{population.name}: {population.model.name}",
                got=f"{noise}equations that are neither filters of spikes nor those of NIR's LIF, CubaLIF, LI or CubaLI{stepped}",
                expected="linear equations without coupling and a reset that adds (HetSynLIF, HetNeuLIF, HomNeuALIF, readouts, ...)",
                remedy="export it to Brian2 (--to brian2), which takes any equations",
            )
    draft.add("output", "Output", [last], shape=np.array([spec.populations[-1].size]))
    return draft

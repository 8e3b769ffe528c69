"""From a checkpoint to a net of layers: a trained network, to go on with in a net of one's own."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike

from ...data.checkpoint import Checkpoint
from ...kernels import SurrogateDerivative
from ...spec import DEFAULT_STEP_ORDER, Population
from .classes import layer_of
from .dense import Dense
from .sequential import Sequential
from .written_out import refused


def from_checkpoint(
    checkpoint: Checkpoint | str | PathLike[str],
    *,
    surrogate: str | SurrogateDerivative = "arctan",
    batch_first: bool | None = None,
) -> Sequential:
    """The network of a checkpoint as dense layers, one for each population, with its values: the way back from :func:`to_checkpoint`.

    Parameters
    ----------
    checkpoint
        A checkpoint, or the path of one.
    surrogate, batch_first
        As for :class:`Dense`, in all layers.

    Raises
    ------
    CheckpointError
        If there is no such checkpoint.
    SpecError
        If a value that training moves is outside of its bounds.
    TransferError
        If a neuron with a graded output stands before synapses that take its spikes: a layer hands on its output.
    """
    checkpoint = checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint.load(checkpoint)
    spec, layers = checkpoint.spec, []
    for before, population in zip((None, *spec.populations), spec.populations, strict=False):
        if before is not None and before.model.output and not population.model.takes_values:
            raise refused(
                population.name,
                f"{population.model.name} behind {before.model.name}",
                "a layer that gets the output of the one before it",
                "use hs.Network, which hands on both spikes and graded output",
            )
        layer = _layer(checkpoint, population, surrogate, batch_first)
        layer.set_values({key: checkpoint.values[f"{population.name}.{key}"] for key in layer.values()})
        layers.append(layer)
    return Sequential(*layers)


def _layer(checkpoint: Checkpoint, population: Population, surrogate: str | SurrogateDerivative, batch_first: bool | None) -> Dense:
    projections = {p.kind: p for p in checkpoint.spec.projections_to(population.name)}
    recurrent, model = projections.get("recurrent"), population.model
    if population.step_order != (model.step_order or DEFAULT_STEP_ORDER):
        model = replace(model, step_order=population.step_order)  # the network's, which a layer alone does not know
    return layer_of(model)(
        projections["feedforward"].n_pre,
        population.size,
        checkpoint.spec.dt_s,
        recurrent is not None,
        surrogate,
        batch_first,
        self_connections=recurrent is None or recurrent.self_connections,
    )

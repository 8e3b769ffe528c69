"""From a net of layers to a checkpoint, and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from os import PathLike
from typing import Any

from torch import nn

from ...data.checkpoint import Checkpoint
from ...kernels import SurrogateDerivative
from ...spec import DEFAULT_STEP_ORDER, Population
from ..bijections import TimeConstants
from .classes import layer_of
from .dense import Dense
from .sequential import Sequential, parts_of
from .transfer import checkpoint_of
from .written_out import refused


def to_checkpoint(net: nn.Module | Iterable[nn.Module], *, input_shape: Iterable[int] | None = None, **about: Any) -> Checkpoint:
    """The network that layers of ``hs.nn`` make, one after the other, in evaluation: what Brian2, ``hs.verify`` and the exports take.

    Weights without a bias before elementwise neurons become the weights of their synapses. Convolutions are written out as dense layers,
    in which a synapse that does not exist has the weight 0. Units of a map are numbered channel by channel, row by row.

    Parameters
    ----------
    net
        A :class:`Sequential`, a layer, a ``torch.nn.Sequential`` of such, or the modules in the order in which spikes pass them.
    input_shape
        The shape of a sample, (channel, height, width), where a net begins with a convolution.
    **about
        Further fields of :class:`~hetsyn_sim.data.checkpoint.Checkpoint`, plain data: ``metrics``, ``data``.

    Raises
    ------
    TransferError
        If a module, by its name, is nothing that a network of neurons and synapses can say exactly: a bias, pooling by maximum, a
        non-linearity, a dense layer at the end without neurons.
    DtMismatchError
        If the layers have different time steps.
    SpecError
        If the layers together are no network: a readout alone.
    """
    return checkpoint_of(parts_of(net), input_shape, about)


def from_checkpoint(
    checkpoint: Checkpoint | str | PathLike[str],
    *,
    surrogate: str | SurrogateDerivative = "arctan",
    batch_first: bool | None = None,
    time_constants: TimeConstants = "log_tau",
) -> Sequential:
    """The network of a checkpoint as dense layers, one for each population, with its values: the way back from :func:`to_checkpoint`.

    Parameters
    ----------
    checkpoint
        A checkpoint, or the path of one.
    surrogate, batch_first, time_constants
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
        layer = _layer(checkpoint, population, surrogate, batch_first, time_constants)
        layer.set_values({key: checkpoint.values[f"{population.name}.{key}"] for key in layer.values()})
        layers.append(layer)
    return Sequential(*layers)


def _layer(
    checkpoint: Checkpoint,
    population: Population,
    surrogate: str | SurrogateDerivative,
    batch_first: bool | None,
    time_constants: TimeConstants,
) -> Dense:
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
        time_constants=time_constants,
    )

"""Layers as a network spec has them: a synapse from each unit onto each neuron, with values of its own."""

from __future__ import annotations

from math import prod
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import TransferError
from ...spec.equations import symbol
from .convolution import Convolution
from .elementwise import WEIGHT
from .neuron_layer import NeuronLayer

Array = NDArray[np.float64]
#: Synapses that a layer written out may have, missing ones included: 160 MB for each parameter.
LARGEST: Final = 20_000_000
KEY: Final = f"feedforward.{WEIGHT}"


def stored(layer: NeuronLayer) -> dict[str, Array]:
    """The values of a layer in SI units, by the names of :meth:`NeuronLayer.values`."""
    return {key.split(".", 1)[1]: np.asarray(layer.neurons.stored(key), dtype=np.float64) for key in layer.neurons.slots}


def convolution_written_out(name: str, layer: Convolution, shape: tuple[int, ...]) -> tuple[dict[str, Array], tuple[int, ...]]:
    """The values of a convolution as a dense layer on maps of a ``shape``, and the shape of its neurons.

    A synapse that does not exist has the weight 0, at which its other values do not matter.

    Raises
    ------
    TransferError
        If a weight of 0 is not the same as no synapse, or it would be too large.
    """
    check_proportional(name, layer)
    after = (layer.channels_out, *layer.map_size(*shape[1:]))
    n_places, n_pre = after[1] * after[2], prod(shape)
    check_size(name, prod(after) * n_pre)
    units = torch.arange(1, n_pre + 1, dtype=torch.float64).reshape(1, *shape)
    source = layer.patches(units)[0].T.numpy().astype(np.int64) - 1  # (place, kernel); -1 is padding
    place, kernel = np.nonzero(source >= 0)
    values: dict[str, Array] = {}
    for key, value in stored(layer).items():
        axes = layer.model.parameters[key.split(".")[1]].axes
        if axes == "post pre":
            full = np.full((layer.channels_out, n_places, n_pre), 0.0 if key == KEY else value.flat[0])
            full[:, place, source[place, kernel]] = value[:, kernel]
            values[key] = full.reshape(-1, n_pre)
        else:
            values[key] = np.repeat(value, n_places) if axes == "post" else value
    return values, after


def check_proportional(name: str, layer: NeuronLayer) -> None:
    """Refuse a layer in which what a spike does is not proportional to w: sums of weighted spikes are no spikes of a weight there."""
    model, w = layer.model, symbol(WEIGHT)
    amounts = [jump.amount for jump in model.on_pre_jumps] if model.spikes_add else []
    if not amounts or any((amount / w).simplify().has(w) for amount in amounts):
        raise refused(
            name,
            f"{layer} with on_pre {model.on_pre!r}",
            "here, spikes that act in proportion to w",
            "use the dense layer, directly behind the spikes",
        )


def check_size(name: str, n: int) -> None:
    """Refuse what does not fit into memory."""
    if n > LARGEST:
        raise refused(
            name,
            f"{n:,} synapses",
            f"at most {LARGEST:,}, since a network spec holds each pair of units, connected or not",
            "use smaller maps, or keep the net in PyTorch",
        )


def refused(where: str, got: str, expected: str, remedy: str) -> TransferError:
    """What says that a part of a net has no place in a network of neurons and synapses."""
    return TransferError("this net can't be said exactly as neurons and synapses", where=where, got=got, expected=expected, remedy=remedy)

"""From a trained torch network to plain arrays: batch norm in evaluation is an affine map, and a convolution takes it in.

``norm(conv(x)) = gamma (conv(x) - mean)/sqrt(var + eps) + beta`` is a convolution with ``w gamma/sqrt(var + eps)`` and a constant for
each map. Padding is no obstacle: it is of spikes, before the convolution, and the constant is the same at the border.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from .architecture import Pool, Stage
from .connections import synapses_of
from .folded import FoldedNetwork, FoldedStage
from .network import STLNetwork


def fold(network: STLNetwork) -> FoldedNetwork:
    """The network in evaluation, computed in float64 from its parameters and running statistics as they are."""
    return FoldedNetwork(network.architecture, tuple(_stage(network, stage) for stage in network.architecture.stages))


def _stage(network: STLNetwork, stage: Stage) -> FoldedStage:
    synapses = synapses_of(stage)
    if isinstance(stage.part, Pool):
        return FoldedStage(stage, synapses)
    w, drive = _double(network.synapses(stage.name).weight), np.zeros(stage.n_post)
    if (norm := network.norm(stage.name)) is not None:
        assert norm.running_mean is not None
        assert norm.running_var is not None
        scale = _double(norm.weight) / np.sqrt(_double(norm.running_var) + norm.eps)  # (channel,)
        w = w * scale[:, None, None, None]
        drive = np.repeat(_double(norm.bias) - _double(norm.running_mean) * scale, stage.after[1] * stage.after[2])
    values = network.neurons(stage.name).values()
    own = {name: _double(values[f"neuron.{name}"]) for name in network.architecture.neuron.parameters_of("neuron")}
    return FoldedStage(stage, synapses, w.ravel()[synapses.weight], drive, {name: x.ravel() if x.ndim else x for name, x in own.items()})


def _double(tensor: torch.Tensor) -> NDArray[np.float64]:
    return tensor.detach().double().numpy(force=True)

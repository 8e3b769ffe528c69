"""From modules in the order in which spikes pass them to a checkpoint: the spec that says the same network, and its values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from math import prod
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from ...data.checkpoint import Checkpoint
from ...errors import DtMismatchError
from ...spec import Layer, NetworkSpec, NeuronModel
from .convolution import Convolution
from .elementwise import WEIGHT, Elementwise
from .neuron_layer import NeuronLayer
from .written_out import KEY, Array, check_proportional, check_size, convolution_written_out, refused, stored

#: Modules that hand on what they get, in evaluation, in another shape at most.
_MOVING: Final = (nn.Identity, nn.Flatten, nn.Unflatten, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout)
#: Modules that weigh and sum up what they get, in evaluation; whether they add a constant is looked at.
_LINEAR: Final = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.AvgPool1d, nn.AvgPool2d, nn.BatchNorm1d, nn.BatchNorm2d)


def checkpoint_of(parts: Iterable[tuple[str, nn.Module]], input_shape: Iterable[int] | None, about: Mapping[str, Any]) -> Checkpoint:
    """The checkpoint of modules in their order, with their names for messages: what :func:`to_checkpoint` describes."""
    said = _Description(None if input_shape is None else tuple(input_shape))
    for name, module in parts:
        if isinstance(module, NeuronLayer):
            said.add_layer(name, module)
        else:
            said.add_module(name, module)
    return said.checkpoint(about)


class _Description:
    """What has been said of a net, module by module."""

    def __init__(self, shape: tuple[int, ...] | None) -> None:
        self.shape = shape  # of the units that the next module sees
        self.weights: Tensor | None = None  # of modules since the last layer: what each unit before them sends, (unit, *shape)
        self.last_module = ""
        self.n_input: int | None = None
        self.layers: list[NeuronLayer] = []
        self.said: list[tuple[NeuronModel, int, Mapping[str, Array]]] = []  # model, number of neurons, values

    # -- modules between layers --------------------------------------------------------------------------------------

    def add_module(self, name: str, module: nn.Module) -> None:
        if isinstance(module, _LINEAR):
            if self.shape is None and isinstance(module, nn.Linear):
                self.shape = (module.in_features,)
            shape = self._known_shape(name)
            constant = _applied(module, torch.zeros(1, *shape, dtype=torch.float64))
            if bool(constant.any()):
                raise refused(
                    name,
                    f"{module}, which adds a constant in every step",
                    "modules that send nothing where no spike arrives",
                    "make it with bias=False; fold batch norm into weights, and its constant into thresholds",
                )
            check_size(name, prod(shape) ** 2)
            _check_linear(name, module, shape)
            if self.weights is None:
                self.weights = torch.eye(prod(shape), dtype=torch.float64).unflatten(1, shape)
            self.last_module = name
        elif not isinstance(module, _MOVING):
            raise refused(name, str(module), "neurons, synapses, and weights without a bias", "leave it out, or keep the net in PyTorch")
        if self.weights is not None:
            self.weights = _applied(module, self.weights)
            self.shape = tuple(self.weights.shape[1:])
        elif self.shape is not None:
            self.shape = tuple(_applied(module, torch.zeros(1, *self.shape, dtype=torch.float64)).shape[1:])

    def _known_shape(self, name: str) -> tuple[int, ...]:
        if self.shape is None:
            raise refused(name, "samples of unknown shape", "to know it", "hs.nn.to_checkpoint(net, input_shape=(channel, height, width))")
        return self.shape

    # -- layers ------------------------------------------------------------------------------------------------------

    def add_layer(self, name: str, layer: NeuronLayer) -> None:
        self._check_source(name, layer)
        if self.shape is None and None not in layer.sample:
            self.shape = tuple(size for size in layer.sample if size is not None)
        shape = self._known_shape(name)
        if len(shape) != len(layer.sample) or any(size not in (None, here) for size, here in zip(layer.sample, shape, strict=True)):
            raise refused(
                name, f"samples of shape {shape}", str(layer.sample).replace("None", "any"), "correct the sizes; is nn.Flatten missing?"
            )
        model, values, after = layer.model, stored(layer), tuple(layer.shape_after(shape))
        if isinstance(layer, Convolution):
            values, after = convolution_written_out(name, layer, shape)
        elif isinstance(layer, Elementwise):
            model = layer.synaptic
            check_size(name, prod(after) ** 2)
            values[KEY] = values[KEY].reshape(-1, 1) * np.eye(prod(after))
        if self.weights is not None:
            self._check_weights_before(name, layer, model)
            values[KEY] = values[KEY] @ self.weights.flatten(1).T.numpy(force=True)
        elif isinstance(layer, Elementwise):
            check_proportional(name, layer)
        self.n_input = self.n_input or (prod(shape) if self.weights is None else len(self.weights))
        self.layers.append(layer)
        self.said.append((model, prod(after), values))
        self.shape, self.weights = after, None

    def _check_source(self, name: str, layer: NeuronLayer) -> None:
        if not self.layers:
            return
        before = self.layers[-1]
        if not before.model.spiking:
            raise refused(name, f"{layer}, behind {before}", "neurons that spike before others", "keep the readout for the end")
        if before.model.output and not layer.model.takes_values:
            raise refused(
                name,
                f"the graded output of {before}",
                "spikes, for synapses that take spikes",
                "use a neuron whose synapses take values, or one without an output before it",
            )
        if before.spec.dt_s != layer.spec.dt_s:
            raise DtMismatchError(
                "layers of one net have one time step",
                where=name,
                got=f"dt = {layer.spec.dt_s:g} s",
                expected=f"{before.spec.dt_s:g} s, as the layer before has",
                remedy="give every layer the dt of the data",
            )

    def _check_weights_before(self, name: str, layer: NeuronLayer, model: NeuronModel) -> None:
        """Weights behind weights are their product, where the synapses of a neuron differ in nothing else."""
        check_proportional(name, layer)
        others = [key for key, parameter in model.parameters_of("synapse").items() if parameter.axes == "post pre" and key != WEIGHT]
        if others:
            raise refused(
                name,
                f"weights of {self.last_module} before synapses that have each their own {', '.join(others)}",
                "spikes, or neurons whose synapses differ in their weights alone",
                "put the layer directly behind the spikes, or use its elementwise form",
            )

    # -- the whole ---------------------------------------------------------------------------------------------------

    def checkpoint(self, about: Mapping[str, Any]) -> Checkpoint:
        if self.n_input is None:
            raise refused("the net", "no layer of hs.nn", "at least one", "put neurons into it: hs.nn.HetSynLIF(n_in, n_out)")
        if self.weights is not None:
            raise refused(
                self.last_module, "the end of the net", "neurons behind weights", "end with a readout, such as hs.nn.LeakyReadout"
            )
        layers = []
        for layer, (model, size, _) in zip(self.layers, self.said, strict=True):
            recurrent = layer.neurons.projections.get("recurrent")
            layers.append(Layer(model, size, recurrent is not None, recurrent is None or recurrent.self_connections))
        readout = layers.pop() if not self.layers[-1].model.spiking else None
        spec = NetworkSpec(self.layers[0].spec.dt_s, self.n_input, layers, readout)
        values: dict[str, Array] = {}
        for population, (_, _, found) in zip(spec.populations, self.said, strict=True):
            values |= {f"{population.name}.{key}": value for key, value in found.items()}
        return Checkpoint(spec, values, **about)


def _check_linear(name: str, module: nn.Module, shape: tuple[int, ...]) -> None:
    """Whether it is what its type says: it may be of a class of its own, or have a hook."""
    generator = torch.Generator().manual_seed(0)
    samples = torch.randn(16, *shape, generator=generator, dtype=torch.float64)
    *each, of_sum = _applied(module, torch.cat([samples, samples.sum(dim=0, keepdim=True)]))
    if not torch.allclose(torch.stack(each).sum(dim=0), of_sum, rtol=1e-9, atol=1e-9 * float(torch.stack(each).abs().max())):
        raise refused(name, f"{module}, which is not linear", "weights without a bias", "leave it out, or keep the net in PyTorch")


@torch.no_grad()
def _applied(module: nn.Module, samples: Tensor) -> Tensor:
    """What a module makes of samples in evaluation, in double precision."""
    out: Tensor = deepcopy(module).double().eval()(samples)
    return out

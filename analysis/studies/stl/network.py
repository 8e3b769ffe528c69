"""An STL-SNN in torch: convolutions, batch norm step by step, pooling, dropout, maps of neurons, and classes that are voted for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from hetsyn_sim.errors import DataError, UnknownNameError
from hetsyn_sim.kernels import SurrogateDerivative
from hetsyn_sim.training.randomness import mixed_seed
from hetsyn_sim.training.surrogates import ArcTan

from .architecture import Architecture, Conv, Dense, Pool
from .neurons import NeuronMap

#: Mode -> what it trains. Learning both is the paper's proposal; the others are its "degenerate single-learning versions".
MODES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {"STL": frozenset({"synapses", "thresholds"}), "SL": frozenset({"synapses"}), "TL": frozenset({"thresholds"})}
)


class STLNetwork(nn.Module):
    """A network of an architecture, with weights and thresholds as they begin.

    Batch norm is applied to every step of time by itself: in training each step is normalised by its own batch, and all of them move the
    same running statistics, as in the published code. In evaluation it is an affine map.

    Parameters
    ----------
    architecture
        What it is made of.
    seed
        Of weights and thresholds.
    surrogate
        Replaces the derivative of a spike; as published by default.
    """

    def __init__(self, architecture: Architecture, seed: int, surrogate: SurrogateDerivative | None = None) -> None:
        super().__init__()
        self.architecture = architecture
        self.weights, self.norms, self.neurons = nn.ParameterDict(), nn.ModuleDict(), nn.ModuleDict()
        model = architecture.neuron
        for stage in architecture.spiking:
            rng = np.random.default_rng(mixed_seed(seed, stage.name))
            channels, kernel = stage.before[0], stage.part.kernel if isinstance(stage.part, Conv) else 0
            shape = (stage.after[0], channels, kernel, kernel) if kernel else (stage.n_post, stage.n_pre)
            drawn = model.parameters["w"].distribution.sample(rng, (shape[0], int(np.prod(shape[1:]))))
            self.weights[stage.name] = nn.Parameter(torch.tensor(drawn.reshape(shape), dtype=torch.get_default_dtype()))
            if kernel:
                self.norms[stage.name] = nn.BatchNorm2d(stage.after[0])
            self.neurons[stage.name] = NeuronMap(model, stage.after, rng, surrogate or ArcTan(alpha=2.0))

    def forward(self, x: Tensor) -> Tensor:
        """Output rates, (batch, class), from 0 to 1, of input spikes (time, batch, channel, height, width)."""
        return self.votes(self.spikes(x)["output"]).mean(dim=-1)

    def spikes(self, x: Tensor) -> dict[str, Tensor]:
        """Stage -> its spikes, (time, batch, channel, height, width); ``input`` too.

        Raises
        ------
        DataError
            If the input has another shape.
        """
        if x.dim() != 5 or tuple(x.shape[2:]) != self.architecture.input_shape or 0 in x.shape:
            raise DataError(
                "this input does not fit the network",
                where="STLNetwork",
                got=f"shape {tuple(x.shape)}",
                expected=f"(time, batch, {', '.join(map(str, self.architecture.input_shape))}), at least one step of one image",
                remedy="code images with analysis.studies.stl.bernoulli; time comes first",
            )
        rasters = {"input": x}
        for stage in self.architecture.stages:
            if isinstance(stage.part, Pool):
                x = functional.max_pool2d(x.flatten(0, 1), stage.part.size).unflatten(0, x.shape[:2])
            else:
                x = self.neurons[stage.name](self.currents(stage.name, x))
            rasters[stage.name] = x
        return rasters

    def currents(self, name: str, x: Tensor) -> Tensor:
        """What arrives at the neurons of a stage with spikes x before it, (time, batch, channel, height, width)."""
        part = next(stage.part for stage in self.architecture.stages if stage.name == name)
        w = self.weights[name]
        if isinstance(part, Dense):
            flat = functional.dropout(x.flatten(2), part.dropout, training=self.training)
            return functional.linear(flat, w)[..., None, None]
        assert isinstance(part, Conv)
        currents = functional.conv2d(x.flatten(0, 1), w, padding=part.kernel // 2).unflatten(0, x.shape[:2])
        norm = self.norms[name]
        return torch.stack([norm(step) for step in currents]) if self.training else norm(currents.flatten(0, 1)).unflatten(0, x.shape[:2])

    def votes(self, output: Tensor) -> Tensor:
        """Mean rate over time of each output neuron, (batch, class, voter)."""
        rates: Tensor = output.mean(dim=0).flatten(1).unflatten(1, (self.architecture.n_classes, self.architecture.voters))
        return rates

    def set_mode(self, mode: str) -> None:
        """Let training move what ``mode`` says, and nothing else. Running statistics of batch norm follow the data in every mode.

        Raises
        ------
        UnknownNameError
            If there is no such mode.
        """
        if mode not in MODES:
            raise UnknownNameError("unknown mode", where="set_mode", got=repr(mode), expected=", ".join(MODES), remedy="use one of these")
        for part, modules in (("synapses", (self.weights, self.norms)), ("thresholds", (self.neurons,))):
            for module in modules:
                module.requires_grad_(part in MODES[mode])

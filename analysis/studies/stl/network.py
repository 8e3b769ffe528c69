"""An STL-SNN in torch: convolutions, batch norm step by step, pooling, dropout, maps of neurons, and classes that are voted for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from hetsyn_sim.errors import DataError, UnknownNameError
from hetsyn_sim.kernels import SurrogateDerivative
from hetsyn_sim.models import RESET_FIRST
from hetsyn_sim.spec import NeuronModel
from hetsyn_sim.training.nn import Elementwise, OverTime, Sequential
from hetsyn_sim.training.randomness import mixed_seed

from .architecture import DT, Architecture, Conv, Pool, Stage

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

    Attributes
    ----------
    net : Sequential
        The stages by their names; those with neurons are nets of ``synapses``, perhaps ``norm``, and ``neurons``.
    """

    def __init__(self, architecture: Architecture, seed: int, surrogate: SurrogateDerivative | None = None) -> None:
        super().__init__()
        self.architecture = architecture
        with torch.random.fork_rng(devices=[]):  # torch draws values that are replaced
            stages = OrderedDict((stage.name, self._stage(stage, surrogate or "arctan")) for stage in architecture.stages)
        self.net = Sequential(stages)
        for stage in architecture.spiking:
            _draw(
                self.synapses(stage.name),
                self.neurons(stage.name),
                architecture.neuron,
                np.random.default_rng(mixed_seed(seed, stage.name)),
            )

    def _stage(self, stage: Stage, surrogate: str | SurrogateDerivative) -> Sequential:
        part, parts = stage.part, OrderedDict[str, nn.Module]()
        if isinstance(part, Pool):
            return Sequential(nn.MaxPool2d(part.size))
        shape: tuple[int, ...] = stage.after
        model = replace(self.architecture.neuron, step_order=RESET_FIRST)
        if isinstance(part, Conv):
            parts["synapses"] = nn.Conv2d(stage.before[0], stage.after[0], part.kernel, padding=part.kernel // 2, bias=False)
            parts["norm"] = OverTime(nn.BatchNorm2d(stage.after[0]), step_by_step=True)
        else:
            shape = (stage.n_post,)
            parts |= {"flatten": nn.Flatten(), "dropout": nn.Dropout(part.dropout)}
            parts["synapses"] = nn.Linear(stage.n_pre, stage.n_post, bias=False)
        parts["neurons"] = Elementwise(model, *shape, dt=DT, surrogate=surrogate)
        return Sequential(parts)

    # -- its parts ---------------------------------------------------------------------------------------------------

    def stage(self, name: str) -> Sequential:
        """The stage called ``name``."""
        found = self.net.get_submodule(name)
        assert isinstance(found, Sequential)
        return found

    def synapses(self, name: str) -> nn.Conv2d | nn.Linear:
        """The weights before a stage's neurons."""
        found = self.stage(name).get_submodule("synapses")
        assert isinstance(found, nn.Conv2d | nn.Linear)
        return found

    def norm(self, name: str) -> nn.BatchNorm2d | None:
        """The batch norm of a stage; None if it has none."""
        found = dict(self.stage(name).named_children()).get("norm")
        assert found is None or isinstance(found, OverTime)
        if found is None:
            return None
        assert isinstance(found.module, nn.BatchNorm2d)
        return found.module

    def neurons(self, name: str) -> Elementwise:
        """The neurons of a stage."""
        found = self.stage(name).get_submodule("neurons")
        assert isinstance(found, Elementwise)
        return found

    # -- running -----------------------------------------------------------------------------------------------------

    def forward(self, x: Tensor) -> Tensor:
        """Output rates, (batch, class), from 0 to 1, of input spikes (time, batch, channel, height, width)."""
        return self.votes(self.spikes(x)["output"]).mean(dim=-1)

    def spikes(self, x: Tensor) -> dict[str, Tensor]:
        """Stage -> its spikes, (time, batch, channel, height, width) or, of dense layers, (time, batch, neuron); ``input`` too.

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
        for name, stage in self.net.named_children():
            x, _ = stage(x)
            rasters[name] = x
        return rasters

    def currents(self, name: str, x: Tensor) -> Tensor:
        """What arrives at the neurons of a stage with spikes x before it, (time, batch, ...)."""
        before_neurons = self.stage(name)[:-1]
        arriving: Tensor = before_neurons(x)[0]
        return arriving

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
        self.requires_grad_("synapses" in MODES[mode])
        for stage in self.architecture.spiking:
            self.neurons(stage.name).requires_grad_("thresholds" in MODES[mode])


@torch.no_grad()
def _draw(synapses: nn.Conv2d | nn.Linear, neurons: Elementwise, model: NeuronModel, rng: np.random.Generator) -> None:
    """Weights and the neurons' parameters as the model's file says they begin."""
    weight = synapses.weight
    drawn = model.parameters["w"].distribution.sample(rng, (len(weight), weight[0].numel()))
    weight.copy_(torch.from_numpy(drawn.reshape(weight.shape)))
    values: dict[str, Any] = {}
    for name, parameter in model.parameters_of("neuron").items():
        shape = neurons.shape if parameter.axes == "post" else ()
        sampled = parameter.distribution.sample(rng, (int(np.prod(shape)),) if shape else ())
        values[f"neuron.{name}"] = np.clip(sampled, *parameter.si_bounds).reshape(shape)
    neurons.set_values(values)

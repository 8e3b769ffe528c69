"""A map of neurons as a torch module: currents in, spikes out, stepped by the kernels' scan; every neuron has a threshold of its own."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from hetsyn_sim.discrete.stepping import NEVER, stepped
from hetsyn_sim.kernels import SurrogateDerivative
from hetsyn_sim.kernels.step_data import Carried, Drive, StepOptions, StepResult
from hetsyn_sim.kernels.stepping import step_scan
from hetsyn_sim.models import RESET_FIRST
from hetsyn_sim.spec import NeuronModel

from .architecture import DT


class NeuronMap(nn.Module):
    """Neurons of one model in a map.

    Parameters
    ----------
    model
        As :class:`~analysis.studies.stl.architecture.Architecture` accepts them.
    shape
        (channel, height, width). A parameter with axes "post" has this shape: it is shared by no two neurons.
    rng
        What the parameters begin with is drawn from.
    surrogate
        Replaces the derivative of a spike.

    Attributes
    ----------
    learned
        Names of the parameters that the model says are trained.
    """

    def __init__(self, model: NeuronModel, shape: tuple[int, ...], rng: np.random.Generator, surrogate: SurrogateDerivative) -> None:
        super().__init__()
        self.program, self.shape, self.surrogate = stepped(model, RESET_FIRST), tuple(shape), surrogate
        self.learned: tuple[str, ...] = ()
        for name, parameter in model.parameters_of("neuron").items():
            size = self.shape if parameter.axes == "post" else ()
            drawn = parameter.distribution.sample(rng, (int(np.prod(size)),) if size else ())
            value = torch.tensor(np.clip(drawn, *parameter.si_bounds).reshape(size), dtype=torch.get_default_dtype())
            if parameter.trainable:
                self.learned += (name,)
                self.register_parameter(name, nn.Parameter(value))
            else:
                self.register_buffer(name, value)

    def forward(self, currents: Tensor) -> Tensor:
        """Spikes, (time, batch, *shape), of currents of that shape; every call is a recording from rest."""
        spikes = self.run(currents).z
        assert spikes is not None
        maps: Tensor = spikes.unflatten(-1, self.shape)
        return maps

    def run(self, currents: Tensor) -> StepResult:
        """All that the scan gives, with v before the reset; the map flattened to (time, batch, neuron)."""
        x = currents.flatten(2)  # (time, batch, neuron)
        rest = torch.zeros_like(x[0])
        begin = Carried(
            dict.fromkeys(self.program.states, rest),
            {},
            {},
            rest,
            torch.full(rest.shape, NEVER, dtype=torch.int64),
            torch.ones_like(rest, dtype=torch.bool),
        )
        constants = {name: torch.tensor(DT, dtype=x.dtype) if name == "dt" else self.flat(name) for name in self.program.constants}
        options = StepOptions(scale=x.new_ones(()), theta=self.flat("theta"))  # v has no unit: a distance counts as it is
        return step_scan(self.program, constants, Drive(jumps={"v": x}), begin, self.surrogate, options)

    def flat(self, name: str) -> Tensor:
        """A parameter as the scan takes it: (neuron,) or ()."""
        value: Tensor = getattr(self, name)
        return value.flatten() if value.dim() else value

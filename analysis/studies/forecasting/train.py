"""Training a forecaster: windows of a series, backpropagation through all of their steps, Adam with a cosine, mean squared error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hetsyn_sim.errors import ConfigError
from hetsyn_sim.tasks.forecast import Forecast
from hetsyn_sim.training.network import Network


@dataclass(frozen=True)
class Budget:
    """How long is trained, which is the same for all neurons: iterations of ``batch_size`` windows.

    Attributes
    ----------
    warm_up
        Time units at the beginning of each window whose outputs are not counted, in training and afterwards.
    clip_norm
        Gradients, all together, are scaled down to this norm where it is larger.
    """

    iterations: int = 400
    batch_size: int = 16
    warm_up: float = 50.0
    clip_norm: float = 1.0

    def counted(self, task: Forecast) -> int:
        """The first step whose output is counted.

        Raises
        ------
        ConfigError
            If nothing is left of a window.
        """
        first = round(self.warm_up * task.time_unit / task.dt)
        if first >= len(task.inputs):
            raise ConfigError(
                "nothing of a window is counted",
                where="Budget.warm_up",
                got=f"{self.warm_up:g} time units of a window of {len(task.inputs) * task.dt / task.time_unit:g}",
                expected="less than a window",
                remedy="make windows longer or warm_up shorter",
            )
        return first


BUDGET = Budget()


def train_forecaster(network: Network, task: Forecast, lr: float, seed: int, budget: Budget) -> list[float]:
    """Train in place on all windows of ``task``; the loss of every iteration.

    ``lr`` is the learning rate, per step of the optimiser; ``budget`` says how long, on how much at once, and from when errors count.

    Raises
    ------
    ConfigError
        If the budget leaves nothing of a window to count, or the training has diverged.
    """
    inputs, targets = _input_to(network, task), torch.tensor(task.targets, dtype=network.dtype)
    first, rng = budget.counted(task), np.random.default_rng([seed, 1])
    parameters = [*network.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=lr)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda k: 0.5 * (1.0 + math.cos(math.pi * k / budget.iterations)))
    network.train()
    losses: list[float] = []
    for _ in range(budget.iterations):
        chosen = torch.as_tensor(rng.choice(len(task), min(budget.batch_size, len(task)), replace=False))
        out, _ = network(inputs[:, chosen], batch_first=False)
        loss = torch.mean((out[first:] - targets[first:, chosen]) ** 2)
        optimiser.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(parameters, budget.clip_norm)
        if not torch.isfinite(norm):
            raise ConfigError(
                "the training has diverged",
                where=f"iteration {len(losses) + 1}",
                got=f"loss {float(loss.detach()):g}, norm of the gradient {float(norm):g}",
                expected="finite numbers",
                remedy="lower the learning rate",
            )
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
    return losses


@torch.no_grad()
def forecast(network: Network, task: Forecast) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Outputs (time, window), and of the hidden neurons the spikes and what they hand on, each (time, window, neuron)."""
    network.eval()
    x = _input_to(network, task)
    recording = network.record(x, _recorded(network))
    spikes = recording.rasters["layer_1"].astype(np.float64)
    graded = network.spec.layers[0].model.output
    handed_on = recording.traces[f"layer_1.{graded}"] if graded else spikes
    return recording.traces["readout.v"][:, :, 0].astype(np.float64), spikes, handed_on.astype(np.float64)


def _recorded(network: Network) -> Sequence[str]:
    return ("v", *(layer.model.output for layer in network.spec.layers if layer.model.output))


def _input_to(network: Network, task: Forecast) -> Tensor:
    """The series, (time, window, synapse): the same on each."""
    return torch.tensor(task.inputs, dtype=network.dtype).expand(-1, -1, network.spec.n_input)

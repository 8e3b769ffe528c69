"""Training as published: squared error of output rates, Adam with a little weight decay on everything, a rate that falls every epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hetsyn_sim.errors import ConfigError, DataError
from hetsyn_sim.training.randomness import mixed_seed

from .coding import Pixels, bernoulli
from .network import STLNetwork


@dataclass(frozen=True)
class Settings:
    """How it is trained; the published numbers (Sun et al. 2023, STL-SNN), but for ``epochs``, of which there were 100.

    Raises
    ------
    ConfigError
        If a number is out of range.
    """

    epochs: int = 5
    batch_size: int = 50
    n_steps: int = 4
    lr: float = 1e-3
    lr_factor: float = 0.93
    weight_decay: float = 1e-6

    def __post_init__(self) -> None:
        least = {"lr": 1e-12, "lr_factor": 1e-12, "weight_decay": 0.0}
        numbers = {f.name: getattr(self, f.name) for f in fields(self)}
        wrong = [n for n, x in numbers.items() if not least.get(n, 1) <= x < float("inf") or (n not in least and not isinstance(x, int))]
        if wrong:
            raise ConfigError(
                "the network can't be trained like this",
                where="Settings",
                got=", ".join(f"{name} = {getattr(self, name)!r}" for name in wrong),
                expected="whole numbers of 1 or more, rates above 0, weight decay of 0 or more",
                remedy="correct these numbers",
            )


def train(
    network: STLNetwork,
    pixels: Pixels,
    labels: NDArray[np.integer],
    mode: str,
    settings: Settings,
    seed: int,
    after_epoch: Callable[[], None] = lambda: None,
) -> list[float]:
    """Train in place, and return the mean loss of every epoch.

    Order of the images, spikes and dropout are drawn from ``seed``: the same seed gives the same network. ``after_epoch`` is called with
    the network in evaluation.

    Raises
    ------
    DataError
        If labels do not fit.
    UnknownNameError
        If there is no such mode.
    """
    n_classes = network.architecture.n_classes
    if labels.shape != (len(pixels),) or not len(pixels) or labels.min() < 0 or labels.max() >= n_classes:
        raise DataError(
            "labels and images do not fit",
            where="train",
            got=f"{len(pixels)} images, labels of shape {labels.shape}",
            expected=f"one label from 0 to {n_classes - 1} for each of at least one image",
            remedy="pass labels and images in the same order",
        )
    network.set_mode(mode)
    moved = [p for p in network.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(moved, lr=settings.lr, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimiser, settings.lr_factor)
    losses = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(mixed_seed(seed, "dropout"))
        for epoch in range(settings.epochs):
            rng = np.random.default_rng(mixed_seed(seed, "order and spikes", epoch))
            losses.append(_epoch(network, pixels, labels, settings, rng, optimiser))
            schedule.step()
            network.eval()
            after_epoch()
    network.eval()
    return losses


def _epoch(
    network: STLNetwork,
    pixels: Pixels,
    labels: NDArray[np.integer],
    settings: Settings,
    rng: np.random.Generator,
    optimiser: torch.optim.Optimizer,
) -> float:
    network.train()
    total = 0.0
    for chosen in np.split(order := rng.permutation(len(pixels)), range(settings.batch_size, len(order), settings.batch_size)):
        rates = network(spikes_as(bernoulli(pixels[chosen], settings.n_steps, rng)))
        wanted = functional.one_hot(torch.from_numpy(labels[chosen].astype(np.int64)), rates.shape[1]).to(rates.dtype)
        loss = functional.mse_loss(rates, wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        total += float(loss.detach()) * len(chosen)
    return total / len(pixels)


def spikes_as(spikes: NDArray[np.bool_]) -> Tensor:
    """Spikes as numbers of the default precision."""
    return torch.from_numpy(spikes).to(torch.get_default_dtype())

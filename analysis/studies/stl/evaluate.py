"""Evaluation on images: output rates of every voter, spikes and operations, and whether the spikes are the same in Brian2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from hetsyn_sim.errors import DataError
from hetsyn_sim.training.randomness import mixed_seed

from .brian import simulate
from .coding import Pixels, bernoulli
from .connections import fan_out
from .folding import fold
from .network import STLNetwork
from .train import spikes_as

#: Images at a time. It changes nothing but the memory needed.
_PIECE = 250
Spikes = NDArray[np.bool_]


@dataclass(frozen=True)
class Outcome:
    """What came out for a set of images.

    Attributes
    ----------
    votes
        Mean rates over time, (image, class, voter).
    rates
        Stage (``input`` too) -> spikes per unit and step.
    operations
        Stage with synapses -> synaptic operations for one image: every spike that reaches it, times the synapses on which it does.
    """

    votes: NDArray[np.float64]
    rates: Mapping[str, float]
    operations: Mapping[str, float]

    @property
    def class_rates(self) -> NDArray[np.float64]:
        """Rates averaged over voters, (image, class)."""
        return np.asarray(self.votes.mean(axis=-1))

    def accuracy(self, labels: NDArray[np.integer]) -> float:
        """Share of images whose class has the highest rate; of equal rates the first class counts."""
        return float(np.mean(self.class_rates.argmax(axis=1) == labels))


@torch.no_grad()
def evaluate(
    network: STLNetwork, pixels: Pixels, n_steps: int, seed: int, disturb: Callable[[Spikes, np.random.Generator], Spikes] | None = None
) -> Outcome:
    """Run images through a network in evaluation.

    Parameters
    ----------
    seed
        Of the input spikes, and of what ``disturb`` draws. Networks that are compared should get the same.
    disturb
        ``disturb(spikes, rng) -> spikes``: what becomes of the input spikes, (time, image, channel, height, width), on their way.

    Raises
    ------
    DataError
        If there is no image, or they do not fit the network.
    """
    if not len(pixels):
        raise DataError(
            "there is nothing to evaluate", where="evaluate", got="0 images", expected="at least one", remedy="select some images first"
        )
    stages = network.architecture.stages
    coding, disturbing = (np.random.default_rng(mixed_seed(seed, what)) for what in ("spikes", "disturbance"))
    network.eval()
    votes, counts = [], dict.fromkeys(("input", *(stage.name for stage in stages)), np.zeros(0))
    for first in range(0, len(pixels), _PIECE):
        x = bernoulli(pixels[first : first + _PIECE], n_steps, coding)
        x = x if disturb is None else disturb(x, disturbing)
        rasters = network.spikes(spikes_as(x))
        votes.append(network.votes(rasters["output"]).double().numpy())
        for name, spikes in rasters.items():
            here = spikes.double().sum(dim=(0, 1)).flatten().numpy()  # (unit,)
            counts[name] = counts[name] + here if counts[name].size else here
    sources = dict(zip((stage.name for stage in stages), counts, strict=False))
    operations = {s.name: float(counts[sources[s.name]] @ fan_out(s)) / len(pixels) for s in network.architecture.spiking}
    return Outcome(np.concatenate(votes), {name: float(n.mean()) / (len(pixels) * n_steps) for name, n in counts.items()}, operations)


@torch.no_grad()
def count_mismatches(network: STLNetwork, spikes: NDArray[np.bool_], *, device: str = "numpy") -> tuple[int, int]:
    """Cells of all stages' rasters that differ between torch in float64 and Brian2, and spikes of all stages, the input's aside.

    Parameters
    ----------
    spikes
        Input, (time, image, channel, height, width).
    """
    there = simulate(fold(network), spikes, device=device)
    here = deepcopy(network).double().eval().spikes(torch.from_numpy(np.asarray(spikes, dtype=np.float64)))
    rasters = {name: z.flatten(2).numpy() > 0 for name, z in here.items() if name != "input"}
    return sum(int(np.sum(z != there.rasters[name])) for name, z in rasters.items()), sum(int(z.sum()) for z in rasters.values())

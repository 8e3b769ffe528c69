"""Evaluation of a network on recordings, without gradients and augmentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ..data.decoding import Decoder
from ..data.events import SpikeDataset
from ..spec.summary import Summarised, percent
from .data import Batches, Examples
from .losses import Loss, SumOfSoftmax, scores_by
from .modules import in_evaluation
from .network import Network


@dataclass(frozen=True, repr=False)
class Evaluation(Summarised):
    """Predictions of a network.

    Attributes
    ----------
    labels, predictions
        Shape (recording,).
    scores
        Shape (recording, class); the largest is the prediction.
    rate_hz
        Mean rate over all hidden neurons.
    spikes
        Spiking population -> spikes of each neuron in all recordings together, shape (neuron,).
    seconds
        For how long each recording ran.
    """

    labels: NDArray[np.int64]
    predictions: NDArray[np.int64]
    scores: NDArray[np.floating]
    rate_hz: float
    spikes: Mapping[str, NDArray[np.int64]]
    seconds: float

    @property
    def accuracy(self) -> float:
        """Part of the recordings whose label was predicted."""
        return float(np.mean(self.predictions == self.labels))

    def summary(self) -> Mapping[str, str]:
        """What it is: label -> text."""
        right = int((self.predictions == self.labels).sum())
        return {"accuracy": f"{percent(self.accuracy)} ({right:,} of {len(self.labels):,})", "rate": f"{self.rate_hz:.1f} Hz"}


@torch.no_grad()
def evaluate(
    network: Network,
    data: SpikeDataset,
    loss: Loss | Decoder | None = None,
    *,
    window: int | None = None,
    batch_size: int = 256,
    noise_seed: int = 0,
) -> Evaluation:
    """Run a network over all recordings of ``data``.

    ``loss``, or a :class:`~hetsyn_sim.data.decoding.Decoder`, gives the scores; None is
    :class:`~hetsyn_sim.training.losses.SumOfSoftmax` over all steps. ``window`` is that of the training; None runs to the longest
    recording. ``batch_size`` recordings are run at once, which changes no result. ``noise_seed`` is that of noise ``xi`` in the equations;
    each recording has its own noise.
    """
    loss = SumOfSoftmax() if loss is None else loss
    names = [p.name for p in network.spec.populations if p.model.spiking]
    scores, seconds = [], 0.0
    spikes = {name: np.zeros(network.spec.population(name).size, dtype=np.int64) for name in names}
    with in_evaluation(network):
        for k, (x, _) in enumerate(Batches(examples := Examples.from_dataset(data, window), batch_size)):
            out, _ = network(
                x.to(network.device), batch_first=False, noise_seed=noise_seed, first_recording=k * batch_size
            )  # (time, batch, unit)
            scores.append((scores_by(loss, out) if isinstance(loss, Decoder) else loss.scores(out)).cpu())  # (batch, class)
            seconds = x.shape[0] * network.spec.dt_s  # the same for all
            for name, z in zip(names, network.last_spikes, strict=True):  # (time, batch, neuron)
                spikes[name] += z.sum(dim=(0, 1)).to("cpu", torch.float64).round().long().numpy()
    every = torch.cat(scores)  # (recording, class)
    total, neurons = sum(int(counts.sum()) for counts in spikes.values()), sum(counts.size for counts in spikes.values())
    rate = total / (neurons * len(every) * seconds) if neurons else 0.0
    return Evaluation(examples.labels.numpy(), every.argmax(dim=-1).numpy(), every.numpy(), rate, spikes, seconds)

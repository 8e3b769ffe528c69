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
    """

    labels: NDArray[np.int64]
    predictions: NDArray[np.int64]
    scores: NDArray[np.floating]
    rate_hz: float

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
    was_training, device = network.training, network.device
    network.eval()
    scores, spikes, places = [], 0.0, 0
    try:
        for k, (x, _) in enumerate(Batches(examples := Examples.from_dataset(data, window), batch_size)):
            out, _ = network(x.to(device), batch_first=False, noise_seed=noise_seed, first_recording=k * batch_size)  # (time, batch, unit)
            scores.append((scores_by(loss, out) if isinstance(loss, Decoder) else loss.scores(out)).cpu())  # (batch, class)
            spikes += sum(float(z.sum()) for z in network.last_spikes)
            places += sum(z.numel() for z in network.last_spikes)
    finally:
        network.train(was_training)
    every = torch.cat(scores)  # (recording, class)
    return Evaluation(examples.labels.numpy(), every.argmax(dim=-1).numpy(), every.numpy(), spikes / places / network.spec.dt_s)

"""The trained network measured in PyTorch, split by split: how often it is right, and how much its neurons spike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from ..data.checkpoint import Checkpoint
from ..data.decoding import Decoder, check_input
from ..data.events import SpikeDataset
from ..errors import ConfigError, DataError
from ..training.data import parts_of
from ..training.evaluate import Evaluation, evaluate
from ..training.network import Network
from ..training.recipe import Recipe


@dataclass(frozen=True)
class Measured:
    """One split.

    Attributes
    ----------
    split
        ``"training"``, ``"validation"`` or ``"test"``.
    data
        Its recordings.
    evaluation
        Predictions and spikes.
    """

    split: str
    data: SpikeDataset
    evaluation: Evaluation

    @property
    def n_right(self) -> int:
        """Recordings whose class is predicted."""
        return int(np.count_nonzero(self.evaluation.predictions == self.evaluation.labels))

    @property
    def interval(self) -> tuple[float, float]:
        """The accuracies that this many of so many go with, at 95 % confidence (Wilson's interval)."""
        low, high = binomtest(self.n_right, len(self.data)).proportion_ci(0.95, method="wilson")
        return float(low), float(high)

    def rates_hz(self, population: str) -> NDArray[np.float64]:
        """Mean rate of each neuron of a population, shape (neuron,)."""
        return self.evaluation.spikes[population] / (len(self.data) * self.evaluation.seconds)


def splits_of(checkpoint: Checkpoint, data: SpikeDataset) -> dict[str, SpikeDataset]:
    """The recordings by what they were for: those learned from, those held out to look at after every epoch, and those for the test.

    What was held out follows from the recipe. Where there is none, where this version can't read it, or where it does not fit these
    recordings, nothing is known to be.
    """
    learned, held_out = data.train, None
    if "training" in checkpoint.recipe and len(learned):
        try:
            settings = Recipe.from_dict({"training": checkpoint.recipe["training"]}).training
            if settings.validation != "test":  # else it is the test split
                learned, held_out = parts_of(data, settings)
        except (ConfigError, DataError):
            pass
    parts = {"training": learned, "validation": held_out, "test": data.test}
    return {name: part for name, part in parts.items() if part is not None and len(part)}


def measure(
    checkpoint: Checkpoint, data: SpikeDataset, n: int | None = None, progress: Callable[[float], None] | None = None
) -> list[Measured]:
    """Run the network on every split of ``data``, or on ``n`` recordings of each, evenly spread.

    Raises
    ------
    DtMismatchError, DataError
        If the recordings do not fit the network, or there are none.
    """
    check_input(data, checkpoint.spec, where="report")
    network, decoder = Network.from_checkpoint(checkpoint), Decoder.of(checkpoint)
    measured: list[Measured] = []
    parts = splits_of(checkpoint, data)
    total, done = sum(len(part) if n is None else min(n, len(part)) for part in parts.values()), 0
    for split, whole in parts.items():
        part = whole if n is None or n >= len(whole) else whole[[k * len(whole) // n for k in range(n)]]
        measured.append(Measured(split, part, evaluate(network, part, decoder, window=decoder.window)))
        done += len(part)
        if progress is not None:
            progress(done / total)
    return measured

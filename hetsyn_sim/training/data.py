"""Batches of recordings: all in memory as bool, in an order that depends on seed and epoch alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..data.events import SpikeDataset
from ..data.recording import check_same_dt
from ..errors import DataError
from ..spec import NetworkSpec
from .randomness import mixed_seed
from .settings import Training


@dataclass(frozen=True)
class Examples:
    """Recordings with labels as tensors: ``spikes`` bool, (time, recording, channel); ``labels`` int64, (recording,).

    ``traces``, (label, time, unit), is what the output should be for a recording with this label; None where the label is the target.
    """

    spikes: Tensor
    labels: Tensor
    traces: Tensor | None = None

    @classmethod
    def from_dataset(cls, data: SpikeDataset, window: int | None = None, traces: NDArray[np.floating] | None = None) -> Examples:
        """All recordings, cut or filled up with silence to ``window`` steps; None: to the longest of them.

        Raises
        ------
        DataError
            If the traces are not as long as the recordings.
        """
        spikes = torch.from_numpy(data.rasters(window))
        if traces is not None and traces.shape[1] != spikes.shape[0]:
            raise DataError(
                "the traces are not as long as the recordings",
                where="fit: traces",
                got=f"{traces.shape[1]} steps",
                expected=f"{spikes.shape[0]} steps",
                remedy="give the target for every step of the window",
            )
        targets = None if traces is None else torch.as_tensor(np.array(traces), dtype=torch.get_default_dtype())
        return cls(spikes, torch.from_numpy(data.labels.astype(np.int64)), targets)

    def targets(self, chosen: Tensor) -> Tensor:
        """Labels, (batch,), or traces, (time, batch, unit), of some recordings."""
        return self.labels[chosen] if self.traces is None else self.traces[self.labels[chosen]].transpose(0, 1)

    def __len__(self) -> int:
        return len(self.labels)


def epoch_order(n: int, seed: int, epoch: int) -> Tensor:
    """The order in which an epoch goes through ``n`` recordings, shape (n,)."""
    return torch.randperm(n, generator=torch.Generator().manual_seed(mixed_seed(seed, "order", epoch)))


class Batches:
    """Goes through examples in batches of (spikes (time, batch, channel), labels (batch,) or traces (time, batch, unit)).

    Parameters
    ----------
    examples
        What to go through.
    batch_size
        Recordings per step. Of several processes, each is handed the whole batch and computes its share
        (:class:`~hetsyn_sim.training.randomness.Share`).
    order
        Called at the start of each pass; gives the recordings' order. None keeps the stored one.
    """

    def __init__(self, examples: Examples, batch_size: int, *, order: Callable[[], Tensor] | None = None) -> None:
        self.examples, self.batch_size, self.order = examples, batch_size, order

    def __len__(self) -> int:
        return -(-len(self.examples) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.arange(len(self.examples)) if self.order is None else self.order()
        for chosen in order.split(self.batch_size):  # (batch,)
            yield self.examples.spikes[:, chosen], self.examples.targets(chosen)


def check_fits(data: SpikeDataset, spec: NetworkSpec, traces: NDArray[np.floating] | None = None) -> None:
    """Raise :class:`DataError` unless the recordings can be the input of the network and their labels, or traces, its outputs.

    Raises
    ------
    DtMismatchError
        If the time steps differ.
    DataError
        If the channels differ, if a label has no output or no trace, or if there is nothing to train on.
    """
    check_same_dt(data.dt, spec.dt_s, where="fit: the data and the network")
    n_out = spec.populations[-1].size
    if data.n_channels != spec.n_input:
        raise DataError(
            "the data have another number of channels than the network",
            where="fit",
            got=f"{data.n_channels} channels",
            expected=f"n_input = {spec.n_input}",
            remedy=f"build the network with n_input={data.n_channels}",
        )
    labels = data.train.labels
    if traces is not None:
        if traces.ndim != 3 or traces.shape[2] != n_out or not np.all(np.isfinite(traces)):
            raise DataError(
                "the traces are no targets of this network",
                where="fit: traces",
                got=f"shape {traces.shape}" + ("" if np.all(np.isfinite(traces)) else ", with NaN or infinite values"),
                expected=f"finite values of shape (label, time, {n_out})",
                remedy="give one trace for each label, with one column for each unit of the readout",
            )
        n_out = len(traces)
    if not labels.size or labels.min() < 0 or labels.max() >= n_out:
        raise DataError(
            "the labels do not fit the network's outputs",
            where="fit",
            got=f"labels from {labels.min()} to {labels.max()}" if labels.size else "no training recordings",
            expected=f"labels from 0 to {n_out - 1}, one for each "
            + (f"unit of {spec.populations[-1].name}" if traces is None else "trace"),
            remedy="give one output (or trace) per label, or renumber the labels" if labels.size else "mark some as split 'train'",
        )


def parts_of(data: SpikeDataset, settings: Training) -> tuple[SpikeDataset, SpikeDataset | None]:
    """Recordings to learn from, and those to look at after every epoch."""
    if settings.validation == "split":
        return data.validation_split()
    if settings.validation == "speakers":
        return data.speaker_split(seed=settings.seed)
    return data.train, (data.test if settings.validation == "test" else None)

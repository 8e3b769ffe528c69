"""From recordings to batches: everything in memory as bool, the order of an epoch from (seed, epoch) alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..errors import DataError
from ..events import SpikeDataset
from ..recording import check_same_dt
from ..spec import NetworkSpec
from .seeds import mixed_seed

__all__ = ["Batches", "Examples", "check_fits", "epoch_order"]


@dataclass(frozen=True)
class Examples:
    """Recordings with labels as tensors: ``spikes`` bool, (time, recording, channel); ``labels`` int64, (recording,)."""

    spikes: Tensor
    labels: Tensor

    @classmethod
    def from_dataset(cls, data: SpikeDataset, window: int | None = None) -> Examples:
        """All recordings, cut or filled up with silence to ``window`` steps; None: to the longest of them."""
        return cls(torch.from_numpy(data.rasters(window)), torch.from_numpy(data.labels.astype(np.int64)))

    def __len__(self) -> int:
        return len(self.labels)


def epoch_order(n: int, seed: int, epoch: int) -> Tensor:
    """The order in which an epoch goes through ``n`` recordings, shape (n,)."""
    return torch.randperm(n, generator=torch.Generator().manual_seed(mixed_seed(seed, "order", epoch)))


class Batches:
    """Goes through examples in batches of (spikes (time, batch, channel), labels (batch,)).

    Parameters
    ----------
    examples
        What to go through.
    batch_size
        Recordings per step, over all processes together: with two processes each gets half, and a step means the same as with one.
    order
        Called at the start of each pass; gives the recordings' order. None keeps the stored one.
    rank, n_processes
        Which of how many processes this is. Every one gets the same number of batches.
    """

    def __init__(
        self, examples: Examples, batch_size: int, *, order: Callable[[], Tensor] | None = None, rank: int = 0, n_processes: int = 1
    ) -> None:
        self.examples, self.batch_size, self.order = examples, batch_size, order
        self.rank, self.n_processes = rank, n_processes

    def __len__(self) -> int:
        whole, rest = divmod(len(self.examples), self.batch_size)
        # a last batch that can't give every process a recording is left out
        return whole + (rest >= self.n_processes)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.arange(len(self.examples)) if self.order is None else self.order()
        for chosen in order.split(self.batch_size)[: len(self)]:
            mine = chosen[self.rank :: self.n_processes]  # (batch,)
            yield self.examples.spikes[:, mine], self.examples.labels[mine]


def check_fits(data: SpikeDataset, spec: NetworkSpec) -> None:
    """Raise :class:`DataError` unless the recordings can be the input of the network and their labels its outputs.

    Raises
    ------
    DtMismatchError
        If the time steps differ.
    DataError
        If the channels differ, if a label has no output, or if there is nothing to train on.
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
    if not labels.size or labels.min() < 0 or labels.max() >= n_out:
        raise DataError(
            "the labels do not fit the network's outputs",
            where="fit",
            got=f"labels from {labels.min()} to {labels.max()}" if labels.size else "no training recordings",
            expected=f"labels from 0 to {n_out - 1}, one for each unit of {spec.populations[-1].name}",
            remedy="build the network with one output per class, or renumber the labels" if labels.size else "mark some as split 'train'",
        )

"""One batch computed by several processes: who has which recordings, and random numbers that do not depend on how many there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Share:
    """The recordings of a batch of ``n`` that process ``rank`` of ``n_processes`` computes: every ``n_processes``-th.

    A batch may have fewer recordings than there are processes. One that is left without takes part with the first recording, which then
    counts nothing: gradients are added up over all processes, and so all have to take the step.
    """

    rank: int
    n_processes: int
    n: int

    @property
    def n_own(self) -> int:
        """How many recordings count here; 0 for a process that only keeps up."""
        return len(range(self.rank, self.n, self.n_processes))

    @property
    def gradient_scale(self) -> float:
        """What the mean loss over the own recordings is multiplied with, so that the mean over processes is the mean over the batch."""
        return self.n_processes * self.n_own / self.n

    def own(self, whole: Tensor) -> Tensor:
        """The part for the own recordings of something that is there for the whole batch: (time, batch, ...), or (batch,) for labels."""
        mine = slice(self.rank, None, self.n_processes) if self.n_own else slice(0, 1)
        return whole[mine] if whole.ndim == 1 else whole[:, mine]

    def drawn(self, draw: Callable[[Tensor], Tensor], like: Tensor) -> Tensor:
        """Random numbers like ``like``, (time, own batch, ...): the own part of what one process alone would draw for the whole batch.

        ``draw`` gets a tensor of ones of the shape of the whole batch. Draws follow memory, and here the memory follows the axes, as it
        must for one process too.
        """
        with torch.no_grad():
            return self.own(draw(like.new_ones((like.shape[0], self.n, *like.shape[2:]))))

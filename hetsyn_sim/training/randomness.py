"""Random numbers of a training: they depend on the seed and the step alone, not on what ran before or on the number of processes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..discrete.noise import MOST_SEEDS, numbers_of_events, standard_normal, stream_of
from ..kernels import exponential_filter


def mixed_seed(*parts: int | str) -> int:
    """A seed of 63 bits from numbers and texts, such as ``mixed_seed(seed, "epoch order", 3)``.

    Different parts give unrelated streams, and nothing has to be stored to go on after an interruption: the same epoch or step draws the
    same numbers again.
    """
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


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
        """Factor of the mean loss over the own recordings that makes the mean over processes the mean over the batch."""
        return self.n_processes * self.n_own / self.n

    def own(self, batch: Tensor) -> Tensor:
        """The own recordings' part of a tensor for the batch: (time, batch, ...), or (batch,) for labels."""
        mine = slice(self.rank, None, self.n_processes) if self.n_own else slice(0, 1)
        return batch[mine] if batch.ndim == 1 else batch[:, mine]

    def drawn(self, draw: Callable[[Tensor], Tensor], like: Tensor) -> Tensor:
        """Random numbers like ``like``, (time, own batch, ...): the own part of what one process alone would draw for the whole batch.

        ``draw`` gets a tensor of ones of the shape of the whole batch. Draws follow memory, and here the memory follows the axes, as it
        must for one process too.
        """
        with torch.no_grad():
            return self.own(draw(like.new_ones((like.shape[0], self.n, *like.shape[2:]))))


@dataclass(frozen=True)
class CountedNoise:
    """Noise ``xi`` of a batch: which of the numbers of :mod:`hetsyn_sim.discrete.noise` come next.

    The batch's recordings are the ``first``, the one ``every`` further, and so on; ``step`` steps have been taken.
    """

    seed: int = 0
    first: int = 0
    every: int = 1
    step: int = 0

    @classmethod
    def fresh(cls, training: bool, share: Share | None = None) -> CountedNoise:
        """Of a new batch: in training of a seed from torch's default generator, as dropout's numbers are; else of seed 0."""
        seed = int(torch.randint(MOST_SEEDS, ())) if training else 0
        return cls(seed) if share is None else cls(seed, share.rank if share.n_own else 0, share.n_processes)

    def like(self, x: Tensor, n_steps: int, population: str, name: str, dt: float) -> Tensor:
        """White noise of the next steps, (time, batch, post), for an x of shape (batch, post)."""
        return torch.as_tensor(self._normal(x, n_steps, population, name) / math.sqrt(dt), dtype=x.dtype, device=x.device)

    def events(self, x: Tensor, n_steps: int, population: str, name: str, n: int, p: float) -> Tensor:
        """How many events of n sources with probability p there are in the next steps, (time, batch, post), for an x of (batch, post)."""
        return torch.as_tensor(numbers_of_events(self._normal(x, n_steps, population, name), n, p), dtype=x.dtype, device=x.device)

    def _normal(self, x: Tensor, n_steps: int, population: str, name: str) -> NDArray[np.float64]:
        n_batch, n_post = x.shape
        steps = self.step + 1 + np.arange(n_steps)[:, None, None]
        recordings = self.first + self.every * np.arange(n_batch)[:, None]
        return standard_normal(self.seed, recordings, steps, stream_of(population, name), np.arange(n_post))

    def after(self, n_steps: int) -> CountedNoise:
        """What comes after so many steps."""
        return replace(self, step=self.step + n_steps)


@dataclass(frozen=True)
class Noise:
    """Fluctuations of v before the threshold, in training only: an Ornstein-Uhlenbeck process of standard deviation ``sd``.

    ``tau`` is its time constant in seconds. It begins in its stationary state, and comes from torch's default generator.
    """

    sd: float
    tau: float = 5e-3

    def like(self, v: Tensor, dt: float, share: Share | None = None) -> Tensor:
        """The process for a v of shape (time, batch, post); with a share, that of these recordings in the whole batch."""
        rho = math.exp(-dt / self.tau)
        kicks = (torch.randn_like(v.contiguous()) if share is None else share.drawn(torch.randn_like, v)) * self.sd
        kicks[1:] *= math.sqrt(1.0 - rho * rho)
        process: Tensor = exponential_filter(kicks, torch.eye(v.shape[2], dtype=v.dtype, device=v.device), v.new_tensor(rho))
        return process

"""Histograms of the trained time constants, one after every epoch: what learning does to them while it goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save as to_safetensors

from ..data.files import reading, write_atomically
from ..spec.values import is_time_constant, used_entries

if TYPE_CHECKING:
    from .network import Network

_PER_DECADE: Final = 24
#: From a microsecond to a thousand seconds, in equal steps of the logarithm; what lies outside, 0 and infinity too, is in the last bins.
EDGES_S: Final[NDArray[np.float64]] = 10.0 ** (np.arange(-6 * _PER_DECADE, 3 * _PER_DECADE + 1) / _PER_DECADE)
_EPOCHS: Final = "epochs"


@dataclass
class Histograms:
    """Histograms over the epochs of a run.

    Attributes
    ----------
    epochs
        The epochs after which they were made; 0 is before the training.
    counts
        Slot key -> number of values in each bin of :data:`EDGES_S`, shape (epoch, bin).
    """

    epochs: list[int] = field(default_factory=list)
    counts: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    def add(self, epoch: int, network: Network) -> None:
        """Append those of the network as it is now."""
        self.epochs.append(epoch)
        values, trained = network.values(), network.trained()
        for key, slot in network.spec.slots.items():
            if key in trained and is_time_constant(slot):
                row = histogram(np.asarray(values[key])[used_entries(slot)])[None]
                self.counts[key] = np.concatenate([self.counts[key], row]) if key in self.counts else row

    def save(self, path: Path) -> None:
        """Write them; nothing if the network has no trained time constants."""
        if self.counts:
            tensors = {key: self.counts[key].astype(np.int32) for key in sorted(self.counts)}
            write_atomically(path, to_safetensors(tensors, metadata={_EPOCHS: json.dumps(self.epochs)}))

    @classmethod
    def load(cls, path: Path) -> Histograms:
        """Read what :meth:`save` wrote.

        Raises
        ------
        DataError
            If the file is missing, damaged, or another one.
        """
        expected, remedy = "histograms, as a training keeps them", f"remove {path.name}: everything else of the run does without it"
        with reading(path, "the time constants over the epochs can't be read", expected=expected, remedy=remedy):
            with safe_open(path, framework="numpy") as file:
                epochs = [int(epoch) for epoch in json.loads((file.metadata() or {})[_EPOCHS])]
                counts = {key: file.get_tensor(key).astype(np.int64) for key in file.keys()}  # noqa: SIM118 - not a mapping
            if any(rows.shape != (len(epochs), EDGES_S.size - 1) or rows.min(initial=0) < 0 for rows in counts.values()):
                raise ValueError(f"arrays that are not counts of {len(epochs)} epochs in {EDGES_S.size - 1} bins")
            return cls(epochs, counts)

    def to_state(self) -> dict[str, Any]:
        """Plain data and tensors, for the state of an unfinished training."""
        return {"epochs": list(self.epochs), "counts": {key: torch.from_numpy(rows) for key, rows in self.counts.items()}}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Histograms:
        """What :meth:`to_state` gave."""
        return cls(list(state["epochs"]), {key: rows.numpy() for key, rows in state["counts"].items()})


def histogram(values: NDArray[np.floating]) -> NDArray[np.int64]:
    """How many time constants, in seconds, lie in each bin of :data:`EDGES_S`."""
    inside = np.clip(np.ravel(values).astype(np.float64), EDGES_S[0], EDGES_S[-1])
    return np.histogram(inside, bins=EDGES_S)[0].astype(np.int64)

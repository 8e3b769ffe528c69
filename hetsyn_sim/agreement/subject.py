"""The network to certify with its recordings, and the ways to run it that all checks share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..brian import simulate
from ..data.checkpoint import Checkpoint
from ..data.decoding import Decoder, check_input
from ..data.events import SpikeDataset
from ..data.recording import Raster, Recording
from ..spec import NetworkSpec

Values = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Subject:
    """A trained network and the recordings it is checked on; the other settings are those of :func:`~hetsyn_sim.agreement.certify.certify`.

    Raises
    ------
    DtMismatchError, DataError
        If the recordings do not fit the network, or there are none.
    """

    checkpoint: Checkpoint
    data: SpikeDataset
    device: str = "numpy"
    thorough: bool = False
    message: Callable[[str], None] | None = None

    def __post_init__(self) -> None:
        check_input(self.data, self.checkpoint.spec, where="verify")

    @property
    def n_steps(self) -> int:
        """For how long every recording runs."""
        return Decoder.of(self.checkpoint).length(self.data)

    @cached_property
    def values(self) -> dict[str, NDArray[np.float64]]:
        """Parameter values in float64 and SI units by slot key."""
        return {key: np.asarray(value, dtype=np.float64) for key, value in self.checkpoint.values.items()}

    def sample(self, n: int) -> SpikeDataset:
        """``n`` recordings, or four times as many if thorough, evenly spread: for checks that need not see them all."""
        return evenly(self.data, 4 * n if self.thorough else n)

    def by_torch(self, spec: NetworkSpec, values: Values, raster: Raster) -> Recording:
        """A network in torch, float64."""
        from ..training.network import Network  # loads torch

        return Network.from_checkpoint(replace(self.checkpoint, spec=spec, values=values)).record(raster)

    def by_brian2(self, spec: NetworkSpec, values: Values, raster: Raster) -> Recording:
        """A network in Brian2, on its runtime device with numpy: networks that run once are not worth compiling."""
        return simulate(spec, values, raster, device="numpy")


def evenly(data: SpikeDataset, n: int) -> SpikeDataset:
    """``n`` recordings, evenly spread over the data, or all if there are fewer."""
    return data if n >= len(data) else data[[k * len(data) // n for k in range(n)]]

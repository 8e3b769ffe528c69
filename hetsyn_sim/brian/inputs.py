"""Input rasters on their way into Brian2: checked, then one long spike list in which the recordings follow each other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..recording import Raster

__all__ = ["check_inputs", "concatenated_steps", "spikes_with_room", "split_recordings"]


def check_inputs(inputs: Any, n_input: int, *, where: str = "Brian2 simulation") -> Raster:
    """The inputs as a bool array of shape (time, batch, channel).

    Raises
    ------
    DataError
        If the shape is another one, if there are no recordings or no steps, or if anything but 0 and 1 is in them.
    """
    array = np.asarray(inputs)
    if array.ndim != 3 or array.shape[2] != n_input:
        raise DataError(
            "these inputs do not fit the network",
            where=where,
            got=f"shape {array.shape}",
            expected=f"(time, batch, {n_input}): the network has {n_input} input channels",
            remedy="pass (time, batch, channel) with the network's number of channels",
        )
    if array.shape[0] == 0 or array.shape[1] == 0:
        raise DataError(
            "there is nothing to simulate",
            where=where,
            got=f"{array.shape[0]} steps of {array.shape[1]} recordings",
            expected="at least one step and one recording",
            remedy="select some recordings first",
        )
    if array.dtype != np.bool_:
        other = ~((array == 0) | (array == 1))  # NaN is neither
        if np.any(other):
            first = tuple(int(k) for k in np.argwhere(other)[0])
            raise DataError(
                "input spikes must be 0 or 1",
                where=f"{where}: step {first[0]}, recording {first[1]}, channel {first[2]}",
                got=f"{array[first]!r} ({int(other.sum())} such values)",
                expected="False or True, 0 or 1",
                remedy="binarise counts, or use a smaller dt; analogue input can't be sent to Brian2 as spikes",
            )
    return array.astype(np.bool_, copy=False)


def concatenated_steps(raster: Raster) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Channels and steps of all spikes, recording after recording, ordered by step, then channel."""
    n_steps, n_runs, n_channels = raster.shape
    steps, channels = np.nonzero(raster.transpose(1, 0, 2).reshape(n_runs * n_steps, n_channels))
    return channels.astype(np.int32), steps


def spikes_with_room(raster: Raster, room: int | None = None) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The same, filled up to ``room`` spikes with some that come after the last step."""
    channels, steps = concatenated_steps(raster)
    extra = np.arange((room or len(steps)) - len(steps))
    late = raster.shape[0] * raster.shape[1] + extra // raster.shape[2]
    return np.concatenate([channels, extra % raster.shape[2]]).astype(np.int32), np.concatenate([steps, late])


def split_recordings(concatenated: NDArray[Any], n_runs: int) -> NDArray[Any]:
    """(recordings * time, neuron) back to (time, recording, neuron)."""
    return np.ascontiguousarray(concatenated.reshape(n_runs, -1, concatenated.shape[1]).transpose(1, 0, 2))

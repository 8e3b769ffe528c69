"""Inputs for Brian2: one long list of spikes or of values, in which the recordings follow each other."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..data.axes import check_axes
from ..data.recording import Raster
from ..errors import DataError, finite

#: Spikes, or values for a network that takes them, shape (time, batch, channel).
Inputs: TypeAlias = "Raster | NDArray[np.float64]"


def check_inputs(inputs: Any, n_input: int, *, values: bool = False, where: str = "Brian2 simulation") -> Inputs:
    """The inputs as an array of shape (time, batch, channel): of bools, or with ``values`` of numbers.

    Raises
    ------
    DataError
        If the shape is another one, if there are no recordings or no steps, or if anything but 0 and 1, or but finite numbers, is in them.
    """
    array = np.asarray(inputs)
    check_axes(array.shape, n_input, where=where)
    if values:
        return _check_values(array, where)
    if array.dtype != np.bool_:
        other = ~((array == 0) | (array == 1))  # NaN is neither
        if np.any(other):
            first = tuple(int(k) for k in np.argwhere(other)[0])
            raise DataError(
                "input spikes must be 0 or 1",
                where=f"{where}: step {first[0]}, recording {first[1]}, channel {first[2]}",
                got=f"{array[first]!r} ({int(other.sum())} such values)",
                expected="False or True, 0 or 1",
                remedy="binarise counts, or use a smaller dt; analogue input, which are values, needs a model whose synapses read x_pre",
            )
    return array.astype(np.bool_, copy=False)


def _check_values(array: NDArray[Any], where: str) -> NDArray[np.float64]:
    if array.dtype == np.bool_ or not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
        raise DataError(
            "spikes were given to a network that takes values",
            where=where,
            got=f"an array of {array.dtype}",
            expected="numbers: the synapses of layer_1 read the output of their source, x_pre",
            remedy="pass the analogue signal; if it is really 0 or 1, as numbers: inputs.astype(float)",
        )
    finite(array, "an input value", where=f"{where}: (step, recording, channel)", remedy="look at how the input was made")
    return array.astype(np.float64, copy=False)


def joined_recordings(array: NDArray[Any]) -> NDArray[Any]:
    """(time, recording, channel) as (recordings * time, channel), recording after recording."""
    return array.transpose(1, 0, 2).reshape(-1, array.shape[2])


def concatenated_steps(raster: Raster) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Channels and steps of all spikes, recording after recording, ordered by step, then channel."""
    steps, channels = np.nonzero(joined_recordings(raster))
    return channels.astype(np.int32), steps


def spikes_with_room(raster: Raster, room: int | None = None) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The same, filled up to ``room`` spikes with some that come after the last step."""
    channels, steps = concatenated_steps(raster)
    extra = np.arange((room or len(steps)) - len(steps))
    late = raster.shape[0] * raster.shape[1] + extra // raster.shape[2]
    return np.concatenate([channels, extra % raster.shape[2]]).astype(np.int32), np.concatenate([steps, late])


def split_recordings(concatenated: NDArray[Any], n_runs: int) -> NDArray[Any]:
    """(recordings * time, neuron) back to (time, recording, neuron).

    Always a copy: what Brian2 hands out is a window onto memory that from Brian2 2.10 on is freed with the monitor it belongs to.
    """
    return np.array(concatenated.reshape(n_runs, -1, concatenated.shape[1]).transpose(1, 0, 2), order="C")

"""Inputs for Brian2: one long list of spikes or of values, in which recordings follow each other, some of them side by side."""

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


def filled(inputs: Inputs, n_runs: int) -> Inputs:
    """The inputs with silent recordings at the end."""
    n_steps, n_given, n_channels = inputs.shape
    silence = np.zeros((n_steps, n_runs - n_given, n_channels), dtype=inputs.dtype)
    padded: Inputs = np.concatenate([inputs, silence], axis=1)
    return padded


def joined_recordings(array: NDArray[Any], copies: int = 1) -> NDArray[Any]:
    """(time, recording, channel) as (rounds * time, copies * channel): round after round, with a recording for each copy side by side."""
    n_steps, n_runs, n_channels = array.shape
    rounds = array.reshape(n_steps, n_runs // copies, copies * n_channels)
    return rounds.transpose(1, 0, 2).reshape(-1, copies * n_channels)


def spikes_with_room(raster: Raster, room: int | None = None, copies: int = 1) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Channels and steps of all spikes, joined, ordered by step, then channel; filled up to ``room`` with spikes after the last step."""
    joined = joined_recordings(raster, copies)
    steps, channels = np.nonzero(joined)
    extra = np.arange((room or len(steps)) - len(steps))
    late = joined.shape[0] + extra // joined.shape[1]
    return np.concatenate([channels, extra % joined.shape[1]]).astype(np.int32), np.concatenate([steps, late])


def split_recordings(joined: NDArray[Any], n_runs: int, copies: int = 1) -> NDArray[Any]:
    """(rounds * time, copies * neuron) back to (time, recording, neuron).

    Always a copy: what Brian2 hands out is a window onto memory that from Brian2 2.10 on is freed with the monitor it belongs to.
    """
    n_neurons = joined.shape[1] // copies
    rounds = joined.reshape(n_runs // copies, -1, copies, n_neurons).transpose(1, 0, 2, 3)  # (time, round, copy, neuron)
    return np.array(rounds, order="C").reshape(len(rounds), n_runs, n_neurons)

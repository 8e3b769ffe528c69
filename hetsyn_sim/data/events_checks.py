"""What a dataset must fulfil. Each rule names the first recording that breaks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError

if TYPE_CHECKING:
    from .events import SpikeDataset

PER_RECORDING = ("n_steps", "labels", "speakers", "names", "split")


#: What to do about numbers that are not whole.
_REMEDIES = {
    "steps": "put the spikes on the grid first: step = round(time / dt)",
    "units": "number the channels from 0 on",
    "labels": "number the classes from 0 on, as in labels.astype(int), or give their names as texts",
    "n_steps": "give the length of each recording in steps: round(duration / dt)",
}


def check_grid(dt: float, n_channels: int) -> None:
    """Raise :class:`DataError` unless the time step is one, and so many channels can be numbered."""
    if not (np.isfinite(dt) and dt > 0.0):
        raise DataError(
            "dt must be a positive time",
            where="SpikeDataset",
            got=f"dt = {dt!r} s",
            expected="a finite number of seconds above 0",
            remedy="pass the time step the spikes were recorded with",
        )
    if not 0 <= n_channels <= np.iinfo(np.int32).max:
        raise DataError(
            "the number of channels is out of range",
            where="SpikeDataset",
            got=f"n_channels = {n_channels!r}",
            expected=f"a whole number up to {np.iinfo(np.int32).max}",
            remedy="pass the number of input channels",
        )


def as_integers(name: str, values: ArrayLike) -> NDArray[np.integer]:
    """A copy of an array of the dataset in the type that it is stored in; :class:`DataError` if it holds anything else."""
    array = np.asarray(values)
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise DataError(
            f"{name} must be whole numbers",
            where="SpikeDataset",
            got=f"dtype {array.dtype}",
            expected="an integer array",
            remedy=_REMEDIES.get(name, f"give {name} as integers"),
        )
    dtype = np.int64 if name == "offsets" else np.int32
    stored: NDArray[Any] = array.astype(dtype)
    if np.any(stored != array):
        raise DataError(
            f"{name} do not fit into {8 * stored.itemsize} bits",
            where="SpikeDataset",
            got=f"values from {array.min()} to {array.max()}",
            expected=f"at most {np.iinfo(dtype).max}",
            remedy="check the unit: steps are whole numbers of dt, not nanoseconds",
        )
    return stored


def check_shapes(data: SpikeDataset) -> None:
    """Raise :class:`DataError` unless every array has the length the offsets say, and every recording a split."""
    n = data.offsets.size - 1
    shapes = {name: getattr(data, name).shape for name in PER_RECORDING}
    ragged = {name: shape for name, shape in shapes.items() if shape != (n,)}
    ends_right = (
        n >= 0
        and data.offsets.ndim == 1
        and data.offsets[0] == 0
        and data.offsets[-1] == data.steps.size
        and bool(np.all(np.diff(data.offsets) >= 0))
    )
    if ragged or data.steps.shape != data.units.shape or not ends_right:
        got = [f"{name}: {shape}" for name, shape in ragged.items()]
        got += [f"steps: {data.steps.shape}, units: {data.units.shape}"] if data.steps.shape != data.units.shape else []
        got += [] if ends_right else ["offsets that do not run from 0 up to the number of spikes"]
        raise DataError(
            "the arrays of the dataset do not fit together",
            where="SpikeDataset",
            got="; ".join(got),
            expected=f"one entry for each of {max(n, 0)} recordings, offsets from 0 to {data.steps.size}, one unit for every step",
            remedy="give every recording one array of steps, one of units of the same length, and one item of all that is named here",
        )
    unknown = np.flatnonzero(~np.isin(data.split, ("train", "test")))
    if unknown.size:
        raise DataError(
            "a recording belongs to neither split",
            where=str(data.names[unknown[0]]),
            got=repr(str(data.split[unknown[0]])),
            expected="'train' or 'test'",
            remedy="name the split of every recording",
        )


def check_events(data: SpikeDataset) -> None:
    """Raise :class:`DataError` unless every recording has spikes, in order, in range, and no channel twice in a step."""
    owner = data.owners()  # (event,) which recording a spike belongs to
    for what, values, stop, unit, remedy in (
        ("a spike time is out of range", data.steps, data.n_steps[owner], "step", "state the recording's true length in n_steps"),
        ("a spike unit is out of range", data.units, np.full(owner.size, data.n_channels), "unit", "check n_channels"),
    ):
        bad = (values < 0) | (values >= stop)
        if np.any(bad):
            k = int(np.argmax(bad))
            raise DataError(
                what, where=str(data.names[owner[k]]), got=f"{unit} {values[k]}", expected=f"0 <= {unit} < {stop[k]}", remedy=remedy
            )
    key = data.steps.astype(np.int64) * data.n_channels + data.units  # (event,) increases strictly within a recording
    inside = np.flatnonzero((np.diff(key) <= 0) & (np.diff(owner) == 0))
    if inside.size:
        k = int(inside[0])
        twice = key[k] == key[k + 1]
        raise DataError(
            "a channel spikes twice in one step" if twice else "the spikes are not in order",
            where=str(data.names[owner[k]]),
            got=f"unit {data.units[k + 1]} at step {data.steps[k + 1]}" + ("" if twice else f" after step {data.steps[k]}"),
            expected="at most one spike of a channel in a step" if twice else "spikes ordered by step, then unit",
            remedy="merge=True makes them one where the dataset is made; or use a smaller dt"
            if twice
            else "build the dataset with SpikeDataset.from_lists, which sorts",
        )
    silent = np.flatnonzero(np.diff(data.offsets) == 0)
    if silent.size:
        raise DataError(
            "a recording has no spikes",
            where=str(data.names[silent[0]]),
            got=f"{silent.size} empty recording(s)",
            expected="at least one spike in every recording",
            remedy="leave it out, or raise the encoder's gain",
        )

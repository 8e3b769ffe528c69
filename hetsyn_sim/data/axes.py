"""The axes of an input, (time, recording, channel): what is refused, and what only looks as if they were in another order."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from types import UnionType
from typing import Any

from ..errors import AxesWarning, DataError


def check_axes(shape: Sequence[int], n_channels: int, *, where: str) -> None:
    """Raise :class:`DataError` unless this can be the shape (time, recording, channel) of an input of so many channels."""
    if len(shape) == 3 and shape[2] == n_channels and 0 not in shape:
        return
    remedy = "pass (time, batch, channel) with the number of channels the network was built for"
    if 0 in shape:
        remedy = "select at least one recording, of at least one step"
    elif len(shape) == 3 and n_channels in shape[:2]:
        remedy = f"the channels are on axis {list(shape).index(n_channels)}: permute the axes to (time, batch, channel)"
    elif len(shape) == 2:
        remedy = "a single recording is a batch of one: x[:, None]" if shape[1] == n_channels else remedy
    raise DataError(
        "this input does not fit the network",
        where=where,
        got=f"shape {tuple(shape)}",
        expected=f"(time, batch, {n_channels}), none of them 0: the network has {n_channels} input channels",
        remedy=remedy,
    )


def warn_of_batch_first(shape: Sequence[int], dt: float, slowest: float, *, where: str) -> None:
    """Warn if an input that is taken as (time, batch, channel) looks like (batch, time, channel).

    Both have three axes, so it can't be known. It looks so if there are fewer steps than recordings, and so few that they are shorter than
    a time constant of ``slowest`` seconds: in so little time the network can do hardly anything. A single step is how a loop of one's own
    goes through time.
    """
    n_steps, n_recordings = shape[0], shape[1]
    if 1 < n_steps < n_recordings and n_steps * dt < slowest:
        warnings.warn(
            f"{where}: an input of shape {tuple(shape)} is taken as (time, batch, channel), {n_steps} steps of {n_recordings} recordings, "
            f"which is {1e3 * n_steps * dt:g} ms, less than a time constant of {1e3 * slowest:.3g} ms. If it is (batch, time, channel), "
            "say batch_first=True; if it is as it should be, batch_first=False",
            AxesWarning,
            stacklevel=5,  # of whoever calls the module: torch puts two frames between
        )


def check_is_array(x: Any, kind: type | UnionType, *, where: str) -> None:
    """Raise :class:`DataError` unless the input is an array, or a tensor, of this ``kind``."""
    if not isinstance(x, kind):
        tensor = getattr(kind, "__name__", "") == "Tensor"
        of_dataset = "torch.from_numpy(data.rasters())" if tensor else "data.rasters()"
        raise DataError(
            "the input is no tensor" if tensor else "the input is no array",
            where=where,
            got=type(x).__name__,
            expected=f"{'a tensor' if tensor else 'an array or a tensor'} of shape (time, batch, channel)",
            remedy=f"for a SpikeDataset: {of_dataset}; for an array: {'torch.from_numpy(x)' if tensor else 'np.asarray(x)'}",
        )


def check_state(state: Any, n_recordings: int, *, where: str) -> None:
    """Raise :class:`DataError` if a layer's state is none, or one of another number of recordings, which could be broadcast."""
    n = getattr(state, "n_recordings", -1)
    if n not in (n_recordings, None):
        raise DataError(
            "this state is not of the same recordings",
            where=where,
            got=f"a state of {n} recordings, an input of {n_recordings}" if n >= 0 else type(state).__name__,
            expected="the state that the call before returned, for the same batch",
            remedy="begin at rest, without a state, where another batch begins",
        )

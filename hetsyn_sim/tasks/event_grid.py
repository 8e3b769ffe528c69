"""Events of a camera as spikes on a grid of time, pixels and polarities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.events import SpikeDataset
from ..errors import ConfigError, DataError
from .aedat import SIDE, Events


class GriddedRecording(NamedTuple):
    """One recording on the grid: ``cells`` are step x channels + channel, sorted, each once."""

    name: str
    speaker: str
    split: str
    label: int
    cells: NDArray[np.int64]
    n_steps: int


@dataclass(frozen=True)
class EventGrid:
    """How events become spikes.

    A channel is a square of ``pool`` x ``pool`` pixels and a polarity; it spikes in a step that holds at least one event of both. With
    ``side`` squares on either side, channel ``(p * side + row) * side + column`` has p = 0 for OFF and 1 for ON.

    Attributes
    ----------
    dt
        Time step in seconds, a whole number of microseconds.
    duration
        Seconds: later events are cut off, shorter recordings end in silence. None takes each recording as long as it is.
    pool
        A divisor of 128.

    Raises
    ------
    ConfigError
        If these make no grid.
    """

    dt: float
    duration: float | None = None
    pool: int = 1

    def __post_init__(self) -> None:
        # 1e-9: the rounding of dt * 1e6, and nothing that somebody means
        fits = np.isfinite(self.dt) and self.dt > 0.0 and self.step >= 1 and abs(self.dt * 1e6 - self.step) <= 1e-9 * self.step
        long_enough = self.duration is None or (np.isfinite(self.duration) and self.duration >= self.dt)
        is_integer = isinstance(self.pool, int) and not isinstance(self.pool, bool)
        if not (fits and long_enough and is_integer and 1 <= self.pool <= SIDE and SIDE % self.pool == 0):
            raise ConfigError(
                "these settings do not make a grid",
                where="events of a camera",
                got=f"dt = {self.dt!r} s, duration = {self.duration!r} s, pool = {self.pool!r}",
                expected=f"dt a whole number of microseconds, a duration of at least dt or None, pool a divisor of {SIDE}",
                remedy="give both times in seconds, as in dt=0.005, duration=1.0, and a pool such as 4",
            )

    @property
    def step(self) -> int:
        """Microseconds in a step: the camera counts in these, so that no time has to be rounded."""
        return round(self.dt * 1e6)

    @property
    def side(self) -> int:
        """Squares of pixels on either side."""
        return SIDE // self.pool

    @property
    def n_channels(self) -> int:
        """Two polarities of every square."""
        return 2 * self.side**2

    def cells(self, events: Events, start: int, end: int) -> tuple[NDArray[np.int64], int]:
        """The cells of the events from ``start`` up to, not including, ``end`` (us), sorted, each once; and the number of steps."""
        n_steps = -((start - end) // self.step) if self.duration is None else round(self.duration / self.dt)
        inside = (events.t >= start) & (events.t < min(end, start + n_steps * self.step))
        step = (events.t[inside] - start) // self.step
        row, column = events.y[inside] // self.pool, events.x[inside] // self.pool
        channel = (events.on[inside] * self.side + row) * self.side + column
        return np.unique(step * self.n_channels + channel), n_steps


def dataset_of(recordings: Iterable[GriddedRecording], grid: EventGrid, info: Mapping[str, str], *, where: str) -> SpikeDataset:
    """The recordings as a dataset. Those without an event are left out, and counted in ``info["left_out"]``.

    Raises
    ------
    DataError
        If none has an event.
    """
    every = list(recordings)
    with_events = [one for one in every if one.cells.size]
    if not with_events:
        raise DataError(
            "there is no event in any recording",
            where=where,
            got=f"{len(every)} recordings without an event",
            expected="at least one event",
            remedy="check the files, and that the times of the labels are those of the recordings",
        )
    left_out = len(every) - len(with_events)
    return SpikeDataset.from_lists(
        [one.cells // grid.n_channels for one in with_events],
        [one.cells % grid.n_channels for one in with_events],
        dt=grid.dt,
        n_channels=grid.n_channels,
        n_steps=[one.n_steps for one in with_events],
        labels=[one.label for one in with_events],
        speakers=[one.speaker for one in with_events],
        names=[one.name for one in with_events],
        split=[one.split for one in with_events],
        info={**info, "pool": str(grid.pool)} | ({"left_out": f"{left_out} recordings without an event"} if left_out else {}),
    )

"""Datasets from spikes of one's own: lists of steps, spike times, events of sensors, rasters, datasets of torch and tonic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError, one_of
from ..spec.quantities import QuantityLike
from .events_checks import as_integers
from .events_grid import (
    Gridded,
    check_pairs,
    class_numbers,
    in_seconds,
    items_of,
    merged,
    of_events,
    of_raster,
    of_times,
    rasters_of,
    splits,
)


class About(TypedDict, total=False):
    """What may be said of each recording, and of all.

    ``speakers``, ``names`` and ``split`` have an item for each recording; ``split`` is ``"train"`` or ``"test"``, also once for all.
    ``classes`` are the names of the labels, in order: label k is ``classes[k]``. ``info`` says where the recordings come from.
    """

    speakers: ArrayLike | None
    names: ArrayLike | None
    split: ArrayLike | None
    classes: Sequence[str] | None
    info: Mapping[str, str] | None


class FromSpikes:
    """The ways to make a :class:`~hetsyn_sim.data.events.SpikeDataset`.

    Labels are whole numbers from 0 on, or texts, which are numbered in alphabetical order, or in the order of ``classes``;
    ``data.classes`` has the texts. All take ``speakers``, ``names``, ``split``, ``classes`` and ``info`` (:class:`About`). Where nothing
    says which recordings are for testing, :meth:`from_lists` takes all for training, and the others every fifth of each label for
    testing.

    All raise :class:`~hetsyn_sim.errors.DataError` where the parts do not fit together or a recording has no spike, and
    :class:`~hetsyn_sim.errors.SpecError` where a time is none.
    """

    if TYPE_CHECKING:

        def __init__(self, **arrays: Any) -> None: ...

    @classmethod
    def from_lists(
        cls,
        steps: Sequence[ArrayLike],
        units: Sequence[ArrayLike],
        *,
        dt: QuantityLike,
        n_channels: int,
        n_steps: ArrayLike,
        labels: ArrayLike,
        merge: bool = False,
        **about: Unpack[About],
    ) -> Self:
        """Build a dataset from one array of steps and one of units per recording, in any order within a recording.

        ``dt`` is a Brian2 quantity, text such as ``"2 ms"``, or a number in seconds. ``n_channels`` is the number of units there are.
        ``n_steps`` and ``labels`` have an item for each recording. ``merge`` makes one spike of several of a unit in a step, which are
        refused otherwise. ``speakers`` default to ``""``, ``names`` to ``"recording 0"`` and so on, ``split`` to ``"train"``.

        Raises
        ------
        DataError, SpecError
            If the lists do not fit together, hold anything but whole numbers, or ``dt`` is no time.
        """
        check_pairs("steps", steps, units, where="SpikeDataset.from_lists")
        found = [
            Gridded(as_integers("steps", s).astype(np.int64), as_integers("units", u).astype(np.int64), 0)
            for s, u in zip(steps, units, strict=True)
        ]
        if about.get("split") is None:
            about["split"] = "train"
        return cls._of(found, labels, in_seconds(dt, "SpikeDataset.from_lists: dt"), n_channels, merge, about, n_steps=n_steps)

    @classmethod
    def from_times(
        cls,
        times: Sequence[ArrayLike],
        units: Sequence[ArrayLike],
        labels: ArrayLike,
        *,
        dt: QuantityLike,
        time_unit: QuantityLike = "1 s",
        duration: QuantityLike | None = None,
        n_channels: int | None = None,
        merge: bool = False,
        **about: Unpack[About],
    ) -> Self:
        """Build a dataset from spike times: per recording one array of times and one of units, in any order.

        Parameters
        ----------
        times
            Numbers in ``time_unit``, or Brian2 quantities. A spike at time t falls into step floor(t / dt).
        units
            The channel of each spike, from 0 on.
        labels
            One for each recording.
        dt
            Time step: a Brian2 quantity, text such as ``"2 ms"``, or seconds.
        time_unit
            What times that are plain numbers count, such as ``"ms"`` or ``"10 us"``.
        duration
            The length of every recording: later spikes are cut off and counted in ``data.info["cut_off"]``. None: up to its last spike.
        n_channels
            By default up to the highest unit that spikes.
        merge
            Make one spike of several of a unit in a step, and count them in ``data.info["merged"]``; they are refused otherwise.
        **about
            See :class:`About`.

        Raises
        ------
        DataError, SpecError
            See :class:`FromSpikes`; also if a time is negative or not finite, or hardly any spike comes before ``duration``.
        """
        check_pairs("times", times, units, where="SpikeDataset.from_times")
        step, length = in_seconds(dt, "SpikeDataset.from_times: dt"), None if duration is None else in_seconds(duration, "duration")
        scale = in_seconds(time_unit, "SpikeDataset.from_times: time_unit", one=True)
        found = [of_times(t, u, step, scale, length, where=f"recording {k}") for k, (t, u) in enumerate(zip(times, units, strict=True))]
        return cls._of(found, labels, step, n_channels, merge, about)

    @classmethod
    def from_events(
        cls,
        events: Sequence[NDArray[Any]],
        labels: ArrayLike,
        *,
        dt: QuantityLike,
        sensor_size: Sequence[int] | None = None,
        time_unit: QuantityLike = "1 us",
        duration: QuantityLike | None = None,
        merge: bool = False,
        **about: Unpack[About],
    ) -> Self:
        """Build a dataset from events of sensors: per recording one structured array with fields ``t`` and ``x``, as tonic has them.

        Parameters
        ----------
        events
            There may be ``y`` and ``p`` (polarity) too. The channel is (p height + y) width + x, the order of a flattened frame of tonic.
        sensor_size
            Width, height and polarities, tonic's ``dataset.sensor_size``; of one polarity ``p`` is not looked at. By default as large as
            the events need.
        labels, dt, time_unit, duration, merge, **about
            As :meth:`from_times`; ``t`` counts microseconds by default, as in tonic.

        Raises
        ------
        DataError, SpecError
            As :meth:`from_times`; also if a field is missing, or an event lies outside of the sensor.
        """
        step, length = in_seconds(dt, "SpikeDataset.from_events: dt"), None if duration is None else in_seconds(duration, "duration")
        scale = in_seconds(time_unit, "SpikeDataset.from_events: time_unit", one=True)
        found, n_channels = of_events(events, step, scale, length, sensor_size)
        return cls._of(found, labels, step, n_channels, merge, about)

    @classmethod
    def from_raster(
        cls,
        rasters: ArrayLike | Sequence[ArrayLike],
        labels: ArrayLike,
        *,
        dt: QuantityLike,
        batch_first: bool | None = None,
        merge: bool = False,
        **about: Unpack[About],
    ) -> Self:
        """Build a dataset from rasters: a list with one of shape (time, channel) per recording, or one array.

        Parameters
        ----------
        rasters
            False and True, or 0 and 1; with ``merge`` also counts of spikes.
        batch_first
            Axes of one array: (time, recording, channel) if false, (recording, time, channel) if true. None takes the one that fits the
            number of labels, and refuses an array that both fit.
        labels, dt, merge, **about
            As :meth:`from_times`.

        Raises
        ------
        DataError, SpecError
            See :class:`FromSpikes`; also if the numbers are others, or the axes can't be told apart.
        """
        every = rasters_of(rasters, len(np.asarray(labels)), batch_first, where="SpikeDataset.from_raster")
        step = in_seconds(dt, "SpikeDataset.from_raster: dt")
        found = [of_raster(raster, merge, where=f"recording {k}") for k, raster in enumerate(every)]
        return cls._of(found, labels, step, every[0].shape[1] if every else 0, merge, about)

    @classmethod
    def from_torch(
        cls,
        train: Iterable[Any],
        test: Iterable[Any] | None = None,
        *,
        dt: QuantityLike,
        sensor_size: Sequence[int] | None = None,
        time_unit: QuantityLike = "1 us",
        duration: QuantityLike | None = None,
        merge: bool = False,
        **about: Unpack[About],
    ) -> Self:
        """Build a dataset from a dataset of torch or tonic, whose items are (recording, label).

        Parameters
        ----------
        train, test
            A recording is an array or a tensor of shape (time, channel) or (time, ...), whose further axes become one; or a structured
            array of events. Without ``test``, every fifth recording of each label is for testing.
        dt, merge, **about
            As :meth:`from_times`.
        sensor_size, time_unit, duration
            As :meth:`from_events`, where the items are events.

        Raises
        ------
        DataError, SpecError
            As :meth:`from_raster` and :meth:`from_events`; also if an item is something else.
        """
        where, parts = (
            "SpikeDataset.from_torch",
            [items_of(part, name) for part, name in ((train, "train"), (test, "test")) if part is not None],
        )
        recordings, labels = [x for part in parts for x, _ in part], np.array([y for part in parts for _, y in part])
        if test is not None and about.get("split") is None:
            about["split"] = ["train"] * len(parts[0]) + ["test"] * len(parts[1])
        if all(x.dtype.names for x in recordings):
            grid: Any = {"dt": dt, "sensor_size": sensor_size, "time_unit": time_unit, "duration": duration, "merge": merge}
            return cls.from_events(recordings, labels, **grid, **about)
        if any(x.dtype.names or x.ndim < 2 for x in recordings):
            shapes = sorted({f"{x.dtype.names}" if x.dtype.names else f"an array of shape {x.shape}" for x in recordings})
            expected = "arrays of shape (time, channel), or structured arrays of events, of one kind"
            raise DataError(
                "these are no spikes", where=where, got=", ".join(shapes)[:200], expected=expected, remedy="check a single item"
            )
        return cls.from_raster([x.reshape(len(x), -1) for x in recordings], labels, dt=dt, merge=merge, **about)

    @classmethod
    def _of(
        cls,
        found: Sequence[Gridded],
        labels: ArrayLike,
        dt: float,
        n_channels: int | None,
        merge: bool,
        about: About,
        *,
        n_steps: ArrayLike | None = None,
    ) -> Self:
        """The dataset of recordings that are on the grid."""
        for name in about:
            one_of(name, About.__annotations__, "option", where="SpikeDataset")
        if np.shape(labels) != (len(found),):
            got, expected = f"labels of shape {np.shape(labels)}", f"{len(found)} labels, as there are {len(found)} recordings"
            remedy = "give every recording a label, and name them as in labels=[0, 1, 1]"
            raise DataError("there is not a label for each recording", where="SpikeDataset", got=got, expected=expected, remedy=remedy)
        if merge:
            found = [merged(recording) for recording in found]
        order = [np.lexsort((one.units, one.steps)) for one in found]
        numbers, classes = class_numbers(labels, about.get("classes"))
        n, none = len(found), np.zeros(0, dtype=np.int64)
        counts = {"cut_off": sum(one.cut_off for one in found), "merged": sum(one.merged for one in found)}
        texts = {"cut_off": "{} spikes after the end", "merged": "{} spikes that shared a step and a channel with another"}
        info = dict(about.get("info") or {}) | {name: texts[name].format(count) for name, count in counts.items() if count}
        speakers, names = about.get("speakers"), about.get("names")
        return cls(
            dt=dt,
            n_channels=n_channels if n_channels is not None else 1 + max((int(one.units.max(initial=-1)) for one in found), default=-1),
            steps=np.concatenate([one.steps[k] for one, k in zip(found, order, strict=True)] or [none]),
            units=np.concatenate([one.units[k] for one, k in zip(found, order, strict=True)] or [none]),
            offsets=np.cumsum([0, *(one.steps.size for one in found)]),
            n_steps=np.array([one.n_steps for one in found], dtype=np.int64) if n_steps is None else np.asarray(n_steps),
            labels=numbers,
            speakers=np.full(n, "") if speakers is None else np.asarray(speakers),
            names=np.array([f"recording {i}" for i in range(n)], dtype=np.str_) if names is None else np.asarray(names),
            split=splits(about.get("split"), numbers),
            info=info | classes,
        )

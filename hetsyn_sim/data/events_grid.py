"""Spike times, events and rasters on a grid of steps and channels, one recording at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import Quantity
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError, positive
from ..spec.quantities import QuantityLike, to_si
from .events_checks import as_integers

#: Spike times within this share of a step of a border belong to the later step: times are stored as 16- or 32-bit numbers, and k dt is
#: no multiple of dt in floating point.
ROUNDING = 1e-3
#: If a smaller share of all spikes than this is in the window, their times are taken to be in another unit.
LEAST_INSIDE = 0.02


@dataclass(frozen=True)
class Gridded:
    """One recording: ``steps`` and ``units`` int64, shape (spike,), in any order; how many spikes were cut off, and merged with others."""

    steps: NDArray[np.int64]
    units: NDArray[np.int64]
    n_steps: int
    cut_off: int = 0
    merged: int = 0


def in_seconds(time: QuantityLike, where: str, *, one: bool = False) -> float:
    """A positive time in seconds; with ``one``, the name of a unit alone is one of it."""
    if one and isinstance(time, str) and not any(letter.isdigit() for letter in time):
        time = f"1 {time}"
    if isinstance(time, np.integer | np.floating) and not isinstance(time, Quantity):
        time = float(time)
    return positive(to_si(time, "second", where=where), "a time", where=where, unit="of seconds", remedy='give it as in "2 ms"')


def check_pairs(name: str, times: Sequence[ArrayLike], units: Sequence[ArrayLike], *, where: str) -> None:
    """Raise :class:`DataError` unless there is one array of times (or steps) and one of units, as long, for every recording."""
    try:
        sizes = [[len(array) for array in arrays] for arrays in (times, units)]  # type: ignore[arg-type]
    except TypeError:
        raise DataError(
            f"{name} and units are not given by recording",
            where=where,
            got=f"{name} of type {type(times).__name__}, and of its items one without a length",
            expected="for every recording one array of each, of the same length",
            remedy=f"put a single recording into a list: [{name}], [units]",
        ) from None
    if sizes[0] != sizes[1]:
        raise DataError(
            f"{name} and units do not fit together",
            where=where,
            got=f"{name} of {sizes[0][:5]} spikes, units of {sizes[1][:5]}",
            expected="for every recording one array of each, of the same length",
            remedy=f"give every spike one of the {name} and a unit, and leave out recordings without spikes",
        )


def of_times(times: ArrayLike, units: ArrayLike, dt: float, scale: float, duration: float | None, *, where: str) -> Gridded:
    """Spikes of a recording by their times, in ``scale`` seconds or Brian2's units: step k holds those from k dt to (k + 1) dt."""
    if isinstance(times, Quantity):
        to_si(Quantity(0.0, dim=times.dim), "second", where=f"the times of {where}")
        scale = 1.0
    t = _numbers(times, "times", where) * scale
    if t.size and not (np.isfinite(t).all() and t.min() >= 0.0):
        bad = t[~(np.isfinite(t) & (t >= 0.0))][0]
        remedy = "count from the beginning of each recording, as in times - times.min(), and leave out what is not a number"
        raise DataError("a spike time is impossible", where=where, got=f"{bad:g} s", expected="finite times from 0 on", remedy=remedy)
    u = whole("units", _numbers(units, "units", where), where)
    steps = np.floor(t / dt + ROUNDING)
    if t.size and steps.max() >= np.iinfo(np.int32).max:
        remedy = 'say what the times count: time_unit="us"'
        raise DataError("a recording is too long", where=where, got=f"{t.max():g} s", expected="less than 2**31 steps", remedy=remedy)
    steps = steps.astype(np.int64)
    n_steps = max(1, round(duration / dt)) if duration is not None else int(steps.max(initial=-1)) + 1
    inside = steps < n_steps
    if t.size and inside.sum() <= LEAST_INSIDE * t.size:
        raise DataError(
            "hardly any spike is in the window",
            where=where,
            got=f"{inside.sum()} of {t.size} spikes before {n_steps * dt:g} s, the latest at {t.max():g} s",
            expected="most spikes within the duration",
            remedy='say what the times count, as in time_unit="ms"; give a longer duration; or shift recordings that begin late',
        )
    return Gridded(steps[inside], u[inside], n_steps, int((~inside).sum()))


def of_events(
    events: Sequence[NDArray[Any]], dt: float, scale: float, duration: float | None, sensor_size: Sequence[int] | None
) -> tuple[list[Gridded], int | None]:
    """Recordings of structured arrays with the fields t, x and maybe y and p; and the number of channels, if there is any event."""
    where = "SpikeDataset.from_events"
    every = [np.asarray(one) for one in events]
    if sensor_size is not None and (len(sensor_size) != 3 or min(sensor_size) < 1):
        expected = "(width, height, polarities), each at least 1"
        raise DataError("this is no size of a sensor", where=where, got=repr(sensor_size), expected=expected, remedy="(128, 128, 2)")
    for k, one in enumerate(every):
        if one.dtype.names is None or not {"t", "x"} <= set(one.dtype.names):
            got = f"the fields {', '.join(one.dtype.names)}" if one.dtype.names else f"an array of type {one.dtype}"
            remedy = "tonic returns such arrays without a transform; for rasters take from_raster, for times and units from_times"
            expected = "a structured array with t and x, and maybe y and p"
            raise DataError("these are no events", where=f"{where}: recording {k}", got=got, expected=expected, remedy=remedy)
    places = [{name: _field(one, name, k) for name in ("x", "y", "p")} for k, one in enumerate(every)]
    if sensor_size is not None and sensor_size[2] == 1:
        places = [place | {"p": np.zeros_like(place["p"])} for place in places]
    needed = [1 + max((int(place[name].max(initial=0)) for place in places), default=0) for name in ("x", "y", "p")]
    width, height, polarities = needed if sensor_size is None else (int(n) for n in sensor_size)
    if any(n > most for n, most in zip(needed, (width, height, polarities), strict=True)):
        got = ", ".join(f"{name} up to {n - 1}" for name, n in zip("xyp", needed, strict=True))
        remedy = "give the width, height and polarities of the sensor, or leave sensor_size out"
        expected = f"events of a sensor of {width} x {height} x {polarities}"
        raise DataError("an event lies outside of the sensor", where=where, got=got, expected=expected, remedy=remedy)
    found = []
    for k, (one, place) in enumerate(zip(every, places, strict=True)):
        channel = (place["p"] * height + place["y"]) * width + place["x"]
        found.append(of_times(one["t"].ravel(), channel, dt, scale, duration, where=f"recording {k}"))
    return found, width * height * polarities


def _field(events: NDArray[Any], name: str, k: int) -> NDArray[np.int64]:
    """x, y or p of every event, from 0 on; 0 where there is no such field."""
    if name not in (events.dtype.names or ()):
        return np.zeros(events.size, dtype=np.int64)
    return whole(name, np.asarray(events[name].ravel(), dtype=np.float64), f"SpikeDataset.from_events: recording {k}")


def rasters_of(rasters: Any, n_labels: int, batch_first: bool | None, *, where: str) -> list[NDArray[Any]]:
    """One array of shape (time, channel) per recording."""
    if isinstance(rasters, list | tuple):
        every = [np.asarray(one) for one in rasters]
        if wrong := [f"shape {one.shape} of recording {k}" for k, one in enumerate(every) if one.ndim != 2]:
            raise DataError("a raster has two axes", where=where, got=wrong[0], expected="(time, channel)", remedy="reshape it")
        if len({one.shape[1] for one in every}) > 1:
            got = ", ".join(sorted({str(one.shape[1]) for one in every}))
            remedy = "give all the same channels; (channel, time) has to be transposed"
            raise DataError("the recordings have different numbers of channels", where=where, got=got, expected="one number", remedy=remedy)
        return every
    array = np.asarray(rasters)
    fits = [axis for axis in (0, 1) if array.ndim == 3 and array.shape[axis] == n_labels]
    axis = {None: fits[0] if len(fits) == 1 else -1, True: 0, False: 1}[batch_first]
    if axis not in fits:
        both = len(fits) == 2
        raise DataError(
            "it can't be told which axis has the recordings" if both else "the raster does not have a recording for each label",
            where=where,
            got=f"shape {array.shape}, {n_labels} labels" + ("" if batch_first is None else f", batch_first={batch_first}"),
            expected="(time, recording, channel), or (recording, time, channel) with batch_first=True",
            remedy="say which: batch_first=True or False" if both else "check the order of the axes, and that there is a label for each",
        )
    return list(np.moveaxis(array, axis, 0))


def of_raster(raster: NDArray[Any], merge: bool, *, where: str) -> Gridded:
    """A raster of shape (time, channel) of 0 and 1, or of counts where several spikes are to become one."""
    try:
        counts = np.asarray(raster, dtype=np.float64)
        fine = bool(np.isfinite(counts).all() and (counts >= 0).all() and (counts == np.rint(counts)).all())
    except (TypeError, ValueError):
        counts, fine = np.zeros((0, 0)), False
    if not fine or (counts.max(initial=0.0) > 1 and not merge):
        strange = counts[(counts != 0) & (counts != 1)]
        raise DataError(
            "a raster has other numbers than 0 and 1",
            where=where,
            got=f"{strange[0]:g}" if strange.size else f"type {raster.dtype}",
            expected="spikes: 0 or 1" + (", or how many there are" if merge else ""),
            remedy="merge=True makes one spike of several" if fine else "values that are no spikes have to be encoded first",
        )
    steps, units = np.nonzero(counts)
    return Gridded(steps, units, len(counts), 0, int(counts.sum() - steps.size))


def merged(recording: Gridded) -> Gridded:
    """The same with one spike for several of a channel in a step."""
    cells = np.unique(np.stack([recording.steps, recording.units]), axis=1)
    lost = recording.steps.size - cells.shape[1]
    return replace(recording, steps=cells[0], units=cells[1], merged=recording.merged + lost)


def class_numbers(labels: ArrayLike, classes: Sequence[str] | None) -> tuple[NDArray[Any], dict[str, str]]:
    """Labels as whole numbers, and what ``info`` says of their names: JSON, in the order of the numbers."""
    array = np.asarray(labels)
    names = None if classes is None else [str(name) for name in classes]
    if array.dtype.kind in "UO" and array.size and all(isinstance(label, str) for label in array.ravel().tolist()):
        names = sorted(set(array.ravel().tolist())) if names is None else names
        number = {name: k for k, name in enumerate(names)}
        if unknown := sorted(set(array.ravel().tolist()) - set(number)):
            got, expected = ", ".join(map(repr, unknown[:5])), ", ".join(map(repr, names))
            raise DataError("a label is no class", where="labels", got=got, expected=expected, remedy="name it in classes, too")
        array = np.array([number[label] for label in array.ravel().tolist()], dtype=np.int64).reshape(array.shape)
    array = as_integers("labels", array)
    if names is not None and array.size and array.max() >= len(names):
        got, remedy = f"label {array.max()} and {len(names)} classes", "name all classes"
        raise DataError("a label has no name", where="classes", got=got, expected="a name for each label", remedy=remedy)
    return array, {} if names is None else {"classes": json.dumps(names, ensure_ascii=False)}


def splits(split: ArrayLike | None, labels: NDArray[Any]) -> NDArray[np.str_]:
    """The split of each recording: as given, one for all, or every fifth of each label for testing."""
    if split is None:
        return every_fifth(labels)
    given = np.asarray(split, dtype=np.str_)
    return np.full(labels.shape, str(given)) if given.ndim == 0 else given


def every_fifth(labels: NDArray[Any]) -> NDArray[np.str_]:
    """``"train"`` and ``"test"`` for recordings of which nothing says which is which: every fifth of each label is for testing."""
    split = np.full(labels.shape, "train", dtype="<U5")
    for label in np.unique(labels):
        split[np.flatnonzero(labels == label)[4::5]] = "test"
    return split


def whole(name: str, values: NDArray[np.float64], where: str) -> NDArray[np.int64]:
    """Whole numbers from 0 on, which may be stored as others."""
    fine = np.isfinite(values) & (values == np.rint(values)) & (values >= 0)
    if not fine.all():
        remedy, got = f"number {name} from 0 on", f"{values[~fine][0]:g}"
        raise DataError(f"{name} must be whole numbers", where=where, got=got, expected="whole numbers from 0 on", remedy=remedy)
    return values.astype(np.int64)


def _numbers(values: ArrayLike, name: str, where: str) -> NDArray[np.float64]:
    try:
        return np.asarray(values, dtype=np.float64).ravel()
    except (TypeError, ValueError):
        got = f"an array of type {np.asarray(values, dtype=object).dtype}"
        raise DataError(f"{name} are not numbers", where=where, got=got, expected="an array of numbers", remedy="convert them") from None


def items_of(dataset: Iterable[Any], name: str) -> list[tuple[NDArray[Any], Any]]:
    """(recording, label) of every item, as NumPy has them."""
    numbered = hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")  # torch's datasets need not stop when they are iterated
    items = (dataset[k] for k in range(len(dataset))) if numbered else iter(dataset)  # type: ignore[index,arg-type]
    found = []
    for k, item in enumerate(items):
        if not isinstance(item, tuple | list) or len(item) != 2:
            raise DataError(
                "an item of this dataset is no recording with its label",
                where=f"SpikeDataset.from_torch: {name}[{k}]",
                got=f"{type(item).__name__}" + (f" of {len(item)}" if isinstance(item, tuple | list) else ""),
                expected="(recording, label)",
                remedy="wrap the dataset in one that returns both",
            )
        x, label = (_as_numpy(value) for value in item)
        if label.size != 1:
            got, remedy = f"{label.size} labels", "give the dataset itself, not a DataLoader, which makes batches: loader.dataset"
            place = f"SpikeDataset.from_torch: {name}[{k}]"
            raise DataError("an item of this dataset has several labels", where=place, got=got, expected="one", remedy=remedy)
        found.append((x, label.item()))
    return found


def _as_numpy(value: Any) -> NDArray[Any]:
    """A tensor on any device, sparse or not, or anything else, as an array."""
    for method in ("detach", "cpu", "to_dense"):
        value = getattr(value, method, lambda same=value: same)()
    return np.asarray(value)

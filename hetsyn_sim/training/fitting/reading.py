"""What users hand over as a recording, read and checked: arrays with units, one for each trial, of Brian2, NumPy or Neo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from brian2.core.variables import VariableView
from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension, Quantity
from numpy.typing import NDArray

from ...errors import DataError, DtMismatchError, SpecError, finite
from ...spec import NeuronModel, to_si
from ...spec.quantities import name_of_dimensions, parse_unit, unit_of_dimensions
from .trials import Trials

Array = NDArray[np.float64]
_ONE_EACH = "an array for each trial, or one of shape (trial, time); a single trial may be an array alone"


def read_trials(
    model: NeuronModel,
    inputs: Mapping[str, Any],
    *,
    v: Any = None,
    spikes: Any = None,
    input_spikes: Any = None,
    dt: Any = None,
    skip: Any = 0.0,
    blank: tuple[Any, Any] = (0.0, 0.0),
) -> Trials:
    """The trials of a recording; arguments as in :func:`~hetsyn_sim.training.fitting.fit_recordings`.

    Raises
    ------
    SpecError
        If a unit is missing or of the wrong kind.
    DtMismatchError
        If an object that knows its sampling period has another one.
    DataError
        If a value is not finite, lengths or numbers of trials differ, a spike lies outside of its trial, or there is nothing to fit to.
    """
    step = _sampling_period(dt, [*inputs.values(), v])
    dimensions = model.dimensions()
    series = {name: _series(x, dimensions[name], name) for name, x in inputs.items()}
    if v is not None:
        series["v"] = _series(v, dimensions["v"], "v")
    trains = {"spikes": spikes, "input_spikes": input_spikes}
    times = {name: _times(x, name) for name, x in trains.items() if x is not None}
    if v is None and spikes is None:
        raise DataError(
            "there is nothing to fit to",
            where="fit_recordings",
            got="neither v nor spikes",
            expected="one of them, or both",
            remedy="pass v=",
        )
    numbers = {name: len(x) for name, x in (*series.items(), *times.items())}
    if len(set(numbers.values())) > 1:
        raise DataError(
            "numbers of trials differ",
            where="fit_recordings",
            got=", ".join(f"{n} of {name}" for name, n in numbers.items()),
            expected=_ONE_EACH,
            remedy="pass as many of each; spikes=[] is one trial without spikes, [[], []] are two",
        )
    lengths = _lengths(series, numbers)
    if not lengths:
        _empty()
    n_steps, n_trials = max(lengths), len(lengths)
    inside = np.arange(n_steps)[:, None] < np.array(lengths)
    raster = {name: _raster(x, step, lengths, name) for name, x in times.items()}
    begins = round(to_si(skip, "second", where="skip") / step)
    before, after = (round(to_si(x, "second", where="blank") / step) for x in blank)
    counted = inside & (np.arange(n_steps)[:, None] >= begins)
    watched = counted.copy()
    found = raster.get("spikes")
    if found is not None and model.spiking and not model.spikes_where_crossed:
        for k, trial in np.argwhere(found):  # what a spike is like, and where a reset is seen, is not the model's to say
            counted[max(k - before, 0) : k + 1 + after, trial] = False
    padded = {name: _padded(x, n_steps) for name, x in series.items()}
    return (
        Trials(
            step,
            {name: padded[name] for name in inputs},
            padded.get("v"),
            None if found is None else found > 0,
            raster.get("input_spikes"),
            counted,
            watched,
        )
        if n_trials
        else _empty()
    )


def _empty() -> Trials:
    raise DataError("there are no trials", where="fit_recordings", got="0 trials", expected=_ONE_EACH, remedy="pass at least one")


def _sampling_period(dt: Any, given: Sequence[Any]) -> float:
    step = None if dt is None else to_si(dt, "second", where="dt")
    for signal in (x for one in given for x in (one if isinstance(one, list | tuple) else [one])):
        if hasattr(signal, "sampling_period"):
            own = float(signal.sampling_period.rescale("s").magnitude)
            if step is not None and not np.isclose(own, step, rtol=1e-6):
                raise DtMismatchError(
                    "two sampling periods", where="dt", got=f"{own:g} s in {getattr(signal, 'name', None) or 'a signal'}",
                    expected=f"{step:g} s", remedy="resample one of them, or leave dt out",
                )  # fmt: skip
            step = own
    if step is None or not 0.0 < step < np.inf:
        raise DataError("the time step is missing", where="dt", got=repr(dt), expected="a time above 0", remedy="pass dt=0.1*ms")
    return step


def _series(value: Any, dimension: Dimension, name: str) -> list[Array]:
    """One array for each trial, in SI units."""
    trials = list(value) if isinstance(value, list | tuple) else [value]
    found = []
    for trial in trials:
        array = _si(trial, dimension, name)
        of_neo = hasattr(trial, "sampling_period")  # (time, channel)
        if array.ndim == 2 and (len(trials) == 1 or (of_neo and array.shape[1] == 1)):
            found += list(array.T if of_neo else array)
        else:
            found.append(array)
    for k, array in enumerate(found):
        if array.ndim != 1 or array.size < 2:
            raise DataError(
                "this is not a trace", where=f"{name}, trial {k}", got=f"shape {array.shape}", expected=_ONE_EACH, remedy="pass it so"
            )
        finite(array, f"a sample of {name}", where=f"{name}, trial {k}", remedy="cut the piece out, or fill the gap")
    return found


def _si(value: Any, dimension: Dimension, name: str) -> Array:
    if isinstance(value, VariableView):  # a monitor's own
        value = value[:]
    if hasattr(value, "rescale"):  # of the package quantities, as Neo's signals are
        value = Quantity(np.asarray(value.magnitude, dtype=np.float64), dim=DIMENSIONLESS) * parse_unit(
            str(value.dimensionality), where=name
        )
    own = value.dim if isinstance(value, Quantity) else DIMENSIONLESS
    if own is not dimension:
        pure = dimension is DIMENSIONLESS
        raise SpecError(
            "the unit is missing" if own is DIMENSIONLESS else "the unit is of the wrong kind",
            where=name,
            got="plain numbers" if own is DIMENSIONLESS else name_of_dimensions(own),
            expected="plain numbers" if pure else f"values in {name_of_dimensions(dimension)}",
            remedy="divide by the unit" if pure else f"multiply with the unit, as in {name}*{unit_of_dimensions(dimension)}",
        )
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError("this is not a trace", where=name, got=str(error)[:200], expected=_ONE_EACH, remedy="pass numbers") from error


def _times(value: Any, name: str) -> list[Array]:
    """Times of spikes in seconds, an array for each trial."""
    second = parse_unit("second", where=name).dim
    one = not isinstance(value, list | tuple) or not len(value) or all(np.ndim(x) == 0 for x in value)
    if isinstance(value, list | tuple) and one:
        value = Quantity(value) if len(value) else np.zeros(0)
    found = []
    for k, train in enumerate([value] if one else value):
        empty = np.size(train) == 0
        array = np.zeros(0) if empty else np.atleast_1d(_si(Quantity(train) if isinstance(train, list | tuple) else train, second, name))
        found.append(finite(array, "a spike time", where=f"{name}, trial {k}", remedy="leave it out"))
    return found


def _lengths(series: Mapping[str, list[Array]], numbers: Mapping[str, int]) -> list[int]:
    if not series:
        raise DataError(
            "nothing says how long a trial is",
            where="fit_recordings",
            got=", ".join(numbers),
            expected="an input or v",
            remedy="pass inputs=",
        )
    lengths = [{name: len(x[k]) for name, x in series.items()} for k in range(len(next(iter(series.values()))))]
    for k, of in enumerate(lengths):
        if len(set(of.values())) > 1:
            raise DataError(
                "lengths differ",
                where=f"trial {k}",
                got=", ".join(f"{n} samples of {name}" for name, n in of.items()),
                expected="as many samples of everything, each dt long",
                remedy="cut them to one length, or resample them to one dt",
            )
    return [next(iter(of.values())) for of in lengths]


def _raster(trains: list[Array], step: float, lengths: Sequence[int], name: str) -> Array:
    """How many spikes are seen in each sample: for the neuron's own the one after their time, for input the one at it."""
    found = np.zeros((max(lengths), len(lengths)))
    late = int(name == "spikes")
    for k, (times, n) in enumerate(zip(trains, lengths, strict=True)):
        places = np.floor(times / step + 1e-3).astype(np.int64)
        outside = (places < 0) | (places >= n)
        if outside.any():
            raise DataError(
                "a spike outside of its trial",
                where=f"{name}, trial {k}",
                got=f"{times[outside][0]:g} s",
                expected=f"times from 0 s to {n * step:g} s",
                remedy="check the unit of the times, and that they count from the beginning of the trial",
            )
        np.add.at(found[:, k], places[places + late < n] + late, 1.0)
    return found


def _padded(trials: list[Array], n_steps: int) -> Array:
    return np.stack([np.concatenate([x, np.full(n_steps - len(x), x[-1])]) for x in trials], axis=1)

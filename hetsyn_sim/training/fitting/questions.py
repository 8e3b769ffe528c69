"""What is asked of a recording: which parameters, in which bounds, by which loss; and whether the recording can answer."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from ...discrete.clamped import ClampedProgram, clamped
from ...discrete.program import evaluate
from ...errors import DataError, SpecError, one_of
from ...spec import NeuronModel, format_quantity, to_si
from ...spec.initial import Constant
from .trials import Trials

Losses = Literal["voltage", "spikes", "both"]
LOSSES: Final = ("voltage", "spikes", "both")


@dataclass(frozen=True)
class Questions:
    """Fitted parameters with their bounds in SI units, values of all others, and what counts.

    ``of_threshold`` are those that only the threshold depends on, of which a voltage between given spikes says nothing.
    """

    bounds: Mapping[str, tuple[float, float]]
    fixed: Mapping[str, float]
    loss: Losses
    of_threshold: frozenset[str]

    @property
    def fitted(self) -> tuple[str, ...]:
        return tuple(self.bounds)


def ask(
    model: NeuronModel, trials: Trials, parameters: Mapping[str, Any] | Collection[str], values: Mapping[str, Any], loss: str | None
) -> Questions:
    """The questions of :func:`~hetsyn_sim.training.fitting.fit_recordings`, checked.

    Raises
    ------
    UnknownNameError
        If the model has no such parameter, or there is no such loss.
    SpecError
        If a bound has the wrong unit or is missing, or a parameter is not fixed and has no value.
    DataError
        If the recording can't say what is asked.
    """
    known = [name for name in model.parameters if name not in trials.inputs]
    wanted = (
        dict(parameters) if isinstance(parameters, Mapping) else dict.fromkeys([parameters] if isinstance(parameters, str) else parameters)
    )
    for name in (*wanted, *values):
        one_of(name, known, "parameter", where=model.name, remedy="name a parameter of the model that is not an input")
    if not wanted:
        raise SpecError(
            "there is nothing to fit", where="parameters", got="no names", expected=", ".join(known), remedy="name what is unknown"
        )
    resets = model.spiking and not model.spikes_where_crossed
    default = "voltage" if trials.spikes is None or not trials.spikes.any() or not resets else "both"
    chosen = one_of(loss or (default if trials.v is not None else "spikes"), LOSSES, "loss", where="loss")
    _check_targets(model, trials, chosen, resets)
    program = clamped(model, tuple(trials.inputs), forced=False, drawn=False, driven=trials.input_spikes is not None)
    bounds = {name: _bounds(model, name, given) for name, given in wanted.items()}
    fixed = {name: _value(model, name, values.get(name)) for name in program.parameters if name not in bounds}
    return Questions(bounds, fixed, chosen, _of_threshold(model, program, bounds, chosen))


def _check_targets(model: NeuronModel, trials: Trials, loss: str, resets: bool) -> None:
    if loss != "spikes" and trials.v is None:
        raise DataError(
            "there is no voltage to fit to", where=f"loss={loss!r}", got="v=None", expected="a trace", remedy='pass v=, or loss="spikes"'
        )
    if loss != "voltage" and not resets:
        raise DataError(
            "spikes of this model can't be fitted by themselves",
            where=f"{model.name}: loss={loss!r}",
            got="a model that spikes where it crosses" if model.spiking else "a model without a threshold",
            expected="a model with a reset",
            remedy='use loss="voltage": the shape of its spikes is in the voltage',
        )
    if trials.spikes is None and resets:
        raise DataError(
            "the neuron is reset by its spikes, and there are none to hold it to",
            where=model.name,
            got="spikes=None",
            expected="the times of the recorded spikes",
            remedy="pass spikes=, for each trial; spikes=[] says that there was none",
        )
    if loss != "voltage" and trials.spikes is not None and not trials.spikes.any():
        raise DataError(
            "there are no spikes to fit to", where=f"loss={loss!r}", got="0 spikes", expected="at least one", remedy='use loss="voltage"'
        )
    if loss != "spikes" and not trials.counted.any():
        raise DataError(
            "no sample of the voltage counts",
            where="v",
            got="all skipped or blanked",
            expected="some that are not",
            remedy="lower skip or blank",
        )


def _bounds(model: NeuronModel, name: str, given: Any) -> tuple[float, float]:
    parameter = model.parameters[name]
    pair = parameter.si_bounds if given is None else given
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        pair = (math.nan, math.nan)
    low, high = (to_si(bound, parameter.unit, where=f"bounds of {name}") for bound in pair)
    if not -math.inf < low < high < math.inf:
        raise SpecError(
            "a search needs two bounds",
            where=name,
            got=str(given) if given is not None else f"{low:g} to {high:g}, the model's own",
            expected=f"(lowest, highest) in {parameter.unit}, both finite",
            remedy=f"pass parameters={{{name!r}: (low, high)}} with units",
        )
    return low, high


def _value(model: NeuronModel, name: str, given: Any) -> float:
    parameter = model.parameters[name]
    if given is not None:
        return to_si(given, parameter.unit, where=f"values: {name}")
    if isinstance(parameter.distribution, Constant):
        return float(parameter.distribution.value)
    raise SpecError(
        "a parameter has no value",
        where=f"{model.name}: {name}",
        got=f"{parameter.distribution.to_text(parameter.unit)}, which differs from neuron to neuron",
        expected="one value, or bounds to search in",
        remedy=f"pass values={{{name!r}: ...}}, or name it among the parameters",
    )


def _of_threshold(model: NeuronModel, program: ClampedProgram, bounds: Mapping[str, Any], loss: str) -> frozenset[str]:
    """The parameters that only the threshold depends on; those that nothing depends on are refused."""
    seen = {*program.program.advance.inputs, *program.program.reset.inputs}
    seen |= {str(s) for e in (*program.initial.values(), *program.jumps.values()) for s in e.free_symbols}
    seen |= {str(s) for p in program.program.propagators for row in p.rates for e in row for s in e.free_symbols}
    threshold = {*program.readout.inputs}
    for name in bounds:
        if name in seen or (name in threshold and loss != "voltage"):
            continue
        raise DataError(
            "the recording can't say anything about a parameter",
            where=f"{model.name}: {name}",
            got="a parameter of the threshold, and only the voltage counts"
            if name in threshold
            else "a parameter that no voltage depends on",
            expected="parameters of the equations, the reset or the start" + ("" if loss == "voltage" else ", or the threshold"),
            remedy='use loss="both"' if name in threshold else "set it by values=; a refractory period is the shortest interval or less",
        )
    return frozenset(bounds) - seen


def without_refractory(model: NeuronModel, trials: Trials, fixed: Mapping[str, float]) -> NDArray[np.bool_]:
    """The samples in which spikes are watched for: not while a recorded spike leaves the neuron refractory.

    Raises
    ------
    DataError
        If it spiked while it was refractory.
    """
    watched = trials.watched.copy()
    if model.refractory_period is None or trials.spikes is None:
        return watched
    period = float(evaluate(model.refractory_period, {"dt": trials.dt, **fixed}))
    n = math.floor((period + 1e-3 * trials.dt) / trials.dt)
    for trial in range(trials.n_trials):
        places = np.flatnonzero(trials.spikes[:, trial])
        if len(places) > 1 and np.diff(places).min() < n:
            shortest = float(np.diff(places).min() * trials.dt)
            raise DataError(
                "the neuron spiked while it was refractory",
                where=f"trial {trial}",
                got=f"an interval of {format_quantity(shortest, 'ms')}",
                expected=f"intervals of {format_quantity(period, 'ms')} or more",
                remedy="lower the refractory period by values=, or look for spikes that were counted twice",
            )
        for place in places:
            watched[place + 1 : place + n, trial] = False
    return watched

"""Parameters of a neuron from recordings of it, by gradient: restarts side by side, held to the recording and then let go."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from importlib import import_module
from os import PathLike
from typing import Any

import numpy as np
from brian2.core.namespace import get_local_namespace
from numpy.typing import NDArray

from ...discrete.program import evaluate
from ...discrete.stepping import stepped
from ...errors import ConfigError, DataError, SpecError, one_of
from ...spec import NeuronModel
from ..console import Status, say
from .box import Box
from .lanes import Lanes
from .loss import Loss
from .questions import Questions, ask, without_refractory
from .reading import read_trials
from .result import RecordingsFit, errors_of, with_values
from .search import Searched
from .stages import run_stages
from .trials import Trials
from .unfinished import Unfinished, digest_of_fit

Array = NDArray[np.float64]
#: The width of the threshold begins at this place of its bounds.
_WIDE = 0.7


def fit_recordings(
    model: Any,
    inputs: Mapping[str, Any],
    *,
    v: Any = None,
    spikes: Any = None,
    input_spikes: Any = None,
    dt: Any = None,
    parameters: Mapping[str, Any] | Collection[str],
    values: Mapping[str, Any] | None = None,
    loss: str | None = None,
    skip: Any = 0.0,
    blank: tuple[Any, Any] = (0.0, 0.0),
    restarts: int = 20,
    seed: int = 0,
    iterations: int = 15,
    namespace: Mapping[str, Any] | None = None,
    progress: bool = True,
    resume: str | PathLike[str] | None = None,
) -> RecordingsFit:
    """Fit parameters of a neuron to recorded voltages and spikes.

    The neuron is reset where the recorded one spiked, and its voltage is drawn towards the recorded one: strongly at first, then less and
    less, in the end not at all. Levenberg and Marquardt's method goes down from many starts at once, on exact derivatives. In the end
    minus the log likelihood of the recording is minimised: voltage with white noise, and spikes at a soft threshold
    (``hetsyn_sim.training.fitting.loss``).

    Parameters
    ----------
    model
        A :class:`~hetsyn_sim.spec.NeuronModel` (``hs.models.AdEx``), or a Brian2 ``NeuronGroup`` of one neuron.
    inputs
        What was injected, by its name in the equations: ``{"I_0": current}``, ``{"g_e": conductance}``; a parameter of the model, or a sum
        over its synapses. Values have units; shape (time,) or (trial, time), a list of trials of different lengths, or a
        ``neo.AnalogSignal``. A value acts from its sample to the next, as Brian2's ``TimedArray`` does.
    v
        The recorded voltage, likewise, a sample at the beginning of each step, as a ``StateMonitor`` has it.
    spikes
        Times of the recorded spikes, an array for each trial. The threshold is crossed between the sample at or before this time and the
        next, as with a ``SpikeMonitor``. ``[]``: there was none.
    input_spikes
        Times of spikes that arrive at the model's synapses, an array for each trial.
    dt
        The time between samples. Signals of Neo bring their own.
    parameters
        What is unknown: name -> (lowest, highest). Names alone take the model's own bounds.
    values
        Of parameters that are known; by default the model's, or the group's.
    loss
        ``"voltage"``, ``"spikes"`` or ``"both"``. By default both if there are both, and the model has a reset.
    skip
        The beginning of each trial that does not count.
    blank
        How long before and after a recorded spike the voltage does not count. The sample in which a spike is seen never does, in models
        with a reset.
    restarts
        How many starts are drawn between the bounds. The middle of the bounds is one more.
    seed
        Of the starts.
    iterations
        At most, for each strength of the pull; four times as many without.
    namespace
        Variables of the script that a group's equations use; by default those that the caller sees.
    progress
        Whether to say on stderr how it goes. Ctrl-C ends the search, and what was found so far is the result.
    resume
        A file for the search while it lasts: written every second, gone when the search has ended. If it is there, because the search was
        interrupted or killed, the same call goes on from it, and comes to the same result as one that was not.

    Returns
    -------
    RecordingsFit

    Raises
    ------
    SpecError
        If a unit is missing or wrong, a bound is missing, or the model can't be stepped with this input.
    UnknownNameError
        If an input, parameter or loss is unknown.
    DataError
        If the recording is not usable, or can't say what is asked.
    ConfigError
        If there is no restart or iteration.
    CheckpointError
        If the file to resume from is damaged, or of another fit.
    """
    _check_counts(restarts, iterations)
    known = dict(values or {})
    if not isinstance(model, NeuronModel):
        model, own = _of_group(model, get_local_namespace(level=1) if namespace is None else namespace)
        known = own | known
    for name in inputs:
        known.pop(name, None)
    _check_inputs(model, inputs)
    trials = read_trials(model, inputs, v=v, spikes=spikes, input_spikes=input_spikes, dt=dt, skip=skip, blank=blank)
    questions = ask(
        model, trials, parameters, {name: x for name, x in known.items() if name in (values or {}) or name not in parameters}, loss
    )
    trials = replace(trials, watched=without_refractory(model, trials, questions.fixed))
    lanes = Lanes(model, trials, questions.fixed, questions.fitted)
    problem = _loss(lanes, questions, trials)
    starts = np.random.default_rng(seed).random((restarts, len(problem.box.low)))
    starts[0] = 0.5
    if problem.spikes:  # the likelihood is concave in the threshold, so that any start will do, and paths that met may be known by the rest
        starts[:, [k for k, name in enumerate(questions.fitted) if name in questions.of_threshold]] = 0.5
        starts[:, -1] = _WIDE
    line, unfinished = _Line(problem, progress), Unfinished.of(resume, digest_of_fit(lanes, questions, starts, iterations), lanes, starts)
    found = run_stages(problem, unfinished, iterations, line.show)
    unfinished.end(interrupted=found.interrupted)
    line.end()
    return _result(problem, questions, found, unfinished.seconds)


def _check_counts(restarts: Any, iterations: Any) -> None:
    for name, n in (("restarts", restarts), ("iterations", iterations)):
        if not isinstance(n, int) or isinstance(n, bool) or n < 1:
            raise ConfigError(
                f"{name} must be a number of at least 1", where=name, got=repr(n), expected="1, 2, ...", remedy="leave it out for 20 or 15"
            )


def _check_inputs(model: NeuronModel, inputs: Any) -> None:
    if model.noise or model.time_courses:
        raise SpecError(
            "noise and time courses of the equations can't be fitted to a recording",
            where=f"{model.name}: {', '.join((*model.noise, *model.time_courses))}",
            got="xi, or a TimedArray, in its equations",
            expected="equations without them",
            remedy="take the noise out: what it leaves over is in the residuals; make a parameter of the current, and pass it in inputs",
        )
    allowed = (*model.parameters_of("neuron"), *model.summed)
    if not isinstance(inputs, Mapping):
        raise SpecError(
            "inputs need the names that they have in the equations",
            where="inputs",
            got=type(inputs).__name__,
            expected='a mapping, as in {"I_0": current}',
            remedy=f"name what was injected: one of {', '.join(allowed)}",
        )
    for name in inputs:
        one_of(name, allowed, "input", where=model.name, remedy="name what the current or conductance is called in the equations")


def _of_group(group: Any, namespace: Mapping[str, Any]) -> tuple[NeuronModel, dict[str, Any]]:
    """The model of a Brian2 group, and the values that it holds."""
    net = import_module("hetsyn_sim.exchange").from_brian2(group, namespace=namespace, trainable=())  # a room above this one
    values = {}
    for key, value in net.values.items():
        one = np.unique(value)
        if one.size > 1:
            raise SpecError(
                "the neurons of this group differ",
                where=f"{group.name}: {key.rsplit('.', 1)[1]}",
                got=f"{one.min():g} to {one.max():g} in SI units",
                expected="a group of one neuron, or of equal ones",
                remedy="make a group of one neuron",
            )
        if one.size:
            values[key.rsplit(".", 1)[1]] = float(one[0])
    return net.model, {name: value for name, value in values.items() if name in net.model.parameters_of("neuron")}


def _loss(lanes: Lanes, questions: Questions, trials: Trials) -> Loss:
    low, high = (np.array([bound[k] for bound in questions.bounds.values()]) for k in (0, 1))
    spikes = questions.loss != "voltage"
    if spikes:
        scale = float(np.ptp(trials.v[trials.counted])) if trials.v is not None else _distance(lanes, low, high)
        low, high = np.append(low, 1e-3 * scale), np.append(high, 0.5 * scale)
    return Loss(lanes, Box(low, high), trials.noise if questions.loss != "spikes" else None, spikes)


def _distance(lanes: Lanes, low: Array, high: Array) -> float:
    """How far the neuron is from its threshold where it begins, with parameters amid their bounds."""
    middle = {**lanes.fixed, "dt": lanes.trials.dt, **dict(zip(lanes.fitted, 0.5 * (low + high), strict=True))}
    middle |= dict.fromkeys(lanes.trials.inputs, 0.0)
    program = stepped(lanes.model)
    found = [abs(float(evaluate(e, middle))) for e in (*program.distances, program.theta)]
    return max((x for x in found if np.isfinite(x)), default=0.0) or 1.0


class _Line:
    """One line that says how the search goes."""

    def __init__(self, loss: Loss, wanted: bool) -> None:
        self.loss, self.wanted, self.n, self.status = loss, wanted, 0, Status()

    def show(self, state: Searched) -> None:
        self.n += 1
        if self.wanted:
            runs = f"{len(state.costs)} paths, {self.loss.lanes.runs} runs"
            self.status.show(f"stage {state.stage + 1}, iteration {self.n}, {runs}: {state.costs.min():.6g}")

    def end(self) -> None:
        if self.wanted:
            self.status.end()
            say(f"{self.n} iterations, {self.loss.lanes.runs} model runs")


def _result(loss: Loss, questions: Questions, found: Searched, seconds: float) -> RecordingsFit:
    names, trials = questions.fitted, loss.lanes.trials
    order = np.argsort(found.costs[found.path_of], kind="stable")
    if not np.isfinite(found.costs).any():
        raise DataError(
            "no restart stayed within the numbers",
            where="fit_recordings",
            got=f"{len(order)} starts whose voltage overflowed",
            expected="bounds within which the equations have a solution",
            remedy="narrow the bounds, or shorten dt",
        )
    best = found.places[found.path_of[order[0]]]
    values = loss.box.values(best)
    fitted = {name: float(values[k]) for k, name in enumerate(names)}
    noise = None
    if loss.noise is not None:
        traces = loss.lanes.run(values[None, : len(names)], pull=0.0)
        assert trials.v is not None
        residuals = traces.v[:, :, 0][trials.counted] - trials.v[trials.counted]
        noise = float(np.sqrt((residuals**2).sum() / max(residuals.size - len(names), 1)))
    _, products = replace(loss, noise=noise if noise else None).curvature(best[None], 0.0)
    errors, unidentified = errors_of(products[0], loss.box.slopes(best), names)
    return RecordingsFit(
        with_values(loss.lanes.model, {**questions.fixed, **fitted}, questions.bounds),
        trials,
        fitted,
        {name: float(error) for name, error in zip(names, errors, strict=True)},
        dict(questions.bounds),
        unidentified,
        noise,
        float(values[-1]) if loss.spikes else None,
        loss.box.values(found.places[found.path_of[order]])[:, : len(names)],
        found.costs[found.path_of[order]],
        int((found.path_of == found.path_of[order[0]]).sum()),
        loss.lanes.runs,
        seconds,
        found.interrupted,
    )

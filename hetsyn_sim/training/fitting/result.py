"""The result of a fit to recordings: values with their errors, what could not be told, and the neuron with these values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np
from brian2.core.namespace import get_local_namespace
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from ...spec import RESET_FIRST, Layer, NetworkSpec, NeuronModel
from ...spec.initial import Constant
from ...spec.quantities import dimensions_of
from ...spec.summary import Summarised
from .lanes import Lanes
from .trials import Trials

Array = NDArray[np.float64]
#: The standard deviation of a uniform distribution over the box. A direction of which less is known is not identifiable.
_UNKNOWN = 1.0 / np.sqrt(12.0)


@dataclass(frozen=True, repr=False)
class RecordingsFit(Summarised):
    """A neuron fitted to recordings.

    Attributes
    ----------
    model
        The model with the fitted values, and those that were given, as its parameters' values.
    trials
        What it was fitted to.
    fitted
        Name -> value in SI units.
    errors
        Name -> standard error in SI units, by the curvature of the likelihood at the best place. They presume that the model is right and
        the noise white: where :func:`hs.plots.plot_residuals <hetsyn_sim.report.plots.plot_residuals>` shows structure, they are too small.
    bounds
        Name -> what it was searched between.
    unidentified
        Combinations of parameters, by name, of which the recording says no more than the bounds do.
    noise
        The standard deviation of the residuals of the voltage, in volts; None if the voltage did not count.
    width
        How far from its threshold the neuron is still likely to spike, in the unit of v; None if spikes did not count.
    ends, costs
        Where every restart ended, (restart, parameter) in SI units, and its cost, the best restart first.
    agreeing
        How many restarts ended where the best did.
    runs
        How many traces were computed; one with its derivatives counts as one for each parameter.
    seconds
        What it took.
    interrupted
        Whether Ctrl-C ended it before its time.
    """

    model: NeuronModel
    trials: Trials
    fitted: Mapping[str, float]
    errors: Mapping[str, float]
    bounds: Mapping[str, tuple[float, float]]
    unidentified: tuple[tuple[str, ...], ...]
    noise: float | None
    width: float | None
    ends: Array
    costs: Array
    agreeing: int
    runs: int
    seconds: float
    interrupted: bool

    @property
    def values(self) -> dict[str, Quantity | float]:
        """Name -> fitted value with its unit."""
        units = {name: dimensions_of(self.model.parameters[name].unit, where=name) for name in self.fitted}
        return {name: x if units[name].is_dimensionless else Quantity(x, dim=units[name]) for name, x in self.fitted.items()}

    @property
    def at_bound(self) -> tuple[str, ...]:
        """Parameters that ended on a bound: look whether it is too narrow."""
        return tuple(
            name for name, x in self.fitted.items() if min(abs(x - b) for b in self.bounds[name]) <= 1e-6 * abs(np.ptp(self.bounds[name]))
        )

    @cached_property
    def held(self) -> Array:
        """v of the fitted neuron, reset where the recorded one spiked, (time, trial) in SI units."""
        return self._run(free=False)[0]

    @cached_property
    def free(self) -> tuple[Array, NDArray[np.bool_] | None]:
        """v of the fitted neuron when it spikes by itself, and its spikes, both (time, trial)."""
        return self._run(free=True)

    def _run(self, *, free: bool) -> tuple[Array, NDArray[np.bool_] | None]:
        fixed = {name: float(p.distribution.value) for name, p in self.model.parameters.items() if isinstance(p.distribution, Constant)}
        found = Lanes(self.model, self.trials, fixed, ()).run(np.zeros((1, 0)), free=free)
        return found.v[:, :, 0], None if found.spikes is None else found.spikes[:, :, 0]

    def coincidence(self, within: float = 2e-3) -> float:
        """How many spikes of the free neuron lie within so many seconds of recorded ones: 1 all, 0 as many as by chance.

        The factor of Kistler, Gerstner and van Hemmen 1997 (Neural Comput. 9:1015), over all trials. NaN if one side has no spikes.
        """
        mine, recorded = self.free[1], self.trials.spikes
        if mine is None or recorded is None or not mine.any() or not recorded.any():
            return float("nan")
        n = max(round(within / self.trials.dt), 1)
        near = np.stack([np.convolve(recorded[:, k], np.ones(2 * n + 1), mode="same") > 0 for k in range(self.trials.n_trials)], axis=1)
        rate = mine.sum() / self.trials.watched.sum()
        chance = (2 * n + 1) * rate
        by_chance = chance * recorded.sum()
        return float(((mine & near).sum() - by_chance) / (0.5 * (mine.sum() + recorded.sum())) / (1.0 - min(chance, 0.999)))

    def write_back(self, group: Any, **options: Any) -> None:
        """Put the fitted values into the Brian2 group that the model was read from; constants of the script into its namespace.

        Raises
        ------
        SpecError
            If it is another group, or a number that was fitted stands in the text of an equation.
        """
        options = {"namespace": get_local_namespace(level=1)} | options
        import_module("hetsyn_sim.exchange").write_back(self.as_network(), group, **options)  # a room above this one

    def as_network(self) -> Any:
        """The neuron as a network of one: ``spec`` and ``values``, as ``hs.to_brian2`` and ``hs.fit`` take them."""
        spec = NetworkSpec(self.trials.dt, 1, [Layer(self.model, 1)], step_order=self.model.step_order or RESET_FIRST)
        return _Network(spec, spec.initial_values(0))

    def summary(self) -> Mapping[str, str]:
        """What it is: label -> text."""
        title, *rows = str(self).splitlines()
        return {"fit": title, "result": "\n".join(row.strip() for row in rows)}

    def __str__(self) -> str:
        rows = []
        for name, x in self.fitted.items():
            best = Quantity(x, dim=dimensions_of(self.model.parameters[name].unit, where=name)).get_best_unit()
            text = f"{x / float(best):.5g} +- {self.errors[name] / float(best):.2g} {'' if best.is_dimensionless else best}".rstrip()
            rows.append(f"  {name:10} {text}{'   (on its bound)' if name in self.at_bound else ''}")
        lines = [f"{self.model.name}, fitted to {self.trials.n_trials} trial(s) of {self.trials.n_steps} steps", *rows]
        lines += [f"  not identifiable: {' with '.join(names)}" for names in self.unidentified]
        lines.append(f"  {self.agreeing} of {len(self.ends)} restarts agree; {self.runs} model runs, {self.seconds:.1f} s")
        return "\n".join([*lines, *(["  interrupted"] if self.interrupted else [])])


@dataclass(frozen=True)
class _Network:
    spec: NetworkSpec
    values: Mapping[str, Array]


def with_values(model: NeuronModel, values: Mapping[str, float], bounds: Mapping[str, tuple[float, float]]) -> NeuronModel:
    """The model that begins with these values, in which what has ``bounds`` is trainable."""
    changed = {}
    for name, parameter in model.parameters.items():
        if name in values:
            trained = {"bounds": bounds[name], "trainable": True} if name in bounds else {"bounds": None, "trainable": False}
            changed[name] = replace(parameter, initial=Constant(values[name]), **trained)
        else:
            changed[name] = replace(parameter, trainable=False)
    return replace(model, parameters=changed)


def errors_of(products: Array, slopes: Array, names: tuple[str, ...]) -> tuple[Array, tuple[tuple[str, ...], ...]]:
    """Standard errors from second derivatives in the box, and the combinations of parameters that they leave open."""
    sizes, directions = np.linalg.eigh(products)
    open_ones = [direction for size, direction in zip(sizes, directions.T, strict=True) if size < 1.0 / _UNKNOWN**2]
    spread = (directions**2 / np.maximum(sizes, 1e-12)) @ np.ones(len(sizes))
    named = []
    for direction in open_ones:
        parts = np.abs(direction[: len(names)])
        if parts.max(initial=0.0) > 0.3:
            named.append(tuple(name for name, part in zip(names, parts, strict=True) if part > 0.3 * parts.max()))
    return np.sqrt(spread)[: len(names)] * slopes[: len(names)], tuple(dict.fromkeys(named))

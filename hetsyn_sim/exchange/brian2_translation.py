"""A script's objects as a spec: its texts, its parameters with the values that they have, its model."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy
from brian2.units.allunits import second
from brian2.units.fundamentalunits import Dimension, Quantity, get_dimensions
from numpy.typing import NDArray

from ..errors import UnknownNameError
from ..spec.equations import symbol
from ..spec.initial import Constant, Initial, Samples, Uniform
from ..spec.model import NeuronModel
from ..spec.parameter import OF_TIME, UNBOUNDED, Parameter
from ..spec.scope import DELAY
from .brian2_delays import delays_of, with_room
from .brian2_names import unit_of
from .brian2_objects import fail
from .brian2_schemes import scheme_of
from .brian2_texts import INPUT, ScriptTexts, names_in

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Facts:
    """A parameter: what it is one value per, its dimensions, and the values it has."""

    axes: str
    dimensions: Dimension
    values: Array
    #: Seconds between the samples of a time course.
    dt: float = 0.0

    def parameter(self, trainable: bool) -> Parameter:
        if self.axes in OF_TIME:
            unit = unit_of(Quantity(np.max(np.abs(self.values)), dim=self.dimensions))
            return Parameter(axes=self.axes, unit=unit, initial=Samples(len(self.values), self.dt), trainable=trainable)
        low, high = (float(f(self.values)) if self.values.size else 0.0 for f in (np.min, np.max))
        initial: Initial = Constant(low) if low == high else Uniform(low, high)
        # a time constant stays one; whoever knows better says so with with_parameters
        times = (low / 10, high * 10) if self.dimensions is second.dim and low > 0 else UNBOUNDED
        unit = unit_of(Quantity(max(abs(low), abs(high)), dim=self.dimensions))
        return Parameter(axes=self.axes, unit=unit, initial=initial, bounds=times if trainable else None, trainable=trainable)


class Translation(ScriptTexts):
    """Everything that the spec and its values are made of."""

    def __init__(self, *objects: Any) -> None:
        super().__init__(*objects)
        self.initial: dict[str, str] = {}
        self.facts = {"synapse": self._facts_of_synapse(), "neuron": self._facts_of_neuron()}

    def _facts_of_synapse(self) -> dict[str, Facts]:
        used = names_in(self.texts["synapse"], self.texts["on_pre"])
        facts = {
            n: Facts("post pre", s.dimensions_of_parameters()[n], v) for s in self.synapses for n, v in s.values().items() if n in used
        }
        for s in self.synapses:
            for name in s.initial.values():
                value, dimensions = s.values()[name], s.dimensions_of_parameters()[name]
                same = bool(np.all(value == value[0]))
                facts[name] = Facts("layer", dimensions, value[0].reshape(())) if same else Facts("post pre", dimensions, value)
        if self.alone:
            v = next(e for n, e in self.neurons.states.items() if self.neurons.spelled[n] == "v")
            facts[INPUT] = Facts("post pre", v.dim, np.zeros(0))
        late = delays_of([s.connections for s in self.synapses], self.trainable)
        if late is not None:
            facts[DELAY] = Facts(late[0], second.dim, late[1])
        return facts | self._used_constants(used)

    def _facts_of_neuron(self) -> dict[str, Facts]:
        group = self.neurons.group
        used = names_in(*(self.texts[t] for t in ("neuron", "threshold", "reset", "refractory")))
        used |= names_in(*(drive.weight for drive in self.poisson))
        used |= {n.removesuffix("_post") for n in names_in(self.texts["synapse"], self.texts["on_pre"]) if n.endswith("_post")}
        facts = {}
        for n, e in self.neurons.parameters.items():
            if self.neurons.spelled[n] in used and not any(n in s.sums for s in self.synapses):
                values = group.numbers(n)
                shared = values.ndim == 0
                facts[self.neurons.spelled[n]] = Facts(
                    "layer" if shared else "post", e.dim, values if shared else np.broadcast_to(values, (len(group),))
                )
        facts |= self._used_constants(used)
        facts |= {n: Facts(*self.courses.facts(n, group)) for n in self.courses.arrays}
        if self.index in used:
            facts[self.index] = Facts("post", get_dimensions(1), group.indices)
        if self.clock.state:
            self.initial[self.clock.state] = begun = self._free(f"{self.clock.state}_0")
            facts[begun] = Facts("layer", get_dimensions(1), np.asarray(self.clock.begin))
        for n, e in self.neurons.states.items():
            begin = np.broadcast_to(group.numbers(n), (len(group),))
            if np.any(begin != 0):
                same, name = bool(np.all(begin == begin[0])), self.neurons.spelled[n]
                self.initial[name] = self._free(f"{name}_0")
                facts[self.initial[name]] = Facts("layer" if same else "post", e.dim, begin[0].reshape(()) if same else begin)
        return facts

    def _used_constants(self, used: Collection[str]) -> dict[str, Facts]:
        return {n: Facts("layer", get_dimensions(v), np.asarray(float(v))) for n, v in self.constants.used.items() if n in used}

    def model(self, name: str, scheme: str | None, *, dale: bool = False) -> NeuronModel:
        """The model, with what is trained of its parameters."""
        facts = {**self.facts["synapse"], **self.facts["neuron"]}
        connected = {s.connected for s in self.synapses}.union(*(s.initial.values() for s in self.synapses))
        trainable = self.trainable
        if trainable is None:
            trainable = [n for n, f in facts.items() if f.axes == "post pre" and n not in {*connected, DELAY}]
        if unknown := sorted(set(trainable) - set(facts)):
            raise UnknownNameError(
                "unknown parameter", where=name, got=", ".join(unknown), expected=", ".join(facts), remedy="train one of these"
            )
        self._check_shared(trainable)
        parameters = {n: f.parameter(n in trainable and n != DELAY) for n, f in facts.items()}
        if DELAY in trainable:
            parameters[DELAY] = with_room(parameters[DELAY], float(facts[DELAY].values.max()), self.neurons.group.dt)
        if dale:
            parameters |= {n: _of_one_sign(n, p, facts[n]) for n, p in parameters.items() if p.trainable and facts[n].axes == "post pre"}
        chosen = scheme or scheme_of(self.neurons.method, self.neurons.noise)
        if chosen == "rk4":
            self.courses.refuse_rk4(self.neurons.group.name)
            self.clock.refuse_rk4(self.neurons.group.name, self.texts["neuron"])
        initial = {**self.initial, **{x: name for s in self.synapses for x, name in s.initial.items()}}
        texts: dict[str, Any] = self.texts
        model = NeuronModel(
            name=name,
            **texts,
            poisson=tuple(self.poisson),
            initial=initial,
            parameters=parameters,
            scheme=chosen or "exact",
            step_order=None,
            synapse_scheme=self.synapse_scheme,
        )
        if chosen is None and not _is_linear(model):
            problem = "the equations are not linear, and no method is named"
            fail(
                problem,
                self.neurons.group.name,
                "Brian2's own choice",
                'name one: scheme="rk2", "rk4", "exponential_euler" or "euler"',
                "a scheme",
            )
        return model

    def _check_shared(self, trainable: Collection[str]) -> None:
        """Groups that each share a parameter have several values of it, which training would not keep the same within a group."""
        group = self.neurons.group
        for n in self.neurons.parameters:
            name = self.neurons.spelled[n]
            if name in trainable and group.members[0].variables[n].scalar and self.facts["neuron"][name].axes == "post":
                fail(
                    "a parameter that each of several groups shares",
                    group.name,
                    n,
                    "declare it without (shared), to train one value per neuron",
                )


def _of_one_sign(name: str, parameter: Parameter, facts: Facts) -> Parameter:
    if not all(map(math.isinf, parameter.si_bounds)):
        return parameter  # a time
    if np.any(facts.values < 0) and np.any(facts.values > 0):
        two = "use two Synapses objects, one that excites and one that inhibits"
        fail("weights of both signs, which can't keep one", name, f"{facts.values.min():g} to {facts.values.max():g}", two, "one sign")
    low, high = (f"{bound} {parameter.unit}".removesuffix(" 1") for bound in (("-inf", "0") if np.any(facts.values < 0) else ("0", "inf")))
    return replace(parameter, bounds=(low, high))


def _is_linear(model: NeuronModel) -> bool:
    block = model.neuron_equations
    changing = {symbol(n) for n in (*block.states, *model.summed)}
    states = [symbol(n) for n in block.states]
    rates = [block.expand(rate) for rate in block.states.values()]
    return not any(sympy.expand(sympy.diff(rate, x)).free_symbols & changing for rate in rates for x in states)

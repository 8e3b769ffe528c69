"""The texts, parameters and values of a spec, gathered from what Brian2 objects say."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy
from brian2.units.allunits import second
from brian2.units.fundamentalunits import Dimension, Quantity, get_dimensions
from numpy.typing import NDArray

from ..errors import UnknownNameError
from ..spec.equations import parse_expression, parse_jumps, symbol
from ..spec.initial import Constant, Initial, Samples, Uniform
from ..spec.model import NeuronModel
from ..spec.parameter import OF_TIME, UNBOUNDED, Parameter
from ..spec.quantities import unit_of_dimensions
from ..spec.scope import DELAY
from .brian2_delays import delays_of, matrix_of_delays, with_room, write_delays
from .brian2_groups import neurons_of
from .brian2_names import Constants, rewrite, unit_of
from .brian2_objects import Connections, Refusals, connections_of, fail, scheme_of
from .brian2_synapses import SpecSynapse, scheme_of_synapses
from .brian2_time_courses import TimeCourses

Array = NDArray[np.float64]

#: What an input spike adds to v where a script has no synapses: nothing, until it is trained.
_INPUT = "w_input"


@dataclass(frozen=True)
class _Facts:
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


class Translation:
    """Everything that the spec and its values are made of."""

    def __init__(
        self,
        group: Any,
        synapses: Any,
        namespace: Mapping[str, Any],
        trainable: Collection[str] | None = (),
        voltage: str | None = None,
        inputs: int = 1,
    ) -> None:
        self.refusals = Refusals()
        self.neurons = neurons = neurons_of(group, self.refusals, voltage)
        group = neurons.group
        every = [] if synapses is None else list(synapses) if isinstance(synapses, list | tuple) else [synapses]
        connections = []
        for s in every:
            before = len(self.refusals.errors)
            with self.refusals.gathered():
                connections.append(connections_of(s, group, self.refusals))
            if len(self.refusals.errors) > before and connections and connections[-1].synapses is s:
                connections.pop()  # what else there is to say of these would follow from what was said
        self.inputs = inputs
        if not every and "v" not in [neurons.spelled[n] for n in neurons.states]:
            drive = "pass the synapses that drive the group, such as Synapses(source, group, 'w : volt', on_pre='v_post += w')"
            self.refusals.add("nothing says what an input spike does", group.name, "a group without synapses, whose v is no state", drive)
        self.alone = not every
        self.namespace = {**namespace, **group.namespace}
        self.constants = Constants()
        renames = self._names_of_synapses(connections)
        self.constants.taken |= {*neurons.spelled, *neurons.spelled.values()}
        self.index, self.size = self._free("neuron_index"), self._free("n_neurons")
        self.courses = TimeCourses()
        self.sources = list(dict.fromkeys(c.source for c in connections if c.source is not group))
        self.recurrent = any(c.source is group for c in connections)
        self.mask = len(self.sources) + self.recurrent > 1 or not all(c.is_full for c in connections)
        self.synapses: list[SpecSynapse] = []
        for k, c in enumerate(connections):
            known = {**namespace, **(c.synapses.namespace or {})}
            with self.refusals.gathered():
                connected = self._free(f"connected_{k + 1}")
                self.synapses.append(
                    SpecSynapse(neurons, c, known, self.constants, renames[k], connected, self.mask, self._free, trainable)
                )
        self.texts = self._texts()
        self.synapse_scheme = "exact"
        with self.refusals.gathered():
            self.synapse_scheme = scheme_of_synapses(self.synapses)
        self.refusals.say(group.name)
        self.trainable = trainable
        self.facts = {"synapse": self._facts_of_synapse(), "neuron": self._facts_of_neuron()}

    # -- names -------------------------------------------------------------------------------------------------------

    def _free(self, name: str) -> str:
        while name in self.constants.taken or name in self.constants.used:
            name += "0"  # no underscore: a name must not end in one
        self.constants.taken.add(name)
        return name

    def _names_of_synapses(self, connections: list[Connections]) -> list[dict[str, str]]:
        """The names of each object's states and parameters, changed where the neuron or another object has the same."""
        used, renames = {*self.neurons.spelled, *self.neurons.spelled.values()}, []
        for k, c in enumerate(connections, start=1):
            own = [*c.states, *(n for n, e in c.parameters.items() if "shared" not in e.flags and "scalar" not in e.flags)]
            rename = {}
            for n in own:
                clash = {n, f"{n}_syn"} & (used - set(c.sums)) or n in c.sums
                rename[n] = f"{n}_{k}" if clash else n
            used |= set(rename.values()) | {f"{rename[n]}_syn" for n in c.states}
            renames.append(rename)
        self.constants.taken |= used
        return renames

    # -- texts -------------------------------------------------------------------------------------------------------

    def _rewrite(self, text: str, where: str) -> str:
        """The text with its names as in the spec; the text itself where that is refused, which is noted."""
        with self.refusals.gathered():
            text = self._rewritten(text, where)
        return text

    def _rewritten(self, text: str, where: str) -> str:
        # Brian2 knows which neuron it is, and of how many; here parameters say so
        text = self.courses.taken_out(text, self.namespace, self._free)
        text = re.sub(r"\bi\b", "number_of_this_neuron", text)
        text = re.sub(r"\bN\b", "size_of_this_group", text)
        if "size_of_this_group" in text:
            self.constants.used[self.size] = self.neurons.group.size_of_each
        names = {"number_of_this_neuron": self.index, "size_of_this_group": self.size, **self.neurons.spelled}
        names |= {name: name for name in self.courses.arrays}
        names |= {y: text for s in self.synapses for y, text in s.sums.items() if text.isidentifier()}
        return rewrite(text, names, self.namespace, self.constants, where=f"{self.neurons.group.name}: {where}")

    def _texts(self) -> dict[str, str]:
        neurons = self.neurons
        sums = {y: text for s in self.synapses for y, text in s.sums.items()}
        foreign = sorted(set(sums) - set(neurons.parameters))
        with self.refusals.gathered():
            if foreign:
                declare = "declare it in the group"
                fail("a sum into something that is not a parameter of the group", neurons.group.name, ", ".join(foreign), declare)
        lines = []
        for n, e in {**neurons.states, **neurons.subexpressions}.items():
            name = neurons.spelled[n]
            head = f"d{name}/dt" if n in neurons.states else name
            flags = f" ({', '.join(e.flags)})" if e.flags else ""
            lines.append(f"{head} = {self._rewrite(e.expr.code, head)} : {unit_of_dimensions(e.dim)}{flags}")
        for y, text in sums.items():
            if not text.isidentifier() and y not in foreign:
                lines.append(f"{neurons.spelled[y]} = {text} : {unit_of_dimensions(neurons.parameters[y].dim)}")
        resets = parse_jumps(neurons.reset, where=f"{neurons.group.name}: reset")
        texts = {
            "neuron": "\n".join(lines),
            "threshold": self._threshold(),
            "reset": "\n".join(
                f"{neurons.spelled.get(j.target, j.target)} {j.operator} {self._rewrite(j.text.split('=', 1)[1], 'reset')}" for j in resets
            ),
            "refractory": self._refractory(),
            "synapse": "",
            "on_pre": "",
        }
        if self.alone:
            texts["on_pre"] = f"v_post += {_INPUT}"
        for s in self.synapses:
            with self.refusals.gathered():
                texts["synapse"] += "".join(f"{line}\n" for line in s.lines)
                texts["on_pre"] += "".join(f"{line}\n" for line in s.jumps)
        texts = {name: text.rstrip("\n") for name, text in texts.items()}
        # What the neuron and the synapses use is the neuron's, and the synapses read it there. So is a constant of recurrent synapses:
        # as a parameter of each projection it would be trained apart from the input's, and the script has one.
        of_neuron = _names_in(*(texts[t] for t in ("neuron", "threshold", "reset", "refractory")))
        both = set(self.constants.used) & (_names_in(texts["synapse"], texts["on_pre"]) if self.recurrent else of_neuron)
        for t in ("synapse", "on_pre"):
            texts[t] = re.sub(r"\b[A-Za-z_]\w*\b", lambda m: f"{m.group()}_post" if m.group() in both else m.group(), texts[t])
        return texts

    def _threshold(self) -> str:
        """Strict, as a spec's is: ``v >= V_th`` is v above the number next below V_th, and the same neuron."""
        text = self.neurons.threshold.strip()
        if self.neurons.refractory is not False:  # Brian2 puts it there by itself, and so do we
            text = re.sub(r"\band\s+not_refractory\b|\bnot_refractory\s+and\b", "", text).strip()
        if not text:
            return ""
        text = self._rewrite(text, "threshold")
        left, sign, right = text.partition(">=") if ">=" in text else reversed(text.partition("<="))
        if not sign:
            return text
        name = right.strip()
        value = self.constants.used.get(name, _number(name))
        if value is not None:
            below = np.nextafter(float(value), -np.inf)
            lower = Quantity(below, dim=get_dimensions(value)) if isinstance(value, Quantity) else float(below)
            return f"{left.strip()} > {self.constants.name_for(f'{name}_or_above' if name.isidentifier() else 'or_above', lower)}"
        strict = "write > instead: the two differ only where both sides are exactly equal; or compare with a number of the script"
        self.refusals.add("a threshold that is reached where both sides are equal", f"{self.neurons.group.name}: threshold", text, strict)
        return text

    def _refractory(self) -> str:
        given = self.neurons.refractory
        if given is False:
            return ""
        if not isinstance(given, str):
            return self.constants.name_for("t_ref", given)
        text = self._rewrite(given, "refractory")
        if re.search(r"[<>=]|\b(and|or|not)\b", text) and not _same_condition(given, self.neurons.threshold):
            a_time = "give a time, or the threshold itself: a spike is then the moment in which it is crossed"
            where = f"{self.neurons.group.name}: refractory"
            self.refusals.add("a neuron that is refractory as long as a condition holds", where, given, a_time)
        return text

    # -- parameters --------------------------------------------------------------------------------------------------

    def _facts_of_synapse(self) -> dict[str, _Facts]:
        used = _names_in(self.texts["synapse"], self.texts["on_pre"])
        facts = {
            n: _Facts("post pre", s.dimensions_of_parameters()[n], v) for s in self.synapses for n, v in s.values().items() if n in used
        }
        for s in self.synapses:
            for name in s.initial.values():
                value, dimensions = s.values()[name], s.dimensions_of_parameters()[name]
                same = bool(np.all(value == value[0]))
                facts[name] = _Facts("layer", dimensions, value[0].reshape(())) if same else _Facts("post pre", dimensions, value)
        if self.alone:
            v = next(e for n, e in self.neurons.states.items() if self.neurons.spelled[n] == "v")
            facts[_INPUT] = _Facts("post pre", v.dim, np.zeros(0))
        late = delays_of([s.connections for s in self.synapses], self.trainable)
        if late is not None:
            facts[DELAY] = _Facts(late[0], second.dim, late[1])
        return facts | self._used_constants(used)

    def _facts_of_neuron(self) -> dict[str, _Facts]:
        group = self.neurons.group
        used = _names_in(*(self.texts[t] for t in ("neuron", "threshold", "reset", "refractory")))
        used |= {n.removesuffix("_post") for n in _names_in(self.texts["synapse"], self.texts["on_pre"]) if n.endswith("_post")}
        facts = {}
        for n, e in self.neurons.parameters.items():
            if self.neurons.spelled[n] in used and not any(n in s.sums for s in self.synapses):
                values = group.numbers(n)
                shared = values.ndim == 0
                facts[self.neurons.spelled[n]] = _Facts(
                    "layer" if shared else "post", e.dim, values if shared else np.broadcast_to(values, (len(group),))
                )
        facts |= self._used_constants(used)
        facts |= {n: _Facts(*self.courses.facts(n, group)) for n in self.courses.arrays}
        self.initial = {}
        if self.index in used:
            facts[self.index] = _Facts("post", get_dimensions(1), group.indices)
        for n, e in self.neurons.states.items():
            begin = np.broadcast_to(group.numbers(n), (len(group),))
            if np.any(begin != 0):
                same, name = bool(np.all(begin == begin[0])), self.neurons.spelled[n]
                self.initial[name] = self._free(f"{name}_0")
                facts[self.initial[name]] = _Facts("layer" if same else "post", e.dim, begin[0].reshape(()) if same else begin)
        return facts

    def _used_constants(self, used: Collection[str]) -> dict[str, _Facts]:
        return {n: _Facts("layer", get_dimensions(v), np.asarray(float(v))) for n, v in self.constants.used.items() if n in used}

    # -- results -----------------------------------------------------------------------------------------------------

    def model(self, name: str, scheme: str | None, *, dale: bool = False) -> NeuronModel:
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
        initial = {**self.initial, **{x: name for s in self.synapses for x, name in s.initial.items()}}
        model = NeuronModel(
            name=name,
            **self.texts,
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

    def values(self) -> dict[str, Array]:
        group, values = self.neurons.group, {}
        kinds = {"feedforward": self.sources, **({"recurrent": [group]} if self.recurrent else {})}
        for kind, sources in kinds.items():
            for n, f in self.facts["synapse"].items():
                values[f"layer_1.{kind}.{n}"] = f.values if f.axes == "layer" else self._matrix(n, f, sources)  # (post, pre)
        return values | {f"layer_1.neuron.{n}": np.array(f.values) for n, f in self.facts["neuron"].items()}

    def write_back(self, values: Mapping[str, Array], names: Collection[str]) -> None:
        """Put values of a network into the objects: those of the parameters called ``names`` in the spec."""
        group, known = self.neurons.group, {**self.facts["synapse"], **self.facts["neuron"]}
        if foreign := sorted(set(names) - set(known)):
            made_from = "pass the group and the synapses that the network was made from"
            fail("these objects have no such parameter", group.name, ", ".join(foreign), made_from, ", ".join(known))
        if self.alone and _INPUT in names:
            bring = "give the group Synapses with weights of 0, and bring it again"
            fail("the script has no synapses that trained input could go to", group.name, _INPUT, bring, "Synapses onto the group")
        for s in self.synapses:
            c, recurrent = s.connections, s.connections.source is group
            kind, begin = ("recurrent", 0) if recurrent else ("feedforward", self._first_channel(c.source))
            for own in c.parameters:
                if (n := s.rename.get(own)) in names:
                    c.synapses.state(own, use_units=False).set_item(slice(None), values[f"layer_1.{kind}.{n}"][c.post, begin + c.pre])
            if DELAY in names:
                delays = values[f"layer_1.{kind}.{DELAY}"]
                write_delays(c, delays[c.post, begin + c.pre] if delays.ndim else delays, group.dt)
            for own in c.begin:
                if (n := s.initial[s.rename[own]]) in names:
                    trained = values[f"layer_1.{kind}.{n}"]
                    own_values = trained[c.post, begin + c.pre] if trained.ndim else trained
                    c.synapses.state(own, use_units=False).set_item(slice(None), own_values)
        written = {spelled: n for n, spelled in self.neurons.spelled.items()}
        of_neuron = written | {n: written[state] for state, n in self.initial.items()}
        for n in names:
            if n in self.constants.used:
                self._set_constant(n, values)
            elif n in of_neuron:
                group.write(of_neuron[n], values[f"layer_1.neuron.{n}"])

    def _first_channel(self, source: Any) -> int:
        return sum(len(before) for before in self.sources[: self.sources.index(source)])

    def _set_constant(self, name: str, values: Mapping[str, Array]) -> None:
        group = self.neurons.group
        if name not in self.constants.origin:
            variable = "give it a name in the script, and use the name in the equation"
            fail("a number that was trained stands in the text of an equation", group.name, name, variable, "a variable of the script")
        key = next(key for key in values if key.startswith("layer_1.") and key.rsplit(".", 1)[1] == name)
        value = Quantity(float(values[key]), dim=get_dimensions(self.constants.used[name]))
        for owner in (*group.members, *(s.connections.synapses for s in self.synapses)):
            owner.namespace = {**(owner.namespace or {}), self.constants.origin[name]: value}

    def _matrix(self, name: str, facts: _Facts, sources: list[Any]) -> Array:
        """Values as post x pre. A parameter that is no weight has the mean of its values where there is no synapse."""
        if self.alone:
            return np.zeros((len(self.neurons.group), self.inputs))
        if name == DELAY:
            return matrix_of_delays([s.connections for s in self.synapses], sources, (len(self.neurons.group), self.inputs))
        of = next(s for s in self.synapses if name in s.values())
        rest = 0.0 if name in of.weights or not facts.values.size else float(np.mean(facts.values))
        blocks = []
        for source in sources:
            block = np.full((len(self.neurons.group), len(source)), rest)
            if of.connections.source is source:
                block[of.connections.post, of.connections.pre] = facts.values
            blocks.append(block)
        # a network has at least one input channel, even if all synapses are recurrent
        return np.concatenate(blocks, axis=1) if blocks else np.full((len(self.neurons.group), self.inputs), rest)


def _of_one_sign(name: str, parameter: Parameter, facts: _Facts) -> Parameter:
    if not all(map(math.isinf, parameter.si_bounds)):
        return parameter  # a time
    if np.any(facts.values < 0) and np.any(facts.values > 0):
        two = "use two Synapses objects, one that excites and one that inhibits"
        fail("weights of both signs, which can't keep one", name, f"{facts.values.min():g} to {facts.values.max():g}", two, "one sign")
    low, high = (f"{bound} {parameter.unit}".removesuffix(" 1") for bound in (("-inf", "0") if np.any(facts.values < 0) else ("0", "inf")))
    return replace(parameter, bounds=(low, high))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _same_condition(one: str, other: str) -> bool:
    """Whether two conditions are the same expression, however they are written."""
    return bool(parse_expression(one, where="refractory") == parse_expression(other, where="threshold"))


def _names_in(*texts: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", "\n".join(texts)))


def _is_linear(model: NeuronModel) -> bool:
    block = model.neuron_equations
    changing = {symbol(n) for n in (*block.states, *model.summed)}
    states = [symbol(n) for n in block.states]
    rates = [block.expand(rate) for rate in block.states.values()]
    return not any(sympy.expand(sympy.diff(rate, x)).free_symbols & changing for rate in rates for x in states)

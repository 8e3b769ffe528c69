"""The texts of a spec, written from what Brian2 objects say."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from brian2.input.poissoninput import PoissonInput
from brian2.units.fundamentalunits import Quantity, get_dimensions

from ..spec import PoissonDrive
from ..spec.equations import parse_expression, parse_jumps
from ..spec.grammar.guard import shown
from ..spec.quantities import unit_of_dimensions
from .brian2_clock import Clock
from .brian2_groups import name_of_state, neurons_of
from .brian2_names import Constants, rewrite
from .brian2_objects import Connections, Refusals, connections_of, fail, one_per_pair
from .brian2_poisson import drive_of
from .brian2_schemes import scheme_of_synapses
from .brian2_synapses import SpecSynapse
from .brian2_time_courses import TimeCourses

#: Texts that are read when a neuron spikes, and not while it moves.
_OF_SPIKES = ("threshold", "reset", "refractory")
#: What an input spike adds to v where a script has no synapses: nothing, until it is trained.
INPUT = "w_input"


class ScriptTexts:
    """The texts of a spec, and the names that stand in them."""

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
        given = [] if synapses is None else list(synapses) if isinstance(synapses, list | tuple) else [synapses]
        every = [s for s in given if not isinstance(s, PoissonInput)]
        connections: list[Connections] = []
        for s in every:
            before = len(self.refusals.errors)
            with self.refusals.gathered():
                found = one_per_pair(connections_of(s, group, self.refusals))
            if len(self.refusals.errors) == before:  # what else there is to say of refused ones would follow from what was said
                connections += found
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
        self.courses, self.clock = TimeCourses(), Clock()
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
        self.poisson: list[PoissonDrive] = []
        for s in given:
            if isinstance(s, PoissonInput):
                with self.refusals.gathered():
                    self.poisson.append(drive_of(s, neurons, self.constants, self._rewritten))
        self.texts = self._texts()
        self.synapse_scheme = "exact"
        with self.refusals.gathered():
            self.synapse_scheme = scheme_of_synapses(self.synapses)
        self.refusals.say(group.name)
        self.trainable = trainable

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
                rename[n] = f"{n}_{k}" if clash else name_of_state(n, used) if n in c.states else n
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
        if re.search(r"\blastspike\b", text):
            period = "write refractory=5*ms, and what stands still meanwhile as (unless refractory)"
            fail("an equation that looks at the last spike", f"{self.neurons.group.name}: {where}", shown(text), period)
        # Brian2 knows which neuron it is, and of how many; here parameters say so
        text = self.courses.taken_out(text, self.namespace, self._free)
        if where not in _OF_SPIKES:
            text = self.clock.taken_out(text, self._free)
        text = re.sub(r"\bi\b", "number_of_this_neuron", text)
        text = re.sub(r"\bN\b", "size_of_this_group", text)
        if "size_of_this_group" in text:
            self.constants.used[self.size] = self.neurons.group.size_of_each
        names = {"number_of_this_neuron": self.index, "size_of_this_group": self.size, **self.neurons.spelled}
        names |= {name: name for name in (*self.courses.arrays, self.clock.state)}
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
            lines.append(f"{head} = {self._rewrite(e.expr.code, head)} : {unit_of_dimensions(e.dim)}{self._flags(n, e)}")
        for y, text in sums.items():
            if not text.isidentifier() and y not in foreign:
                lines.append(f"{neurons.spelled[y]} = {text} : {unit_of_dimensions(neurons.parameters[y].dim)}")
        lines += [self.clock.line] if self.clock.line else []
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
            texts["on_pre"] = f"v_post += {INPUT}"
        for s in self.synapses:
            with self.refusals.gathered():
                texts["synapse"] += "".join(f"{line}\n" for line in s.lines)
                texts["on_pre"] += "".join(f"{line}\n" for line in s.jumps)
        texts = {name: text.rstrip("\n") for name, text in texts.items()}
        with self.refusals.gathered():
            written = dict(line.rsplit(":", 1)[0].split(" = ", 1) for line in lines)
            read = names_in(*(texts[t] for t in ("threshold", "reset", "refractory", "synapse", "on_pre")))
            self.clock.check(neurons.group.name, written, read)
        # What the neuron and the synapses use is the neuron's, and the synapses read it there. So is a constant of recurrent synapses:
        # as a parameter of each projection it would be trained apart from the input's, and the script has one.
        of_neuron = names_in(*(texts[t] for t in ("neuron", "threshold", "reset", "refractory")), *(d.weight for d in self.poisson))
        both = set(self.constants.used) & (names_in(texts["synapse"], texts["on_pre"]) if self.recurrent else of_neuron)
        for t in ("synapse", "on_pre"):
            texts[t] = re.sub(r"\b[A-Za-z_]\w*\b", lambda m: f"{m.group()}_post" if m.group() in both else m.group(), texts[t])
        return texts

    def _flags(self, name: str, equation: Any) -> str:
        """The flags that a spec has. What all neurons share is the same for each; what is held over a step may be read in Euler's alone."""
        flags = [flag for flag in equation.flags if flag != "shared"]
        if "constant over dt" in flags and (self._is_fixed(equation) or self.neurons.method == "euler"):
            flags.remove("constant over dt")
        if "constant over dt" in flags:
            why = 'leave the flag out, or write method="euler": only there is what is held over a step the same as what is not'
            self.refusals.add("a subexpression that is held over a step", f"{self.neurons.group.name}: {name}", "(constant over dt)", why)
        return f" ({', '.join(flags)})" if flags else ""

    def _is_fixed(self, equation: Any) -> bool:
        """Whether an expression depends on nothing that changes while the network runs."""
        moving = {*self.neurons.states, *self.neurons.subexpressions, *(y for s in self.synapses for y in s.sums)}
        return not equation.identifiers & {*moving, "t", "t_in_timesteps", *self.courses.arrays}

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
        elif moving := sorted(names_in(given) & {*self.neurons.states, *self.neurons.subexpressions} - names_in(self.neurons.threshold)):
            fixed = "let it be a parameter, with a value for every neuron; what grows with spikes may be a state that v's equation has"
            where = f"{self.neurons.group.name}: refractory"
            self.refusals.add("a refractory period that changes", where, f"{given}, with {', '.join(moving)}", fixed)
        return text


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _same_condition(one: str, other: str) -> bool:
    """Whether two conditions are the same expression, however they are written."""
    return bool(parse_expression(one, where="refractory") == parse_expression(other, where="threshold"))


def names_in(*texts: str) -> set[str]:
    """Every name that stands in the texts."""
    return set(re.findall(r"[A-Za-z_]\w*", "\n".join(texts)))

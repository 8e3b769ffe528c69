"""Neuron groups of a Brian2 script, and their facts as texts."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.equations.codestrings import Expression
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER, SUBEXPRESSION, SingleEquation
from brian2.groups.neurongroup import NeuronGroup
from brian2.groups.subgroup import Subgroup
from numpy.typing import NDArray

from ..spec.equations import parse_jumps
from ..spec.grammar.guard import shown
from ..spec.grammar.words import is_sympys_word
from .brian2_objects import Refusals, check_untouched, fail, numbers


@dataclass(frozen=True)
class Groups:
    """Neuron groups of the same equations as one: their neurons one after the other. Mostly there is one."""

    members: tuple[NeuronGroup, ...]

    def __len__(self) -> int:
        return sum(map(len, self.members))

    @property
    def name(self) -> str:
        """The name of the first."""
        return str(self.members[0].name)

    @property
    def namespace(self) -> dict[str, Any]:
        """The names that the groups have of their own."""
        return {name: value for member in self.members for name, value in (member.namespace or {}).items()}

    @property
    def dt(self) -> float:
        """Their time step in seconds."""
        return float(self.members[0].clock.dt)

    @property
    def indices(self) -> NDArray[np.float64]:
        """What ``i`` is for each neuron."""
        return np.concatenate([np.arange(len(member), dtype=np.float64) for member in self.members])

    @property
    def size_of_each(self) -> float:
        """What ``N`` is for each neuron."""
        sizes = sorted({len(member) for member in self.members})
        if len(sizes) > 1:
            number = "write a parameter in place of N, which each group sets: n : 1 (shared)"
            fail("groups of other sizes, whose equations use N", self.name, ", ".join(map(str, sizes)), number, "one size")
        return float(sizes[0])

    def first(self, member: NeuronGroup) -> int:
        """The number of a group's first neuron among all."""
        return sum(map(len, self.members[: self.members.index(member)]))

    def numbers(self, name: str) -> NDArray[np.float64]:
        """The values of a variable in SI units: one for all that share it, else one per neuron."""
        values = [numbers(member, name) for member in self.members]
        if all(value.size == 1 and value == values[0] for value in values) and self.members[0].variables[name].scalar:
            return values[0].reshape(())
        return np.concatenate([np.broadcast_to(value, (len(member),)) for value, member in zip(values, self.members, strict=True)])

    def write(self, name: str, values: NDArray[np.float64]) -> None:
        """Set a variable, to one value or one per neuron."""
        every = np.broadcast_to(values, (len(self),))
        for member in self.members:
            own = every[(begin := self.first(member)) : begin + len(member)]
            member.state(name, use_units=False).set_item(slice(None), own[0] if member.variables[name].scalar else own)


@dataclass(frozen=True)
class Neurons:
    """A neuron group as texts: states, subexpressions and parameters by name, as Brian2's equations have them.

    ``noise`` is ``"additive"``, ``"multiplicative"`` or None. ``spelled`` has the name in the spec for each of them: its own, but for the
    voltage, which is ``v`` there.
    """

    group: Groups
    states: Mapping[str, Any]
    subexpressions: Mapping[str, Any]
    parameters: Mapping[str, Any]
    threshold: str
    reset: str
    refractory: Any
    method: str | None
    noise: str | None
    spelled: Mapping[str, str]


def neurons_of(groups: Any, refusals: Refusals, voltage: str | None = None) -> Neurons:
    """The facts of a neuron group, or of several as one. What a spec can't hold of it goes to ``refusals``.

    ``voltage`` is what the group calls v; by default v, or what its threshold looks at.

    Raises
    ------
    SpecError
        If it is no ``NeuronGroup``, or they are not of one kind.
    """
    members = tuple(groups) if isinstance(groups, list | tuple) and groups else (groups,)
    for group in members:
        if not isinstance(group, NeuronGroup):
            remedy = "pass the whole group" if isinstance(group, Subgroup) else "pass a NeuronGroup; inputs are not models"
            fail("this is not a neuron group", getattr(group, "name", "group"), type(group).__name__, remedy, "a brian2.NeuronGroup")
    _check_alike(members)
    for member in members:
        with refusals.gathered():
            if custom := sorted(set(member.events) - {"spike"}):
                fail(
                    "custom events",
                    member.name,
                    ", ".join(custom),
                    "keep the event that is a spike, and write what the others do as equations",
                )
        with refusals.gathered():
            check_untouched(member)
    group, equations = members[0], members[0].user_equations
    with refusals.gathered():
        if linked := [name for name, e in equations.items() if "linked" in e.flags]:
            remedy = "give the group a parameter of its own, or write both groups as one model"
            fail("linked variables", group.name, ", ".join(linked), remedy)
    threshold, reset = str(group.events.get("spike", "")), str(group.event_codes.get("spike") or "")
    with refusals.gathered():
        counted = {jump.target for jump in parse_jumps(reset, where=f"{group.name}: reset")}
        equations = {n: _state_at_rest(e) if e.type == PARAMETER and n in counted else e for n, e in equations.items()}
    return Neurons(
        Groups(members),
        {n: e for n, e in equations.items() if e.type == DIFFERENTIAL_EQUATION},
        {n: e for n, e in equations.items() if e.type == SUBEXPRESSION},
        {n: e for n, e in equations.items() if e.type == PARAMETER},
        threshold,
        reset,
        group._refractory,
        group.method_choice if isinstance(group.method_choice, str) else None,
        _noise_of(group.user_equations),
        _spelled(equations, voltage, threshold),
    )


def _state_at_rest(parameter: Any) -> SingleEquation:
    """What a reset changes is a state: one that stays as it is until then."""
    return SingleEquation(DIFFERENTIAL_EQUATION, parameter.varname, parameter.dim, expr=Expression(f"0*{parameter.varname}/dt"))


def _noise_of(equations: Any) -> str | None:
    try:
        noise: str | None = equations.stochastic_type
    except ValueError:  # noise that does not add, of which the spec says so by name
        noise = "multiplicative"
    return noise


def _spelled(equations: Any, voltage: str | None, threshold: str) -> dict[str, str]:
    names = list(equations)
    looked_at = re.match(r"\s*([A-Za-z]\w*)\s*[<>]", threshold)
    if voltage is None:
        voltage = looked_at[1] if looked_at and "v" not in names else "v"
    spelled = {name: name for name in names}
    for name in names:
        if equations[name].type == DIFFERENTIAL_EQUATION:
            spelled[name] = name_of_state(name, names)
    if voltage in names:
        other = next(name for k in range(1, 99) if (name := f"v_{k}") not in names)
        spelled |= {"v": other, voltage: "v"} if "v" in names else {voltage: "v"}
    return spelled


def name_of_state(name: str, taken: Collection[str]) -> str:
    """What a state is called in a spec: its own name, unless sympy takes that for something else (``S``, ``beta``)."""
    if not is_sympys_word(name) or name == "I":
        return name
    return next(free for k in range(1, 99) if (free := f"{name}_state" + (str(k) if k > 1 else "")) not in taken)


def _check_alike(members: tuple[NeuronGroup, ...]) -> None:
    """Raise a SpecError unless the groups can be one: the same texts, with other values."""
    remedy = "let them differ in parameters, one value per neuron (V_th : volt), which each group sets; or bring one group of them all"
    first = members[0]
    for other in members[1:]:
        where = f"{first.name} and {other.name}"
        for what, get in _TEXTS.items():
            one, two = get(first), get(other)
            if one != two:
                if what == "equations":  # those that differ
                    one, two = ("; ".join(sorted(set(a.split("; ")) - set(b.split("; ")))) for a, b in ((one, two), (two, one)))
                fail(f"groups with other {what}", where, f"{shown(one)} and {shown(two)}", remedy, "groups of one model")
        names, others = first.namespace or {}, other.namespace or {}
        for name in sorted(set(names) & set(others)):
            if not np.array_equal(np.asarray(names[name]), np.asarray(others[name])):
                fail("groups with other values of one name", f"{where}: {name}", f"{names[name]} and {others[name]}", remedy)


#: What groups that are taken as one have in common.
_TEXTS: Mapping[str, Any] = {
    "equations": lambda group: "; ".join(sorted(map(str, group.user_equations.values()))),
    "thresholds": lambda group: str(group.events.get("spike", "")),
    "resets": lambda group: str(group.event_codes.get("spike") or ""),
    "refractory periods": lambda group: str(group._refractory),
    "methods": lambda group: str(group.method_choice),
    "time steps": lambda group: float(group.clock.dt),
}

"""What a spec can take over from Brian2 objects: the facts of a group and of the synapses onto it, or what is in the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER, SUBEXPRESSION
from brian2.groups.group import CodeRunner
from brian2.groups.neurongroup import NeuronGroup
from brian2.synapses.synapses import Synapses
from numpy.typing import NDArray

from ..errors import SpecError
from ..spec.grammar.guard import shown

#: Brian2's methods for linear equations; for one state per synapse its exponential Euler is the same.
_EXACT = ("exact", "linear", "independent")


@dataclass(frozen=True)
class Neurons:
    """A neuron group as texts: states, subexpressions and parameters by name, as Brian2's equations have them."""

    group: NeuronGroup
    states: Mapping[str, Any]
    subexpressions: Mapping[str, Any]
    parameters: Mapping[str, Any]
    threshold: str
    reset: str
    refractory: Any
    method: str | None

    @property
    def names(self) -> set[str]:
        """Every name that the equations define."""
        return {*self.states, *self.subexpressions, *self.parameters}


@dataclass(frozen=True)
class Connections:
    """The synapses of one ``Synapses`` object: their equations, what a spike does, and which neurons they connect."""

    synapses: Synapses
    states: Mapping[str, Any]
    subexpressions: Mapping[str, Any]
    parameters: Mapping[str, Any]
    sums: Mapping[str, str]
    on_pre: str
    pre: NDArray[np.int64]
    post: NDArray[np.int64]

    @property
    def is_full(self) -> bool:
        """Whether there is a synapse between every two neurons."""
        return self.pre.size == len(self.synapses.source) * len(self.synapses.target)


def fail(
    problem: str, where: object, got: object, remedy: str, expected: str = "what a spec can hold; see the page on bringing a model"
) -> NoReturn:
    """Raise the refusal."""
    raise SpecError(problem, where=str(where), got=got, expected=expected, remedy=remedy)


def numbers(owner: Any, name: str) -> NDArray[np.float64]:
    """The values of a variable, in SI units."""
    try:
        return np.asarray(owner.variables[name].get_value(), dtype=np.float64)
    except NotImplementedError:
        fail("values that are known only to a compiled program", f"{owner.name}.{name}", "a standalone device", "use the runtime device")


def neurons_of(group: Any) -> Neurons:
    """The facts of a neuron group.

    Raises
    ------
    SpecError
        If it is no ``NeuronGroup``, or does what a spec can't hold.
    """
    if not isinstance(group, NeuronGroup):
        whole = "pass the whole group" if "Subgroup" in type(group).__name__ else "pass a NeuronGroup; inputs are not models"
        fail("this is not a neuron group", getattr(group, "name", "group"), type(group).__name__, whole, "a brian2.NeuronGroup")
    where = group.name
    if custom := sorted(set(group.events) - {"spike"}):
        fail("custom events", where, ", ".join(custom), "keep the event that is a spike, and write what the others do as equations")
    _check_untouched(group)
    equations = group.user_equations
    linked = [name for name, e in equations.items() if "linked" in e.flags]
    if linked:
        fail("linked variables", where, ", ".join(linked), "give the group a parameter of its own, or write both groups as one model")
    method = group.method_choice if isinstance(group.method_choice, str) else None
    return Neurons(
        group,
        {n: e for n, e in equations.items() if e.type == DIFFERENTIAL_EQUATION},
        {n: e for n, e in equations.items() if e.type == SUBEXPRESSION},
        {n: e for n, e in equations.items() if e.type == PARAMETER},
        str(group.events.get("spike", "")),
        str(group.event_codes.get("spike") or ""),
        group._refractory,
        method,
    )


def connections_of(synapses: Any, group: NeuronGroup) -> Connections:
    """The facts of the synapses onto a group.

    Raises
    ------
    SpecError
        If they are no ``Synapses`` onto this group, or do what a spec can't hold.
    """
    if not isinstance(synapses, Synapses):
        fail("these are not synapses", "synapses", type(synapses).__name__, "pass one Synapses object or a list of them", "brian2.Synapses")
    where = synapses.name
    if synapses.target is not group:
        onto = getattr(synapses.target, "name", "?")
        fail("synapses onto other neurons", where, f"onto {onto}", f"pass the synapses onto {group.name}, and let them lead to all of it")
    if type(synapses.source).__name__ == "Subgroup":
        fail("synapses from a part of a group", where, synapses.source.name, "connect the whole group, with weights of 0 for the others")
    _check_untouched(synapses)
    if synapses.event_driven is not None:
        names = ", ".join(synapses.event_driven.diff_eq_names)
        fail("event-driven equations", where, names, "write (clock-driven): the step is exact anyway, so spikes see the same values")
    code = []
    for pathway in synapses._pathways:
        if pathway.prepost != "pre":
            plastic = "leave plasticity out: a trained network learns by gradients, not while it runs"
            fail("something that a postsynaptic spike does to its synapses (on_post)", where, shown(pathway.code), plastic)
        if pathway.event != "spike":
            fail("custom events", where, str(pathway.event), "let spikes drive the synapses")
        delays = np.atleast_1d(np.asarray(pathway.variables["delay"].get_value(), dtype=np.float64))
        if np.any(delays > 0):
            longest = f"up to {delays.max():g} s in {pathway.objname}"
            fail("delays", where, longest, "remove them, and add them in Brian2 again: Additions(delays=...)")
        code.append(str(pathway.code))
    equations = synapses.equations
    sums = {name: str(updater.expression.code) for name, updater in synapses.summed_updaters.items()}
    if foreign := [name for name in sums if not name.endswith("_post")]:
        fail(
            "sums over what a neuron sends to",
            where,
            ", ".join(foreign),
            "sum over the synapses that a neuron receives: X_post = ... (summed)",
        )
    states = {n: e for n, e in equations.items() if e.type == DIFFERENTIAL_EQUATION}
    if states and isinstance(method := synapses.state_updater.method_choice, str) and method not in (*_EXACT, "exponential_euler"):
        fail("synapses with a method of their own", where, method, 'write method="exact", or put the state into the neuron: g_post += w')
    for name in states:
        if np.any(numbers(synapses, name) != 0):
            fail("a state of a synapse that does not begin at 0", f"{where}.{name}", "other values", "set it to 0")
    pre, post = (numbers(synapses, f"_synaptic_{side}").astype(np.int64) for side in ("pre", "post"))
    if np.unique(np.stack([pre, post]), axis=1).shape[1] < pre.size:
        fail("several synapses between the same two neurons", where, "n > 1", "use one Synapses object for each of them")
    return Connections(
        synapses,
        states,
        {n: e for n, e in equations.items() if e.type == SUBEXPRESSION},
        {n: e for n, e in equations.items() if e.type == PARAMETER},
        {name.removesuffix("_post"): text for name, text in sums.items()},
        "\n".join(code),
        pre,
        post,
    )


def exact_or_named(method: str | None) -> str | None:
    """The scheme of a method's name; None if Brian2 was left to choose."""
    return "exact" if method in _EXACT else method


def _check_untouched(owner: Any) -> None:
    for added in owner.contained_objects:
        if type(added) is CodeRunner:  # Brian2's own are of its subclasses
            regular = "write what it does as equations, or give it as input"
            fail("operations that run regularly beside the equations", owner.name, added.name, regular)

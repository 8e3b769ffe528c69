"""Synapses of a Brian2 script, as far as a spec can take them over; and all that it can't, gathered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER, SUBEXPRESSION
from brian2.groups.group import CodeRunner
from brian2.groups.subgroup import Subgroup
from brian2.synapses.synapses import Synapses
from numpy.typing import NDArray

from ..errors import SpecError
from ..spec.grammar.guard import shown

if TYPE_CHECKING:
    from .brian2_groups import Groups

#: Between the same two neurons.
_MOST_PER_PAIR = 8


@dataclass(frozen=True)
class Connections:
    """The synapses of one ``Synapses`` object: their equations, what a spike does, and which neurons they connect.

    ``source`` and ``target`` are whole groups, also where the object connects parts of them. Neurons count among all of :class:`Groups`.
    ``begin`` has the states that do not begin at 0, ``event_driven`` the names of those with that flag, ``method`` what the object names
    for its equations.
    """

    synapses: Synapses
    source: Any
    target: Groups
    states: Mapping[str, Any]
    subexpressions: Mapping[str, Any]
    parameters: Mapping[str, Any]
    sums: Mapping[str, str]
    on_pre: str
    pre: NDArray[np.int64]
    post: NDArray[np.int64]
    #: In seconds, one for each synapse or one for all.
    delays: NDArray[np.float64]
    begin: Mapping[str, NDArray[np.float64]]
    event_driven: tuple[str, ...]
    method: str | None
    #: Which of the object's synapses these are: all, or some of those that have others between the same two neurons.
    chosen: NDArray[np.int64]

    @property
    def is_full(self) -> bool:
        """Whether there is a synapse between every two neurons."""
        return self.pre.size == len(self.source) * len(self.target)


def whole(group: Any) -> Any:
    """The group that a subgroup is part of; a group itself. Synapses count their neurons in whole groups."""
    return group.source.state.__self__ if isinstance(group, Subgroup) else group  # itself: a subgroup has a proxy of it


def fail(
    problem: str, where: object, got: object, remedy: str, expected: str = "what a spec can hold; see the page on bringing a model"
) -> NoReturn:
    """Raise the refusal."""
    raise SpecError(problem, where=str(where), got=got, expected=expected, remedy=remedy)


@dataclass
class Refusals:
    """What a spec can't hold of a script, gathered so that all of it is said at once."""

    errors: list[SpecError] = field(default_factory=list)

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Go on after a refusal inside."""
        try:
            yield
        except SpecError as error:
            if str(error) not in map(str, self.errors):
                self.errors.append(error)

    def add(self, problem: str, where: str, got: str, remedy: str) -> None:
        """Note a refusal."""
        with self.gathered():
            fail(problem, where, got, remedy)

    def say(self, where: str) -> None:
        """Raise what was gathered: the one refusal, or a list of all of them."""
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            numbered = list(enumerate(self.errors, start=1))
            raise SpecError(
                f"a spec can't hold {len(self.errors)} things of this script",
                where=where,
                got="".join(f"\n    {k}. {error.what}, in {error.where}: {error.got}" for k, error in numbered),
                expected="what a spec can hold; see the page on bringing a model",
                remedy="".join(f"\n    {k}. {error.remedy}" for k, error in numbered),
            )


def numbers(owner: Any, name: str) -> NDArray[np.float64]:
    """The values of a variable, in SI units."""
    try:
        return np.asarray(owner.variables[name].get_value(), dtype=np.float64)
    except NotImplementedError:
        fail("values that are known only to a compiled program", f"{owner.name}.{name}", "a standalone device", "use the runtime device")


def connections_of(synapses: Any, group: Groups, refusals: Refusals) -> Connections:
    """The facts of the synapses onto a group. What a spec can't hold of them goes to ``refusals``.

    Raises
    ------
    SpecError
        If they are no ``Synapses`` onto this group.
    """
    if not isinstance(synapses, Synapses):
        fail("these are not synapses", "synapses", type(synapses).__name__, "pass one Synapses object or a list of them", "brian2.Synapses")
    where = synapses.name
    source, target = whole(synapses.source), whole(synapses.target)
    if target not in group.members:
        onto = getattr(synapses.target, "name", "?")
        fail("synapses onto other neurons", where, f"onto {onto}", f"pass the synapses onto {group.name}, and let them lead to all of it")
    with refusals.gathered():
        check_untouched(synapses)
    with refusals.gathered():
        if plastic := [pathway for pathway in synapses._pathways if pathway.prepost != "pre"]:
            fail(
                "synapses that change when their neuron spikes (on_post): plasticity that lasts, as STDP",
                where,
                shown(plastic[0].code),
                "leave plasticity out: a trained network learns by gradients, not while it runs. Convert the synapses without on_post and "
                "what belongs to it, and put the trained weights into the plastic ones",
                "what a presynaptic spike does to its own synapse (on_pre): short-term plasticity is taken",
            )
    for pathway in pathways_of(synapses):
        with refusals.gathered():
            if pathway.event != "spike":
                fail("custom events", where, str(pathway.event), "let spikes drive the synapses")
    delays = np.zeros(1)
    with refusals.gathered():
        delays, *others = [numbers(pathway, "delay") for pathway in pathways_of(synapses)] or [delays]
        if any(np.any(other != delays) for other in others):
            late = ", ".join(pathway.objname for pathway in pathways_of(synapses))
            fail(
                "pathways with delays of their own",
                where,
                late,
                "use one Synapses object for each pathway, with a source of its own that sends the same spikes",
            )
    equations = synapses.equations
    sums = {name: str(updater.expression.code) for name, updater in synapses.summed_updaters.items()}
    with refusals.gathered():
        if foreign := [name for name in sums if not name.endswith("_post")]:
            own = "sum over the synapses that a neuron receives: X_post = ... (summed)"
            fail("sums over what a neuron sends to", where, ", ".join(foreign), own)
    driven = {} if synapses.event_driven is None else {n: e for n, e in synapses.event_driven.items() if e.type == DIFFERENTIAL_EQUATION}
    states = {n: e for n, e in equations.items() if e.type == DIFFERENTIAL_EQUATION} | driven
    method = synapses.state_updater.method_choice if synapses.state_updater is not None else None
    begin = {n: value for n in states if np.any((value := numbers(synapses, n)) != 0)}
    pre, post = (numbers(synapses, f"_synaptic_{side}").astype(np.int64) for side in ("pre", "post"))
    post = post + group.first(target)
    if source in group.members:
        pre, source = pre + group.first(source), group
    return Connections(
        synapses,
        source,
        group,
        states,
        {n: e for n, e in equations.items() if e.type == SUBEXPRESSION},
        {n: e for n, e in equations.items() if e.type == PARAMETER},
        {name.removesuffix("_post"): text for name, text in sums.items()},
        "\n".join(str(pathway.code) for pathway in pathways_of(synapses)),
        pre,
        post,
        delays,
        begin,
        tuple(driven),
        method if isinstance(method, str) else None,
        np.arange(pre.size),
    )


def one_per_pair(c: Connections) -> list[Connections]:
    """The synapses as several objects, if some connect the same two neurons: the first between any two, the second, and so on.

    Raises
    ------
    SpecError
        If there are more than eight.
    """
    order = np.lexsort((c.post, c.pre))  # stable
    pairs = np.stack([c.pre, c.post])[:, order]
    begins = np.r_[True, np.any(pairs[:, 1:] != pairs[:, :-1], axis=0)][: c.pre.size]
    rank = np.empty(c.pre.size, dtype=np.int64)
    rank[order] = np.arange(c.pre.size) - np.flatnonzero(begins)[np.cumsum(begins) - 1] if c.pre.size else 0
    most = int(rank.max(initial=0)) + 1
    if most > _MOST_PER_PAIR:
        fewer = "connect them fewer times, with weights that are larger; a pair of neurons is one entry of a matrix for each"
        fail("many synapses between the same two neurons", c.synapses.name, f"{most}", fewer, f"{_MOST_PER_PAIR} at most")
    if most == 1:
        return [c]
    found = []
    for k in range(most):
        own = np.flatnonzero(rank == k)
        delays = c.delays[own] if c.delays.size > 1 else c.delays
        begin = {n: value[own] if value.size > 1 else value for n, value in c.begin.items()}
        found.append(replace(c, pre=c.pre[own], post=c.post[own], delays=delays, begin=begin, chosen=c.chosen[own]))
    return found


def pathways_of(synapses: Synapses) -> list[Any]:
    """What presynaptic spikes do, pathway by pathway."""
    return [pathway for pathway in synapses._pathways if pathway.prepost == "pre"]


def check_untouched(owner: Any) -> None:
    """Refuse a group or synapses with operations of the script's own."""
    for added in owner.contained_objects:
        if type(added) is CodeRunner:  # Brian2's own are of its subclasses
            regular = "write what it does as equations, or give it as input"
            fail("operations that run regularly beside the equations", owner.name, added.name, regular)

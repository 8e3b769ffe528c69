"""One step as a graph, forwards and backwards: phase by phase as :func:`hetsyn_sim.kernels.stepping.plain_step_scan` takes it.

Leaves are what the time loop has at hand: a ``state`` before the step and ``now``, after it; a sum over synapses, too (``sum_before``,
``sum_now``); what arrives (``jump``, ``recurrent``, ``drive``, ``part``); ``constant``; whether the neuron spiked in the step before
(``spike``) and is ``active``; and, backwards, derivatives (``d...``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ...discrete.schemes import ACTIVE
from ...discrete.tape import Node
from .adjoints import pull_back
from .graph import Constants, Graph, Leaf
from .layout import Layout


@dataclass(frozen=True)
class Step:
    """A graph and what of it is to be stored: a place -> the node."""

    graph: Graph
    stores: dict[Leaf, int]


@dataclass(frozen=True)
class Steps:
    """A step, a recording's first step, both backwards, and the constants they use. The first ``n_constants`` have derivatives."""

    layout: Layout
    constants: Constants
    n_constants: int
    forward: Step
    fresh: Step
    backward: Step
    fresh_backward: Step


def name_of_decay(k: int) -> str:
    """The decay that a neuron's recurrent synapses share, among the names of constants. No model can have a name with a space."""
    return f"decay {k}"


@lru_cache(maxsize=256)
def make_steps(layout: Layout) -> Steps:
    """The graphs of a layout."""
    constants = Constants()
    forward, fresh = (_forward(layout, constants, fresh=fresh) for fresh in (False, True))
    n_constants = len(constants.wanted)
    backward, fresh_backward = (_backward(layout, constants, n_constants, fresh=fresh) for fresh in (False, True))
    return Steps(layout, constants, n_constants, forward, fresh, backward, fresh_backward)


class _Course:
    """The states of a neuron on their way through a step. A replay knows from the forward pass whether the neuron was active."""

    def __init__(self, layout: Layout, constants: Constants, *, replay: bool) -> None:
        self.layout, self.program, self.replay = layout, layout.program, replay
        self.fixed = frozenset(layout.program.constants)
        self.graph = Graph(constants)
        self.graph.number(0.0)  # the first place: never what another node is simplified to
        self.states = [self.graph.leaf("state", k) for k in range(layout.n_states)]
        self.active = self.graph.leaf("active_before")

    def names(self, sums: list[int]) -> dict[str, int]:
        """What a tape's symbols are at this moment."""
        found = dict(zip(self.layout.sums, sums, strict=True))
        return {**found, **dict(zip(self.program.states, self.states, strict=False)), str(ACTIVE): self.active}

    def sums(self, kind: str) -> list[int]:
        return [self.graph.leaf(kind, k) for k in range(len(self.layout.sums))]

    def run(self, fresh: bool) -> None:
        """Everything that changes states."""
        for phase in () if fresh else self.layout.phases:
            if phase == "decay":
                self.decay()
            elif phase == "reset" and self.program.spiking:
                self.reset()
            elif phase == "recurrent":
                for k, state in enumerate(self.layout.jumps_of_spikes):
                    self.add(state, self.graph.leaf("recurrent", k))
        for k, state in enumerate(self.layout.jumped):
            self.add(state, self.graph.leaf("jump", k))

    def decay(self) -> None:
        g = self.graph
        if self.layout.refractory != "never":
            self.active = g.leaf("active") if self.replay else self.ready()
        after = g.inline(self.program.advance, self.names(self.sums("sum_before")), self.fixed)
        kept = self.states[len(self.program.states) :]
        decays = [g.constant(g.constants.put(Node("symbol", (), name_of_decay(k)))) for k in range(len(kept))]
        self.states = [*map(g.as_number, after), *(g.put("mul", x, rho) for x, rho in zip(kept, decays, strict=True))]

    def ready(self) -> int:
        """Whether the neuron is active from this decay on."""
        g = self.graph
        if self.layout.refractory == "timed":
            return g.put("ge", g.leaf("since"), g.leaf("refractory"))
        distance = g.inline(self.program.read, self.names(self.sums("sum_before")), self.fixed)[1]
        return g.put("or", self.active, g.put("not", g.put("gt", g.as_number(distance), g.number(0.0))))

    def reset(self) -> None:
        after = self.graph.inline(self.program.reset, self.names(self.sums("sum_before")), self.fixed)
        spike = self.graph.leaf("spike")
        for k, value in enumerate(map(self.graph.as_number, after)):
            if value != self.states[k]:
                self.states[k] = self.graph.put("reset", spike, value, self.states[k])

    def add(self, state: int, amount: int) -> None:
        """A jump; one on a frozen state of a refractory neuron is lost."""
        if state < len(self.program.states) and self.program.states[state] in self.program.frozen:
            amount = self.graph.put("where", self.active, amount, self.graph.number(0.0))
        self.states[state] = self.graph.put("add", self.states[state], amount)

    def read(self, names: dict[str, int]) -> list[int]:
        """v, the distance to the threshold if there is one, the output if it is graded."""
        return [*map(self.graph.as_number, self.graph.inline(self.program.read, names, self.fixed))]


def _forward(layout: Layout, constants: Constants, *, fresh: bool) -> Step:
    course = _Course(layout, constants, replay=False)
    graph, program = course.graph, layout.program
    course.run(fresh)
    sums = [_sum(course, k) for k in range(len(layout.sums))]
    found = course.read(course.names(sums))
    stores = {Leaf("state", k): node for k, node in enumerate(course.states)}
    stores |= {Leaf("sum", k): node for k, node in enumerate(sums) if layout.looped[k]}
    stores[Leaf("v")] = found[0]
    if program.spiking:
        stores[Leaf("fired")] = graph.put("and", graph.put("gt", found[1], graph.number(0.0)), course.active)
    if program.model.output:
        stores[Leaf("output")] = found[-1]
    if layout.refractory != "never":
        stores[Leaf("active")] = course.active
    return Step(graph, stores)


def _sum(course: _Course, k: int) -> int:
    layout, graph = course.layout, course.graph
    parts = [graph.leaf("drive", k)] if layout.driven[k] else []
    if layout.looped[k] == "synaptic":
        parts.append(graph.leaf("part", k))
    if layout.looped[k] == "shared":
        parts.append(course.states[len(layout.program.states) + layout.shared.index(k)])
    if not parts:
        return graph.number(0.0)
    return parts[0] if len(parts) == 1 else graph.put("add", *parts)


def _backward(layout: Layout, constants: Constants, n_constants: int, *, fresh: bool) -> Step:
    """Derivatives with respect to what a step changes become those with respect to what it sees, and what arrived in it."""
    course = _Course(layout, constants, replay=True)
    graph, program = course.graph, layout.program
    course.run(fresh)
    # what was read: from states and sums as they are now
    after, course.states = course.states, [graph.leaf("now", k) for k in range(layout.n_states)]
    found = course.read(course.names(course.sums("sum_now")))
    seeds = [(found[0], graph.leaf("dv"))]
    if program.model.output:
        seeds.append((found[-1], graph.leaf("doutput")))
    elif program.spiking:
        arriving = graph.put("where", course.active, graph.leaf("dspike"), graph.number(0.0))
        scale = graph.leaf("inverse_scale")
        slope = graph.put("pseudo", graph.put("mul", found[1], scale), graph.leaf("theta"))
        seeds.append((found[1], graph.put("mul", arriving, graph.put("mul", slope, scale))))
    states, sums = range(layout.n_states), range(len(layout.sums))
    of_constants = [Leaf("constant", k) for k in range(n_constants)]
    seen = pull_back(graph, seeds, {*of_constants, *(Leaf("now", k) for k in states), *(Leaf("sum_now", k) for k in sums)})

    def total(*places: int | None) -> int:
        there = [place for place in places if place is not None]
        return graph.put("add", *there) if len(there) == 2 else there[0]

    of_sums = [total(graph.leaf("dsum", k), seen.get(Leaf("sum_now", k))) for k in sums]
    of_states = [total(graph.leaf("dstate", k), seen.get(Leaf("now", k))) for k in states]
    for k, summed in enumerate(layout.shared):
        place = len(program.states) + k
        of_states[place] = total(of_states[place], of_sums[summed])
    kinds = {
        "state": states,
        "sum_before": sums,
        "jump": range(len(layout.jumped)),
        "recurrent": range(len(layout.jumps_of_spikes)),
        "spike": range(1),
    }
    leaves = {Leaf(kind, k) for kind, indices in kinds.items() for k in indices}
    past = pull_back(graph, zip(after, of_states, strict=True), {*of_constants, *leaves})
    zero = graph.number(0.0)
    stores = {Leaf(f"d{leaf.kind}", leaf.k): past.get(leaf, zero) for leaf in sorted(leaves)}
    stores |= {Leaf("dsum", k): node for k, node in enumerate(of_sums)}
    for leaf in of_constants:
        if leaf in seen or leaf in past:
            stores[Leaf("dconstant", leaf.k)] = total(seen.get(leaf), past.get(leaf))
    return Step(graph, stores)

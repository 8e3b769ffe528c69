"""Synapses that are more than filters, stepped in plain torch, with gradients: short-term plasticity, coupled states, any equations.

States are (batch, post, pre), or (batch, 1, pre) where nothing that moves them differs from one target to another: then a presynaptic
neuron has them once, and what it hands on goes through the same products and filters as spikes do.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from ..discrete.synapses import Part, SynapseProgram
from ..discrete.tape import Tape
from .delays import arriving
from .filters import exponential_filter, filter_carry
from .operations import TORCH

#: Numbers in the states of all steps together from which a backward pass computes them again, piece by piece, instead of keeping them.
_MANY = 2**23

States = dict[str, Tensor]


class _Prepared:
    """A tape whose constant part has been computed."""

    def __init__(self, tape: Tape, constants: Mapping[str, Tensor]) -> None:
        self.tape = tape
        self.varying = tape.varying(constants)
        self.fixed: list[Tensor | float | None] = []
        for node, varies in zip(tape.nodes, self.varying, strict=True):
            if varies:
                self.fixed.append(None)
            elif node.op == "symbol":
                self.fixed.append(constants[str(node.value)])
            elif node.op == "number":
                self.fixed.append(float(node.value))
            else:
                self.fixed.append(TORCH[node.op](*(self.fixed[k] for k in node.args)))

    def run(self, states: Mapping[str, Tensor]) -> list[Tensor]:
        found = list(self.fixed)
        for k, (node, varies) in enumerate(zip(self.tape.nodes, self.varying, strict=True)):
            if varies:
                found[k] = states[str(node.value)] if node.op == "symbol" else TORCH[node.op](*(found[j] for j in node.args))
        like = next(iter(states.values()))
        return [x if isinstance(x, Tensor) else torch.full_like(like, float(x or 0.0)) for x in (found[k] for k in self.tape.outputs)]


@dataclass(frozen=True)
class SteppedSynapses:
    """The synapses of one projection.

    Attributes
    ----------
    program
        Their step.
    constants
        Name -> value, (post, pre), (post, 1) or (), for every name in ``program.constants``.
    begin
        State -> where it begins, of such a shape.
    decays
        Filter -> the part of it that a step leaves, of such a shape.
    arriving, summed
        The weight of every part of ``program.arrivals`` and ``program.sums``, (post, pre): 0 where there is no synapse.
    delay
        By how many steps later spikes arrive, (post, pre); None if at once.
    """

    program: SynapseProgram
    constants: Mapping[str, Tensor]
    begin: Mapping[str, Tensor]
    decays: Mapping[str, Tensor]
    arriving: tuple[Tensor, ...]
    summed: tuple[Tensor, ...]
    delay: Tensor | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(post, pre)."""
        first = (*self.arriving, *self.summed)[0]
        return first.shape[0], first.shape[1]

    @cached_property
    def is_shared(self) -> bool:
        """Whether a presynaptic neuron's synapses have all their states in common, filters aside."""
        return self.delay is None and all(x.dim() == 0 for x in (*self.constants.values(), *self.begin.values()))

    @cached_property
    def _advance(self) -> _Prepared:
        return _Prepared(self.program.advance, self.constants)

    @cached_property
    def _on_pre(self) -> _Prepared:
        return _Prepared(self.program.on_pre, self.constants)

    @cached_property
    def _read(self) -> _Prepared:
        return _Prepared(self.program.read, self.constants)

    def prepare(self) -> None:
        """Compute what does not change from step to step, here and not within a piece that is computed twice."""
        for tape in (self._advance, self._on_pre, self._read):
            assert tape.fixed is not None

    # -- a step ------------------------------------------------------------------------------------------------------

    def at_rest(self, n_batch: int) -> States:
        """The states where a recording begins, those of filters at every synapse."""
        (n_post, n_pre), like = self.shape, (*self.arriving, *self.summed)[0]
        states = {x: like.new_zeros(n_batch, 1 if self.is_shared else n_post, n_pre) + value for x, value in self.begin.items()}
        return states | {x: like.new_zeros(n_batch, n_post, n_pre) for x in self.program.filters}

    def advance(self, states: States) -> States:
        """The states after dt."""
        moved = dict(zip(self.program.states, self._advance.run(states), strict=True))
        return moved | {x: states[x] * rho for x, rho in self.decays.items() if x in states}

    def spike(self, states: States, z: Tensor) -> tuple[States, list[Tensor]]:
        """What spikes (batch, pre), or as they arrive (batch, post, pre), do.

        The states after them, and what they hand on, one output for every arrival, (batch, 1 or post, pre).

        For z between 0 and 1 it is what lies between no spike and one, so gradients go through.
        """
        after = self._on_pre.run(states)
        z = z[:, None] if z.dim() == 2 else z
        n = len(self.program.states)
        moved = {x: torch.lerp(*torch.broadcast_tensors(states[x], new, z)) for x, new in zip(self.program.states, after[:n], strict=True)}
        return {**states, **moved}, [z * handed for handed in after[n:]]

    def deliver(self, states: States, z: Tensor) -> tuple[States, dict[str, Tensor]]:
        """The states after spikes, filters among them, and what is added to the neuron's states, (batch, post)."""
        states, handed = self.spike(states, z)
        jumps: dict[str, Tensor] = {}
        for part, weight, amount in zip(self.program.arrivals, self.arriving, handed, strict=True):
            if part.name in self.program.filters:
                states = {**states, part.name: states[part.name] + weight * amount}
            else:
                _put(jumps, part.name, _over_pre(weight, amount))
        return states, jumps

    def sums(self, states: States) -> dict[str, Tensor]:
        """What the neuron sees of states, (batch, post)."""
        found = {part.name: _over_pre(weight, x) for part, weight, x in self._parts_read(states)}
        return found | {f"{x}_syn": states[x].sum(dim=-1) for x in self.program.filters if x in states}

    def _parts_read(self, states: States) -> Iterator[tuple[Part, Tensor, Tensor]]:
        return zip(self.program.sums, self.summed, self._read.run(states) if self.program.sums else [], strict=True)


def run_synapses(
    synapses: SteppedSynapses, x: Tensor, carried: Mapping[str, Tensor] | None = None, recent: Tensor | None = None
) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]:
    """Run feed-forward synapses over time.

    Parameters
    ----------
    synapses
        What they are.
    x
        Spikes, (time, batch, pre).
    carried
        From the piece of time before; None where a recording begins.
    recent
        The last spikes before ``x``, of more steps than the longest delay, (lag, batch, pre); for synapses with delays.

    Returns
    -------
    jumps, sums : dict
        State of the neuron -> what is added to it; sum -> what it is. (time, batch, post).
    carried : dict
        To go on with.
    """
    fresh = carried is None
    if synapses.is_shared:
        return _run_shared(synapses, x, {} if carried is None else dict(carried), fresh=fresh)
    states = synapses.at_rest(x.shape[1]) if carried is None else dict(carried)
    n_steps, size = x.shape[0], sum(state.numel() for state in states.values())
    n_lags = 0
    if recent is not None:
        n_lags, x = len(recent), torch.cat([recent, x])
    if not torch.is_grad_enabled() or n_steps * size <= _MANY:
        return _run_piece(synapses, x, states, n_lags, fresh=fresh)
    synapses.prepare()
    pieces = []
    length = math.isqrt(n_steps)
    for begin in range(0, n_steps, length):
        piece = x[begin : begin + n_lags + length]
        found = checkpoint(_run_piece, synapses, piece, states, n_lags, fresh=fresh and begin == 0, use_reentrant=False)
        pieces.append(found)
        states = found[2]
    jumps, sums = ({name: torch.cat([piece[k][name] for piece in pieces]) for name in pieces[0][k]} for k in (0, 1))
    return jumps, sums, states


def _run_piece(
    synapses: SteppedSynapses, x: Tensor, states: States, n_lags: int, *, fresh: bool
) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]:
    """``n_lags`` of the steps of x are before the piece."""
    jumps: dict[str, list[Tensor]] = {}
    sums: dict[str, list[Tensor]] = {}
    for t in range(len(x) - n_lags):
        if t or not fresh:
            states = synapses.advance(states)
        z = x[t] if synapses.delay is None else arriving(x[t : t + n_lags + 1].flip(0), synapses.delay)
        states, added = synapses.deliver(states, z)
        for name, amount in added.items():
            jumps.setdefault(name, []).append(amount)
        for name, total in synapses.sums(states).items():
            sums.setdefault(name, []).append(total)
    return _stacked(jumps), _stacked(sums), states


def _run_shared(
    synapses: SteppedSynapses, x: Tensor, carried: States, *, fresh: bool
) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]:
    """Synapses whose states a presynaptic neuron has once: what it hands on is (time, batch, pre), and then weighted."""
    program = synapses.program
    states = {name: value for name, value in (synapses.at_rest(x.shape[1]) if fresh else carried).items() if name in program.states}
    handed: list[list[Tensor]] = [[] for _ in program.arrivals]
    read: list[list[Tensor]] = [[] for _ in program.sums]
    for t, z in enumerate(x):
        if t or not fresh:
            states = synapses.advance(states)
        states, amounts = synapses.spike(states, z)
        for values, amount in zip(handed, amounts, strict=True):
            values.append(amount[:, 0])
        for values, (_, _, value) in zip(read, synapses._parts_read(states), strict=True):
            values.append(value[:, 0])
    jumps: dict[str, Tensor] = {}
    sums: dict[str, Tensor] = {}
    after: dict[str, Tensor] = {}
    for part, weight, values in zip(program.arrivals, synapses.arriving, handed, strict=True):
        events = torch.stack(values)  # (time, batch, pre)
        if part.name in program.filters:
            name, rho = f"{part.name}_syn", synapses.decays[part.name]
            before = carried.get(name) if name not in sums else None  # once, however many statements add to it
            _put(sums, name, exponential_filter(events, weight, rho, before))
            _put(after, name, filter_carry(events, weight, rho, before, delay=0))
        else:
            _put(jumps, part.name, events @ weight.T)
    for part, weight, values in zip(program.sums, synapses.summed, read, strict=True):
        sums[part.name] = torch.stack(values) @ weight.T
    return jumps, sums, states | after


def _over_pre(weight: Tensor, amount: Tensor) -> Tensor:
    """The sum over pre of weights (post, pre) times amounts (batch, 1 or post, pre): (batch, post)."""
    return amount[:, 0] @ weight.T if amount.shape[1] == 1 else (weight * amount).sum(dim=-1)


def _stacked(found: Mapping[str, list[Tensor]]) -> dict[str, Tensor]:
    return {name: torch.stack(values) for name, values in found.items()}


def _put(found: dict[str, Tensor], name: str, amount: Tensor) -> None:
    found[name] = found[name] + amount if name in found else amount

"""A population that is stepped: any model's step, over time, with gradients. Plain torch; the oracle of the generated kernels.

In every step but a recording's first, in the phases' order: states advance by the program's tape, neurons that spiked are reset, their
spikes arrive at recurrent synapses. Then the feed-forward jumps arrive, sums over synapses are taken, and v is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ..discrete.stepping import SteppedProgram
from ..discrete.tape import Tape, run_tape
from .operations import TORCH
from .scan import DecayPath, SurrogateDerivative

__all__ = ["Carried", "Drive", "StepResult", "plain_step_scan", "step_scan"]


@dataclass(frozen=True)
class Carried:
    """A population between two steps, each (batch, post), but ``recurrent`` (batch, post, pre).

    Attributes
    ----------
    states
        The neuron's states.
    sums
        The synaptic sums as they were taken last.
    recurrent
        Sum -> what each recurrent synapse carries of it.
    spikes
        Of the last step.
    since
        Steps since the last spike; of a large number if there was none.
    active
        Whether it is not refractory.
    """

    states: Mapping[str, Tensor]
    sums: Mapping[str, Tensor]
    recurrent: Mapping[str, Tensor]
    spikes: Tensor
    since: Tensor
    active: Tensor

    def detach(self) -> Carried:
        """The same, cut from the graph."""
        states, sums, recurrent = ({name: x.detach() for name, x in part.items()} for part in (self.states, self.sums, self.recurrent))
        return Carried(states, sums, recurrent, self.spikes.detach(), self.since, self.active)


@dataclass(frozen=True)
class Drive:
    """What drives a population over a piece of time.

    Attributes
    ----------
    jumps
        State -> what feed-forward spikes add to it, (time, batch, post).
    sums
        Sum -> the part of it that comes through feed-forward synapses, (time, batch, post).
    recurrent_jumps
        State -> weights (post, pre) by which the population's own spikes add to it, one step later.
    recurrent_sums
        Sum -> amplitude (post, pre) and decay of its recurrent synapses.
    """

    jumps: Mapping[str, Tensor] = field(default_factory=dict)
    sums: Mapping[str, Tensor] = field(default_factory=dict)
    recurrent_jumps: Mapping[str, Tensor] = field(default_factory=dict)
    recurrent_sums: Mapping[str, DecayPath] = field(default_factory=dict)


@dataclass(frozen=True)
class StepResult:
    """Spikes (None for a readout), v, graded output (None without), each (time, batch, post); the traces asked for; and the end."""

    z: Tensor | None
    v: Tensor
    output: Tensor | None
    traces: Mapping[str, Tensor]
    end: Carried


class _Spike(torch.autograd.Function):
    """A step function whose derivative is a surrogate of the distance in units of ``scale``."""

    @staticmethod
    def forward(ctx: Any, distance: Tensor, scale: Tensor, theta: Tensor, surrogate: SurrogateDerivative) -> Tensor:
        ctx.save_for_backward(distance, scale, theta)
        ctx.surrogate = surrogate
        return (distance > 0).to(distance.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        distance, scale, theta = ctx.saved_tensors
        return gradient * ctx.surrogate.derivative(distance / scale, theta / scale) / scale, None, None, None


def plain_step_scan(
    program: SteppedProgram,
    constants: Mapping[str, Tensor],
    drive: Drive,
    begin: Carried,
    surrogate: SurrogateDerivative,
    *,
    scale: Tensor,
    theta: Tensor,
    refractory: Tensor | None = None,
    fresh: bool = True,
    reset_gradient: bool = True,
    record: tuple[str, ...] = (),
) -> StepResult:
    """Run a population over time.

    Parameters
    ----------
    program
        The step.
    constants
        Name -> value, shape (post,) or (), for every name in ``program.constants``.
    drive
        What arrives. At least one of its feed-forward parts says how long the piece is.
    begin
        The population before it.
    surrogate
        Replaces the derivative of a spike. A model with a graded output has none.
    scale, theta
        The surrogate sees the distance to the threshold over ``scale``, and ``theta / scale``; shape (post,) or ().
    refractory
        Steps for which a neuron is refractory, shape (post,) or (); None if it is not, or if it spikes where it crosses.
    fresh
        Whether the first step is a recording's first, in which nothing has decayed yet.
    reset_gradient
        Whether gradients go through the choice of who is reset. States that a reset sets pass them on in any case.
    record
        States and sums to keep.

    Returns
    -------
    StepResult
    """
    model = program.model
    states, sums, recurrent = dict(begin.states), dict(begin.sums), dict(begin.recurrent)
    spikes, since, active = begin.spikes, begin.since, begin.active
    n_steps = next(iter((*drive.jumps.values(), *drive.sums.values()))).shape[0]
    zs, vs, outputs = [], [], []
    kept: dict[str, list[Tensor]] = {name: [] for name in record}

    def run(tape: Tape) -> list[Tensor]:
        found = run_tape(tape, {**constants, **states, **sums, "active": active}, TORCH)
        return [x.expand_as(spikes) if isinstance(x, Tensor) else torch.full_like(spikes, x) for x in found]

    def add(state: str, amount: Tensor) -> None:
        moved = states[state] + amount
        states[state] = torch.where(active, moved, states[state]) if state in program.frozen else moved

    for t in range(n_steps):
        for phase in program.step_order.phases if t or not fresh else ():
            if phase == "decay":
                since = since + 1
                if model.spikes_where_crossed:
                    active = active | ~(run(program.read)[1] > 0)
                elif refractory is not None:
                    active = since >= refractory
                states = dict(zip(program.states, run(program.advance), strict=True))
                for name, (_, rho) in drive.recurrent_sums.items():
                    recurrent[name] = recurrent[name] * (rho if rho.dim() == 2 else rho.reshape(-1, 1))
            elif phase == "reset" and model.spiking:
                fired = spikes.detach() > 0
                # of value 0, and of the derivative that a choice has: the values themselves are not touched by rounding
                choice = spikes - spikes.detach() if reset_gradient else torch.zeros_like(spikes)
                moved = {jump.target for jump in model.reset_jumps}
                for name, after in zip(program.states, run(program.reset), strict=True):
                    if name in moved:
                        # a state that overflowed on its way up is reset to a number, and its derivative has to be one too
                        jump = torch.nan_to_num((after - states[name]).detach())
                        states[name] = torch.where(fired, after, states[name]) + choice * jump
            elif phase == "recurrent":
                for name, w in drive.recurrent_jumps.items():
                    add(name, spikes @ w.T)
                for name, (amplitude, _) in drive.recurrent_sums.items():
                    recurrent[name] = recurrent[name] + spikes[:, None, :] * amplitude
        for name, amounts in drive.jumps.items():
            add(name, amounts[t])
        for name in sums:
            arrived = drive.sums[name][t] if name in drive.sums else torch.zeros_like(spikes)
            sums[name] = arrived + recurrent[name].sum(dim=-1) if name in recurrent else arrived
        found = run(program.read)
        vs.append(found[0])
        if program.spiking:
            graded = bool(model.output)  # then the output carries the gradient
            spiked = (found[1] > 0).to(spikes.dtype) if graded else _Spike.apply(found[1], scale, theta, surrogate)
            spikes = torch.where(active, spiked, torch.zeros_like(spiked))
            fired = spikes.detach() > 0
            since = torch.where(fired, torch.zeros_like(since), since)
            if model.refractory:
                active = active & ~fired
            zs.append(spikes)
        if model.output:
            outputs.append(found[-1])
        for name in record:
            kept[name].append(states[name] if name in states else sums[name])
    return StepResult(
        torch.stack(zs) if zs else None,
        torch.stack(vs),
        torch.stack(outputs) if outputs else None,
        {name: torch.stack(values) for name, values in kept.items()},
        Carried(states, sums, recurrent, spikes, since, active),
    )


def step_scan(
    program: SteppedProgram,
    constants: Mapping[str, Tensor],
    drive: Drive,
    begin: Carried,
    surrogate: SurrogateDerivative,
    *,
    scale: Tensor,
    theta: Tensor,
    refractory: Tensor | None = None,
    fresh: bool = True,
    reset_gradient: bool = True,
    record: tuple[str, ...] = (),
) -> StepResult:
    """Run a population over time, compiled where that can be: on the CPU, with a compiler, and with a surrogate that is compiled, too.

    Arguments and results are those of :func:`plain_step_scan`.
    """
    from .generated import can_step, compiled_step_scan  # it needs what is above

    scan = compiled_step_scan if can_step(program, drive, begin, surrogate) else plain_step_scan
    return scan(
        program,
        constants,
        drive,
        begin,
        surrogate,
        scale=scale,
        theta=theta,
        refractory=refractory,
        fresh=fresh,
        reset_gradient=reset_gradient,
        record=record,
    )

"""Step scans in plain torch: any model's step, over time, with gradients. The oracle of the generated kernels.

In every step but a recording's first, in the phases' order: states advance by the program's tape, neurons that spiked are reset, their
spikes arrive at recurrent synapses. Then the feed-forward jumps arrive, sums over synapses are taken, and v is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ..discrete.schemes import ACTIVE
from ..discrete.stepping import SteppedProgram
from ..discrete.tape import Tape, run_tape
from .delays import arriving
from .operations import TORCH
from .scan import SurrogateDerivative
from .step_data import Carried, Drive, StepOptions, StepResult


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
    options: StepOptions,
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
    options
        What stays as it is meanwhile.

    Returns
    -------
    StepResult
    """
    model = program.model
    states, sums, recurrent = dict(begin.states), dict(begin.sums), dict(begin.recurrent)
    synapses, synaptic = drive.recurrent_synapses, dict(begin.synapses)
    spikes, since, active, sent = begin.spikes, begin.since, begin.active, begin.sent
    n_steps = next(iter((*drive.jumps.values(), *drive.sums.values()))).shape[0]
    zs, vs, outputs = [], [], []
    kept: dict[str, list[Tensor]] = {name: [] for name in options.record}

    def run(tape: Tape) -> list[Tensor]:
        found = run_tape(tape, {**constants, **states, **sums, str(ACTIVE): active}, TORCH)
        return [x.expand_as(spikes) if isinstance(x, Tensor) else torch.full_like(spikes, x) for x in found]

    def add(state: str, amount: Tensor) -> None:
        moved = states[state] + amount
        states[state] = torch.where(active, moved, states[state]) if state in program.frozen else moved

    for t in range(n_steps):
        for phase in program.step_order.phases if t or not options.fresh else ():
            if phase == "decay":
                since = since + 1
                if model.spikes_where_crossed:
                    active = active | ~(run(program.read)[1] > 0)
                elif options.refractory is not None:
                    active = since >= options.refractory
                states = dict(zip(program.states, run(program.advance), strict=True))
                for name, (_, rho) in drive.recurrent_sums.items():
                    recurrent[name] = recurrent[name] * (rho if rho.dim() == 2 else rho.reshape(-1, 1))
                if synapses is not None:
                    synaptic = synapses.advance(synaptic)
            elif phase == "reset" and model.spiking:
                fired = spikes.detach() > 0
                # of value 0, and of the derivative that a choice has: the values themselves are not touched by rounding
                choice = spikes - spikes.detach() if options.reset_gradient else torch.zeros_like(spikes)
                for name, after in zip(program.states, run(program.reset), strict=True):
                    if name in program.reset_states:
                        # a state that overflowed on its way up is reset to a number, and its derivative has to be one too
                        jump = torch.nan_to_num((after - states[name]).detach())
                        states[name] = torch.where(fired, after, states[name]) + choice * jump
            elif phase == "recurrent":
                if sent is not None:
                    sent = torch.cat([spikes[None], sent[:-1]])
                arrived = spikes[:, None, :] if sent is None else arriving(sent, drive.recurrent_delay)  # (batch, post, pre)
                for name, w in drive.recurrent_jumps.items():
                    add(name, spikes @ w.T if sent is None else (arrived * w).sum(dim=-1))
                for name, (amplitude, _) in drive.recurrent_sums.items():
                    recurrent[name] = recurrent[name] + arrived * amplitude
                if synapses is not None:
                    synaptic, added = synapses.deliver(synaptic, spikes if sent is None else arrived)
                    for name, amount in added.items():
                        add(name, amount)
        for name, amounts in drive.jumps.items():
            add(name, amounts[t])
        returned = {} if synapses is None else synapses.sums(synaptic)
        for name in sums:
            arrived = drive.sums[name][t] if name in drive.sums else torch.zeros_like(spikes)
            arrived = arrived + recurrent[name].sum(dim=-1) if name in recurrent else arrived
            sums[name] = arrived + returned[name] if name in returned else arrived
        found = run(program.read)
        vs.append(found[0])
        if program.spiking:
            graded = bool(model.output)  # then the output carries the gradient
            spiked = (found[1] > 0).to(spikes.dtype) if graded else _Spike.apply(found[1], options.scale, options.theta, surrogate)
            spikes = torch.where(active, spiked, torch.zeros_like(spiked))
            fired = spikes.detach() > 0
            since = torch.where(fired, torch.zeros_like(since), since)
            if model.refractory:
                active = active & ~fired
            zs.append(spikes)
        if model.output:
            outputs.append(found[-1])
        for name in options.record:
            kept[name].append(states[name] if name in states else sums[name])
    return StepResult(
        torch.stack(zs) if zs else None,
        torch.stack(vs),
        torch.stack(outputs) if outputs else None,
        {name: torch.stack(values) for name, values in kept.items()},
        Carried(states, sums, recurrent, spikes, since, active, synaptic, sent),
    )

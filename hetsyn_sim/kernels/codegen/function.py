"""The generated kernels as one differentiable function of tensors.

The forward pass keeps the states of every step; the backward pass (:mod:`.gradients`) computes the rest again from them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..first_order import once_differentiable
from .gradients import gradients
from .plan import Inputs, Plan, Results, grouped, spread


def run_steps(plan: Plan, inputs: Inputs) -> Results:
    """Run over time."""
    counts: list[int] = []
    flat = _Steps.apply(plan, inputs.counts, counts, *inputs.flat())
    return Results(*grouped(flat, counts))


class _Steps(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, plan: Plan, counts: tuple[int, ...], of_results: list[int], *flat: Tensor) -> Any:
        given = Inputs(*grouped(flat, counts))
        kernels, layout = plan.kernels, plan.kernels.layout
        program, n_states, n_sums = layout.program, layout.n_states, len(layout.sums)
        n_steps, n_batch, n_post = (*given.jumps, *given.drive)[0].shape
        like = given.spikes[0]

        def rows() -> Tensor:
            return torch.empty(n_steps, n_batch, n_post, dtype=like.dtype)

        def ends(n: int) -> list[Tensor]:
            return [torch.empty_like(like) for _ in range(n)]

        kept = range(n_states) if plan.keep else plan.traced_states
        states = [rows() if k in kept or k == kernels.alias else None for k in range(n_states)]
        sums = [rows() if layout.looped[k] and (plan.keep or k in plan.traced_sums) else None for k in range(n_sums)]
        v = states[kernels.alias] if kernels.alias is not None else rows()
        assert v is not None
        z = [rows()] if program.spiking else []
        output = [rows()] if program.model.output else []
        refractory = layout.refractory != "never"
        active = like.new_empty(n_steps, n_batch, n_post, dtype=torch.bool) if refractory and plan.keep else None
        end_active = plan.begin_active.clone()
        end_states, end_sums = ends(n_states), ends(n_sums)
        carried = [c.transpose(1, 2).contiguous() for c in given.carried]  # a copy even where it need not be: see below
        carried = [c.clone() if c.data_ptr() == x.data_ptr() else c for c, x in zip(carried, given.carried, strict=True)]
        synaptic = layout.synaptic
        kernels.forward().run(
            (n_steps, n_batch, n_post),
            {
                "constants": given.constants,
                "jumps": given.jumps,
                "drive": spread([k for k in range(n_sums) if layout.driven[k]], given.drive, n_sums),
                "weights": [w.t().contiguous() for w in given.weights],
                "amplitudes": spread(synaptic, [w.t().contiguous() for w in given.amplitudes], n_sums),
                "decays": spread(synaptic, [w.t().contiguous() for w in given.decays], n_sums),
                "begin_states": given.states,
                "begin_sums": given.sums,
                "begin_spikes": given.spikes,
                "refractory": [plan.refractory],
                "carried": spread(synaptic, carried, n_sums),
                "last": [plan.last],
                "z": z or [None],
                "v": [v],
                "output": output or [None],
                "states": states,
                "sums": sums,
                "active": [active],
                "end_states": end_states,
                "end_sums": end_sums,
                "end_active": [end_active],
            },
            fresh=plan.fresh,
        )
        # the end's spikes are no view of z: what uses only the end needs no derivatives of the size of the whole
        end_spikes = [z[0][-1].clone()] if z else []
        end_carried = [c.transpose(1, 2).contiguous() for c in carried]
        traces = [states[k] for k in plan.traced_states], [sums[k] for k in plan.traced_sums]
        groups = (z, [v], output, *traces, end_states, end_sums, end_carried, end_spikes, [end_active])
        of_results += [len(group) for group in groups]
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(end_active, *([*z, *end_spikes] if output else []))
        if plan.keep:
            ctx.plan, ctx.counts, ctx.of_results = plan, counts, list(of_results)
            ctx.save_for_backward(*flat, *states, *sums, z[0] if z else None, active)
        return tuple(tensor for group in groups for tensor in group)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *arriving: Tensor | None) -> Any:
        given = ctx.saved_tensors[: sum(ctx.counts)]
        layout = ctx.plan.kernels.layout
        kept = grouped(ctx.saved_tensors[len(given) :], (layout.n_states, len(layout.sums), 2))
        inputs, needs = (Inputs(*grouped(flat, ctx.counts)) for flat in (given, ctx.needs_input_grad[3:]))
        d = Results(*grouped([None if g is None else g.contiguous() for g in arriving], ctx.of_results))
        return None, None, None, *gradients(ctx.plan, inputs, needs, kept, d).flat()

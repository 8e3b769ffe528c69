"""The backward pass of the generated kernels.

Only derivatives with respect to the decays of recurrent synapses need a pass of their own: they come from the filters' backward kernels
(:mod:`.synapses`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .plan import Inputs, Plan, Results, spread
from .synapses import Synapses, late


def gradients(plan: Plan, given: Inputs, needs: Inputs, kept: Sequence[Sequence[Any]], d: Results) -> Inputs:
    """Derivatives with respect to what was given, None where they are not needed.

    Parameters
    ----------
    plan, given
        Of the run.
    needs
        Of each input, whether its derivative is wanted.
    kept
        States, looped sums, and spikes and activity, of all steps.
    d
        Derivatives with respect to the results, or None.
    """
    layout = plan.kernels.layout
    n_states, n_sums, n_loops = layout.n_states, len(layout.sums), len(layout.jumps_of_spikes)
    states, sums, (z, active) = kept
    shape = (*(*given.jumps, *given.drive)[0].shape,)
    like = given.spikes[0]
    driven = [k for k in range(n_sums) if layout.driven[k]]

    def rows(wanted: bool) -> Tensor | None:
        return like.new_empty(shape) if wanted else None

    def ends(wanted: Sequence[bool]) -> list[Tensor | None]:
        return [torch.empty_like(like) if want else None for want in wanted]

    to_jumps = [rows(want) for want in needs.jumps]
    to_sums = [rows(k in layout.synaptic) for k in range(n_sums)]
    for k, want in zip(driven, needs.drive, strict=True):
        to_sums[k] = to_sums[k] if to_sums[k] is not None else rows(want)
    to_recurrent = [rows(True) for _ in range(n_loops)]
    to_weights = [torch.zeros_like(w) if want else None for w, want in zip(given.weights, needs.weights, strict=True)]
    to_states, to_begin, to_spikes = ends(needs.states), ends(needs.sums), ends(needs.spikes)
    to_constants = like.new_zeros(len(plan.wanted), shape[2], dtype=torch.float64)
    # of the end's carried states; turned in place into those of the beginning's
    of_carried = [torch.zeros_like(c) if g is None else g.clone() for c, g in zip(given.carried, d.carried, strict=True)]
    plan.kernels.backward(plan.surrogate, plan.wanted).run(
        shape,
        {
            "constants": given.constants,
            "drive": spread(driven, given.drive, n_sums),
            "weights": given.weights,
            "weights_again": [w.t().contiguous() for w in given.weights] if layout.needs_recurrent_again else [None] * n_loops,
            "amplitudes": spread(layout.synaptic, given.amplitudes, n_sums),
            "decays": spread(layout.synaptic, given.decays, n_sums),
            "begin_states": given.states,
            "begin_sums": given.sums,
            "begin_spikes": given.spikes,
            "begin_active": [plan.begin_active],
            "z": [z],
            "states": states,
            "sums": sums,
            "active": [active],
            "inverse_scale": [plan.inverse_scale],
            "theta": [plan.theta],
            "dz": d.z or [None],
            "dv": d.v,
            "doutput": d.output or [None],
            "dstates": spread(plan.traced_states, d.traced_states, n_states),
            "dsums": spread(plan.traced_sums, d.traced_sums, n_sums),
            "dend_states": d.states,
            "dend_sums": d.sums,
            "dend_spikes": d.spikes or [None],
            "carried": spread(layout.synaptic, of_carried, n_sums),
            "to_jumps": to_jumps,
            "to_sums": to_sums,
            "to_recurrent": to_recurrent,
            "to_weights": to_weights,
            "to_states": to_states,
            "to_begin_sums": to_begin,
            "to_spikes": to_spikes,
            "to_constants": [to_constants],
        },
        fresh=plan.fresh,
        reset_gradient=plan.reset_gradient,
        settings=plan.settings,
    )
    of_constants = torch.zeros_like(given.constants[0])
    of_constants[list(plan.wanted)] = to_constants.to(like.dtype)
    pairs: list[tuple[Tensor, Tensor] | tuple[None, None]] = []
    for place, k in enumerate(layout.synaptic):
        if not (needs.amplitudes[place] or needs.decays[place]):
            pairs.append((None, None))
            continue
        g = to_sums[k]
        assert g is not None
        synapses = Synapses(given.amplitudes[place], given.decays[place], given.carried[place], plan.fresh, layout.decays_first)
        pairs.append(synapses.gradients(g, late(z, like, fresh=plan.fresh), d.carried[place]))
    return Inputs(
        [of_constants],
        to_jumps,
        [to_sums[k] for k in driven],
        [None if w is None else w.t() for w in to_weights],
        [pair[0] for pair in pairs],
        [pair[1] for pair in pairs],
        to_states,
        to_begin,
        to_spikes,
        of_carried,
    )

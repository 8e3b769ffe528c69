"""The states behind v, for recordings. The kernels never make them: here each is summed up again from the spikes that reach it."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor

from ..kernels import DecayPath, exponential_filter
from .layer import SpikingLayer


def state_traces(layer: SpikingLayer, x: Tensor, z: Tensor | None, variables: Collection[str]) -> dict[str, Tensor]:
    """Synaptic sums (``I_syn``) and neuron states (``R``) among ``variables``, each (time, batch, post). ``v`` is not among them.

    ``x`` are the spikes that the layer was fed, ``z`` its own; None for a readout.
    """
    program = layer.program
    targets = [jump.target for jump in program.model.on_pre_jumps]
    on_pre = [f"{t}_syn" if t in program.synapse.states else t.removesuffix("_post") for t in targets]
    events: list[tuple[Tensor, str, DecayPath]] = [
        (x, name, path) for name, path in zip(on_pre, layer.paths("feedforward", gained=False), strict=True)
    ]
    if z is not None:
        before = torch.cat([torch.zeros_like(z[:1]), z[:-1]])  # a neuron's own spikes arrive one step later
        recurrent, resets = layer.paths("recurrent", gained=False), layer.paths("reset", gained=False)
        events += [(before, name, path) for name, path in zip(on_pre, recurrent, strict=False)]  # there may be no recurrence
        for reset, (amplitude, rho) in zip(program.reset_paths, resets, strict=True):
            events.append((before, reset.state, DecayPath(torch.diag(amplitude.expand(z.shape[2])), rho)))
    found: dict[str, Tensor] = {}
    for spikes, name, path in events:
        if name in variables and name != "v":
            part = exponential_filter(spikes, path.amplitude, path.rho)
            found[name] = found[name] + part if name in found else part
    return found

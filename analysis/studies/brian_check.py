"""A trained network compared with Brian2, spike for spike and voltage by voltage, and its costs."""

from __future__ import annotations

import numpy as np

from hetsyn_sim.agreement.compare import compare_recordings
from hetsyn_sim.brian import BrianSimulation
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.discrete.cost import count_cost
from hetsyn_sim.training.network import Network

from .study import Row

#: Recordings that go through Brian2 in each run.
N_SIMULATED = 50
#: Brian2 derives the step itself in this form. In ``fast``, of which rows without a form are, decays come from :mod:`hetsyn_sim.discrete`.
FORM = "ode"


def in_brian2(checkpoint: Checkpoint, data: SpikeDataset, window: int | None = None) -> Row:
    """Whether a network is the same in Brian2, and what an input costs.

    ``mismatches``: cells in which spikes of any population differ between PyTorch in float64 and Brian2, near-ties included, of which there
    are ``undecided`` recordings. ``max_dv_over_bound``: the largest difference of any v, the readout's too, as a share of what rounding may
    do (docs/claim.md). The recordings are :data:`N_SIMULATED` of ``data``, spread over it.
    """
    n = min(N_SIMULATED, len(data))
    x = data[[k * len(data) // n for k in range(n)]].rasters(window)
    here = Network.from_checkpoint(checkpoint).record(x)
    there = BrianSimulation(checkpoint.spec, checkpoint.values, form=FORM).run(x)
    compared = compare_recordings(checkpoint.spec, checkpoint.values, here, there)
    spiking = [p.name for p in checkpoint.spec.populations if p.name in here.rasters]
    cost = count_cost(checkpoint.spec, here)
    return {
        "form": FORM,
        "mismatches": sum(int(np.sum(here.rasters[name] != there.rasters[name])) for name in spiking),
        "undecided": len(compared.undecided),
        "max_dv_over_bound": compared.max_dv_over_bound,
        "simulated": n,
        "spikes": cost.spikes,
        "synaptic_operations": cost.synaptic_operations,
        "state_updates": cost.state_updates,
        "parameters": cost.parameters,
    }

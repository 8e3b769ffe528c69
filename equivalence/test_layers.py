"""Layers of hs.nn: a checkpoint as a net of layers runs as its network does, and says the same checkpoint again."""

import numpy as np
import torch

from equivalence.comparing import agree
from equivalence.ledger import LEDGER
from equivalence.properties import holds
from equivalence.strategies import Case, networks
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.recording import Recording
from hetsyn_sim.training.modules import default_dtype
from hetsyn_sim.training.nn import NeuronLayer, from_checkpoint

from .test_transfer import within_bounds


def pieces_of(how, x):
    if how == "step by step":
        return list(x)
    return x.split(max(1, len(x) // 2)) if how in ("in pieces", "a state forgotten") else [x]


@torch.no_grad()
def recorded(how, case, net):
    """What each layer gives: run in pieces, layer by layer, as a loop of one's own would."""
    x = torch.as_tensor(case.inputs.copy()).double()
    rasters, traces = {"input": case.inputs}, {}
    for population, layer in zip(case.spec.populations, net, strict=True):
        assert isinstance(layer, NeuronLayer)
        state, runs = None, []
        for piece in pieces_of(how, x):
            run = layer.run(piece, None if how == "a state forgotten" else state)
            state = run.state
            runs.append(run)
        join = torch.stack if how == "step by step" else torch.cat
        traces[f"{population.name}.v"] = join([run.v for run in runs]).numpy()
        if population.model.spiking:
            x = join([run.out for run in runs])
            rasters[population.name] = x.numpy() > 0
    return Recording(case.spec.dt_s, rasters, traces, "hs.nn")


@holds(
    networks(max_steps=20, moderate=True),
    near_misses=("a state forgotten", "other values"),
    subjects=["at once", "in pieces", "step by step"],
    fast=0.15,
)
def test_a_net_of_layers_is_the_network(how, case):
    """The way there loses no more than a bijection's rounding, and both ways round give the same values."""
    spec = within_bounds(case)
    values = spec.initial_values(1) if how == "other values" else case.values
    with default_dtype(torch.float64):
        net = from_checkpoint(Checkpoint(spec, values))
    again = net.to_checkpoint()
    LEDGER.note_network(case.reference)
    for key, value in case.values.items():  # a value on its bound is moved inwards by 1e-9 of the range
        np.testing.assert_allclose(again.values[key], value, rtol=1e-7, atol=1e-7 * np.abs(value).max())
    done = Case(again.spec, {key: np.asarray(value, dtype=np.float64) for key, value in again.values.items()}, case.inputs)
    agree(done, done.reference, recorded(how, done, net), "float64")

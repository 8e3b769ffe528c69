"""One population as a torch module: its evaluated paths, its states, its errors."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from brian2 import ms

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import SpecError
from hetsyn_sim.models import HetNeuLIF, HetSynLIF, HomNeuALIFNormalised, LeakyReadout
from hetsyn_sim.spec import UNBOUNDED, FanInNormal, Layer, NetworkSpec, NeuronModel, Parameter, StepOrder
from hetsyn_sim.training.layer import SpikingLayer
from hetsyn_sim.training.network import Network
from hetsyn_sim.training.surrogates import MultiGaussian

from ..refusal import refused

DT = 4e-3


def layer_of(model, *, values=None, time_constants="log_tau", trainable=True, recurrent=False):
    spec = NetworkSpec(DT, 2, [Layer(model, 3, recurrent)])
    values = spec.initial_values(0) | (values or {})
    return SpikingLayer(spec, "layer_1", values, MultiGaussian(), time_constants, trainable=trainable), values


def test_a_decay_shared_over_the_synapses_stays_small():
    """Its structure, not the model's name, lets the kernels keep one state per neuron."""
    shapes = {}
    for name, model in {"per synapse": HetSynLIF, "per neuron": HetNeuLIF, "per layer": HomNeuALIFNormalised}.items():
        layer, _ = layer_of(model, recurrent=True)
        shapes[name] = [tuple(layer.paths(kind)[0].rho.shape) for kind in ("feedforward", "recurrent", "reset")]
    assert shapes == {"per synapse": [(3, 2), (3, 3), ()], "per neuron": [(3, 1), (3, 1), (3,)], "per layer": [(), (), ()]}


def test_a_state_is_computed_when_it_is_used_and_not_before(monkeypatch):
    from hetsyn_sim.training import layer as module
    from hetsyn_sim.training import wiring

    calls = []

    def counted(function):
        return lambda *args, **kwargs: calls.append(1) or function(*args, **kwargs)

    for place, name in ((wiring, "filter_carry"), (module, "filter_carry"), (module, "leaky_carry")):  # feed-forward, recurrent, reset
        monkeypatch.setattr(place, name, counted(getattr(place, name)))
    layer, _ = layer_of(HetSynLIF, recurrent=True)
    _, state = layer(torch.rand(5, 1, 2))
    assert not calls
    assert set(state.carried) == {"feedforward 0", "recurrent 0", "reset 0"}
    assert len(calls) == 3
    assert state.carried is state.carried
    assert len(calls) == 3


# two jumps onto one synaptic state, a jump onto a neuron's state, and gains that are parameters
Rich = NeuronModel(
    name="Rich",
    synapse="dI/dt = -I/tau_syn : 1\ndK/dt = -K/tau_slow : 1",
    on_pre="I += w; K += b*w; I += c; q_post += w",
    neuron="dR/dt = -R/tau_reset : 1\ndq/dt = -q/tau_reset : 1\nv = g*I_syn - K_syn - R + 2*q : 1",
    threshold="v > theta",
    reset="R += theta; q -= 0.1*theta",
    parameters={
        "w": Parameter(axes="post pre", initial=FanInNormal(2.0), bounds=UNBOUNDED, trainable=True),
        "b": Parameter(axes="post", initial=0.3),
        "c": Parameter(axes="layer", initial=0.2),
        "tau_syn": Parameter(axes="post pre", unit=ms, initial="uniform(5 ms, 20 ms)"),
        "tau_slow": Parameter(axes="post", unit=ms, initial=17 * ms),
        "tau_reset": Parameter(axes="post", unit=ms, initial=9 * ms),
        "g": Parameter(axes="post", initial=1.5),
        "theta": Parameter(axes="layer", initial=1.0),
    },
)


@pytest.mark.parametrize("order", [("decay", "reset", "recurrent"), ("recurrent", "reset", "decay")], ids="-".join)
def test_recorded_states_are_those_of_the_reference(order):
    """Of a model that nobody ships; ``equivalence/`` does this with those that are."""
    layers = [Layer(Rich, 4, recurrent=True, self_connections=False), Layer(Rich, 3)]
    spec = NetworkSpec("2 ms", 3, layers, Layer(LeakyReadout, 2), StepOrder((*order, "feedforward", "threshold")))
    values, wanted = spec.initial_values(0), ("v", "I_syn", "K_syn", "R", "q")
    x = np.random.default_rng(0).random((30, 2, 3)) < 0.4
    reference = simulate_reference(spec, values, x, record=wanted)
    recording = Network.from_checkpoint(Checkpoint(spec, values)).record(x, wanted)
    assert reference.rasters["layer_1"].any()
    assert set(recording.traces) == set(reference.traces) >= {f"layer_1.{name}" for name in wanted}
    for key, trace in reference.traces.items():
        np.testing.assert_allclose(recording.traces[key], trace, rtol=0, atol=1e-12, err_msg=key)


def test_coupled_states_are_refused():
    coupled = replace(Rich, neuron=Rich.neuron.replace("-R/tau_reset", "(q - R)/tau_reset"))
    said = "layer_1: Rich", "1/tau_reset", "each on its own", "SteppedLayer"
    with refused(SpecError, "states of this model are coupled", *said):
        layer_of(coupled)


TAU = "layer_1.feedforward.tau_syn"


def test_a_trainable_value_outside_of_its_bounds_is_refused():
    beyond = np.full((3, 2), 0.02)
    beyond[2, 1] = 1.5
    with refused(SpecError, "outside of its bounds", TAU, "0.02 to 1.5 in SI units, 1 of 6 outside", "0.001 to 1", "widen the bounds"):
        layer_of(HetSynLIF, values={TAU: beyond})


def test_bounds_do_not_apply_to_evaluation_to_clamped_decays_and_to_what_float32_rounded_across_them():
    beyond = np.full((3, 2), 1.5)
    for settings in ({"trainable": False}, {"time_constants": "rho_clamped"}):
        layer, _ = layer_of(HetSynLIF, values={TAU: beyond}, **settings)
        np.testing.assert_allclose(layer.physical(TAU).detach(), beyond, rtol=1e-4)  # float32: 2^-24 tau/dt through a decay near 1
    layer, _ = layer_of(HetSynLIF, values={TAU: np.full((3, 2), np.float32(1.0000001))})
    assert torch.isfinite(layer.raw(TAU)).all()

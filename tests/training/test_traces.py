"""The states behind v, summed up again from the spikes, against the reference interpreter, which steps them."""

import numpy as np
import pytest
from brian2 import ms

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.models import HetSynLIF, HomNeuALIF, HomNeuLIF, LeakyReadout
from hetsyn_sim.spec import UNBOUNDED, FanInNormal, Layer, NetworkSpec, NeuronModel, Parameter, StepOrder
from hetsyn_sim.training.network import Network

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
@pytest.mark.parametrize("model", [Rich, HetSynLIF, HomNeuLIF, HomNeuALIF], ids=lambda model: model.name)
def test_every_state_is_that_of_the_reference(model, order):
    lively = model.with_parameters(w={"initial": FanInNormal(2.0)})
    layers = [Layer(lively, 4, recurrent=True, self_connections=False), Layer(lively, 3)]
    spec = NetworkSpec("2 ms", 3, layers, Layer(LeakyReadout, 2), StepOrder((*order, "feedforward", "threshold")))
    values = spec.initial_values(0)
    x = np.random.default_rng(0).random((30, 2, 3)) < 0.4
    wanted = ("v", "I_syn", "K_syn", "R", "q", "u", "J_a")
    reference = simulate_reference(spec, values, x, record=wanted)
    recording = Network.from_checkpoint(Checkpoint(spec, values)).record(x, wanted)
    assert reference.rasters["layer_1"].any()
    assert set(recording.traces) == set(reference.traces) >= {f"layer_1.{name}" for name in model.neuron_equations.states}
    for key, trace in reference.traces.items():
        np.testing.assert_allclose(recording.traces[key], trace, rtol=0, atol=1e-12, err_msg=key)

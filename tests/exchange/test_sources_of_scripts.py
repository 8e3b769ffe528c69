"""What drives a script's neurons may spike by itself: other neurons, and sources at random. Their spikes are input."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import ms

import hetsyn_sim as hs
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import TransferError

from ..refusal import refused


@pytest.fixture(autouse=True)
def numpy_target(monkeypatch):
    monkeypatch.setitem(b2.prefs, "codegen.target", "numpy")


def raster(monitor, n_steps, size):
    found = np.zeros((n_steps, size), dtype=bool)
    found[np.rint(monitor.t / (0.1 * ms)).astype(int), monitor.i] = True
    return found


def neurons():
    tau = 10 * ms
    return b2.NeuronGroup(5, "dv/dt = (1.2 + 0.1*i - v)/tau : 1", threshold="v > 1", reset="v = 0", method="exact", namespace={"tau": tau})


def chances():
    made = b2.NeuronGroup(5, "rates : Hz", threshold="rand() < rates*dt")
    made.rates = "50*Hz*(1 + i)"
    return made


@pytest.mark.parametrize("made", [neurons, chances, lambda: b2.PoissonGroup(5, rates="50*Hz + 20*Hz*i")])
def test_their_spikes_arrive_in_the_step_that_makes_them(made):
    b2.seed(1)
    source = made()
    group = b2.NeuronGroup(4, "dv/dt = (I - v)/(10*ms) : 1\ndI/dt = -I/(5*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
    S = b2.Synapses(source, group, "w : 1", on_pre="I += w")
    S.connect(p=0.8)
    S.w = "0.5 + rand()"
    net = hs.from_brian2(group, S)
    sent, spikes = b2.SpikeMonitor(source), b2.SpikeMonitor(group)
    network = b2.Network(source, group, S, sent, spikes)
    hs.brian.use_step_order(network, sources=[source] if isinstance(source, b2.NeuronGroup) else [])
    network.run(100 * ms)
    found = simulate_reference(net.spec, net.values, raster(sent, 1000, 5)[:, None]).rasters["layer_1"][:, 0]
    assert found.sum() > 20
    np.testing.assert_array_equal(found, raster(spikes, 1000, 4))


def test_a_source_has_to_be_in_the_network():
    group, other = neurons(), neurons()
    with refused(TransferError, "no neuron group of the network", "use_step_order: sources", other.name, group.name, "spikes are input"):
        hs.brian.use_step_order(b2.Network(group), sources=[other])

"""A script's objects are trained, and go on in Brian2 with the trained values: the same spikes as in PyTorch."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import ms, mV, second

import hetsyn_sim as hs
from hetsyn_sim.errors import SpecError, TransferError
from hetsyn_sim.kernels import use_backend

from ..refusal import refused

SETTINGS = hs.Training(batch_size=16, optimiser={"lr": 0.02})


@pytest.fixture(autouse=True)
def numpy_target(monkeypatch):
    monkeypatch.setitem(b2.prefs, "codegen.target", "numpy")


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    labels = np.arange(24) % 3
    rasters = [rng.random((40, 6)) < np.where(np.arange(6) // 2 == label, 0.5, 0.1) for label in labels]
    steps, units = zip(*(np.nonzero(raster) for raster in rasters), strict=True)
    facts = {"dt": 1e-3, "n_channels": 6, "n_steps": np.full(24, 40), "labels": labels}
    return hs.SpikeDataset.from_lists(steps, units, **facts, split=np.where(np.arange(24) < 18, "train", "test"))


def script():
    """Excitation and inhibition, both sparse, voltages that begin anywhere, constants in variables of the script."""
    tau, E_L, V_th, tau_i = 20 * ms, -70 * mV, -50 * mV, 10 * ms
    b2.seed(1)
    source = b2.SpikeGeneratorGroup(6, [], [] * ms, dt=1 * ms)
    neurons = b2.NeuronGroup(
        8,
        """dv/dt = (E_L - v + I_i)/tau_m : volt (unless refractory)
           I_i : volt
           tau_m : second (constant)""",
        threshold="v > V_th",
        reset="v = E_L",
        refractory=2 * ms,
        method="exact",
        dt=1 * ms,
    )
    neurons.v = "E_L + rand()*(V_th - E_L)"
    neurons.tau_m = "15*ms + 10*ms*rand()"
    excitatory = b2.Synapses(source, neurons, "w : volt", on_pre="v += w", dt=1 * ms)
    excitatory.connect(p=0.5)
    excitatory.w = "rand()*14*mV"
    model = "dI/dt = -I/tau_i : volt (clock-driven)\nw : volt\nI_i_post = I : volt (summed)"
    inhibitory = b2.Synapses(neurons, neurons, model, on_pre="I -= w", method="exact", dt=1 * ms)
    inhibitory.connect(condition="i != j", p=0.5)
    inhibitory.w = "rand()*6*mV"
    return source, neurons, [excitatory, inhibitory], {"E_L": E_L, "V_th": V_th, "tau_i": tau_i, "tau": tau}


@pytest.mark.parametrize("trainable", [None, ("w", "w_2", "tau_m", "tau_i", "V_th")])
def test_trained_values_are_in_the_objects_and_spike_as_in_torch(data, trainable):
    source, neurons, synapses, names = script()
    net = hs.from_brian2(neurons, synapses, readout=3, namespace=names, trainable=trainable)
    begun = {"w": np.array(synapses[0].w), "v": np.array(neurons.v)}
    with use_backend("plain"):
        result = hs.fit(net, data, epochs=2, training=SETTINGS, progress=False)
        result.write_back(neurons, synapses, namespace=names)
        inputs = data.test[:1].rasters()
        expected = result.network.record(inputs).rasters["layer_1"][:, 0]
    assert np.all(np.array(synapses[0].w) != begun["w"])
    np.testing.assert_array_equal(np.array(neurons.v), begun["v"])
    assert len(synapses[0]) == begun["w"].size  # no synapse more
    if trainable:
        trained = result.checkpoint.values["layer_1.neuron.V_th"]
        assert neurons.namespace["V_th"] == trained * b2.volt != names["V_th"]
    monitor = b2.SpikeMonitor(neurons)
    network = b2.Network(source, neurons, *synapses, monitor)
    hs.brian.use_step_order(network)
    steps, _, channels = np.nonzero(inputs)
    source.set_spikes(channels, steps * ms)
    network.run(15 * ms, namespace=names)
    network.run(25 * ms, namespace=names)
    found = np.zeros_like(expected)
    found[np.rint(monitor.t / ms).astype(int), monitor.i] = True
    assert found.sum() > 10
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(hs.to_brian2(result).run(inputs).rasters["layer_1"][:, 0], expected)


def test_one_constant_of_the_script_is_one_parameter(data):
    """What input and recurrent synapses both use is trained as one number, and goes back as one."""
    source, neurons, _, names = script()
    names |= {"w_all": 1 * mV}
    synapses = [b2.Synapses(before, neurons, on_pre="v += w_all", dt=1 * ms) for before in (source, neurons)]
    for s in synapses:
        s.connect()
    net = hs.from_brian2(neurons, synapses, readout=3, namespace=names, trainable=("w_all",))
    assert [key for key in net.values if key.endswith("w_all")] == ["layer_1.neuron.w_all"]
    with use_backend("plain"):
        result = hs.fit(net, data, epochs=1, training=SETTINGS, progress=False)
    result.write_back(neurons, synapses, namespace=names)
    trained = float(result.checkpoint.values["layer_1.neuron.w_all"])
    assert trained != float(names["w_all"])
    assert [float(s.namespace["w_all"]) for s in synapses] == [trained, trained]


def test_what_is_not_trained_stays_as_it_is_to_the_last_digit(data):
    """Training is in float32, of which a script knows nothing."""
    _, neurons, synapses, names = script()
    net = hs.from_brian2(neurons, synapses, readout=3, namespace=names)
    with use_backend("plain"):
        values = hs.fit(net, data, epochs=1, training=SETTINGS, progress=False).checkpoint.values
    assert values["layer_1.feedforward.w"].dtype == np.float32
    for key in ("layer_1.neuron.v_0", "layer_1.neuron.tau_m", "layer_1.neuron.V_th"):
        np.testing.assert_array_equal(values[key], net.values[key])
        assert values[key].dtype == np.float64


def test_dales_law(data):
    """A learning rate that would carry weights across 0 leaves each its sign."""
    _, neurons, synapses, names = script()
    signs = {}
    for dale in (False, True):
        net = hs.from_brian2(neurons, synapses, readout=3, namespace=names, dale=dale)
        with use_backend("plain"):
            fast = hs.Training(batch_size=16, optimiser={"lr": 0.5})
            values = hs.fit(net, data, epochs=3, training=fast, progress=False).checkpoint.values
        signs[dale] = all(np.all(values[f"layer_1.{key}"] >= 0) for key in ("feedforward.w", "recurrent.w_2"))
    assert signs == {False: False, True: True}
    synapses[0].w = "(0.5 - rand())*mV"
    with refused(SpecError, "weights of both signs", "w", "-0.0", "one sign", "two Synapses"):
        hs.from_brian2(neurons, synapses, namespace=names, dale=True)


def test_the_script_is_asked_for_its_variables():
    """As in Brian2, where nothing is given: what the caller sees."""
    source, neurons, synapses, names = script()
    E_L, V_th, tau_i = names["E_L"], names["V_th"], names["tau_i"]
    net = hs.from_brian2(neurons, synapses)
    assert {"E_L", "V_th", "tau_i"} <= set(net.model.parameters)
    assert net.values["layer_1.neuron.E_L"] == float(E_L)
    del V_th, tau_i
    assert net.spec.dt_s == pytest.approx(source.clock.dt / second)


def test_what_cant_go_back_is_refused(data):
    _, neurons, synapses, names = script()
    net = hs.from_brian2(neurons, synapses, readout=3, namespace=names)
    with use_backend("plain"):
        result = hs.fit(net, data, epochs=1, training=SETTINGS, progress=False)
    with refused(SpecError, "these objects have no such parameter", None, "w_2"):
        result.write_back(neurons, synapses[0], namespace=names)
    with refused(TransferError, "this network is empty", "use_step_order"):
        hs.brian.use_step_order(b2.Network())

"""Scripts whose synapses are more than filters: short-term plasticity, coupled states, saturation, and the same spikes there and back."""

import brian2 as b2
import numpy as np
import pytest
import torch
from brian2 import Hz, ms, mV

import hetsyn_sim as hs
from hetsyn_sim.discrete import is_plain, synapse_program
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.training.modules import default_dtype
from hetsyn_sim.training.network import Network


@pytest.fixture(autouse=True)
def numpy_target(monkeypatch):
    monkeypatch.setitem(b2.prefs, "codegen.target", "numpy")


DT = 0.5 * ms
#: Constants of the scripts.
NAMES = {
    "tau_m": 20 * ms,
    "tau_f": 300 * ms,
    "tau_d": 150 * ms,
    "U_0": 0.25,
    "tau": 4 * ms,
    "tau_r": 2 * ms,
    "tau_s": 60 * ms,
    "a": 500 * Hz,
}

PLASTIC = """w : 1
    du_S/dt = -u_S/tau_f : 1 ({flag})
    dx_S/dt = (1 - x_S)/tau_d : 1 ({flag})"""
STATEMENTS = "u_S += U_0*(1 - u_S); I_post += w*u_S*x_S; x_S -= u_S*x_S"
#: As Stimberg et al. 2019 write it: a name for what is released, used when x is less already.
RELEASE = """u_S += U_0*(1 - u_S)
    r_S = u_S*x_S
    x_S -= r_S
    I_post += w*r_S"""
SUMMED = "I : 1"
DECAYING = "dI/dt = -I/tau : 1"
ALPHA = """w : 1
    dg/dt = (h - g)/tau : 1 (clock-driven)
    dh/dt = -h/tau : 1 (clock-driven)
    I_post = w*g : 1 (summed)"""
RISING = """w : 1
    tau_rise : second
    dg/dt = h/tau_rise - g/tau_s : 1 (clock-driven)
    dh/dt = -h/tau_rise : 1 (clock-driven)
    I_post = g : 1 (summed)"""
SATURATING = """w : 1
    ds/dt = -s/tau_s + a*x*(1 - s) : 1 (clock-driven)
    dx/dt = -x/tau_r : 1 (clock-driven)
    I_post = w*s : 1 (summed)"""

#: Name -> the current of the neuron, the synapse, what a spike does, the method of the synapses, and how large weights are.
SCRIPTS = {
    "event-driven": (DECAYING, PLASTIC.format(flag="event-driven"), STATEMENTS, "exact", 8),
    "clock-driven": (DECAYING, PLASTIC.format(flag="clock-driven"), STATEMENTS, "exact", 8),
    "a name between": (DECAYING, PLASTIC.format(flag="event-driven"), RELEASE, "exact", 8),
    "alpha": (SUMMED, ALPHA, "h += 1", "exact", 6),
    "double exponential of a weight": (SUMMED, RISING, "h += w", "exact", 0.5),
    "saturating": (SUMMED, SATURATING, "x += 1", "exponential_euler", 1),
}


def script(name, *, p=0.7, recurrent=False):
    """Source, group, synapses (onto and, if asked for, within the group)."""
    current, model, on_pre, method, size = SCRIPTS[name]
    b2.seed(3)
    source = b2.SpikeGeneratorGroup(6, [], [] * ms, dt=DT)
    equations = f"dv/dt = (I - v)/tau_m : 1\n{current}"
    group = b2.NeuronGroup(4, equations, threshold="v > 1", reset="v = 0", method="exact", dt=DT, namespace=NAMES)
    every = [b2.Synapses(source, group, model, on_pre=on_pre, method=method, dt=DT, namespace=NAMES)]
    if recurrent:
        every.append(b2.Synapses(group, group, model, on_pre=on_pre, method=method, dt=DT, namespace=NAMES))
    for synapses in every:
        synapses.connect(p=p)
        synapses.w = f"{size}*(0.5 + rand())"
        if "x_S" in model:
            synapses.x_S = "0.6 + 0.4*rand()"
        if "tau_rise" in model:
            synapses.tau_rise = "(1 + 4*rand())*ms"
    return source, group, every


def spikes(n_steps=600, n_input=6, rate=0.03):
    return np.random.default_rng(2).random((n_steps, 1, n_input)) < rate


def run(source, group, synapses, x):
    """The raster of the script's own network, in the order of a step that was trained."""
    monitor = b2.SpikeMonitor(group)
    network = b2.Network(source, group, *synapses, monitor)
    hs.brian.use_step_order(network)
    steps, channels = np.nonzero(x[:, 0])
    source.set_spikes(channels, steps * DT)
    network.run(x.shape[0] * DT)
    raster = np.zeros((x.shape[0], len(group)), dtype=bool)
    raster[np.round(np.asarray(monitor.t / DT)).astype(int), monitor.i] = True
    return raster


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("recurrent", [False, True])
def test_a_script_and_its_network_spike_alike(name, recurrent):
    if recurrent and "summed" in SCRIPTS[name][1]:
        pytest.skip("Brian2 has one Synapses object for each summed variable")
    source, group, synapses = script(name, recurrent=recurrent)
    net = hs.from_brian2(group, synapses, readout=2)
    assert not is_plain(net.model)
    values, x = net.spec.initial_values(0) | dict(net.values), spikes()
    expected = hs.simulate_reference(net.spec, values, x).rasters["layer_1"][:, 0]
    assert expected.sum() > 20
    with use_backend("plain"), default_dtype(torch.float64):
        trained = Network(net.spec, values=values, trainable=False).record(x)
    np.testing.assert_array_equal(trained.rasters["layer_1"][:, 0], expected)
    np.testing.assert_array_equal(hs.brian.simulate(net.spec, values, x).rasters["layer_1"][:, 0], expected)
    np.testing.assert_array_equal(run(source, group, synapses, x), expected)


def test_the_flags_say_when_and_not_what():
    texts = [hs.from_brian2(*script(name)[1:], name="M").model.to_text() for name in ("event-driven", "clock-driven")]
    assert texts[0] == texts[1]


def test_states_of_synapses_begin_where_the_script_has_them():
    _, group, (synapses,) = script("event-driven")
    net = hs.from_brian2(group, synapses)
    assert dict(net.model.initial) == {"x_S": "x_S_0"}
    values = net.values["layer_1.feedforward.x_S_0"]
    np.testing.assert_array_equal(values[synapses.j[:], synapses.i[:]], synapses.x_S[:])
    assert not net.model.parameters["x_S_0"].trainable
    synapses.x_S = 1
    alike = hs.from_brian2(group, synapses).model
    assert alike.parameters["x_S_0"].axes == "layer"
    assert synapse_program(alike).filters == {}


def test_what_is_not_connected_adds_nothing():
    """The sum of w*s, and of g, is over synapses that are there; what a spike adds is 0 elsewhere."""
    _, group, synapses = script("saturating", p=0.3)
    net = hs.from_brian2(group, synapses)
    assert net.model.synapse_equations.texts["I"] == "connected_1*(w * s)"
    assert net.model.on_pre == "x += 1"
    assert net.model.synapse_scheme == "exponential_euler"
    _, group, synapses = script("saturating", p=1.0)
    assert hs.from_brian2(group, synapses).model.synapse_equations.texts["I"] == "w * s"


def test_trained_and_back_in_the_script():
    """Weights, U, tau_rec and tau_facil are trained; the script's own network then spikes as the trained one does."""
    source, group, synapses = script("a name between", recurrent=True)
    net = hs.from_brian2(group, synapses, readout=2, trainable=("w", "U_0", "tau_f", "tau_d"))
    rng = np.random.default_rng(0)
    labels = np.arange(16) % 2
    steps, units = zip(*(np.nonzero(rng.random((150, 6)) < 0.02 + 0.04 * label) for label in labels), strict=True)
    split = np.where(np.arange(16) < 12, "train", "test")
    data = hs.SpikeDataset.from_lists(steps, units, dt=float(DT), n_channels=6, n_steps=np.full(16, 150), labels=labels, split=split)
    before = {key: np.array(value) for key, value in net.values.items()}
    with use_backend("plain"):
        result = hs.fit(net, data, epochs=2, training=hs.Training(batch_size=6), progress=False)
        trained = result.network.double().record(spikes())
    moved = result.checkpoint.values
    for key in ("layer_1.feedforward.w", "layer_1.neuron.U_0", "layer_1.neuron.tau_f", "layer_1.neuron.tau_d"):
        assert np.any(np.abs(np.asarray(moved[key]) - before[key]) > 1e-6 * np.abs(before[key])), key
    result.write_back(group, synapses)
    raster = run(source, group, synapses, spikes())
    assert raster.sum() > 20
    np.testing.assert_array_equal(raster, trained.rasters["layer_1"][:, 0])


def test_plasticity_that_lasts_is_refused_once():
    """STDP as Brian2's documentation writes it: one refusal, for all that belongs to it."""
    source = b2.SpikeGeneratorGroup(3, [], [] * ms)
    group = b2.NeuronGroup(2, "dv/dt = -v/(10*ms) : volt", threshold="v > 10*mV", reset="v = 0*mV", method="exact")
    synapses = b2.Synapses(
        source,
        group,
        """w : 1
           dApre/dt = -Apre/(20*ms) : 1 (event-driven)
           dApost/dt = -Apost/(20*ms) : 1 (event-driven)""",
        on_pre="""v_post += w*mV
                  Apre += 0.01
                  w = clip(w + Apost, 0, 1)""",
        on_post="""Apost -= 0.01
                   w = clip(w + Apre, 0, 1)""",
    )
    synapses.connect()
    with pytest.raises(hs.HetSynError) as refusal:
        hs.from_brian2(group, synapses, namespace={"mV": mV})
    text = str(refusal.value)
    assert text.startswith("synapses that change when their neuron spikes (on_post): plasticity that lasts")
    assert "leave plasticity out" in text
    assert "event-driven" not in text
    assert "clip(w + Apost" not in text

"""Scripts with xi: read with Brian2's method, trained, and written out again; what holds no noise refuses it by name."""

import re

import brian2 as b2
import numpy as np
import pytest
from brian2 import ms, mV

import hetsyn_sim as hs
from hetsyn_sim.brian import simulate
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import TransferError
from hetsyn_sim.exchange import export_brian2, export_csv
from hetsyn_sim.kernels import use_backend
from tests.refusal import refused


@pytest.fixture(autouse=True)
def numpy_target(monkeypatch):
    monkeypatch.setitem(b2.prefs, "codegen.target", "numpy")


def script(size="sigma", **method):
    names = {"tau": 10 * ms, "sigma": 3 * mV, "E_L": -60 * mV, "V_th": -55 * mV}
    source = b2.SpikeGeneratorGroup(6, [], [] * ms, dt=1 * ms)
    equations = f"dvm/dt = (E_L - vm)/tau + {size}*sqrt(2/tau)*xi : volt"
    group = b2.NeuronGroup(4, equations, threshold="vm > V_th", reset="vm = E_L", dt=1 * ms, namespace=names, **method)
    group.vm = -60 * mV
    synapses = b2.Synapses(source, group, "w : volt", on_pre="vm += w", dt=1 * ms)
    synapses.connect()
    synapses.w = np.linspace(1, 4, 24) * mV
    return source, group, synapses


@pytest.mark.parametrize(
    ("size", "method", "scheme"),
    [
        ("sigma", {}, "euler"),
        ("sigma", {"method": "euler"}, "euler"),
        ("sigma", {"method": "heun"}, "heun"),
        ("(E_L - vm)", {}, "heun"),
        ("(E_L - vm)", {"method": "milstein"}, "milstein"),
    ],
)
def test_a_script_with_noise_is_read_with_brian2s_method(size, method, scheme):
    _, group, synapses = script(size, **method)
    net = hs.from_brian2(group, synapses)
    assert net.model.scheme == scheme
    assert net.model.noise == ("xi",)
    x = np.random.default_rng(0).random((60, 2, 6)) < 0.2
    here, there = simulate_reference(net.spec, net.values, x), simulate(net.spec, net.values, x)
    assert here.rasters["layer_1"].sum() > 5
    np.testing.assert_array_equal(here.rasters["layer_1"], there.rasters["layer_1"])


def test_the_size_of_the_noise_is_trained_and_written_back():
    source, group, synapses = script()
    net = hs.from_brian2(group, synapses, readout=2, trainable=("sigma", "w"))
    rng = np.random.default_rng(0)
    steps, units = zip(*(np.nonzero(rng.random((30, 6)) < 0.2) for _ in range(8)), strict=True)
    facts = {"dt": 1e-3, "n_channels": 6, "n_steps": np.full(8, 30), "labels": np.arange(8) % 2, "split": np.full(8, "train")}
    data = hs.SpikeDataset.from_lists(steps, units, **facts)
    with use_backend("plain"):
        result = hs.fit(net, data, epochs=1, training=hs.Training(batch_size=4, validation="none"), progress=False)
    result.write_back(group, synapses)
    trained = float(result.checkpoint.values["layer_1.neuron.sigma"])
    assert float(group.namespace["sigma"]) == trained != 3e-3
    network = b2.Network(source, group, synapses)
    hs.brian.use_step_order(network)
    network.run(20 * ms)  # Brian2's own xi: equal in law
    assert np.std(group.vm) > 0.1 * mV


@pytest.fixture
def trained():
    _, group, synapses = script()
    net = hs.from_brian2(group, synapses, readout=2)
    values = net.spec.initial_values(0) | net.values
    steps, units = zip(*(np.nonzero(np.eye(30, 6, k)) for k in range(4)), strict=True)
    facts = {"dt": 1e-3, "n_channels": 6, "n_steps": np.full(4, 30), "labels": np.arange(4) % 2, "split": np.full(4, "test")}
    return hs.Checkpoint(net.spec, values), hs.SpikeDataset.from_lists(steps, units, **facts)


def test_an_exported_script_says_that_it_is_equal_in_law(trained, tmp_path):
    with use_backend("plain"):
        export_brian2(*trained, tmp_path / "out")
    text = (tmp_path / "out" / "network.py").read_text(encoding="utf-8")
    assert re.search(r"dv/dt = .*\bxi\b.* : volt", text)
    assert "equal in law" in text
    assert "sys.exit" not in text
    assert "counted" not in text
    assert "equal in law" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_tables_refuse_noise(trained, tmp_path):
    with refused(TransferError, "tables hold no noise", "export", "layer_1: xi", remedy="hs.to_brian2"):
        export_csv(*trained, tmp_path / "out")


def test_nir_refuses_noise(trained):
    pytest.importorskip("nir")
    from hetsyn_sim.exchange import to_nir

    with refused(TransferError, "NIR has no node", got="noise xi"):
        to_nir(trained[0])

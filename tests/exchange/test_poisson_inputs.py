"""``PoissonInput`` of a script: counted events in every simulator, of the law of Brian2's own, and as late."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import Hz, ms, mV

import hetsyn_sim as hs
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import SpecError
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.spec import NeuronModel, PoissonDrive
from hetsyn_sim.training.network import Network

from ..refusal import refused
from .test_styles_of_scripts import volleys


@pytest.fixture(autouse=True)
def numpy_target(monkeypatch):
    monkeypatch.setitem(b2.prefs, "codegen.target", "numpy")


def script(rate=20 * Hz, n=100, w_ext=0.8 * mV):
    """Sources onto the voltage, which stands still while the neuron is refractory, and onto an adaptation; neurons inhibit each other."""
    b2.seed(1)
    tau = 10 * ms
    names = {"w_ext": w_ext, "tau": tau}
    group = b2.NeuronGroup(
        6,
        """dv/dt = (u - v)/tau : volt (unless refractory)
           du/dt = -u/(2*tau) : volt
           weight : 1 (constant)""",
        threshold="v > 10*mV", reset="v = 0*mV; u -= 2*mV", refractory=2 * ms, method="exact",
    )  # fmt: skip
    group.weight = "0.5 + 0.1*i"
    fast = b2.PoissonInput(group, "v", n, rate, weight="w_ext*weight")
    slow = b2.PoissonInput(group, "u", n // 2, rate, weight=0.2 * mV)
    S = b2.Synapses(group, group, "w : volt", on_pre="v -= w")
    S.connect("i != j")
    S.w = "0.5*mV*rand()"
    return group, [S, fast, slow], names


@pytest.fixture
def case():
    group, objects, names = script()
    net = hs.from_brian2(group, objects, namespace=names, trainable=("w", "w_ext"))
    return net, np.zeros((600, 2, net.spec.n_input), dtype=bool)


def test_every_simulator_has_the_same_events(case):
    net, x = case
    expected = simulate_reference(net.spec, net.values, x)
    assert expected.rasters["layer_1"].sum() > 20
    assert not np.array_equal(*expected.rasters["layer_1"].transpose(1, 0, 2))
    there = hs.brian.simulate(net.spec, net.values, x)
    with use_backend("plain"):
        network = Network(net.spec, values=net.values)
        here, other = network.record(x), network.record(x, noise_seed=1)
    for found in (here, there):
        np.testing.assert_array_equal(found.rasters["layer_1"], expected.rasters["layer_1"])
    assert not np.array_equal(other.rasters["layer_1"], expected.rasters["layer_1"])


@pytest.mark.compiled
@pytest.mark.parametrize("device", [pytest.param("cython", marks=pytest.mark.thorough), "cpp"])
def test_compiled_programs_have_them_too(case, device):
    net, x = case
    expected = simulate_reference(net.spec, net.values, x)
    found = hs.brian.simulate(net.spec, net.values, x, device=device)
    np.testing.assert_array_equal(found.rasters["layer_1"], expected.rasters["layer_1"])


@pytest.mark.compiled
def test_compiled_kernels_have_them_and_their_gradient(case):
    net, x = case
    expected = simulate_reference(net.spec, net.values, x)
    gradients = {}
    for backend in ("plain", "fused"):
        with use_backend(backend):
            network = Network(net.spec, values=net.values)
            np.testing.assert_array_equal(network.record(x).rasters["layer_1"], expected.rasters["layer_1"])
            result = hs.fit(net, volleys(1, n_steps=150), epochs=1, training=hs.Training(batch_size=8), progress=False)
            gradients[backend] = result.checkpoint.values["layer_1.neuron.w_ext"]
    assert gradients["plain"] == pytest.approx(gradients["fused"], rel=1e-4)
    assert gradients["plain"] != pytest.approx(net.values["layer_1.neuron.w_ext"], rel=1e-6)


def test_where_chance_leaves_no_choice_a_script_spikes_as_the_spec():
    """Sources that spike in every step: Brian2's own events are the same, and arrive at the same place of the step."""
    group, objects, names = script(rate=1 / (0.1 * ms), n=2, w_ext=0.2 * mV)
    net = hs.from_brian2(group, objects, namespace=names)
    expected = simulate_reference(net.spec, net.values, np.zeros((600, 1, net.spec.n_input))).rasters["layer_1"][:, 0]
    monitor = b2.SpikeMonitor(group)
    network = b2.Network(group, *objects, monitor)
    hs.brian.use_step_order(network)
    network.run(60 * ms, namespace=names)
    found = np.zeros_like(expected)
    found[np.rint(monitor.t / (0.1 * ms)).astype(int), monitor.i] = True
    assert expected.sum() > 20
    np.testing.assert_array_equal(found, expected)


def test_a_trained_weight_goes_back_into_the_script():
    group, objects, names = script()
    net = hs.from_brian2(group, objects, namespace=names, trainable=("w_ext",), readout=2)
    with use_backend("plain"):
        result = hs.fit(net, volleys(net.spec.n_input, n_steps=150), epochs=1, training=hs.Training(batch_size=16), progress=False)
    result.write_back(group, objects, namespace=names)
    trained = result.checkpoint.values["layer_1.neuron.w_ext"]
    assert float(group.namespace["w_ext"]) == float(trained) != float(names["w_ext"])


def test_a_model_is_the_same_after_it_was_written(case):
    net, _ = case
    assert NeuronModel.from_text(net.model.to_text()) == net.model
    assert [drive.to_dict() for drive in net.model.poisson] == [
        {"target": "v", "weight": "w_ext * weight", "n": 100, "rate": "20.0 Hz"},
        {"target": "u", "weight": "w_u", "n": 50, "rate": "20.0 Hz"},
    ]


WRONG = {
    "no state": ({"target": "weight"}, "no state"),
    "no sources": ({"n": 0}, "without sources"),
    "no rate": ({"rate": "-1 Hz"}, "not a rate"),
    "a time for a rate": ({"rate": "1 ms"}, "unit|dimension"),
    "a weight of a state": ({"weight": "v"}, "unknown name"),
    "a weight in another unit": ({"weight": "w_ext**2*weight"}, "wrong unit"),
    "code": ({"weight": "__import__('os')"}, "underscores|no meaning|string"),
}


@pytest.mark.parametrize("how", WRONG)
def test_what_can_not_be_is_said(case, how):
    changes, message = WRONG[how]
    drive = {"target": "v", "weight": "w_ext*weight", "n": 5, "rate": "1 Hz"} | changes
    plain = case[0].model.to_dict() | {"poisson": [drive, {"target": "u", "weight": "w_u", "n": 5, "rate": "1 Hz"}]}
    with pytest.raises(SpecError, match=message):
        NeuronModel.from_dict(plain)


def test_too_many_events_are_noise():
    drive = PoissonDrive("v", "w", 10**4, "100 Hz")
    assert drive.probability(1e-5, where="m") == pytest.approx(1e-3)
    with refused(SpecError, "too many events in a step", "m", "100 events", "50 of all", "xi in the equation"):
        drive.probability(1e-4, where="m")

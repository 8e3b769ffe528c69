"""The network to go on with in Brian2: its time is one, objects of one's own join it, and runs add up to one long run."""

import sys
from pathlib import Path

import brian2
import numpy as np
import pytest
from brian2 import SpikeMonitor, StateMonitor, ms

from hetsyn_sim.brian import FORMS, BrianSimulation
from hetsyn_sim.models import HetNeuLIF, HetSynLIF, HomNeuALIF, LeakyReadout, MTCFastFilter
from hetsyn_sim.spec import FanInNormal, Layer, NetworkSpec

N_STEPS, DT = 120, 2.0


def lively(n_layers=3):
    """Every lag of a step: a reset and recurrence that act in the step after the spike. One layer has them all, and compiles sooner."""
    one, two, three = (model.with_parameters(w={"initial": FanInNormal(2.5)}) for model in (HetSynLIF, HomNeuALIF, HetNeuLIF))
    layers = [Layer(one, 5, recurrent=True, self_connections=False), Layer(two, 4), Layer(three, 4, recurrent=True)]
    spec = NetworkSpec("2 ms", 5, layers[:n_layers], Layer(LeakyReadout, 2))
    values = spec.initial_values(2)
    values["layer_1.feedforward.tau_syn"][0, :2] = [0.0, np.inf]  # compiled code divides by them
    return spec, values, np.random.default_rng(2).random((N_STEPS, 1, 5)) < 0.3


def heard(network, inputs, spec):
    """Give the network its input, and monitors of one's own; their content as rasters."""
    steps, _, channels = np.nonzero(inputs)
    network["input"].set_spikes(channels, steps * DT * ms)
    monitors = {p.name: SpikeMonitor(network[p.name]) for p in spec.populations if p.model.spiking}
    network.add(*monitors.values())

    def rasters():
        found = {name: np.zeros((N_STEPS, spec.population(name).size), dtype=bool) for name in monitors}
        for name, monitor in monitors.items():
            found[name][np.rint(monitor.t / (DT * ms)).astype(int), monitor.i] = True
        return found

    return rasters


@pytest.mark.parametrize(
    ("target", "form", "n_layers"),
    [
        *(("numpy", form, 3) for form in FORMS),
        pytest.param("cython", "ode", 1, marks=[pytest.mark.compiled, pytest.mark.thorough]),
        pytest.param("cython", "fast", 3, marks=[pytest.mark.compiled, pytest.mark.thorough]),
    ],
)
def test_two_runs_are_the_recording_that_run_gives(target, form, n_layers, monkeypatch):
    monkeypatch.setitem(brian2.prefs, "codegen.target", target)
    spec, values, inputs = lively(n_layers)
    simulation = BrianSimulation(spec, values, form=form)
    expected = simulation.run(inputs).rasters
    rasters = heard(simulation.network, inputs, spec)
    simulation.network.run(100 * ms)
    again = simulation.run(inputs).rasters  # in between: it has a network of its own
    simulation.network.run((DT * N_STEPS - 100) * ms)
    for name, found in rasters().items():
        assert found.sum() > 50
        np.testing.assert_array_equal(found, expected[name][:, 0])
        np.testing.assert_array_equal(again[name], expected[name])


def test_states_are_the_users(monkeypatch):
    """What is set before a run is where it begins, and a stimulus of one's own acts."""
    monkeypatch.setitem(brian2.prefs, "codegen.target", "numpy")
    spec, values, _ = lively()
    network = BrianSimulation(spec, values).network
    network["layer_1_feedforward"].I = 0.5
    stimulus = brian2.SpikeGeneratorGroup(1, [0], [20] * ms, name="stimulus")
    synapses = brian2.Synapses(stimulus, network["layer_1_feedforward"], on_pre="I_post += 3", name="mine")
    synapses.connect()
    traces = StateMonitor(network["layer_1_feedforward"], "I", record=True, when="end")
    network.add(stimulus, synapses, traces)
    network.run(40 * ms)
    decay = np.exp(-DT * ms / network["layer_1_feedforward"].tau_syn)
    np.testing.assert_allclose(traces.I[:, :10], 0.5 * decay[:, None] ** np.arange(1, 11), rtol=1e-12)
    np.testing.assert_allclose(traces.I[:, 10], 0.5 * decay**11 + 3, rtol=1e-12)  # Brian2's own slots come after the step of the network


def test_values_come_from_an_array_of_ones_own(monkeypatch):
    monkeypatch.setitem(brian2.prefs, "codegen.target", "numpy")
    spec = NetworkSpec("2 ms", 3, [Layer(MTCFastFilter, 2)])
    simulation = BrianSimulation(spec, spec.initial_values(0))
    x = np.random.default_rng(0).normal(size=(30, 1, 3))
    # `run` holds a neuron that does not begin at 0 there for a step: this network is one step further
    expected = simulation.run(np.concatenate([np.zeros((1, 1, 3)), x])).traces["layer_1.v"][1:]
    network = simulation.network
    network["input"].namespace["input_values"] = brian2.TimedArray(x[:, 0], dt=2 * ms)
    traces = StateMonitor(network["layer_1"], "v", record=True, when="end")
    network.add(traces)
    network.run(60 * ms)
    np.testing.assert_array_equal(traces.v.T, expected[:, 0])


SCRIPT = """
import sys
import brian2, numpy as np
from brian2 import ms
sys.path.insert(0, {tests!r})
import test_going_on as t
brian2.set_device("cpp_standalone", build_on_run=False)
spec, values, inputs = t.lively({n_layers})
simulation = t.BrianSimulation(spec, values, device="cpp_standalone", form={form!r})
rasters = t.heard(simulation.network, inputs, spec)
simulation.network.run(100 * ms)
simulation.network.run((t.DT * t.N_STEPS - 100) * ms)
brian2.device.build(directory={folder!r})
np.savez({out!r}, **rasters())
"""


@pytest.mark.compiled
@pytest.mark.parametrize(("form", "n_layers"), [("fast", 1), pytest.param("ode", 3, marks=pytest.mark.thorough)])
def test_in_a_script_of_the_users_for_cpp_standalone(form, n_layers, process, tmp_path):
    spec, values, inputs = lively(n_layers)
    expected = BrianSimulation(spec, values).run(inputs).rasters
    out, code, tests = (str(path) for path in (tmp_path / "rasters.npz", tmp_path / "code", Path(__file__).parent))
    process([sys.executable, "-c", SCRIPT.format(tests=tests, form=form, n_layers=n_layers, folder=code, out=out)])
    found = np.load(out)
    assert set(found) == {p.name for p in spec.populations if p.model.spiking}
    for name in found:
        np.testing.assert_array_equal(found[name], expected[name][:, 0])

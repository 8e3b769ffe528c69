"""A script's TimedArray in the equations: the same current in every recording, sampled as Brian2 samples it, there and back."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import ms, mV, nA

import hetsyn_sim as hs
from hetsyn_sim.brian import simulate
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import SpecError, TransferError
from hetsyn_sim.exchange import export_brian2, export_csv
from tests.refusal import refused


@pytest.fixture(autouse=True)
def numpy_target(monkeypatch):
    monkeypatch.setitem(b2.prefs, "codegen.target", "numpy")


WAVES = 0.9 + 0.5 * np.random.default_rng(3).standard_normal((30, 4))


def script(current="I = stim(t) : amp", *, values=WAVES[:, 0], between=3 * ms, **facts):
    names = {"tau": 10 * ms, "R": 20 * b2.Mohm, "stim": b2.TimedArray(values * nA, dt=between), **facts.pop("names", {})}
    source = b2.SpikeGeneratorGroup(3, [], [] * ms, dt=1 * ms)
    equations = f"dv/dt = (R*I - v)/tau : volt\n{current}"
    group = b2.NeuronGroup(
        4, equations, threshold="v > 15*mV", reset="v = 0*mV", dt=1 * ms, namespace=names, **{"method": "exact", **facts}
    )
    synapses = b2.Synapses(source, group, "w : volt", on_pre="v += w", dt=1 * ms)
    synapses.connect()
    synapses.w = np.linspace(1, 4, 12) * mV
    return source, group, synapses


@pytest.mark.parametrize(
    ("current", "values", "axes"),
    [("I = stim(t) : amp", WAVES[:, 0], "time"), ("I = 2*stim( t , i ) - stim(t,i) : amp", WAVES, "time post")],
)
@pytest.mark.parametrize(("between", "method"), [(3 * ms, "exact"), (0.5 * ms, "euler"), (1 * ms, "rk2")])
def test_it_is_taken_and_the_script_spikes_as_the_spec(current, values, axes, between, method):
    source, group, synapses = script(current, values=values, between=between, method=method)
    net = hs.from_brian2(group, synapses)
    assert net.model.parameters["stim"].axes == axes
    assert net.spec == hs.NetworkSpec.from_text(net.spec.to_text())
    x = np.random.default_rng(0).random((120, 2, 3)) < 0.1
    here, there = simulate_reference(net.spec, net.values, x), simulate(net.spec, net.values, x)
    assert here.rasters["layer_1"].sum() > 8
    np.testing.assert_array_equal(here.rasters["layer_1"], there.rasters["layer_1"])
    monitor = b2.SpikeMonitor(group)
    network = b2.Network(source, group, synapses, monitor)
    hs.brian.use_step_order(network)
    steps, channels = np.nonzero(x[:, 0])
    source.set_spikes(channels, steps * ms)
    network.run(120 * ms)
    own = np.zeros((120, 4), dtype=bool)
    own[np.round(np.asarray(monitor.t / ms)).astype(int), monitor.i] = True
    np.testing.assert_array_equal(own, here.rasters["layer_1"][:, 0])


def test_two_arrays_and_a_name_that_is_taken():
    names = {"v_2": b2.TimedArray(WAVES[:, 1] * nA, dt=5 * ms)}
    _, group, synapses = script("I = stim(t) + v_2(t) : amp", names=names)
    assert hs.from_brian2(group, synapses).model.time_courses == ("stim", "v_2")


REFUSED = {
    "late": ("I = stim(t - 5*ms) : amp", {}, "a call of something", "called with t"),
    "the time itself in the threshold": (
        "I = 1*nA*sin(t/tau) : amp",
        {"threshold": "v + R*I > 15*mV"},
        "the time outside",
        "let it act in",
    ),
    "rk4": ("I = stim(t) : amp", {"method": "rk4"}, "read within a step", "rk2"),
    "in the threshold": ("I = stim(t) : amp", {"threshold": "v + R*I > 15*mV"}, "outside of a differential equation", "drive a state"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_held_over_a_step_is_refused(case):
    current, facts, what, remedy = REFUSED[case]
    threshold = facts.pop("threshold", None)
    _, group, synapses = script(current, **facts)
    if threshold:
        group.events["spike"] = threshold
    with refused(SpecError, f"(?s){what}.*{remedy}"):
        hs.from_brian2(group, synapses)


def test_too_few_columns():
    _, group, synapses = script("I = stim(t, i) : amp", values=WAVES[:, :3])
    with refused(SpecError, "too few columns", got="3 for 4 neurons"):
        hs.from_brian2(group, synapses)


def test_exports_refuse_it_by_name(tmp_path):
    _, group, synapses = script()
    net = hs.from_brian2(group, synapses, readout=2)
    steps, units = zip(*(np.nonzero(np.eye(30, 3, k)) for k in range(2)), strict=True)
    facts = {"dt": 1e-3, "n_channels": 3, "n_steps": np.full(2, 30), "labels": np.arange(2), "split": np.full(2, "test")}
    both = hs.Checkpoint(net.spec, net.spec.initial_values(0) | net.values), hs.SpikeDataset.from_lists(steps, units, **facts)
    both[0].save(tmp_path / "kept")
    assert np.array_equal(hs.Checkpoint.load(tmp_path / "kept").values["layer_1.neuron.stim"], net.values["layer_1.neuron.stim"])
    with refused(TransferError, "tables hold no time courses", got="layer_1: stim"):
        export_csv(*both, tmp_path / "csv")
    with refused(TransferError, "can't be written as a script", got="time course stim"):
        export_brian2(*both, tmp_path / "script")

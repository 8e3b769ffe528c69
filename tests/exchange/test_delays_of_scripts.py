"""Scripts whose spikes take time to arrive: as they are, trained, and written back."""

from types import SimpleNamespace

import brian2 as b2
import numpy as np
import pytest
from brian2 import ms, mV

import hetsyn_sim as hs
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import SpecError
from hetsyn_sim.kernels import use_backend

from ..refusal import refused
from .brian2_scripts import made, run

DT = 0.1 * ms


@pytest.fixture(autouse=True)
def nothing_is_compiled(monkeypatch):
    monkeypatch.setitem(b2.prefs, "codegen.target", "numpy")
    with use_backend("plain"):
        yield


def script(delay=None, later=None, recurrent=None, second=None):
    """Five inputs onto four neurons, not every one onto every one; a delay for all, or one for each synapse."""
    b2.seed(3)
    source = b2.SpikeGeneratorGroup(5, [], [] * ms, dt=DT)
    group = b2.NeuronGroup(4, "dv/dt = -v/(10*ms) : volt", threshold="v > 10*mV", reset="v = 0*mV", method="exact", dt=DT)
    synapses = [b2.Synapses(source, group, "w : volt", on_pre="v_post += w", delay=delay, dt=DT)]
    synapses[0].connect(p=0.8)
    synapses[0].w = "(2 + 2*rand())*mV"
    if later is not None:
        synapses[0].delay = later
    if recurrent is not None:
        synapses.append(b2.Synapses(group, group, on_pre="v_post += 3*mV", dt=DT))
        synapses[-1].connect(condition="i != j")
        synapses[-1].delay = recurrent
    if second is not None:
        synapses.append(b2.Synapses(source, group, on_pre="v_post -= 1*mV", delay=second, dt=DT))
        synapses[-1].connect()
    return SimpleNamespace(group=group, synapses=synapses, sources=[source], dt=DT, namespace={})


SCRIPTS = {
    "one for all": {"delay": 2 * ms},
    "one for each": {"later": "rand()*5*ms"},
    "recurrent": {"later": "rand()*5*ms", "recurrent": "1*ms + rand()*3*ms"},
    "two objects": {"delay": 1 * ms, "recurrent": "2*ms"},
    "two objects of one source": {"delay": 1 * ms, "second": 1 * ms},
}


def mismatches(written, raster_of):
    x = np.random.default_rng(0).random((3000, 5)) < 0.02
    there = run(written, x)
    assert there.sum() > 50
    return int(np.sum(raster_of(x[:, None])[:, 0] != there))


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_with_delays_is_taken_as_it_is(name):
    written = script(**SCRIPTS[name])
    net = hs.from_brian2(written.group, written.synapses, namespace={})
    assert not net.model.parameters["delay"].trainable
    assert (net.model.parameters["delay"].axes == "layer") == (name in ("one for all", "two objects of one source"))
    assert mismatches(written, lambda x: simulate_reference(net.spec, net.values, x).rasters["layer_1"]) == 0


@pytest.mark.parametrize("name", ["one for all", "recurrent"])
def test_trained_delays_go_back_into_the_script_in_whole_steps(name):
    written = script(**SCRIPTS[name])
    net = hs.from_brian2(written.group, written.synapses, namespace={}, readout=2, trainable=("w", "delay"))
    longest = float(max(np.max(s.delay) for s in written.synapses))
    np.testing.assert_allclose(net.model.parameters["delay"].si_bounds, (0.0, 2 * longest))
    rng = np.random.default_rng(1)
    labels = np.arange(20) % 2
    steps, units = zip(*(np.nonzero(rng.random((600, 5)) < 0.02) for _ in labels), strict=True)
    facts = {
        "n_channels": 5,
        "n_steps": np.full(20, 600),
        "labels": labels,
        "split": np.where(labels + np.arange(20) < 16, "train", "test"),
    }
    data = hs.SpikeDataset.from_lists(steps, units, dt=float(DT), **facts)
    result = hs.fit(net, data, epochs=2, training=hs.Training(batch_size=5), progress=False)
    result.write_back(written.group, written.synapses)
    steps_now = np.asarray(written.synapses[0].delay) / float(DT)
    np.testing.assert_allclose(steps_now, np.rint(steps_now), atol=1e-9)
    assert mismatches(written, lambda x: result.network.record(x).rasters["layer_1"]) == 0


def test_delays_that_can_not_be_trained():
    written = script(delay=1 * ms, recurrent="2*ms")
    with refused(SpecError, "delays to be trained that these synapses can't hold", remedy="after connect"):
        hs.from_brian2(written.group, written.synapses, namespace={}, trainable=("delay",))


def test_a_synapse_with_two_delays():
    written = script(later="rand()*5*ms", second=1 * ms)
    with refused(SpecError, "one synapse with two delays", remedy="a source of its own"):
        hs.from_brian2(written.group, written.synapses, namespace={})


def test_delays_of_none_leave_no_parameter_unless_they_are_to_be_trained():
    group, synapses = made(model="w : volt", on_pre="v_post += w")
    assert "delay" not in hs.from_brian2(group, synapses).model.parameters
    synapses.delay = 0 * mV / mV * ms
    delay = hs.from_brian2(group, synapses, trainable=("delay",)).model.parameters["delay"]
    assert (delay.axes, delay.trainable) == ("post pre", True)
    np.testing.assert_allclose(delay.si_bounds, (0.0, 20 * float(group.clock.dt)))

"""Scripts in the style of Brian2's documentation, accepted as they are: the same spikes from the script's own objects and from the spec.

Trained, the values go back into the objects, and both spike alike again.
"""

from types import SimpleNamespace

import brian2 as b2
import numpy as np
import pytest
from brian2 import ms

import hetsyn_sim as hs
from hetsyn_sim.brian import simulate
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import SpecError

from ..refusal import refused
from .brian2_scripts import run
from .styles import NOISE, SCRIPTS
from .styles.networks import cuba


@pytest.fixture(autouse=True)
def numpy_target(monkeypatch):
    monkeypatch.setitem(b2.prefs, "codegen.target", "numpy")
    assert b2.defaultclock.dt == 0.1 * ms


def spikes_of_script(sources, group, synapses, names, inputs):
    return run(SimpleNamespace(sources=sources, group=group, synapses=synapses, namespace=names, dt=0.1 * ms), inputs)


#: SymPy needs seconds for their equations.
LARGE = {"wang_buzsaki", "two_populations"}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in LARGE)) for name in SCRIPTS])
def test_it_is_accepted_and_spikes_as_the_script(name):
    b2.seed(3)
    sources, group, synapses, names, _ = SCRIPTS[name]()
    net = hs.from_brian2(group, synapses, namespace=names)
    inputs = np.random.default_rng(0).random((1500, net.spec.n_input)) < 0.01
    here = simulate_reference(net.spec, net.values, inputs[:, None]).rasters["layer_1"][:, 0]
    if name in NOISE:  # of the script's own no two runs are alike
        there = simulate(net.spec, net.values, inputs[:, None]).rasters["layer_1"][:, 0]
    else:
        there = spikes_of_script(sources, group, synapses, names, inputs)
    assert there.sum() > 10
    np.testing.assert_array_equal(here, there)


@pytest.mark.compiled
@pytest.mark.parametrize("name", SCRIPTS)
def test_trained_and_written_back_it_spikes_as_in_torch(name):
    b2.seed(3)
    sources, group, synapses, names, trainable = SCRIPTS[name]()
    net = hs.from_brian2(group, synapses, namespace=names, readout=2, trainable=trainable)
    data = volleys(net.spec.n_input, n_steps=300)
    result = hs.fit(net, data, epochs=2, training=hs.Training(batch_size=8, optimiser={"lr": 0.01}), progress=False)
    trained = [key for key, slot in net.spec.slots.items() if slot.parameter.trainable and key in net.values]
    assert any(not np.array_equal(result.checkpoint.values[key], net.values[key]) for key in trained)
    inputs = np.random.default_rng(1).random((1500, net.spec.n_input)) < 0.01
    here = result.network.record(inputs[:, None]).rasters["layer_1"][:, 0]
    if name != "alone":  # nothing in it could hold the weights of an input
        result.write_back(group, synapses, namespace=names)
    if sources and name not in NOISE:
        there = spikes_of_script(sources, group, synapses, names, inputs)
    else:
        there = hs.to_brian2(result).run(inputs[:, None]).rasters["layer_1"][:, 0]
    assert there.sum() > 10
    np.testing.assert_array_equal(here, there)


def volleys(n_channels, n_steps):
    """Two classes that differ in rate."""
    rng = np.random.default_rng(0)
    labels = np.arange(20) % 2
    steps, units = zip(*(np.nonzero(rng.random((n_steps, n_channels)) < 0.02 + 0.04 * label) for label in labels), strict=True)
    split = np.where(np.arange(20) < 16, "train", "test")
    return hs.SpikeDataset.from_lists(
        steps, units, dt=1e-4, n_channels=n_channels, n_steps=np.full(20, n_steps), labels=labels, split=split
    )


def test_what_is_called_v_is_the_users_choice():
    _, group, synapses, names, _ = cuba()
    assert (
        hs.from_brian2(group, synapses, namespace=names, voltage="vm").model.condition
        == hs.from_brian2(group, synapses, namespace=names).model.condition
    )
    with refused(SpecError, "no v"):
        hs.from_brian2(group, synapses, namespace=names, voltage="none")

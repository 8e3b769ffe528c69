"""Thresholds, resets and names as scripts write them: accepted as they are, and the same spikes as in Brian2."""

from types import SimpleNamespace

import brian2 as b2
import numpy as np
import pytest
import torch
from brian2 import ms

import hetsyn_sim as hs
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import SpecError
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.models import RESET_FIRST
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training.modules import default_dtype

from ..refusal import refused
from .brian2_scripts import made, run, values_of

SCRIPT = {"tau": 10 * ms, "one": 1.0, "v": -70 * b2.mV, "w": 3.0, "t_ref": 3 * ms}  # v and w are the group's and the synapses'


@pytest.fixture(autouse=True)
def numpy_target(monkeypatch):
    monkeypatch.setitem(b2.prefs, "codegen.target", "numpy")


def script(leak, **spiking):
    """Weights are powers of two, and without a leak v is exactly at 1 now and then."""
    source = b2.SpikeGeneratorGroup(3, [], [] * ms, dt=1 * ms)
    equations = "dv/dt = -leak*v/tau : 1\nleak : 1 (constant, shared)"
    group = b2.NeuronGroup(2, equations, method="exact", dt=1 * ms, namespace={"tau": 10 * ms}, **spiking)
    group.leak = leak
    synapses = b2.Synapses(source, group, "w : 1", on_pre="v += w", dt=1 * ms)
    synapses.connect()
    synapses.w = np.repeat([0.125, 0.25, 0.5], 2)
    return SimpleNamespace(sources=[source], group=group, synapses=[synapses], namespace=SCRIPT, dt=1 * ms)


WRITTEN = {
    "without a reset, in every step above": {"threshold": "v > 1"},
    "without a reset, refractory": {"threshold": "v > 1", "refractory": 3 * ms},
    "without a reset, where it crosses": {"threshold": "v > 1", "refractory": "v>1"},
    "turned round": {"threshold": "1 < v", "reset": "v = 0"},
    "reached, a number": {"threshold": "v >= 1", "reset": "v = 0"},
    "reached, of the script": {"threshold": "v >= one", "reset": "v = 0"},
    "reached, turned round": {"threshold": "one <= v", "reset": "v = 0", "refractory": 2 * ms},
}


@pytest.mark.parametrize("name", WRITTEN)
def test_it_spikes_as_the_script_and_in_torch(name):
    written = script(0.0 if "reached" in name else 1.0, **WRITTEN[name])
    written.group.namespace.update(SCRIPT)
    facts = {"namespace": SCRIPT}
    model = hs.from_brian2(written.group, written.synapses, **facts).model
    spec = NetworkSpec(dt=1 * ms, n_input=3, layers=[Layer(model, 2)], step_order=RESET_FIRST)
    values = values_of(written.group, written.synapses, **facts)
    inputs = np.random.default_rng(0).random((300, 3)) < 0.1
    here = simulate_reference(spec, values, inputs[:, None]).rasters["layer_1"]
    there = run(written, inputs)
    assert there.sum() > 10
    np.testing.assert_array_equal(here[:, 0], there)
    with use_backend("plain"), default_dtype(torch.float64):
        found = hs.Network(spec, values=values).record(inputs[:, None])
    np.testing.assert_array_equal(found.rasters["layer_1"], here)


def test_a_threshold_reached_by_a_parameter_of_each_neuron_is_refused():
    group, synapses = made(group="v_th : volt", threshold="v >= v_th")
    with refused(SpecError, "reached where both sides are equal", None, "v >= v_th", remedy="write > instead"):
        hs.from_brian2(group, synapses)


def test_everything_that_is_in_the_way_is_said_at_once():
    group, synapses = made(rate="-v/tau + 1*mV*randn()/tau", method="euler", on_post="v_pre += 1", group="u : 1 (linked)")
    group.u = b2.linked_var(b2.NeuronGroup(2, "u : 1", name="other"), "u")
    with pytest.raises(SpecError) as caught:
        hs.from_brian2(group, [synapses])
    assert caught.value.what == "a spec can't hold 3 things of this script"
    for k, part in enumerate(("linked variables", "(on_post)", "a number drawn at random"), start=1):
        line = next(line for line in caught.value.got.splitlines() if f"{k}. " in line)
        assert part in line
    assert caught.value.remedy.count("\n") == 3
    assert "write noise as xi" in caught.value.remedy

"""Delays of a network's own in Brian2: what is added comes on top, and recordings do not hear each other."""

import numpy as np
import pytest
from brian2 import ms

from hetsyn_sim.brian import FORMS, BrianSimulation
from hetsyn_sim.brian.additions import Additions
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec

from .conftest import assert_same_alone, lively, random_spikes


def network_of(axes):
    layer, readout = (model.with_delay(bounds=(0 * ms, 9 * ms), axes=axes) for model in (lively(HetSynLIF), LeakyReadout))
    spec = NetworkSpec("1 ms", 12, [Layer(layer, 7, recurrent=True, self_connections=False)], Layer(readout, 3))
    return spec, spec.initial_values(4)


@pytest.mark.parametrize("axes", ["post pre", "post", "layer"])
@pytest.mark.parametrize("form", FORMS)
def test_brian2_delivers_when_the_reference_does_and_recordings_end(form, axes):
    spec, values = network_of(axes)
    inputs = random_spikes((40, 3, 12), rate=0.3)
    inputs[-5:] = True  # on their way when the recording ends
    done = assert_same_alone(BrianSimulation(spec, values, form=form), inputs)
    expected = simulate_reference(spec, values, inputs)
    assert 0.02 < expected.rasters["layer_1"].mean() < 0.9
    np.testing.assert_array_equal(done.rasters["layer_1"], expected.rasters["layer_1"])
    np.testing.assert_allclose(done.traces["readout.v"], expected.traces["readout.v"], rtol=0, atol=1e-12)


@pytest.mark.parametrize("axes", ["post pre", "layer"])
def test_what_is_added_comes_on_top(axes):
    spec, values = network_of(axes)
    inputs = random_spikes((40, 2, 12), rate=0.3)
    more = {q.name: np.full((q.n_post, q.n_pre), 3e-3) for q in spec.projections}
    one = BrianSimulation(spec, values, additions=Additions(delays=more)).run(inputs)
    longer = {key: value + 3e-3 if key.endswith(".delay") else value for key, value in values.items()}
    other = simulate_reference(spec, longer, inputs)
    np.testing.assert_array_equal(one.rasters["layer_1"], other.rasters["layer_1"])


def test_the_network_to_go_on_with_has_them_too():
    spec, values = network_of("post pre")
    network = BrianSimulation(spec, values).network
    steps = np.asarray(network["layer_1_feedforward"].delay) / 1e-3
    np.testing.assert_allclose(steps, np.rint(values["layer_1.feedforward.delay"].T / 1e-3).ravel())


def test_the_report_lists_them():
    spec, values = network_of("post pre")
    rows = {row.key: row for row in BrianSimulation(spec, values).report.parameters}
    assert rows["layer_1.feedforward.delay"].variable == "layer_1_feedforward.delay"
    assert 0.0 < rows["layer_1.feedforward.delay"].median < 9.0

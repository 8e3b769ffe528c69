"""Networks rewritten between HetSyn and textbook form: what is tied to what, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from hetsyn_sim.errors import UnknownNameError
from hetsyn_sim.models import HetNeuLIF, HetSynLIF, HomNeuALIF, HomNeuLIF, HomNeuReadout, LeakyReadout
from hetsyn_sim.models.hetsyn import SplitResetHetSyn
from hetsyn_sim.models.reductions import REDUCTIONS, has_hetsyn, has_textbook, in_hetsyn_form, textbook_of
from hetsyn_sim.spec import Layer, NetworkSpec


@pytest.fixture
def network():
    spec = NetworkSpec("1 ms", 2, [Layer(HetSynLIF, 2, recurrent=True, self_connections=False)], Layer(LeakyReadout, 1))
    values = spec.initial_values(0)
    values["layer_1.feedforward.tau_syn"] = np.array([[0.010, 0.020], [0.030, 0.050]])
    values["layer_1.recurrent.tau_syn"] = np.array([[np.nan, 0.060], [0.040, np.nan]])
    values["readout.feedforward.tau_syn"] = np.array([[0.010, 0.030]])
    return spec, values


def test_a_neuron_takes_the_median_of_its_own_synapses(network):
    spec, values = textbook_of(*network, "HetNeuLIF")
    assert [p.model.name for p in spec.populations] == ["HetNeuLIF", "HetNeuReadout"]
    np.testing.assert_allclose(values["layer_1.neuron.tau_mem"], [0.020, 0.040])
    np.testing.assert_allclose(values["readout.neuron.tau_mem"], [0.020])
    np.testing.assert_array_equal(values["layer_1.recurrent.w"], network[1]["layer_1.recurrent.w"])


def test_a_layer_takes_the_median_of_all(network):
    spec, values = textbook_of(*network, "HomNeuLIF")
    assert values["layer_1.neuron.tau_mem"] == pytest.approx(0.035)
    assert spec.slots["layer_1.neuron.tau_mem"].shape == ()
    spec, values = textbook_of(*network, "HomNeuALIF")
    assert values["layer_1.neuron.tau_mem"] == pytest.approx(0.035)
    assert (values["layer_1.neuron.tau_adapt"], values["layer_1.neuron.a"]) == (0.4, 0.05)


def test_time_constants_that_are_tied_by_their_axes(network):
    spec, values = network
    model = HetSynLIF.with_parameters(tau_syn={"axes": "post"}, theta={"axes": "post"})
    tied = replace(spec, layers=[Layer(model, 2)])
    values = tied.initial_values(0) | {"layer_1.feedforward.tau_syn": np.array([0.01, 0.07]), "layer_1.neuron.theta": np.array([1.0, 2.0])}
    textbook, found = textbook_of(tied, values, "HetNeuLIF")
    np.testing.assert_array_equal(found["layer_1.neuron.tau_mem"], [0.01, 0.07])
    np.testing.assert_array_equal(found["layer_1.neuron.theta"], [1.0, 2.0])
    assert textbook.slots["layer_1.neuron.theta"].shape == (2,)


def test_and_back(network):
    textbook = textbook_of(*network, "HetNeuLIF")
    spec, values = in_hetsyn_form(*textbook)
    assert [p.model.name for p in spec.populations] == ["HetSynLIF", "LeakyReadout"]
    np.testing.assert_allclose(values["layer_1.feedforward.tau_syn"], [[0.020, 0.020], [0.040, 0.040]])
    np.testing.assert_allclose(values["layer_1.neuron.tau_reset"], [0.020, 0.040])
    spec, _ = in_hetsyn_form(*textbook_of(*network, "HomNeuALIF"))
    assert spec.populations[0].model.reset == SplitResetHetSyn.reset


def test_what_applies():
    def having(*models):
        return NetworkSpec("1 ms", 2, [Layer(model, 2) for model in models])

    assert has_hetsyn(having(HomNeuLIF, HetSynLIF))
    assert not has_hetsyn(having(HomNeuLIF, HetNeuLIF))
    assert has_textbook(having(HetSynLIF, HomNeuALIF))
    assert has_textbook(replace(having(HetSynLIF), readout=Layer(HomNeuReadout, 1)))
    assert not has_textbook(replace(having(HetSynLIF), readout=Layer(LeakyReadout, 1)))
    own = replace(HetSynLIF, reset="R += 2*theta")  # the same name is not the same neuron
    assert not has_hetsyn(having(own))


def test_other_populations_stay_as_they_are(network):
    spec, values = network
    own = replace(HetSynLIF, reset="R += 2*theta")
    mixed = replace(spec, layers=[Layer(own, 2), Layer(HetSynLIF, 2)])
    textbook, found = textbook_of(mixed, values := mixed.initial_values(0), "HomNeuLIF")
    assert [p.model.name for p in textbook.populations] == ["HetSynLIF", "HomNeuLIF", "HomNeuReadout"]
    np.testing.assert_array_equal(found["layer_1.feedforward.tau_syn"], values["layer_1.feedforward.tau_syn"])


def test_unknown_reductions_are_named(network):
    with pytest.raises(UnknownNameError, match=r"unknown reduction\n.*\n.*'LIF'\n.*" + ", ".join(REDUCTIONS)):
        textbook_of(*network, "LIF")

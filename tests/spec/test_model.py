"""A model is a value: immutable, equal by content, the same after text, pickle and copy."""

import copy
import pickle
from dataclasses import FrozenInstanceError, replace

import pytest
from brian2 import ms

from hetsyn_sim.errors import SpecError
from hetsyn_sim.models import MODELS, HetSynLIF, HomNeuALIF, HomNeuLIF, LeakyReadout
from hetsyn_sim.spec import NeuronModel, Parameter
from hetsyn_sim.spec.equations import symbol

from ..refusal import refused


@pytest.fixture(params=MODELS)
def model(request):
    return MODELS[request.param]


def test_text_pickle_and_copy_give_back_an_equal_model(model):
    for again in (
        NeuronModel.from_text(model.to_text()),
        NeuronModel.from_dict(model.to_dict()),
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
    ):
        assert again == model
        assert hash(again) == hash(model)
        assert again.to_text() == model.to_text()
        assert again is not model


def test_a_model_that_differs_in_one_number_is_another():
    other = HetSynLIF.with_parameters(theta={"initial": 2.0})
    assert other != HetSynLIF
    assert hash(other) != hash(HetSynLIF)
    assert HetSynLIF.parameters["theta"].distribution.value == 1.0


def test_a_model_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        HetSynLIF.name = "other"
    with pytest.raises(TypeError):
        HetSynLIF.parameters["w"] = Parameter(axes="layer")


def test_the_dictionary_it_was_made_from_may_change_afterwards():
    parameters = dict(LeakyReadout.parameters)
    model = replace(LeakyReadout, parameters=parameters)
    parameters.clear()
    assert model == LeakyReadout


def test_indentation_and_empty_lines_of_the_text_do_not_count():
    spaced = replace(HetSynLIF, neuron="\n\n   dR/dt = -R/tau_reset : 1   \n\n  v = I_syn - R : 1\n ")
    assert spaced == HetSynLIF


def test_what_the_text_says():
    assert HetSynLIF.spiking
    assert not LeakyReadout.spiking
    assert HetSynLIF.summed == ("I_syn",)
    assert HomNeuLIF.summed == ()
    assert HetSynLIF.condition == (symbol("v"), symbol("theta"))
    assert LeakyReadout.condition is None
    assert [(j.target, j.amount) for j in HomNeuALIF.reset_jumps] == [("u", -symbol("theta")), ("J_a", symbol("a"))]
    assert set(HetSynLIF.parameters_of("synapse")) == {"w", "tau_syn"}
    assert set(HetSynLIF.parameters_of("neuron")) == {"tau_reset", "theta"}


def test_with_parameters_changes_only_what_it_names():
    tied = HetSynLIF.with_parameters(tau_syn={"axes": "post"}, theta={"initial": 2.0})
    assert tied.parameters["tau_syn"] == replace(HetSynLIF.parameters["tau_syn"], axes="post")
    assert tied.parameters["w"] is HetSynLIF.parameters["w"]
    assert tied.neuron == HetSynLIF.neuron


def test_with_parameters_refuses_what_it_does_not_know():
    with refused(SpecError, "unknown parameter", "HetSynLIF", "'tau'", "tau_syn", "correct the name"):
        HetSynLIF.with_parameters(tau={"initial": 5 * ms})
    with refused(SpecError, "unknown property of a parameter", got="'inital'", expected="initial", remedy="correct its name"):
        HetSynLIF.with_parameters(tau_syn={"inital": 5 * ms})


@pytest.mark.parametrize(
    "plain", ["text", None, [], {"name": "m"}, {**HetSynLIF.to_dict(), "colour": "red"}, {**HetSynLIF.to_dict(), "parameters": 3}]
)
def test_what_describes_no_model_is_refused(plain):
    with refused(SpecError, "not the description of a neuron model", "NeuronModel", expected="on_pre", remedy="add what is missing"):
        NeuronModel.from_dict(plain)

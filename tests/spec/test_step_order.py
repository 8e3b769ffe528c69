"""The six orders of a step are valid, everything else is not; a model keeps its own in every network, also in one of version 0.1.0."""

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hetsyn_sim.discrete import discretise
from hetsyn_sim.errors import SpecError
from hetsyn_sim.models import STLLIF, AdEx, HetSynLIF, LeakyReadout
from hetsyn_sim.models.reductions import in_hetsyn_spec, textbook_of
from hetsyn_sim.spec import DEFAULT_STEP_ORDER, RESET_FIRST, FanInNormal, Layer, NetworkSpec, NeuronModel, StepOrder

from ..refusal import refused

TAIL = ("feedforward", "threshold")
ORDERS = [StepOrder((*first, *TAIL)) for first in permutations(("decay", "reset", "recurrent"))]

#: As version 0.1.0 wrote it: the order is the network's, and the model has none.
OF_0_1_0 = (Path(__file__).parents[1] / "data" / "files_of_0_1_0" / "stllif.yaml").read_text(encoding="utf-8")


def test_the_default_decays_first():
    assert DEFAULT_STEP_ORDER.phases == ("decay", "reset", "recurrent", *TAIL)
    assert StepOrder() == DEFAULT_STEP_ORDER


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_what_jumps_before_decay_decays_in_the_same_step(order):
    assert order.phases[3:] == TAIL
    for phase in ("reset", "recurrent"):
        assert order.decays_in_same_step(phase) == (order.phases.index(phase) < order.phases.index("decay"))


@pytest.mark.parametrize(
    "phases",
    [
        (),
        ("decay", "reset", "recurrent", "threshold", "feedforward"),
        ("decay", "reset", "feedforward", "recurrent", "threshold"),
        ("decay", "reset", *TAIL),
        ("decay", "decay", "recurrent", *TAIL),
        ("decay", "reset", "recurrent", "noise", *TAIL),
    ],
)
def test_any_other_order_is_refused(phases):
    got = ", ".join(phases) or "nothing"
    with refused(SpecError, "not an order of one step", "step_order", got, "then feedforward, threshold", "each phase once"):
        StepOrder(phases)


# -- of models and networks ---------------------------------------------------------------------------------------------------------------


def test_a_network_of_version_0_1_0_is_read_with_its_order_and_written_as_it_was():
    spec = NetworkSpec.from_text(OF_0_1_0)
    assert spec.to_text() == OF_0_1_0
    (population,) = spec.populations
    assert population.model.step_order is None
    assert population.step_order == spec.step_order == RESET_FIRST
    then = STLLIF.with_parameters(w={"initial": FanInNormal(4.0)})  # its weights began larger than published
    assert population.model == replace(then, reference=population.model.reference, step_order=None)
    fresh = NetworkSpec("1 ms", 3, [Layer(then, 2, recurrent=True)])
    assert all((spec.initial_values(5)[key] == value).all() for key, value in fresh.initial_values(5).items())


def test_a_network_is_built_of_the_registered_neuron():
    spec = NetworkSpec("0.1 ms", 2, [Layer(AdEx, 5)])
    assert spec.populations[0].step_order == spec.step_order == AdEx.step_order == RESET_FIRST
    assert NetworkSpec("0.1 ms", 2, [Layer(AdEx, 5)], step_order=RESET_FIRST) == spec
    mixed = NetworkSpec("0.1 ms", 2, [Layer(AdEx, 5), Layer(HetSynLIF, 2)])
    assert mixed.phases == {"layer_1": list(RESET_FIRST.phases), "layer_2": list(DEFAULT_STEP_ORDER.phases)}
    assert spec.phases == list(RESET_FIRST.phases)


OWN = st.none() | st.sampled_from(ORDERS)


@given(st.lists(OWN, min_size=1, max_size=3), st.sampled_from(ORDERS), st.booleans())
def test_a_model_keeps_its_order_in_any_network(own, order, given_one):
    layers = [Layer(replace(HetSynLIF, step_order=o), 2) for o in own]
    fits = None in own or order in own
    if given_one and not fits:
        with pytest.raises(SpecError, match="not that of the network's neurons") as excinfo:
            NetworkSpec("1 ms", 1, layers, step_order=order)
        assert "layer_1 (HetSynLIF)" in excinfo.value.expected
        assert str(own[0]) in excinfo.value.expected
        return
    spec = NetworkSpec("1 ms", 1, layers, Layer(LeakyReadout, 1), step_order=order if given_one else None)
    expected = [o or (order if given_one else DEFAULT_STEP_ORDER) for o in own]
    for again in (spec, NetworkSpec.from_text(spec.to_text()), replace(spec, n_input=2), in_hetsyn_spec(spec)):
        assert [p.step_order for p in again.populations[:-1]] == expected
        assert [p.model.step_order for p in again.populations[:-1]] == own
    textbook, _ = textbook_of(spec, spec.initial_values(0), "HomNeuLIF")
    assert [p.step_order for p in textbook.populations[:-1]] == expected


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_a_model_is_written_with_its_order_and_its_step_follows_it(order):
    model = replace(HetSynLIF, step_order=order)
    assert NeuronModel.from_text(model.to_text()) == model
    assert model != HetSynLIF
    assert discretise(model).step_order == order
    assert discretise(HetSynLIF).step_order == DEFAULT_STEP_ORDER
    assert "step_order" not in HetSynLIF.to_dict()


@pytest.mark.parametrize("order", [3, ["decay"], "decay", [["decay"]]])
def test_a_text_with_another_order_is_refused(order):
    with pytest.raises(SpecError):
        NeuronModel.from_dict({**HetSynLIF.to_dict(), "step_order": order})

"""A network: what it is made of, what it refuses, its initial values and its text."""

import pickle
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from brian2 import ms

from hetsyn_sim.errors import SpecError, UnknownNameError
from hetsyn_sim.models import HetSynLIF, HomNeuLIF, LeakyReadout
from hetsyn_sim.spec import Constant, Layer, NetworkSpec, Normal, StepOrder

from ..refusal import refused

SMALLEST = {"dt": 1 * ms, "n_input": 1, "layers": [Layer(HomNeuLIF, 1)]}


@pytest.fixture
def spec():
    return NetworkSpec(
        dt="4 ms",
        n_input=3,
        layers=[Layer(HetSynLIF, 5, recurrent=True, self_connections=False), Layer(HomNeuLIF, 4)],
        readout=Layer(LeakyReadout, 2),
    )


def test_populations_and_projections_in_the_order_a_spike_travels(spec):
    assert [(p.name, p.model.name, p.size) for p in spec.populations] == [
        ("layer_1", "HetSynLIF", 5),
        ("layer_2", "HomNeuLIF", 4),
        ("readout", "LeakyReadout", 2),
    ]
    assert [(p.name, p.source, p.n_pre, p.n_post, p.self_connections) for p in spec.projections] == [
        ("layer_1.feedforward", "input", 3, 5, True),
        ("layer_1.recurrent", "layer_1", 5, 5, False),
        ("layer_2.feedforward", "layer_1", 5, 4, True),
        ("readout.feedforward", "layer_2", 4, 2, True),
    ]
    assert [p.kind for p in spec.projections_to("layer_1")] == ["feedforward", "recurrent"]
    assert spec.population("layer_2").size == 4


def test_slots_have_the_shape_of_their_axes(spec):
    assert {key: (slot.shape, slot.without_diagonal) for key, slot in spec.slots.items()} == {
        "layer_1.feedforward.w": ((5, 3), False),
        "layer_1.feedforward.tau_syn": ((5, 3), False),
        "layer_1.recurrent.w": ((5, 5), True),
        "layer_1.recurrent.tau_syn": ((5, 5), True),
        "layer_2.feedforward.w": ((4, 5), False),
        "readout.feedforward.w": ((2, 4), False),
        "readout.feedforward.tau_syn": ((2, 4), False),
        "layer_1.neuron.tau_reset": ((), False),
        "layer_1.neuron.theta": ((), False),
        "layer_2.neuron.tau_mem": ((), False),
        "layer_2.neuron.theta": ((), False),
    }


def test_an_unknown_population_is_refused(spec):
    with refused(UnknownNameError, "unknown population", got="'layer_3'", expected="layer_1, layer_2, readout"):
        spec.population("layer_3")


@pytest.mark.parametrize(
    ("changes", "what", "where", "got", "expected", "remedy"),
    [
        *(
            ({"dt": dt}, "dt must be a positive time", "dt", got, "above 0 s", "4 ms")
            for dt, got in ((0.0, "0.0 s"), ("-1 ms", "-0.001 s"), (float("nan"), "nan s"), ("inf ms", "inf s"))
        ),
        ({"dt": "4 mV"}, "unit is of the wrong kind", "NetworkSpec.dt", "4. mV", "second", "second"),
        ({"layers": []}, "needs a layer", "layers", "none", "at least one", "HetSynLIF"),
        *(
            (changes, "not a layer", "layers", "NeuronModel", "Layer(model, size)", "wrap the model")
            for changes in ({"layers": [HomNeuLIF]}, {"readout": LeakyReadout})
        ),
        *(({"n_input": n}, "positive integer", "n_input", f"{n}", "1, 2, 3", "number of neurons") for n in (0, 2.0, True)),
        ({"layers": [Layer(HomNeuLIF, -1)]}, "positive integer", "layer_1", "-1", "1, 2, 3", "number of neurons"),
        ({"readout": Layer(LeakyReadout, 0)}, "positive integer", "readout", "0", "1, 2, 3", "number of neurons"),
        ({"layers": [Layer(LeakyReadout, 1)]}, "no threshold can't stand here", "layer_1", "LeakyReadout", "with a threshold", "as layers"),
        ({"readout": Layer(HomNeuLIF, 1)}, "spikes can't stand here", "readout", "HomNeuLIF", "a readout without", "LeakyReadout as"),
        ({"readout": Layer(LeakyReadout, 1, True)}, "can't be recurrent", "readout", "recurrent=True", "False", "remove recurrent"),
    ],
)
def test_what_is_no_network_is_refused(changes, what, where, got, expected, remedy):
    with refused(SpecError, what, where, got, expected, remedy):
        NetworkSpec(**{**SMALLEST, **changes})


# -- initial values -------------------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_values_and_another_one_others(spec):
    one, same, other = spec.initial_values(3), spec.initial_values(3), spec.initial_values(4)
    assert list(one) == list(spec.slots)
    for key, slot in spec.slots.items():
        assert one[key].shape == slot.shape
        assert one[key].dtype == np.float64
        np.testing.assert_array_equal(one[key], same[key])
        if not isinstance(slot.parameter.distribution, Constant):
            assert not np.any(one[key] == other[key])


def test_every_slot_has_a_stream_of_its_own(spec):
    values = spec.initial_values(0)
    deeper = NetworkSpec(spec.dt_s, 3, [*spec.layers, Layer(HetSynLIF, 4)], spec.readout)
    for key, value in deeper.initial_values(0).items():
        if key in values and key != "readout.feedforward.w":
            np.testing.assert_array_equal(value, values[key])
    square = NetworkSpec("4 ms", 5, [Layer(HetSynLIF, 5, recurrent=True)]).initial_values(0)
    assert not np.any(square["layer_1.feedforward.w"] == square["layer_1.recurrent.w"])


def test_initial_values_are_part_of_what_a_seed_means():
    """The first numbers of one stream, written down: a change of the scheme would change every published seed."""
    values = NetworkSpec("4 ms", 1, [Layer(HetSynLIF, 2)]).initial_values(0)["layer_1.feedforward.tau_syn"].ravel()
    np.testing.assert_allclose(values, [0.053655988535313795, 0.07601081848899889], rtol=1e-15)


def test_initial_values_stay_inside_the_bounds():
    wild = HetSynLIF.with_parameters(tau_syn={"initial": Normal(20 * ms, 500 * ms)})
    values = NetworkSpec("1 ms", 20, [Layer(wild, 20)]).initial_values(0)["layer_1.feedforward.tau_syn"]
    assert values.min() == 1e-3  # many fall outside of 1 ms to 1000 ms, on both sides
    assert values.max() == 1.0


# -- text -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", permutations(("decay", "reset", "recurrent")))
def test_text_and_pickle_give_back_an_equal_network(spec, first):
    spec = replace(spec, step_order=StepOrder((*first, "feedforward", "threshold")))
    for again in (NetworkSpec.from_text(spec.to_text()), NetworkSpec.from_dict(spec.to_dict()), pickle.loads(pickle.dumps(spec))):
        assert again == spec
        assert hash(again) == hash(spec)
        assert list(again.slots) == list(spec.slots)


def test_a_model_is_written_once():
    spec = NetworkSpec("1 ms", 1, [Layer(HetSynLIF, 1), Layer(HomNeuLIF, 2), Layer(HetSynLIF, 3)])
    assert [m["name"] for m in spec.to_dict()["models"]] == ["HetSynLIF", "HomNeuLIF"]
    assert [layer["model"] for layer in spec.to_dict()["layers"]] == [0, 1, 0]


@pytest.mark.parametrize(
    "plain",
    [
        None,
        "text",
        {},
        {**NetworkSpec(**SMALLEST).to_dict(), "models": []},
        {**NetworkSpec(**SMALLEST).to_dict(), "layers": [{"model": 0, "size": 1, "colour": "red"}]},
        {**NetworkSpec(**SMALLEST).to_dict(), "step_order": 3},
    ],
)
def test_what_describes_no_network_is_refused(plain):
    with refused(SpecError, "not the description of a network", "NetworkSpec", expected="step_order", remedy="write the file anew"):
        NetworkSpec.from_dict(plain)

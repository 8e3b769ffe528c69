"""A delay: a parameter of the synapse that stands in no equation."""

import numpy as np
import pytest
from brian2 import ms, mV

from hetsyn_sim.errors import SpecError, UnknownNameError
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.models.conductance import MTC
from hetsyn_sim.spec import Constant, Layer, NetworkSpec, NeuronModel, Uniform
from hetsyn_sim.spec.values import check_values, is_time_constant, on_steps, steps_of_delay

LATE = HetSynLIF.with_delay(bounds=(0 * ms, 20 * ms))


def test_it_is_a_slot_of_every_projection():
    spec = NetworkSpec("1 ms", 3, [Layer(LATE, 2, recurrent=True)], Layer(LeakyReadout.with_delay(2 * ms, axes="layer"), 2))
    shapes = {key: slot.shape for key, slot in spec.slots.items() if slot.name == "delay"}
    assert shapes == {"layer_1.feedforward.delay": (2, 3), "layer_1.recurrent.delay": (2, 2), "readout.feedforward.delay": ()}
    assert not any(is_time_constant(spec.slots[key]) for key in shapes)
    values = spec.initial_values(0)
    assert values["readout.feedforward.delay"] == 0.002
    assert 0.0 <= values["layer_1.feedforward.delay"].min() < values["layer_1.feedforward.delay"].max() <= 0.02


def test_what_it_begins_with():
    learned, fixed, chosen = (
        m.parameters["delay"] for m in (LATE, HetSynLIF.with_delay(3 * ms), HetSynLIF.with_delay("uniform(0 ms, 5 ms)"))
    )
    assert (learned.trainable, learned.distribution, learned.axes) == (True, Uniform(0.0, 0.02), "post pre")
    assert (fixed.trainable, fixed.distribution) == (False, Constant(0.003))
    assert (chosen.trainable, chosen.distribution) == (False, Uniform(0.0, 0.005))
    held = HetSynLIF.with_delay(1 * ms, bounds=(0 * ms, 2 * ms), trainable=False).parameters["delay"]
    assert (held.trainable, held.si_bounds) == (False, (0.0, 0.002))


@pytest.mark.parametrize("model", [LATE, HetSynLIF.with_delay(3 * ms), HetSynLIF.with_delay(1 * ms, axes="layer")])
def test_it_is_written_and_read(model):
    assert NeuronModel.from_text(model.to_text()) == model
    assert "delay" not in HetSynLIF.to_text()


def test_facts_of_a_recipe_give_a_model_a_delay():
    facts = {"bounds": ["0 ms", "10 ms"], "trainable": True, "initial": "uniform(0 ms, 4 ms)"}
    assert HetSynLIF.with_parameters(delay=facts).parameters["delay"].distribution == Uniform(0.0, 0.004)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: HetSynLIF.with_delay(), "a delay needs a value"),
        (lambda: HetSynLIF.with_delay(-1 * ms), "starts outside of its bounds"),
        (lambda: HetSynLIF.with_delay(bounds=(-1 * ms, 2 * ms)), r"this delay can't be one(.|\n)*bounds of -0.001 to 0.002 s"),
        (lambda: HetSynLIF.with_delay(1 * ms, trainable=True), r"this delay can't be one(.|\n)*a longest one"),
        (lambda: HetSynLIF.with_delay(1 * mV), "unit"),
        (lambda: HetSynLIF.with_parameters(delay={"unit": "mV", "bounds": None}), r"this delay can't be one(.|\n)*unit 'mV'"),
        (lambda: NeuronModel("N", "dv/dt = -v/tau : 1\ndelay = 2*v : 1", "v_post += w"), "called delay"),
        (lambda: NeuronModel("N", "v = I_syn/delay : 1", "I += 1", "dI/dt = -I/delay : 1"), "when a spike was sent"),
        (lambda: NeuronModel("N", "v = I_syn : 1", "I += delay_post", "dI/dt = -I : 1", parameters=dict(LATE.parameters)), "unknown name"),
    ],
)
def test_what_no_delay_can_be(make, message):
    with pytest.raises(SpecError, match=message):
        make()


def test_values_are_not_sent():
    with pytest.raises(UnknownNameError, match="'delay'"):
        MTC.with_delay(1 * ms)


@pytest.mark.parametrize("value", [-1e-3, np.nan, np.inf])
def test_values_that_are_no_delays(value):
    spec = NetworkSpec("1 ms", 1, [Layer(HetSynLIF.with_delay(1 * ms), 1)])
    values = spec.initial_values(0)
    check_values(spec, values)
    with pytest.raises(SpecError, match=r"a delay is negative or not finite(.|\n)*layer_1.feedforward.delay\[0, 0\]"):
        check_values(spec, values | {"layer_1.feedforward.delay": np.full((1, 1), value)})


def test_whole_steps_are_the_nearest_and_of_two_as_near_the_even_one():
    delays = np.array([0.0, 0.4, 0.5, 0.6, 1.5, 2.5]) * 1e-3
    assert steps_of_delay(delays, 1e-3).tolist() == [0, 0, 0, 1, 2, 2]
    np.testing.assert_array_equal(on_steps(delays, 1e-3), np.array([0, 0, 0, 1, 2, 2]) * 1e-3)

"""Values instead of spikes: analogue input, graded outputs, and synapses that integrate them or take them as they are."""

import numpy as np
import pytest

from hetsyn_sim.brian import BrianSimulation, simulate
from hetsyn_sim.spec import Layer, NetworkSpec, NeuronModel, Parameter

from .conftest import assert_same_alone, random_spikes
from .neurons import STEP_ORDERS, adlif, agree, graded, layer, signal, value_readout, weights


def test_spikes_in_and_values_on():
    """A layer that spikes drive hands on a value; the readout integrates it."""
    model = adlif("euler", output="p", more="p = exp(u - theta) : 1")
    agree(NetworkSpec("1 ms", 8, [Layer(model, 6, recurrent=True)], Layer(value_readout(), 2)), random_spikes((100, 3, 8), 0.2))


@pytest.mark.parametrize("step_order", STEP_ORDERS, ids=lambda order: "-".join(order.phases[:3]))
def test_values_in_every_step_order(step_order):
    """What a synapse integrates is the output of the step before, whatever the order."""
    spec = NetworkSpec("0.5 ms", 3, [Layer(graded(), 4), Layer(graded(), 3)], Layer(value_readout(), 2), step_order)
    agree(spec, signal((400, 2, 3)), least=5)


def test_values_that_a_neuron_s_own_equation_integrates():
    """A driven synapse, a leaky membrane that reads its sum one step later, spikes with a hard reset: out of values come spikes."""
    model = NeuronModel(
        name="Encoder",
        on_pre="",
        synapse="dI/dt = (w*x_pre - I)/tau_syn : amp",
        neuron="dv/dt = (R_m*I_syn - v)/tau_m : volt (unless refractory)",
        threshold="v > theta",
        reset="v = 0*theta",
        refractory="t_ref",
        parameters={
            "w": weights("pA", -100, 400),
            "tau_syn": Parameter(axes="post pre", unit="ms", initial="uniform(2 ms, 20 ms)"),
            "R_m": layer("Mohm", 100),
            "tau_m": layer("ms", 20),
            "theta": layer("mV", 10),
            "t_ref": layer("ms", 2),
        },
    )
    agree(NetworkSpec("1 ms", 3, [Layer(model, 5), Layer(adlif(), 4, recurrent=True)]), signal((300, 3, 3), 2.0), record=("I_syn",))


def test_every_recording_is_the_same_alone():
    spec = NetworkSpec("0.5 ms", 3, [Layer(graded(), 5)], Layer(value_readout(), 2))
    inputs = signal((200, 3, 3))
    inputs[-3:] = 50.0  # what was put out last must not reach the next one
    assert_same_alone(BrianSimulation(spec, spec.initial_values(1), record=("v", "v_s")), inputs)


def test_names_that_are_taken():
    """Output variables are called x where no model has an x of its own."""
    text = {"neuron": "dx/dt = (I_syn - x)/tau : 1\nv = x : 1\ns = tanh(x) : 1", "synapse": "I = g*x_pre : 1", "on_pre": ""}
    parameters = {"g": weights("1", -1, 3), "tau": layer("ms", 5), "theta": layer("1", 0.5), "x0": layer("1", 0.5)}
    model = NeuronModel(
        "X", **text, threshold="v > theta", reset="x = 0*x0", output="s", initial={"x": "x0"}, parameters=parameters, scheme="rk2"
    )
    readout = NeuronModel("Y", synapse="y = w*x_pre : 1", on_pre="", neuron="v = y_syn : 1", parameters={"w": weights("1", -1, 1)})
    spec = NetworkSpec("1 ms", 3, [Layer(model, 5), Layer(model.with_parameters(tau={"initial": "9 ms"}), 4)], Layer(readout, 2))
    agree(spec, signal((200, 2, 3)))
    assert "x00_pre" in str(BrianSimulation(spec, spec.initial_values(0)).report)


def test_the_report_names_what_is_handed_on_and_where_states_begin():
    spec = NetworkSpec("0.5 ms", 3, [Layer(graded(), 4), Layer(graded(), 4)])
    report = BrianSimulation(spec, spec.initial_values(0)).report
    text = str(report)
    assert text.count("output: s") == 1, "the last layer hands on nothing"
    assert "begins: v = v_0; v_s = filter_0; v_us = filter_0" in text
    assert "refractory: v > v_th" in text
    assert "method 'exact, rk4'" in text
    does = {s.object: s.does for s in report.schedule}
    assert does["input_output"] == does["layer_1_output"] == "values are put out"
    assert does["layer_1_wipe"] == "states are set to where they begin, if a recording does"


VALUES = NetworkSpec("0.5 ms", 3, [Layer(graded(), 4)])


def test_values_may_be_whole_numbers():
    a, b = (simulate(VALUES, VALUES.initial_values(0), np.ones((9, 1, 3), dtype=dtype)) for dtype in (int, np.float32))
    np.testing.assert_array_equal(a.traces["layer_1.v"], b.traces["layer_1.v"])

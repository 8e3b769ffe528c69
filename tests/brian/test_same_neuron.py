"""Brian2, with the update it derives itself, and the reference interpreter: the same spikes, the same voltages."""

import logging
import sys
from dataclasses import replace

import numpy as np
import pytest
from brian2 import Mohm, ms, mV, pA

from hetsyn_sim.brian import BrianSimulation, simulate
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.models import HetNeuLIF, HetSynLIF, HomNeuALIF, HomNeuALIFNormalised, HomNeuLIF, LeakyReadout
from hetsyn_sim.spec import FanInNormal, Layer, NetworkSpec, NeuronModel, Parameter, Uniform

from .conftest import lively, random_spikes
from .neurons import STEP_ORDERS

SPIKING = (HetSynLIF, HomNeuLIF, HetNeuLIF, HomNeuALIF, HomNeuALIFNormalised)


@pytest.mark.parametrize("step_order", STEP_ORDERS, ids=lambda order: "-".join(order.phases[:3]))
@pytest.mark.parametrize("model", SPIKING, ids=lambda model: model.name)
def test_every_model_in_every_step_order(model, step_order, check):
    layers = [Layer(lively(model), 8, recurrent=True), Layer(lively(model), 5, recurrent=True, self_connections=False)]
    check(NetworkSpec("4 ms", 6, layers, readout=Layer(LeakyReadout, 2), step_order=step_order))


def test_a_neuron_alone_without_self_connection_has_no_recurrent_synapse(check):
    spec = NetworkSpec("4 ms", 5, [Layer(HetSynLIF, 1, recurrent=True, self_connections=False)])
    values = spec.initial_values(1)
    values["layer_1.feedforward.w"] = np.abs(values["layer_1.feedforward.w"])
    recording = check(spec, values, record=["v", "layer_1.recurrent.I[0]"])
    assert not recording.traces["layer_1.recurrent.I[0]"].any()
    assert [p.name for p in BrianSimulation(spec, values).report.projections] == ["layer_1.feedforward"]


def test_physical_units_coupled_states_and_parameters_of_every_axis(check):
    """Nothing is known by name: a synapse of two coupled states, currents in pA, voltages in mV."""
    model = NeuronModel(
        name="DoubleExponential",
        synapse="dI/dt = (h - I)/tau_syn : amp\ndh/dt = -h/tau_rise : amp",
        on_pre="h += w*gain_post",
        neuron="dR/dt = -R/tau_reset : volt\nv = resistance*I_syn - R : volt",
        threshold="v > theta",
        reset="R += theta",
        parameters={
            "w": Parameter(axes="post pre", unit="pA", initial=FanInNormal(50 * pA)),
            "tau_syn": Parameter(axes="layer", unit=ms, initial=40 * ms),
            "tau_rise": Parameter(axes="post", unit=ms, initial=Uniform(3 * ms, 9 * ms)),
            "tau_reset": Parameter(axes="post", unit=ms, initial=30 * ms),
            "theta": Parameter(axes="post", unit=mV, initial=Uniform(1 * mV, 5 * mV)),
            "resistance": Parameter(axes="layer", unit="Mohm", initial=1000 * Mohm),
            "gain": Parameter(axes="post", initial=Uniform(0.5, 1.5)),
        },
    )
    check(NetworkSpec("2 ms", 6, [Layer(model, 6, recurrent=True, self_connections=False), Layer(model, 4)]))


def test_time_constants_of_exactly_zero_and_infinity(spec, values, check, recwarn, caplog):
    values["layer_1.feedforward.tau_syn"][:, :2] = [0.0, np.inf]
    values["layer_1.recurrent.tau_syn"][::2] = 0.0
    values["layer_1.neuron.tau_reset"] = np.array(np.inf)
    values["layer_2.neuron.tau_reset"] = np.array(0.0)
    values["readout.feedforward.tau_syn"][0] = 0.0
    check(spec, values)
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_synapse_that_oscillates_has_our_coefficients():
    """Brian2's own solution would be NaN."""
    synapse = "dI/dt = (-I - h)/tau_syn : 1\ndh/dt = (I - h)/tau_h : 1"
    model = replace(HetSynLIF, synapse=synapse, parameters={**HetSynLIF.parameters, "tau_h": HetSynLIF.parameters["tau_syn"]})
    spec = NetworkSpec("2 ms", 3, [Layer(model, 2)])
    values, inputs = spec.initial_values(0), random_spikes((40, 1, 3))
    found, expected = simulate(spec, values, inputs), simulate_reference(spec, values, inputs)
    np.testing.assert_array_equal(found.rasters["layer_1"], expected.rasters["layer_1"])
    np.testing.assert_allclose(
        found.traces["layer_1.v"], expected.traces["layer_1.v"], atol=1e-12 * np.abs(expected.traces["layer_1.v"]).max()
    )


def test_the_two_sides_share_no_code(process):
    """Importing the Brian2 side brings in neither torch nor our own propagators."""
    code = (
        "import sys, hetsyn_sim.brian; print([m for m in sys.modules if m.startswith(('torch', 'hetsyn_sim.discrete', 'hetsyn_sim.tr'))])"
    )
    done = process([sys.executable, "-c", code])
    assert done.stdout.strip() == "[]"


def test_inputs_may_be_numbers(spec, values, check):
    check(spec, values, random_spikes((20, 2, spec.n_input)).astype(np.float32))

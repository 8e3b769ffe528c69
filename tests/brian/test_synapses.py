"""Synapses that are more than filters, in Brian2: their method, where they begin, delays, compiled devices, and what is refused."""

import numpy as np
import pytest
from brian2 import ms

from equivalence.any_model import gain_of
from equivalence.synapse_models import MODELS
from hetsyn_sim.brian.additions import Additions
from hetsyn_sim.brian.forms import find_form
from hetsyn_sim.brian.simulation import BrianSimulation
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import TransferError
from hetsyn_sim.models import HetSynRiseLIF, TsodyksMarkramLIF
from hetsyn_sim.spec import Layer, NetworkSpec

from ..refusal import refused
from .neurons import agree

PLASTIC = MODELS["plastic, other statements"]


def network(model, *, recurrent=True, n_input=4, more=()):
    """Three neurons that spike, and values."""
    spec = NetworkSpec("1 ms", n_input, [Layer(model, 3, recurrent=recurrent), *more])
    values = spec.initial_values(2)
    gain = 2 * gain_of(model)
    for key, value in values.items():
        if key.endswith("feedforward.w"):
            values[key] = gain * np.abs(value)
        elif key.endswith("recurrent.w"):
            values[key] = 0.2 * gain * np.abs(value)
    return spec, values


def spikes(n_steps=120, n_runs=3, n_input=4, rate=0.15):
    return np.random.default_rng(5).random((n_steps, n_runs, n_input)) < rate


def test_each_recording_begins_anew():
    """Three recordings in a run, which end in the middle of everything: x is not 1 there, nor u what it begins with."""
    spec, values = network(PLASTIC)
    agree(spec, spikes(), values=values)


def test_a_synapse_and_the_neuron_before_it_may_have_the_same_names():
    spec, values = network(PLASTIC, more=[Layer(MODELS["plastic, onto v"], 2)])
    values = {key: 20 * value if key == "layer_2.feedforward.w" else value for key, value in values.items()}
    agree(spec, spikes(), values=values)


def test_states_of_synapses_are_recorded():
    spec, values = network(PLASTIC, recurrent=False)
    x = spikes(n_runs=1)
    found = BrianSimulation(spec, values, record=["layer_1.feedforward.x[1]", "layer_1.I_syn"]).run(x)
    trace = found.traces["layer_1.feedforward.x[1]"]  # (time, run, pre)
    np.testing.assert_allclose(trace[0, 0, ~x[0, 0]], values["layer_1.feedforward.x_0"][1, ~x[0, 0]], rtol=1e-15)
    expected = simulate_reference(spec, values, x, record=["I_syn"]).traces["layer_1.I_syn"]
    np.testing.assert_allclose(found.traces["layer_1.I_syn"], expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("apart", [0.0, 1e-7])
def test_time_constants_that_are_equal_or_nearly_so(apart):
    """Brian2's solution has their difference in a denominator; our coefficients are handed over, and the report says why."""
    spec, values = network(HetSynRiseLIF)
    for key in ("layer_1.feedforward", "layer_1.recurrent"):
        values[f"{key}.tau_rise"][0] = values[f"{key}.tau_syn"][0] * (1 + apart)
    simulation = BrianSimulation(spec, values)
    agree(spec, spikes(), values=values, simulation=simulation)
    assert "coefficients handed over" in simulation.report.method
    plain = BrianSimulation(spec, network(HetSynRiseLIF)[1])
    assert plain.report.method == "exact"


def test_one_time_constant_for_rise_and_decay_is_brian2s_own_business():
    spec, values = network(MODELS["alpha"])
    simulation = BrianSimulation(spec, values)
    agree(spec, spikes(), values=values, simulation=simulation)
    assert simulation.report.method == "exact"
    assert "exact" not in BrianSimulation(*network(MODELS["saturating"], recurrent=False)).report.projections[0].update


def test_delayed_spikes_do_all_that_they_do_in_their_own_recording():
    """Statements that set and scale are held back like those that add: what was sent in the recording before does nothing in this one."""
    spec, values = network(PLASTIC, recurrent=False)
    x = spikes()
    delays = {"layer_1.feedforward": np.full((3, 4), 0.005)}
    found = BrianSimulation(spec, values, additions=Additions(delays=delays)).run(x)
    late = np.concatenate([np.zeros_like(x[:5]), x[:-5]])
    expected = simulate_reference(spec, values, late)
    assert expected.rasters["layer_1"].sum() > 10
    # a spike that arrives 5 steps late finds x recovered as if it had been sent then
    np.testing.assert_array_equal(found.rasters["layer_1"], expected.rasters["layer_1"])
    np.testing.assert_allclose(found.traces["layer_1.v"], expected.traces["layer_1.v"], rtol=1e-10, atol=1e-12)


@pytest.mark.compiled
@pytest.mark.parametrize("device", ["cpp_standalone", pytest.param("cython", marks=pytest.mark.thorough)])
def test_compiled_devices(device):
    spec, values = network(TsodyksMarkramLIF, more=[Layer(PLASTIC, 3)])
    values["layer_2.feedforward.w"] = 20 * np.abs(values["layer_2.feedforward.w"])
    agree(spec, spikes(), values=values, device=device)


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["saturating", "double exponential, soft reset"])
def test_coupled_and_saturating_synapses_compiled(name):
    spec, values = network(MODELS[name])
    values["layer_1.feedforward.w"] *= 20 if name == "saturating" else 1  # fewer spikes arrive than where its gain was found
    agree(spec, spikes(), values=values, device="cpp_standalone")


@pytest.mark.parametrize(
    ("model", "got"),
    [
        (PLASTIC, "on_pre='u = U"),
        (HetSynRiseLIF, "coupled synaptic states I, h"),
        (MODELS["saturating"], "not linear, begin somewhere"),
    ],
)
def test_the_fast_form_refuses_them(model, got):
    spec, _ = network(model)
    with refused(TransferError, "the form 'fast' can't express this model", got=got, remedy='form="ode"'):
        find_form("fast").check(spec)


def test_cuda_refuses_them():
    from hetsyn_sim.brian.cuda import check_filters_only

    for name, got in (("plastic, onto v", "initial values of the synapse's x, on_pre"), ("saturating", "synapse_scheme")):
        with refused(TransferError, "the device 'cuda_standalone' can't express this model", got=got):
            check_filters_only(network(MODELS[name])[0])


def test_time_constants_are_in_their_units_in_the_report():
    simulation = BrianSimulation(*network(TsodyksMarkramLIF))
    text = str(simulation.report)
    assert "dx/dt = (1 - x)/tau_rec : 1 (clock-driven)" in text
    assert "u += U*(1 - u); I += w*u*x; x -= u*x" in text.replace("\n", " ")
    assert simulation.spec.dt_s == float(1 * ms)

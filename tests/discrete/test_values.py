"""Parameter values: picked for an expression with axes that broadcast, and refused where they are no values of the network."""

import numpy as np
import pytest

from hetsyn_sim.discrete import check_values, neuron_values, synapse_values
from hetsyn_sim.errors import SpecError, TransferError
from hetsyn_sim.models import HetNeuLIF, HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec

from ..refusal import refused

TAU = "layer_1.feedforward.tau_syn"


@pytest.fixture
def spec():
    return NetworkSpec("1 ms", 2, [Layer(HetSynLIF, 3), Layer(HetNeuLIF, 4, recurrent=True)], readout=Layer(LeakyReadout, 1))


@pytest.fixture
def values(spec):
    return spec.initial_values(0)


def test_a_neuron_sees_its_own_parameters(spec, values):
    seen = neuron_values(spec, "layer_2", values)
    assert set(seen) == {"dt", "tau_mem", "theta"}
    assert seen["dt"] == 1e-3
    assert seen["tau_mem"].shape == (4,)
    assert seen["theta"].shape == ()


def test_a_synapse_sees_its_own_and_its_neurons_as_columns(spec, values):
    recurrent = next(p for p in spec.projections if p.name == "layer_2.recurrent")
    seen = synapse_values(spec, recurrent, values)
    assert set(seen) == {"dt", "w", "tau_mem_post", "theta_post"}
    assert seen["w"].shape == (4, 4)
    assert seen["tau_mem_post"].shape == (4, 1)  # broadcasts over pre, not over post
    np.testing.assert_array_equal(seen["tau_mem_post"][:, 0], values["layer_2.neuron.tau_mem"])
    assert seen["theta_post"].shape == ()


def test_a_synapses_parameter_per_neuron_is_a_column():
    tied = HetSynLIF.with_parameters(tau_syn={"axes": "post"})
    spec = NetworkSpec("1 ms", 2, [Layer(tied, 3)])
    assert synapse_values(spec, spec.projections[0], spec.initial_values(0))["tau_syn"].shape == (3, 1)


def test_checked_values_are_float64(spec, values):
    checked = check_values(spec, {key: value.astype(np.float32) for key, value in values.items()})
    assert all(value.dtype == np.float64 for value in checked.values())
    assert list(checked) == list(spec.slots)


@pytest.mark.parametrize("limit", [0.0, np.inf])
def test_time_constants_may_be_zero_and_infinite(spec, values, limit):
    assert check_values(spec, {**values, TAU: np.full((3, 2), limit)})[TAU][0, 0] == limit


def test_values_of_another_network_are_refused(spec, values):
    tau = values.pop(TAU)
    with refused(SpecError, "do not belong to this network", "a file", f"{TAU} missing, layer_9.neuron.theta unknown"):
        check_values(spec, {**values, "layer_9.neuron.theta": 1.0}, where="a file")
    with refused(TransferError, "wrong shape", f"a file: {TAU}", "shape (2, 3)", "shape (3, 2)"):
        check_values(spec, {**values, TAU: tau.T}, where="a file", error=TransferError)


@pytest.mark.parametrize(
    ("key", "value", "what", "expected"),
    [
        *((TAU, value, "time constant is negative or not a number", "0 s or more") for value in (np.nan, -1e-3, -np.inf)),
        *(("layer_1.feedforward.w", value, "value is not finite", "a finite number") for value in (np.nan, np.inf)),
        ("layer_2.neuron.theta", np.nan, "value is not finite", "a finite number"),
    ],
)
def test_values_that_are_no_numbers_are_refused(spec, values, key, value, what, expected):
    bad = np.array(values[key])
    index = (2, 1) if bad.ndim else ()
    bad[index] = value
    got = f"{value} {'s' if key == TAU else 'in SI units'} (1 of {bad.size} values)"
    with refused(SpecError, what, key + ("[2, 1]" if bad.ndim else ""), got, expected, "correct the values"):
        check_values(spec, {**values, key: bad})

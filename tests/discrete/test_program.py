"""From equations to one step: paths, gains, thresholds, and expressions evaluated with NumPy and with torch."""

import numpy as np
import pytest
import sympy
import torch
from brian2 import ms

from hetsyn_sim.discrete import discretise, evaluate
from hetsyn_sim.errors import SpecError
from hetsyn_sim.kernels.operations import TORCH
from hetsyn_sim.models import HetSynLIF, HomNeuALIFNormalised, HomNeuLIF, LeakyReadout
from hetsyn_sim.spec import NeuronModel, Parameter
from hetsyn_sim.spec.equations import symbol

from ..refusal import refused

NUMBER, TIME = Parameter(axes="layer", initial=1.0), Parameter(axes="layer", unit=ms, initial=5 * ms)


def decay(name):
    return sympy.exp(-symbol("dt") / symbol(name))


def model(neuron, *, threshold="v > theta", reset="R += theta", names=("theta",), **texts):
    every = {"w": NUMBER, "tau_syn": TIME, "tau_reset": TIME} | dict.fromkeys(names, NUMBER)
    facts = {"synapse": "dI/dt = -I/tau_syn : 1", "on_pre": "I += w", **texts}
    return NeuronModel(name="m", neuron=neuron, threshold=threshold, reset=reset, parameters=every, **facts)


def test_hetsyn_has_one_path_in_and_one_path_of_reset():
    program = discretise(HetSynLIF)
    (synaptic,), (reset,) = program.synaptic_paths, program.reset_paths
    assert (synaptic.state, synaptic.amplitude, synaptic.decay, synaptic.gain) == ("I", symbol("w"), decay("tau_syn"), 1)
    assert (reset.state, reset.amplitude, reset.decay, reset.gain) == ("R", symbol("theta"), decay("tau_reset"), -1)
    assert program.theta == symbol("theta")
    assert program.is_diagonal


def test_a_membrane_is_seen_from_the_synapse_with_the_suffix_post():
    (synaptic,), (reset,) = discretise(HomNeuLIF).synaptic_paths, discretise(HomNeuLIF).reset_paths
    assert synaptic.decay == decay("tau_mem_post")
    assert reset.decay == decay("tau_mem")
    assert (synaptic.amplitude, reset.amplitude) == (symbol("w"), -symbol("theta"))


def test_a_reset_may_have_several_paths():
    membrane, adaptation = discretise(HomNeuALIFNormalised).reset_paths
    assert (membrane.state, membrane.gain, adaptation.state, adaptation.gain) == ("u", 1, "J_a", -1)
    assert sympy.simplify(adaptation.amplitude - symbol("a") * (1 - decay("tau_adapt"))) == 0


def test_a_readout_has_no_threshold_and_no_reset():
    assert discretise(LeakyReadout).theta is None
    assert discretise(LeakyReadout).reset_paths == ()


def test_gains_of_v_are_read_through_subexpressions():
    program = discretise(model("dR/dt = -R/tau_reset : 1\nq = 2*I_syn : 1\nv = b*q - 3*R : 1", names=("theta", "b")))
    assert program.v_of_sums == {"I": 2 * symbol("b")}
    assert program.v_of_states == {"R": -3}


def test_a_threshold_that_is_written_another_way_is_the_same():
    text = "dR/dt = -R/tau_reset : 1\nv = I_syn - R : 1"
    assert discretise(model(text, threshold="v - theta > b", names=("theta", "b"))).theta == symbol("theta") + symbol("b")
    # -theta > -v is v > theta
    assert discretise(model(text, threshold="0 > theta - v")).theta == symbol("theta")


@pytest.mark.parametrize(
    ("v", "synapse", "what", "where", "remedy"),
    [
        ("I_syn - R + theta", "-I", "v has a constant part", "m: v", "shift the threshold"),
        *((v, "-I", "not linear", "m: v", "") for v in ("I_syn*R", "I_syn**2 - R", "abs(I_syn) - R")),
        ("I_syn - R", "-I*(1 + I)", "not linear", "m: synapse: dI/dt", ""),
    ],
)
def test_what_is_no_sum_of_filtered_events_is_refused(v, synapse, what, where, remedy):
    with refused(SpecError, what, where, remedy=remedy):
        discretise(model(f"dR/dt = -R/tau_reset : 1\nv = {v} : 1", synapse=f"dI/dt = {synapse}/tau_syn : 1"))


@pytest.mark.parametrize("on_pre", ["I += w*I", "I *= 1 - w", "I = w"])
def test_spikes_that_do_more_than_add_make_no_filtered_events(on_pre):
    with refused(SpecError, "the synapses are not linear", "m: synapse", got=on_pre, remedy="stepped"):
        discretise(model("dR/dt = -R/tau_reset : 1\nv = I_syn - R : 1", on_pre=on_pre))


@pytest.mark.parametrize("threshold", ["R > theta", "2*v > theta", "v - R > theta", "I_syn > theta"])
def test_a_threshold_of_something_else_is_refused(threshold):
    with refused(SpecError, "not a threshold of v", "m: threshold", threshold, "parameters", "u > theta + J_a"):
        discretise(model("dR/dt = -R/tau_reset : 1\nv = I_syn - R : 1", threshold=threshold))


def test_numpy_and_torch_give_the_same_number():
    expression = symbol("w") * (1 - decay("tau"))
    tau = np.array([1e-9, 1e-3, 0.02, 5.0])
    values = {"w": 1.5, "tau": tau, "dt": 1e-3}
    expected = -1.5 * np.expm1(-1e-3 / tau)
    found = evaluate(expression, values)
    with_torch = evaluate(expression, values | {"tau": torch.tensor(tau, dtype=torch.float64)}, TORCH)
    # 1 - exp(-x) for x = 2e-4 loses the digits of x below 2^-53: an absolute error of 1.5 * 2^-53 and one rounding more
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=4e-16)
    np.testing.assert_allclose(with_torch.numpy(), expected, rtol=1e-15, atol=4e-16)


def test_the_limits_of_tau_are_exact_and_silent():
    np.testing.assert_array_equal(evaluate(decay("tau"), {"tau": np.array([0.0, np.inf]), "dt": 1e-3}), [0.0, 1.0])

"""Neurons held to recordings: a lane that is let go is the reference's neuron, and its derivatives are those of finite differences.

    v_lane = v_reference,   dv_lane/dp = (v_lane(p + h) - v_lane(p - h))/2h + O(h^2)

Members come from the registry: every model that takes spikes is fitted by the same step.
"""

import numpy as np
import pytest

from equivalence.any_model import case_of, gain_of
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.discrete.synapses import is_plain
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.models import OF_VALUES
from hetsyn_sim.spec import RESET_FIRST, Layer, NetworkSpec
from hetsyn_sim.training.fitting import Trials
from hetsyn_sim.training.fitting.lanes import Lanes


def _alone(member, n_steps, seed=3):
    """One neuron with one synapse, its values by name, and input spikes that make it spike."""
    case = case_of(member, seed=seed, gain=2.0 * gain_of(member), n_steps=n_steps, size=1, n_runs=2, n_input=1)
    spec = NetworkSpec(case.spec.dt, 1, [Layer(member, 1)], step_order=member.step_order or RESET_FIRST)
    named = {key.rsplit(".", 1)[1]: float(np.ravel(value)[0]) for key, value in case.values.items()}
    weights = {name for name, p in member.parameters.items() if p.axes == "post pre" and named[name] == 0.0}
    named |= dict.fromkeys(weights, gain_of(member))
    values = {key: np.full(np.shape(value), named[key.rsplit(".", 1)[1]]) for key, value in spec.initial_values(0).items()}
    return spec, values, named, case.inputs


def _trials(spec, x, v=None, spikes=None):
    every = np.ones(x.shape[:2], dtype=bool)
    return Trials(spec.dt_s, {}, v, spikes, x[:, :, 0].astype(float), every, every)


@pytest.fixture
def taking_spikes(member):
    if member.name in OF_VALUES or not is_plain(member):
        pytest.skip("its synapses take values, or are more than filters: input spikes are refused")
    return member


def test_a_lane_that_is_let_go_is_the_reference(taking_spikes):
    spec, values, named, x = _alone(taking_spikes, 150)
    reference = simulate_reference(spec, values, x)
    with use_backend("plain"):
        found = Lanes(taking_spikes, _trials(spec, x), named, ()).run(np.zeros((1, 0)), free=True)
    assert found.spikes is not None
    assert np.array_equal(found.spikes[:, :, 0], reference.rasters["layer_1"][:, :, 0] > 0)
    np.testing.assert_allclose(found.v[:, :, 0], reference.traces["layer_1.v"][:, :, 0], rtol=1e-9, atol=1e-12)


def test_its_derivatives_are_those_of_finite_differences(taking_spikes):
    """Held to the reference's spikes and half drawn to its voltage, in all parameters at once.

    Where v hardly depends on a parameter, rounding is all there is of the quotient: hence a bound relative to the trace's largest change.
    """
    spec, values, named, x = _alone(taking_spikes, 60)
    reference = simulate_reference(spec, values, x)
    v, spikes = reference.traces["layer_1.v"][:, :, 0], reference.rasters["layer_1"][:, :, 0] > 0
    period = taking_spikes.refractory_period
    still = set() if period is None else {str(s) for s in period.free_symbols}  # how long it is refractory is a number of steps
    names = tuple(name for name, value in named.items() if value != 0.0 and name not in still)
    lanes = Lanes(taking_spikes, _trials(spec, x, v, spikes), named, names)
    at = np.array([named[name] for name in names])
    h = 1e-6
    with use_backend("plain"):
        found = lanes.run(at[None], pull=0.5, tangents=True)
        ends = lanes.run(np.concatenate([at + sign * h * np.diag(np.abs(at)) for sign in (1.0, -1.0)]), pull=0.5)
    for moves, trace in ((found.v_moves, ends.v), (found.distance_moves, ends.distance)):
        assert moves is not None
        assert trace is not None
        expected = (trace[:, :, : len(names)] - trace[:, :, len(names) :]) / (2 * h)
        size = max(np.abs(expected).max(), np.abs(v).max())
        np.testing.assert_allclose(moves[:, :, 0] * np.abs(at), expected, rtol=1e-5, atol=1e-8 * size)

"""Where a neuron has a closed form, every simulator is held to it: one synapse, the rhythm of a driven neuron, the sum of its resets."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equivalence.comparing import fewer_examples, run
from equivalence.simulators import REFERENCE, SIMULATORS, names
from equivalence.strategies import STEP_ORDERS, Case, dts, spike_trains, time_constants, weights
from hetsyn_sim.comparison import voltage_bounds
from hetsyn_sim.models import HetSynLIF, HomNeuLIF
from hetsyn_sim.spec import Layer, NetworkSpec

PHASES = [STEP_ORDERS[0], STEP_ORDERS[-1]]


def case_of(model, values, inputs, dt, order=STEP_ORDERS[0]):
    """One neuron with one input synapse."""
    spec = NetworkSpec(dt, 1, [Layer(model, 1)], step_order=order)
    full = {key: np.full(slot.shape, values[slot.name]) for key, slot in spec.slots.items()}
    return Case(spec, full, np.asarray(inputs, dtype=bool).reshape(-1, 1, 1))


def recorded(case, simulator):
    """Spikes, v, and how far rounding may move v."""
    recording = run(simulator, case)
    bound = voltage_bounds(case.spec, case.values, recording, SIMULATORS[simulator].dtype)["layer_1"]
    return recording.rasters["layer_1"][:, 0, 0], recording.traces["layer_1.v"][:, 0, 0], bound


# -- one synapse ----------------------------------------------------------------------------------------------------------------------


@st.composite
def single_synapses(draw):
    """A synapse onto a neuron that never spikes."""
    dt, n_steps = draw(dts()), draw(st.integers(1, 60))
    values = {"w": draw(weights()), "tau_syn": draw(time_constants(dt, n_steps)), "tau_reset": dt, "theta": 1e4}
    return case_of(HetSynLIF, values, draw(spike_trains(n_steps, 1, 1)), dt, draw(st.sampled_from(STEP_ORDERS)))


def check_exponentials(simulator, case):
    """v(t) = w sum over spikes of exp(-(t - t_k)/tau): eq. 6 of the paper, on the grid and nowhere else."""
    _, v, _ = recorded(case, simulator)
    w, tau = (case.values[f"layer_1.feedforward.{name}"].item() for name in ("w", "tau_syn"))
    t = case.spec.dt_s * np.arange(len(v))
    passed = t[:, None] - t[case.inputs.ravel()]
    with np.errstate(divide="ignore", invalid="ignore"):  # 0/0: the spike itself, at a synapse that forgets at once
        kernel = np.where(passed > 0, np.exp(-passed.clip(0) / tau), 1.0) * (passed >= 0)
    # Not the bound of the comparison: theta = 10000 would make it loose. The gain is at most |w| times the number of spikes, and the closed
    # form rounds as often as a simulator.
    unit = np.finfo(SIMULATORS[simulator].dtype).eps / 2
    bound = 2 * unit * (1 + 3 * len(v) + 32) * abs(w) * case.inputs.sum()
    np.testing.assert_allclose(v, w * kernel.sum(axis=1), rtol=0, atol=bound)


@pytest.mark.parametrize("simulator", names(slow=False))
@given(case=single_synapses())
def test_one_synapse_is_a_sum_of_exponentials(simulator, case):
    check_exponentials(simulator, case)


@pytest.mark.parametrize("simulator", names(slow=True))
@fewer_examples(0.06)
@given(case=single_synapses())
def test_one_synapse_of_a_slow_simulator_is_a_sum_of_exponentials(simulator, case):
    check_exponentials(simulator, case)


# -- a neuron under constant drive ----------------------------------------------------------------------------------------------------


def intervals_in_closed_form(w, rho, kick, theta, n_spikes):
    """Steps between spikes of v[t] = rho v[t-1] + w - kick z[t-1], from its solution; the first counts from rest.

    Between two spikes v relaxes to w/(1 - rho), so the step of the next spike is a logarithm.
    """
    at_rest = w / (1 - rho)
    # as if v had been `before` one step before the first one of the interval
    before, intervals = 0.0, []
    for _ in range(n_spikes):
        n = math.floor(math.log((at_rest - theta) / (at_rest - before)) / math.log(rho)) + 1
        n = max(n, 1)
        v = at_rest + (before - at_rest) * rho**n
        intervals.append(n)
        before = v - kick / rho  # the reset of the next step, moved to this one
    return intervals


@pytest.mark.parametrize("order", PHASES, ids=["decay first", "decay last"])
@pytest.mark.parametrize(("w", "tau"), [(0.21, 6.3e-3), (0.11, 11.7e-3), (0.52, 2.9e-3), (1.7, 4.1e-3)])
@pytest.mark.parametrize("simulator", names())
def test_a_leaky_neuron_under_constant_drive_keeps_its_rhythm(simulator, w, tau, order):
    dt, theta, n_steps = 1e-3, 1.0, 120
    values = {"w": w, "tau_mem": tau, "theta": theta}
    z, v, bound = recorded(case_of(HomNeuLIF, values, np.ones(n_steps), dt, order), simulator)
    assert np.abs(v - theta).min() > bound  # nowhere does rounding decide
    rho = math.exp(-dt / tau)
    kick = theta * (rho if order.decays_in_same_step("reset") else 1.0)
    intervals = intervals_in_closed_form(w, rho, kick, theta, int(z.sum()) + 1)
    steps = np.cumsum(intervals) - 1
    assert z.sum() > 3
    np.testing.assert_array_equal(np.flatnonzero(z), steps[steps < n_steps])


def test_the_closed_form_of_the_rhythm_is_that_of_the_loop():
    """The formula above, once, against the recursion it solves."""
    w, rho, kick, theta, v, z, times = 0.21, 0.85, 1.0, 1.0, 0.0, 0.0, []
    for t in range(200):
        v = rho * v + w - kick * z
        z = float(v > theta)
        if z:
            times.append(t)
    steps = np.cumsum(intervals_in_closed_form(w, rho, kick, theta, len(times))) - 1
    np.testing.assert_array_equal(steps, times)


# -- the reset current ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", PHASES, ids=["decay first", "decay last"])
@pytest.mark.parametrize("simulator", names())
def test_the_reset_current_of_a_neuron_that_always_spikes_is_a_geometric_sum(simulator, order):
    """v = w (1 - rho^(t+1))/(1 - rho) - theta (1 - kappa^t)/(1 - kappa), the latter times kappa if resets decay in the same step."""
    dt, n_steps, theta = 1e-3, 50, 0.7
    values = {"w": 3.0, "tau_syn": 8e-3, "tau_reset": 5e-3, "theta": theta}
    z, v, bound = recorded(case_of(HetSynLIF, values, np.ones(n_steps), dt, order), simulator)
    assert z.all()
    rho, kappa, t = math.exp(-dt / 8e-3), math.exp(-dt / 5e-3), np.arange(n_steps)
    reset = theta * (1 - kappa**t) / (1 - kappa) * (kappa if order.decays_in_same_step("reset") else 1.0)
    np.testing.assert_allclose(v, 3.0 * (1 - rho ** (t + 1)) / (1 - rho) - reset, rtol=0, atol=2 * bound)


@pytest.mark.parametrize("simulator", names())
def test_a_reset_that_is_never_forgotten_counts_the_spikes(simulator):
    """tau_reset infinite: v = drive - theta n, so a neuron under constant drive falls silent after drive/theta spikes."""
    values = {"w": 4.7, "tau_syn": 0.0, "tau_reset": math.inf, "theta": 1.0}
    z, v, bound = recorded(case_of(HetSynLIF, values, np.ones(20), 1e-3), simulator)
    assert z.tolist() == [True] * 4 + [False] * 16  # 4.7, 3.7, 2.7, 1.7 are above theta, 0.7 is not
    np.testing.assert_allclose(v, 4.7 - np.minimum(np.arange(20), 4), rtol=0, atol=2 * bound)


@pytest.mark.parametrize("simulator", names())
def test_a_neuron_exactly_at_threshold_is_silent(simulator):
    """1 is a number of every precision, and one spike of weight 1 brings v to it: only a strict threshold stays silent."""
    values = {"w": 1.0, "tau_syn": 5e-3, "tau_reset": 5e-3, "theta": 1.0}
    z, v, _ = recorded(case_of(HetSynLIF, values, [0, 1, 0], 1e-3), simulator)
    assert v[1] == 1.0
    assert not z.any()


def test_the_reference_is_among_the_simulators():
    assert REFERENCE in names(slow=False)

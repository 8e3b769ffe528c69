"""Where a neuron has a closed form, every simulator is held to it.

one synapse           v[t] = w sum_k exp(-(t - t_k) dt / tau)          over its spikes t_k <= t
reset current         R[t] = theta (1 - kappa^t) / (1 - kappa)         of a neuron that spikes in every step
no leak of the reset  v = drive - theta n                              after n spikes
exactly at threshold  v = theta is silence
"""

import math

import numpy as np
from hypothesis import strategies as st

from equivalence.comparing import run
from equivalence.properties import holds
from equivalence.simulators import find
from equivalence.strategies import STEP_ORDERS, Case, dts, spike_trains, step_orders, time_constants, weights
from hetsyn_sim.agreement.bounds import voltage_bounds
from hetsyn_sim.models import HetSynLIF
from hetsyn_sim.spec import Layer, NetworkSpec


def case_of(model, values, inputs, dt, order=STEP_ORDERS[0]):
    """One neuron with one input synapse."""
    spec = NetworkSpec(dt, 1, [Layer(model, 1)], step_order=order)
    full = {key: np.full(slot.shape, values[slot.name], dtype=np.float64) for key, slot in spec.slots.items()}
    return Case(spec, full, np.asarray(inputs, dtype=bool).reshape(-1, 1, 1))


def recorded(simulator, case):
    """Spikes, v, and how far rounding may move v."""
    recording = run(simulator, case)
    bound = voltage_bounds(case.spec, case.values, recording, find(simulator).dtype)["layer_1"]
    return recording.rasters["layer_1"][:, 0, 0], recording.traces["layer_1.v"][:, 0, 0], bound


def value(case, key):
    return case.values[f"layer_1.{key}"].item()


@st.composite
def single_synapses(draw):
    """A synapse onto a neuron that never spikes."""
    dt, n_steps = draw(dts()), draw(st.integers(1, 60))
    values = {"w": draw(weights()), "tau_syn": draw(time_constants(dt, n_steps)), "tau_reset": dt, "theta": 1e4}
    return case_of(HetSynLIF, values, draw(spike_trains(n_steps, 1, 1)), dt, draw(step_orders()))


@holds(single_synapses(), near_misses=("Euler for exact", "input one step late", "dt four times too small"), fast=1.0, slow=0.06)
def test_one_synapse_is_a_sum_of_exponentials(simulator, case):
    """Eq. 6 of the paper, on the grid and nowhere else."""
    _, v, _ = recorded(simulator, case)
    w, tau = value(case, "feedforward.w"), value(case, "feedforward.tau_syn")
    t = case.spec.dt_s * np.arange(len(v))
    passed = t[:, None] - t[case.inputs.ravel()]
    with np.errstate(divide="ignore", invalid="ignore"):  # 0/0: the spike itself, at a synapse that forgets at once
        kernel = np.where(passed > 0, np.exp(-passed.clip(0) / tau), 1.0) * (passed >= 0)
    # Not the bound of the comparison: theta = 10000 would make it loose. The gain is at most |w| times the number of spikes, and the closed
    # form rounds as often as a simulator.
    unit = np.finfo(find(simulator).dtype).eps / 2
    bound = 2 * unit * (1 + 3 * len(v) + 32) * abs(w) * case.inputs.sum()
    np.testing.assert_allclose(v, w * kernel.sum(axis=1), rtol=0, atol=bound)


@st.composite
def restless_neurons(draw):
    """A neuron whose drive, one spike per step through a synapse that forgets at once, stays above all that its resets add up to."""
    dt, n_steps, steps = draw(dts()), draw(st.integers(2, 50)), draw(st.floats(0.5, 20.0))
    theta = draw(st.floats(0.25, 2.0))
    drive = theta * (2.5 + 1 / (1 - math.exp(-1 / steps)))
    values = {"w": drive, "tau_syn": 0.0, "tau_reset": steps * dt, "theta": theta}
    return case_of(HetSynLIF, values, np.ones(n_steps), dt, draw(step_orders()))


@holds(restless_neurons(), near_misses=("tau_reset off by 1 %", "reset by 1 instead of theta", "reset one step late"), slow=0.04)
def test_the_reset_current_of_a_neuron_that_always_spikes_is_a_geometric_sum(simulator, case):
    """Times kappa = exp(-dt/tau_reset) once more, if resets decay in the step in which they arrive."""
    z, v, bound = recorded(simulator, case)
    assert z.all()
    theta, drive = value(case, "neuron.theta"), value(case, "feedforward.w")
    kappa, t = math.exp(-case.spec.dt_s / value(case, "neuron.tau_reset")), np.arange(len(v))
    reset = theta * (1 - kappa**t) / (1 - kappa) * (kappa if case.spec.populations[0].step_order.decays_in_same_step("reset") else 1.0)
    # The closed form takes a difference of powers: 1 - kappa loses 1/(1 - kappa) <= 21 units, the powers t units
    np.testing.assert_allclose(v, drive - reset, rtol=0, atol=2 * bound + 64 * np.finfo(float).eps * abs(drive))


counted = case_of(HetSynLIF, {"w": 4.7, "tau_syn": 0.0, "tau_reset": math.inf, "theta": 1.0}, np.ones(20), 1e-3)


@holds(st.just(counted), near_misses=("reset one step late", "reset by v instead of theta"))
def test_a_reset_that_is_never_forgotten_counts_the_spikes(simulator, case):
    """A neuron under constant drive falls silent after drive/theta spikes."""
    z, v, bound = recorded(simulator, case)
    assert z.tolist() == [True] * 4 + [False] * 16  # 4.7, 3.7, 2.7, 1.7 are above theta, 0.7 is not
    np.testing.assert_allclose(v, 4.7 - np.minimum(np.arange(20), 4), rtol=0, atol=2 * bound)


at_threshold = case_of(HetSynLIF, {"w": 1.0, "tau_syn": 5e-3, "tau_reset": 5e-3, "theta": 1.0}, [0, 1, 0], 1e-3)


@holds(st.just(at_threshold), near_misses=(">= for >",))
def test_a_neuron_exactly_at_threshold_is_silent(simulator, case):
    """1 is a number of every precision, and one spike of weight 1 brings v to it: only a strict threshold stays silent."""
    z, v, _ = recorded(simulator, case)
    assert v[1] == 1.0
    assert not z.any()

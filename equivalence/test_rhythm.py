"""A leaky neuron under constant drive: its inter-spike intervals, its f-I curve, and what its spikes must add up to.

v[t] = rho v[t-1] + w - k z[t-1]            k = theta, times rho if resets decay in the step in which they arrive
v relaxes to w/(1 - rho): from v0, the next spike comes n = floor(log((w/(1-rho) - theta) / (w/(1-rho) - v0)) / log rho) + 1 steps later
f-I curve: no spike at all if w/(1 - rho) <= theta (rheobase), and k sum_{t<T-1} z = w T - (1 - rho) sum_{t<T-1} v - v[T-1] above it
"""

import math

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from equivalence.comparing import run
from equivalence.ledger import LEDGER
from equivalence.properties import holds
from equivalence.simulators import find
from equivalence.strategies import Case, dts, step_orders
from equivalence.test_closed_forms import case_of, value
from hetsyn_sim.agreement.bounds import voltage_bounds
from hetsyn_sim.models import HomNeuLIF


def parts(case: Case):
    """w, rho, k and theta of a driven neuron."""
    rho, theta = math.exp(-case.spec.dt_s / value(case, "neuron.tau_mem")), value(case, "neuron.theta")
    kick = theta * (rho if case.spec.populations[0].step_order.decays_in_same_step("reset") else 1.0)
    return value(case, "feedforward.w"), rho, kick, theta


def spikes_in_closed_form(w, rho, kick, theta, n_steps):
    """The steps with a spike, interval by interval."""
    at_rest = w / (1 - rho)
    before, step, steps = 0.0, -1, []  # as if v had been `before` one step before the first one of the interval
    while at_rest > theta:
        n = max(1, math.floor(math.log((at_rest - theta) / (at_rest - before)) / math.log(rho)) + 1)
        step += n
        if step >= n_steps:
            break
        steps.append(step)
        before = at_rest + (before - at_rest) * rho**n - kick / rho  # the reset of the next step, moved to this one
    return steps


@st.composite
def driven_neurons(draw, lowest=1.05):
    """One spike per step, with a weight that would bring v to between ``lowest`` and 8 thresholds."""
    dt, steps, theta = draw(dts()), draw(st.floats(1.0, 20.0)), draw(st.floats(0.25, 2.0))
    w = theta * (1 - math.exp(-1 / steps)) * draw(st.floats(lowest, 8.0))
    values = {"w": w, "tau_mem": steps * dt, "theta": theta}
    return case_of(HomNeuLIF, values, np.ones(draw(st.integers(20, 120))), dt, draw(step_orders()))


def driven(simulator, case):
    recording = run(simulator, case)
    LEDGER.note_network(recording)
    z, v = recording.rasters["layer_1"][:, 0, 0], recording.traces["layer_1.v"][:, 0, 0]
    return z, v, voltage_bounds(case.spec, case.values, recording, find(simulator).dtype)["layer_1"]


@holds(driven_neurons(), near_misses=("reset one step late", "Euler for exact", "reset by v instead of theta"), slow=0.05)
def test_a_leaky_neuron_under_constant_drive_keeps_its_rhythm(simulator, case):
    z, v, bound = driven(simulator, case)
    w, rho, kick, theta = parts(case)
    assume(np.abs(v - theta).min() > 2 * bound)  # nowhere does rounding decide
    np.testing.assert_array_equal(np.flatnonzero(z), spikes_in_closed_form(w, rho, kick, theta, len(v)))


@holds(driven_neurons(lowest=0.3), near_misses=("Euler for the membrane", "reset one step late", "input one step late"), slow=0.05)
def test_the_rate_is_what_the_drive_leaves_over(simulator, case):
    """The f-I curve of a reset by subtraction: every unit of drive leaks away or is taken by a spike."""
    z, v, bound = driven(simulator, case)
    w, rho, kick, theta = parts(case)
    if w / (1 - rho) <= theta - bound:
        assert not z.any()
    n = len(v)
    taken, left = kick * z[:-1].sum(), w * n - (1 - rho) * v[:-1].sum() - v[-1]
    # v is off by the bound in each of T terms that count (1 - rho) each, and in the last; the sum itself rounds T times
    tolerance = bound * ((1 - rho) * n + 1) + n * np.finfo(float).eps * (w * n + np.abs(v).sum())
    assert abs(taken - left) <= tolerance, f"{taken} taken by spikes, {left} left over\n{case!r}"


def test_the_closed_form_of_the_rhythm_is_that_of_the_loop():
    """The formula above, once, against the recursion it solves."""
    w, rho, kick, theta, v, z, steps = 0.21, 0.85, 1.0, 1.0, 0.0, 0.0, []
    for t in range(200):
        v = rho * v + w - kick * z
        z = float(v > theta)
        if z:
            steps.append(t)
    assert steps == spikes_in_closed_form(w, rho, kick, theta, 200)

"""As dt goes to 0, the discrete neuron becomes the continuous one, at the speed that its construction predicts.

Between events a step is exact, so dt enters through the times of events alone. Input spikes lie on every grid of the sequence. A threshold
is looked at once per step, so a spike is found at the next grid point: 0 <= t_dt - t < dt, for as long as nothing else is late. Its reset
acts one step later. Every event is late by O(dt), and v differs by O(dt) of an event for a time O(1), or by O(1) for a time O(dt):

    |t_dt - t| = O(dt)     integral |v_dt - v| = O(dt)     v_dt = v at the grid points before the first spike, to rounding

so the fitted order of both is 1, and the error before the first spike has none. Euler's method would have order 1 there, too.
The continuous neuron is solved twice, event by event (:mod:`equivalence.event_driven`) and by SciPy's ``solve_ivp``.
"""

from functools import cache

import numpy as np
import pytest
from hypothesis import strategies as st

from equivalence.comparing import run
from equivalence.event_driven import Neuron, spikes_by_events, spikes_by_integration
from equivalence.properties import holds
from equivalence.simulators import SIMULATORS, find
from equivalence.strategies import Case
from hetsyn_sim.models import HetSynLIF
from hetsyn_sim.spec import Layer, NetworkSpec

COARSEST, N_COARSE = 2e-3, 40
#: Neurons that also spike between inputs, where a grid must be late, and that have all their spikes from dt = 0.5 ms down: in a neuron that
#: all but touches its threshold the order shows only at a finer dt.
SEEDS = (9, 10, 13, 14, 26, 31)
END = COARSEST * N_COARSE
#: Halvings of the coarsest dt that are run; fewer in slow simulators.
HALVINGS, HALVINGS_IF_SLOW = (2, 3, 4, 5, 6), (2, 3, 4, 5)


@cache
def continuous(seed):
    """A neuron of three synapses under 15 spikes, solved: it, and its spikes."""
    rng = np.random.default_rng(seed)
    steps = np.sort(rng.choice(np.arange(1, N_COARSE - 8), 12, replace=False))
    inputs = [(float(step * COARSEST), int(i)) for step, i in zip(steps, rng.integers(0, 3, 12), strict=True)]
    neuron = Neuron(rng.uniform(0.2, 0.7, 3), rng.uniform(8e-3, 30e-3, 3), float(rng.uniform(4e-3, 8e-3)), 1.0, inputs)
    return neuron, spikes_by_events(neuron, END, COARSEST / 40)


def on_the_grid(neuron, halvings):
    """The same neuron with dt = COARSEST / 2^halvings."""
    dt = COARSEST / 2**halvings
    spec = NetworkSpec(dt, 3, [Layer(HetSynLIF, 1)])
    values = {
        "layer_1.feedforward.w": neuron.w[None],
        "layer_1.feedforward.tau_syn": neuron.tau[None],
        "layer_1.neuron.tau_reset": np.array(neuron.tau_reset),
        "layer_1.neuron.theta": np.array(neuron.theta),
    }
    x = np.zeros((N_COARSE * 2**halvings, 1, 3), dtype=bool)
    for t, i in neuron.inputs:
        x[round(t / dt), 0, i] = True
    return Case(spec, values, x)


def test_events_and_integration_agree_in_continuous_time():
    for seed in SEEDS:
        neuron, spikes = continuous(seed)
        inputs = [t for t, _ in neuron.inputs]
        assert min(np.abs(np.subtract.outer(spikes, inputs)).min(axis=1)) == 0 < max(np.abs(np.subtract.outer(spikes, inputs)).min(axis=1))
        np.testing.assert_allclose(spikes_by_integration(neuron, END), spikes, rtol=0, atol=1e-10)


def errors(simulator, seed, halvings):
    """Per spike, how late it is; the integral of |dv|; and the largest |dv| before the first spike."""
    neuron, spikes = continuous(seed)
    case = on_the_grid(neuron, halvings)
    recording = run(simulator, case)
    dt, v = case.spec.dt_s, recording.traces["layer_1.v"][:, 0, 0]
    late = recording.spikes("layer_1")[0]
    exact = np.array([neuron.v(t) for t in dt * np.arange(len(v))])
    first = int(np.ceil(spikes[0] / dt - 1e-9))
    assert recording.rasters["layer_1"][:first].sum() == 0, f"a spike before the first one, at dt = {dt}"
    delays = late - np.array(spikes) if len(late) == len(spikes) else None
    return delays, dt * np.abs(v - exact).sum(), np.abs(v[:first] - exact[:first]).max(initial=0.0), (late[0] - spikes[0]) / dt


def order_of(errors_by_halving):
    """Minus the slope of log error against the number of halvings."""
    halvings = sorted(errors_by_halving)
    return -np.polyfit(halvings, np.log2([errors_by_halving[k] for k in halvings]), 1)[0]


@holds(st.just(tuple(SEEDS)), near_misses=("Euler for exact", "dt four times too small", "tau_reset off by 1 %", "input one step late"))
def test_spikes_and_voltages_converge_with_order_one(simulator, case):
    slow = simulator in SIMULATORS and SIMULATORS[simulator].slow
    delays, areas = {}, {}
    for halvings in HALVINGS_IF_SLOW if slow else HALVINGS:
        found = [errors(simulator, seed, halvings) for seed in case]
        # each of some 100 events rounds once; in float32 so do w and tau
        unit = np.finfo(find(simulator).dtype).eps
        assert max(before for *_, before, _ in found) < 100 * unit
        assert all(-1e-9 <= first < 1 for *_, first in found), "the first spike is not at the grid point after it"
        assert all(late is not None for late, *_ in found), "a spike is missing, or there is one too many"
        delays[halvings] = np.mean([np.abs(late).mean() for late, *_ in found])
        areas[halvings] = np.mean([area for _, area, *_ in found])
    assert order_of(delays) == pytest.approx(1.0, abs=0.2), delays
    assert order_of(areas) == pytest.approx(1.0, abs=0.2), areas

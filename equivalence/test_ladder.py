"""The rungs of the ladder that are models of the family: the same network in every simulator, and what a rung says of it.

physical units:  v_mV = 15 mV v, I_pA = (15 mV / R_m) I          =>   z' = z, v' = 15 mV v
refined dt:      the network on a finer grid                       =>   every simulator runs it as the reference does
capacitance:     tau_mem dV/dt = -V + sum over synapses of I       =>   likewise; and with tau_mem -> 0, V'[t] = V[t] - w x[t]
"""

from dataclasses import replace

import numpy as np

from equivalence.comparing import hold, run
from equivalence.properties import holds
from equivalence.strategies import Case, networks
from equivalence.test_scaling import scaled_traces
from equivalence.test_symmetries import check_same
from hetsyn_sim.ladder import RUNGS, Setting
from hetsyn_sim.models import HetSynLIF, LeakyReadout

RUNG = {rung.name: rung for rung in RUNGS}


def on_rung(name, case, strength):
    """The case, and the unit of its v, on a rung."""
    setting = RUNG[name].apply(Setting(case.spec, case.values, case.inputs), strength, np.random.default_rng(0))
    return Case(setting.spec, dict(setting.values), setting.raster), setting.unit_of_v


@holds(networks(), near_misses=("theta taken as 1", "reset by 1 instead of theta"), slow=0.03)
def test_a_network_in_physical_units_has_the_same_spikes(simulator, case):
    other, volt = on_rung("physical units", case, 15.0)
    check_same(simulator, case, other, lambda recording: scaled_traces(recording, volt))


@holds(networks(max_steps=12), near_misses=("reset one step late", "input one step early"), slow=0.02)
def test_a_network_at_a_finer_dt_is_the_same_in_every_simulator(simulator, case):
    hold(on_rung("refined dt", case, 5)[0], simulator)


currents = networks([HetSynLIF], [LeakyReadout], max_steps=15, moderate=True)


@holds(currents, near_misses=("time constants of two synapses swapped", "Euler for exact"), slow=0.02)
def test_a_network_with_membrane_capacitance_is_the_same_in_every_simulator(simulator, case):
    hold(on_rung("membrane capacitance", case, 1e3 * case.spec.dt_s)[0], simulator)


@holds(currents, near_misses=("input one step late", "coincident spikes counted once"), slow=0.02)
def test_with_a_fast_membrane_a_spike_acts_from_the_next_step_on(simulator, case):
    """tau_mem is 1e-6 steps: V is 0 when a spike arrives, and has caught up with its current a step later, v'[t] = v[t] - w x[t].

    g = 1/(1 - tau_mem/tau_syn) is 1 to within 2e-6 for time constants of half a step and more: the tolerance, times all events.
    """
    case = replace(case, values={**case.values, **{k: 1e9 * v for k, v in case.values.items() if k.endswith(".theta")}})  # no spikes
    fast = on_rung("membrane capacitance", case, 1e3 * 1e-6 * case.spec.dt_s)[0]
    w = case.values["layer_1.feedforward.w"]
    v, fresh = run(simulator, case).traces["layer_1.v"], case.inputs.astype(float) @ w.T
    largest = max(1e-300, float(np.abs(w).sum()) * len(case.inputs))
    tolerance = 1e-5 * largest  # float32 has 1e-7 per event
    np.testing.assert_allclose(run(simulator, fast).traces["layer_1.v"], v - fresh, rtol=0, atol=tolerance, err_msg=repr(case))

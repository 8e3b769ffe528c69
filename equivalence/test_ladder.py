"""The rungs of the ladder that are models of the family: the same network in every simulator, and what a rung says of it.

physical units:  v_mV = 15 mV v, I_pA = (15 mV / R_m) I          =>   z' = z, v' = 15 mV v
refined dt:      the network on a finer grid                       =>   every simulator runs it as the reference does
lags kept:       recurrence, reset and next spike an old step away =>   z', v' at old grid points = z, v, if no spike can come in between
capacitance:     tau_mem dV/dt = -V + sum over synapses of I       =>   likewise; and with tau_mem -> 0, V'[t] = V[t] - w x[t]
conductances:    v' = (sum of g E)/(1 + G), G = sum of g,          =>   z' = z, and theta + (v' - theta)(1 + G) = v, for any
                 g = w/(E - theta); theta/(theta - E_K) per reset       E > theta where w > 0, and E < theta where w < 0
"""

from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st

from equivalence.comparing import agree, hold, run
from equivalence.ledger import LEDGER
from equivalence.properties import holds
from equivalence.simulators import REFERENCE, names, precision
from equivalence.strategies import Case, networks
from equivalence.test_scaling import scaled_traces
from equivalence.test_symmetries import check_same, picked
from hetsyn_sim.ladder import RUNGS, Setting
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.models.hetsyn import SplitResetHetSyn
from hetsyn_sim.spec import StepOrder

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


#: Simulators that derive a step, and Brian2 with one of its own.
STEPPING = [name for name in names() if name in (REFERENCE, "torch plain float64") or name.startswith("brian2 numpy")]


def after_silence(case, n_steps):
    """The case with silent steps before it. Nothing is rounded in them, and the bound of rounding counts them."""
    return replace(case, inputs=np.concatenate([np.zeros((n_steps, *case.inputs.shape[1:]), dtype=bool), case.inputs]))


FACTOR = 3


def with_spikes_on_the_grid(case):
    """Weights of 0 or more and resets that last: between two grid points no v rises from below its threshold.

    With tau_syn <= tau_reset, I exp(-s/tau_syn) - R exp(-s/tau_reset) <= exp(-s/tau_reset) (I - R) for I, R >= 0.
    """
    values = {key: np.abs(value) if key.endswith(".w") else value for key, value in case.values.items()}
    slowest = max(float(np.max(value)) for key, value in values.items() if key.endswith(".tau_syn"))
    values |= {key: np.maximum(value, slowest) for key, value in values.items() if key.endswith(".tau_reset")}
    phases = ("decay", *(phase for phase in case.spec.step_order.phases if phase != "decay"))
    other = Case(replace(case.spec, step_order=StepOrder(phases)), values, case.inputs)
    return after_silence(other, (FACTOR - 1) * len(case.inputs))  # as many steps with something to round as the finer grid has


on_grid = networks([HetSynLIF], [LeakyReadout], max_steps=10, moderate=True).map(with_spikes_on_the_grid)
LAGS = {"reset not made up for": "lag", "recurrence as early as can be": "recurrent.delay", "no refractoriness": "t_ref"}


@holds(on_grid, near_misses=list(LAGS), subjects=STEPPING, slow=0.02)
def test_with_its_lags_kept_a_network_whose_spikes_lie_on_the_grid_is_the_same(subject, case):
    other = on_rung("refined dt, lags kept", case, FACTOR)[0]
    simulator = REFERENCE if subject in LAGS else subject
    if subject in LAGS:
        other.values.update({key: 0.0 * value for key, value in other.values.items() if key.endswith(LAGS[subject])})
    at_grid_points = lambda name, array: array[::FACTOR]  # noqa: E731

    def back(recording):
        return replace(picked(recording, at_grid_points, at_grid_points), dt=case.spec.dt_s)

    check_same(simulator, case, other, back)


@dataclass(frozen=True)
class Opened:
    """A network of currents and the same of conductances."""

    currents: Case
    conductances: Case

    @property
    def as_large(self):
        """The currents, with weights as large as what is added up and rounded: g (abs(E) + theta), and not g (E - theta)."""
        values = dict(self.currents.values)
        for key in [key for key in values if key.endswith(".w") and not key.startswith("readout.")]:
            g, reversal = (self.conductances.values[key[:-1] + name] for name in ("g_max", "E_rev"))
            theta = np.broadcast_to(values[f"{key.split('.')[0]}.neuron.theta"], g.shape[:1])[:, None]
            values[key] = g * (np.abs(reversal) + theta)
        return replace(self.currents, values=values)


@st.composite
def opened(draw):
    """Reversal potentials as the rung has them, or every synapse's and every neuron's its own."""
    case = after_silence(draw(networks([HetSynLIF, SplitResetHetSyn], [LeakyReadout], max_steps=20, moderate=True)), 4)
    other = on_rung("conductances", case, draw(st.floats(16.0, 1000.0)))[0]
    if draw(st.booleans()):
        rng = np.random.default_rng(draw(st.integers(0, 2**16)))
        for key in [key for key in case.values if key.endswith(".w") and not key.startswith("readout.")]:
            w, layer = case.values[key], key.split(".")[0]
            theta = np.broadcast_to(case.values[f"{layer}.neuron.theta"], w.shape[:1])
            away = theta[:, None] * np.exp(rng.normal(0.0, 1.0, w.shape))
            own = {"E_rev": theta[:, None] + np.sign(w) * away, "g_max": np.abs(w) / away}
            other.values.update({key[:-1] + name: value for name, value in own.items()})
            other.values[f"{layer}.neuron.E_K"] = -theta * np.exp(rng.normal(0.0, 1.0, theta.shape))
    return Opened(case, other)


def mapped_at(share):
    """The fault that a conductance gives its current at a share of the threshold."""

    def change(pair):
        values = dict(pair.conductances.values)
        for key in [key for key in values if key.endswith(".g_max")]:
            theta = np.broadcast_to(values[f"{key.split('.')[0]}.neuron.theta"], values[key].shape[:1])[:, None]
            reversal = values[key.replace("g_max", "E_rev")]
            values[key] = values[key] * (reversal - theta) / (reversal - share * theta)
        return replace(pair, conductances=replace(pair.conductances, values=values))

    return change


MAPPINGS = {"mapped at rest": mapped_at(0.0), "mapped at half the threshold": mapped_at(0.5)}


@holds(opened(), near_misses=list(MAPPINGS), subjects=STEPPING, slow=0.02)
def test_conductances_mapped_at_the_threshold_have_the_spikes_of_the_currents(subject, pair):
    if subject in MAPPINGS:
        pair = MAPPINGS[subject](pair)
    simulator = REFERENCE if subject in MAPPINGS else subject
    done = run(simulator, pair.conductances)
    traces = {key: trace for key, trace in done.traces.items() if key.endswith(".v")}
    for name in [p.name for p in pair.currents.spec.populations if p.model.spiking]:
        theta = pair.currents.values[f"{name}.neuron.theta"]
        total = sum(trace for key, trace in done.traces.items() if key.startswith(f"{name}.g_"))
        traces[f"{name}.v"] = theta + (traces[f"{name}.v"] - theta) * (1.0 + total)
    one = run(simulator, pair.currents)
    LEDGER.note_network(one)
    agree(pair.as_large, one, replace(done, traces=traces), precision(simulator))

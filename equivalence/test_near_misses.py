"""Negative controls: neurons that are almost right. The comparison has to tell each of them from the real one.

A plain loop runs the network with one fault at a time. Without a fault it must agree, so it is also another route to every number.
"""

import numpy as np
import pytest

from equivalence.comparing import run
from equivalence.simulators import REFERENCE, names, precision
from equivalence.strategies import Case
from hetsyn_sim.comparison import compare_recordings
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.recording import Recording
from hetsyn_sim.spec import FanInNormal, Layer, NetworkSpec

FAULTS = (
    "tau_reset off by 1 %",
    "reset one step late",
    "reset one step early",
    "input one step early",
    "recurrent spikes two steps late",
    "second layer one step late",
    "w transposed",
    "time constants of two synapses swapped",
    "Euler for exact",
    "self-connections dropped",
    "dt four times too small",
    "dt four times too large",
    "one weight off by a millionth",
    "reset by v instead of theta",
)
SEEDS = range(4)


def case_of(seed: int) -> Case:
    """Two layers, the first recurrent and square, and a readout. Time constants from 2 to 20 steps."""
    strong = HetSynLIF.with_parameters(
        w={"initial": FanInNormal(2.5)}, tau_syn={"initial": "uniform(8 ms, 80 ms)"}, tau_reset={"initial": "30 ms"}
    )
    spec = NetworkSpec("4 ms", 5, [Layer(strong, 5, recurrent=True), Layer(strong, 4)], Layer(LeakyReadout, 2))
    inputs = np.random.default_rng(seed).random((50, 2, 5)) < 0.3
    return Case(spec, spec.initial_values(seed), inputs)


def almost(case: Case, fault: str = "") -> Recording:
    """A HetSynLIF network with LeakyReadout, one run, synapse and neuron after the other, with a fault."""
    spec, p = case.spec, {key: value.copy() for key, value in case.values.items()}
    dt = spec.dt_s * {"dt four times too small": 0.25, "dt four times too large": 4.0}.get(fault, 1.0)
    inputs = case.inputs.astype(float)
    if fault == "input one step early":
        inputs = np.concatenate([inputs[1:], np.zeros_like(inputs[:1])])
    if fault == "tau_reset off by 1 %":
        p["layer_1.neuron.tau_reset"] *= 1.01
    if fault == "w transposed":
        p["layer_1.recurrent.w"] = p["layer_1.recurrent.w"].T
    if fault == "self-connections dropped":
        np.fill_diagonal(p["layer_1.recurrent.w"], 0.0)
    if fault == "one weight off by a millionth":
        p["layer_2.feedforward.w"][0, 0] *= 1 + 1e-6
    if fault == "time constants of two synapses swapped":
        tau = p["layer_1.feedforward.tau_syn"]
        tau[0, 0], tau[0, 1] = tau[0, 1], tau[0, 0]

    def decay(tau):
        return 1 - dt / tau if fault == "Euler for exact" else np.exp(-dt / tau)

    sizes = {q.name: q.size for q in spec.populations}
    n_steps, n_runs, _ = inputs.shape
    v = {name: np.zeros((n_steps, n_runs, n)) for name, n in sizes.items()}
    z = {name: np.zeros((n_steps + 3, n_runs, n)) for name, n in sizes.items()}  # z[t + 3] is step t: there is a past to look back to
    for r in range(n_runs):
        current = {q.name: np.zeros((q.n_post, q.n_pre)) for q in spec.projections}
        reset = {name: np.zeros(n) for name, n in sizes.items()}
        for t in range(n_steps):
            for q in spec.projections:
                lag = 1 if q.kind == "recurrent" else 0
                lag += fault == "recurrent spikes two steps late" and q.kind == "recurrent"
                lag += fault == "second layer one step late" and q.name == "layer_2.feedforward"
                arriving = inputs[t, r] if q.source == "input" else z[q.source][t + 3 - lag, r]
                w, tau = p[f"{q.name}.w"], p[f"{q.name}.tau_syn"]
                current[q.name] = decay(tau) * current[q.name] + w * arriving
                if q.name in ("layer_1.recurrent", "layer_2.feedforward", "readout.feedforward"):
                    name = q.target
                    v[name][t, r] = sum(current[s.name].sum(axis=1) for s in spec.projections_to(name))
                    if name == "readout":
                        continue
                    theta, kappa = p[f"{name}.neuron.theta"], decay(p[f"{name}.neuron.tau_reset"])
                    last = 1 + (fault == "reset one step late")
                    size = v[name][t - 1, r] if fault == "reset by v instead of theta" and t else theta
                    reset[name] = kappa * reset[name] + size * z[name][t + 3 - last, r]
                    early = theta * (v[name][t, r] - reset[name] > theta) if fault == "reset one step early" else 0.0
                    v[name][t, r] -= reset[name] + early
                    z[name][t + 3, r] = v[name][t, r] > theta
    rasters = {"input": case.inputs} | {name: z[name][3:] > 0 for name in sizes if name != "readout"}
    return Recording(spec.dt_s, rasters, {f"{name}.v": trace for name, trace in v.items()}, f"a loop, {fault or 'without fault'}")


@pytest.mark.parametrize("seed", SEEDS)
def test_the_loop_without_a_fault_agrees_with_every_simulator(seed):
    case = case_of(seed)
    loop = almost(case)
    for simulator in names():
        outcome = compare_recordings(case.spec, case.values, run(simulator, case), loop, precision(simulator))
        assert outcome.agrees, str(outcome)
        assert not outcome.undecided
    assert all(0.05 < loop.rasters[name].mean() < 0.9 for name in ("layer_1", "layer_2"))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_caught(fault, seed):
    """In float64, and, but for the one below its resolution, within the much wider bound of float32."""
    case = case_of(seed)
    loop, reference = almost(case, fault), run(REFERENCE, case)
    for dtype in ("float64", "float32"):
        outcome = compare_recordings(case.spec, case.values, reference, loop, dtype)
        invisible = dtype == "float32" and fault == "one weight off by a millionth"
        assert outcome.agrees == invisible, f"{fault}: {outcome}"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("fault", ["Euler for exact", "tau_reset off by 1 %", "time constants of two synapses swapped"])
def test_a_fault_is_caught_by_voltages_before_it_shows_in_spikes(fault, seed):
    case = case_of(seed)
    loop, reference = almost(case, fault), run(REFERENCE, case)
    same_spikes = Recording(loop.dt, reference.rasters, loop.traces, loop.simulator)
    outcome = compare_recordings(case.spec, case.values, reference, same_spikes)
    assert outcome.spike_mismatches == 0
    assert outcome.max_dv_over_bound > 1e6


@pytest.mark.parametrize("simulator", names())
def test_a_threshold_that_includes_equality_is_caught(simulator):
    """Only an exact tie can show it: v = theta = 1. A threshold just below 1 makes > behave as >= would."""
    spec = NetworkSpec("1 ms", 1, [Layer(HetSynLIF, 1)])
    values = spec.initial_values(0) | {"layer_1.feedforward.w": np.ones((1, 1))}
    case = Case(spec, values, np.array([False, True, False]).reshape(3, 1, 1))
    dtype = precision(simulator)
    below = np.nextafter(np.array(1, dtype), np.array(0, dtype)).astype(np.float64)
    # from the step of the spike on, its reset differs too; that step alone has to tell
    loose = run(simulator, Case(spec, {**values, "layer_1.neuron.theta": below}, case.inputs))
    assert loose.rasters["layer_1"][1].all()
    outcome = compare_recordings(spec, values, run(simulator, case), loose, dtype)
    assert not outcome.agrees
    assert not outcome.undecided

"""MTC: its regimes by the forward Euler of the library and, written out once more, by SciPy on the differential equations themselves."""

from functools import lru_cache

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.models.conductance import MTC, REGIMES, GradedReadout, HetSynMTC, MTCFastFilter
from hetsyn_sim.spec import Layer, NetworkSpec

#: Time units of which each regime is told: two bursts, and long enough that a single spike or burst is seen to stay alone.
DURATION = 5000.0
#: Spikes in them. 14 is two bursts of 7, which papers that count over such a time print as one number.
SPIKES = {"tonic spiking": 99, "phasic spiking": 1, "tonic bursting": 14, "phasic bursting": 13, "silent": 0}


@lru_cache
def simulated(dt, model=MTC):
    """All regimes at once, one neuron each: the times of spikes in time units, and v."""
    spec = NetworkSpec(dt=f"{dt} ms", n_input=1, layers=[Layer(model, len(REGIMES))])
    values = spec.initial_values(0)
    for key, slot in spec.slots.items():
        if slot.parameter.axes == "post":
            values[key] = np.array([facts.get(slot.name, own) for facts, own in zip(REGIMES.values(), values[key], strict=True)])
    recording = simulate_reference(spec, values, np.zeros((round(DURATION / dt), 1, 1)), record=("v", "s"))
    raster, v = recording.rasters["layer_1"][:, 0], recording.traces["layer_1.v"][:, 0]
    np.testing.assert_allclose(recording.traces["layer_1.s"][:, 0], np.clip(v / 2.0, 0.0, 1.0), rtol=0, atol=1e-15)
    return {name: (np.flatnonzero(raster[:, k]) * dt, v[:, k]) for k, name in enumerate(REGIMES)}


def phasic_burst():
    """By SciPy, from numbers that are written here once more: when v crosses 0 upwards."""

    def rate(t, y):
        v, slow, ultra = y
        i = -2.25 - v + 2.0 * np.tanh(v) - 2.0 * np.tanh(slow) + 1.5 * np.tanh(slow + 1.5) - 1.5 * np.tanh(ultra + 1.5)
        return [i, (v - slow) / 50.0, (v - ultra) / 2500.0]

    def upward(t, y):
        return y[0]

    upward.direction = 1
    return solve_ivp(rate, (0.0, DURATION), [-2.6] * 3, method="LSODA", rtol=1e-8, atol=1e-10, events=upward).t_events[0]


def bursts(times):
    """How many spikes each burst has."""
    return [len(burst) for burst in np.split(times, np.flatnonzero(np.diff(times) > 300.0) + 1)]


@pytest.mark.parametrize("dt", [pytest.param(0.05, marks=pytest.mark.slow), 0.2, 0.5])
@pytest.mark.parametrize("name", REGIMES)
def test_the_step_has_the_regimes(name, dt):
    """Forward Euler's tonic spikes are up to 2 % late, and in steps of half a time unit the phasic burst has lost its last spike."""
    times, _ = simulated(dt)[name]
    lost = {("phasic bursting", 0.5): 1, ("tonic spiking", 0.5): 1}.get((name, dt), 0)
    assert len(times) == SPIKES[name] - lost


def test_spikes_come_at_the_times_of_the_differential_equations():
    """Up to the step itself, by which a crossing is seen late, and the first order of forward Euler: the ten first spikes of a burst."""
    exact = phasic_burst()[:10]
    coarse, fine = (np.abs(simulated(dt)["phasic bursting"][0][:10] - exact).max() for dt in (0.5, 0.2))
    assert fine < 0.6 * coarse < 6.0


def test_published_figures():
    times, v = simulated(0.2)["tonic spiking"]
    later = v[len(v) // 2 :]
    assert np.mean(np.diff(times)) == pytest.approx(51.0, abs=0.5)
    assert (later.min(), later.max()) == (pytest.approx(-2.4, abs=0.05), pytest.approx(2.4, abs=0.05))
    times, v = simulated(0.2)["tonic bursting"]
    intervals = np.diff(times)
    assert bursts(times) == [7, 7]
    assert intervals.min() == pytest.approx(61.0, abs=0.5)
    assert intervals.max() == pytest.approx(2075.0, abs=5.0)
    assert (v.min(), v.max()) == (pytest.approx(-2.97, abs=0.01), pytest.approx(2.91, abs=0.01))
    times, v = simulated(0.2)["phasic spiking"]
    assert v[-1] == pytest.approx(-1.0, abs=1e-6)
    assert bursts(simulated(0.2)["phasic bursting"][0]) == [13]


def test_an_instantaneous_fast_conductance_is_the_limit_of_a_fast_filter():
    fast = MTCFastFilter.with_parameters(tau_fast={"initial": "0.2 ms"})  # of one step: the filter shows v of the step before
    times, _ = simulated(0.2, fast)["tonic bursting"]
    assert bursts(times) == [7, 7]
    np.testing.assert_allclose(times, simulated(0.2)["tonic bursting"][0], rtol=0.03)


def test_a_synapse_without_memory_is_the_limit_of_one_with_a_time_constant():
    """What is filtered comes a step later than what is taken at once; a memory that is far shorter than a step does nothing else."""
    x = np.random.default_rng(0).normal(0.0, 1.0, (400, 1, 2)).cumsum(axis=0) / 10.0
    specs = [NetworkSpec(dt="0.2 ms", n_input=2, layers=[Layer(model, 3)]) for model in (MTC, HetSynMTC)]
    values = specs[0].initial_values(1)
    more = {**values, "layer_1.feedforward.tau_syn": np.full((3, 2), 5e-6)}
    at_once, filtered = (
        simulate_reference(spec, given, shown).traces["layer_1.v"]
        for spec, given, shown in zip(specs, (values, more), (np.concatenate([x[:1] * 0, x[:-1]]), x), strict=True)
    )
    np.testing.assert_allclose(filtered, at_once, atol=1e-12)


def test_the_readout_is_a_low_pass_filter_of_fourth_order():
    """Against the impulse response of four equal filters in a row, t^3 exp(-t/tau) / (6 tau^4), driven by a step."""
    spec = NetworkSpec(dt="0.1 ms", n_input=1, layers=[Layer(MTC, 1)], readout=Layer(GradedReadout, 1))
    values = spec.initial_values(0) | {"layer_1.feedforward.w": np.zeros((1, 1)), "readout.feedforward.w": np.ones((1, 1))}
    values |= {"layer_1.neuron.I_0": np.array([3.0]), "layer_1.neuron.v_0": np.array([3.0]), "layer_1.neuron.filter_0": np.array([3.0])}
    values |= {"layer_1.neuron.g_slow": np.array([0.0]), "layer_1.neuron.g_fast": np.array([0.0]), "readout.neuron.bias": np.array([0.5])}
    values |= {f"layer_1.neuron.g_{name}": np.array([0.0]) for name in ("negative", "ultra")}
    recording = simulate_reference(spec, values, np.zeros((400, 1, 1)), record=("v", "s"))
    assert np.all(recording.traces["layer_1.s"] == 1.0)  # v rests at 3, above the saturation
    t = np.arange(400) * 0.1 / 5.0
    step = 1.0 - np.exp(-t) * (1.0 + t + t**2 / 2.0 + t**3 / 6.0)
    np.testing.assert_allclose(recording.traces["readout.v"][:, 0, 0], 0.5 + step, atol=1e-12)

import numpy as np
import pytest
from brian2 import ms, mV, nS, pA, second, siemens

from hetsyn_sim.errors import DataError, DtMismatchError, SpecError
from hetsyn_sim.models import AdEx, HodgkinHuxley
from hetsyn_sim.training.fitting.reading import read_trials

from ...refusal import refused

DT = 0.1 * ms
I = np.linspace(0, 300, 50)
V = np.linspace(-70, -50, 50)


def read(current=I * pA, model=AdEx, **changes):
    return read_trials(model, {"I_0": current}, **({"v": V * mV, "spikes": [], "dt": DT} | changes))


def test_a_single_trial_may_be_arrays_alone():
    trials = read(spikes=[1.0, 2.3] * ms)
    assert (trials.n_steps, trials.n_trials, trials.dt) == (50, 1, 1e-4)
    np.testing.assert_allclose(trials.inputs["I_0"][:, 0], I * 1e-12)
    np.testing.assert_allclose(trials.v[:, 0], V * 1e-3)
    # a spike at t is seen in the sample after t, which does not count
    assert np.flatnonzero(trials.spikes[:, 0]).tolist() == [11, 24]
    assert np.flatnonzero(~trials.counted[:, 0]).tolist() == [11, 24]


def test_trials_are_rows_or_a_list():
    rows = read(np.stack([I, 2 * I]) * pA, v=np.stack([V, V]) * mV, spikes=[[1.0] * ms, []])
    parts = read([I * pA, 2 * I * pA], v=[V * mV, V * mV], spikes=[[1.0 * ms], [] * ms])
    for name in ("v", "spikes", "counted"):
        assert np.array_equal(getattr(rows, name), getattr(parts, name))
    assert rows.n_trials == 2


def test_a_shorter_trial_ends_in_what_does_not_count():
    trials = read([I * pA, I[:20] * pA], v=[V * mV, V[:20] * mV], spikes=[[], []])
    assert trials.counted.sum(axis=0).tolist() == [50, 20]
    assert np.isfinite(trials.v).all()


def test_the_beginning_and_spikes_can_be_left_out():
    trials = read(spikes=[2.0] * ms, skip=0.5 * ms, blank=(0.2 * ms, 0.3 * ms))
    assert np.flatnonzero(~trials.counted[:, 0]).tolist() == [*range(5), 19, 20, 21, 22, 23, 24]
    assert np.flatnonzero(~trials.watched[:, 0]).tolist() == [*range(5)]


def test_the_voltage_of_channels_counts_at_a_spike_too():
    assert read(model=HodgkinHuxley, spikes=[2.0] * ms).counted.all()


def test_input_spikes_arrive_in_the_step_of_their_time():
    trials = read(input_spikes=[1.0, 1.0, 2.0] * ms)
    assert {int(k): trials.input_spikes[k, 0] for k in np.flatnonzero(trials.input_spikes)} == {10: 2.0, 20: 1.0}


def test_noise_is_that_of_the_fast_bends():
    rng = np.random.default_rng(0)
    slow = -60 + 10 * np.sin(np.arange(5000) / 200.0)
    trials = read(np.zeros(5000) * pA, v=(slow + rng.normal(0, 0.5, 5000)) * mV)
    # the median of 5000 numbers, neighbours of which share noise, is right to 3 %
    assert trials.noise == pytest.approx(0.5e-3, rel=0.09)


def test_a_trace_without_noise_has_a_floor():
    assert read().noise == pytest.approx(1e-3 * (V * 1e-3).std())


def test_neos_signals_are_taken_with_their_units_and_period():
    neo, pq = pytest.importorskip("neo"), pytest.importorskip("quantities")
    signal = neo.AnalogSignal(np.stack([V, V + 1], axis=1), units="mV", sampling_period=0.1 * pq.ms)
    current = neo.AnalogSignal(np.stack([I, I], axis=1), units="pA", sampling_rate=10 * pq.kHz)
    trains = [neo.SpikeTrain([1.0, 2.0] * pq.ms, t_stop=5 * pq.ms), neo.SpikeTrain([] * pq.ms, t_stop=5 * pq.ms)]
    trials = read(current, v=signal, spikes=trains, dt=None)
    assert trials.dt == pytest.approx(1e-4)
    np.testing.assert_allclose(trials.v[:, 1], (V + 1) * 1e-3)
    np.testing.assert_allclose(trials.inputs["I_0"][:, 0], I * 1e-12)
    assert trials.spikes.sum(axis=0).tolist() == [2, 0]
    with refused(DtMismatchError, "two sampling periods", where="dt", got="0.0001", expected="0.0002"):
        read(current, v=signal, spikes=trains, dt=0.2 * ms)


REFUSED = {
    "a current without a unit": (SpecError, "the unit is missing", {"current": I}),
    "a current in volts": (SpecError, "the unit is of the wrong kind", {"current": I * mV}),
    "a voltage without a unit": (SpecError, "the unit is missing", {"v": V}),
    "spike times without a unit": (SpecError, "the unit is missing", {"spikes": np.array([1.0])}),
    "no dt": (DataError, "the time step is missing", {"dt": None}),
    "a dt of 0": (DataError, "the time step is missing", {"dt": 0 * ms}),
    "a dt in siemens": (SpecError, "the unit is of the wrong kind", {"dt": 1 * nS}),
    "a gap in the voltage": (DataError, "a sample of v is not finite", {"v": np.where(V > -60, np.nan, V) * mV}),
    "an infinite current": (DataError, "a sample of I_0 is not finite", {"current": np.where(I > 100, np.inf, I) * pA}),
    "a voltage that is shorter": (DataError, "lengths differ", {"v": V[:-1] * mV}),
    "too few spike trains": (DataError, "numbers of trials differ", {"current": np.stack([I, I]) * pA, "v": np.stack([V, V]) * mV}),
    "a spike behind the end": (DataError, "a spike outside of its trial", {"spikes": [1.0] * second}),
    "a spike before the beginning": (DataError, "a spike outside of its trial", {"spikes": [-1.0] * ms}),
    "a spike at no time": (DataError, "a spike time is not finite", {"spikes": [np.nan] * ms}),
    "a single number": (DataError, "this is not a trace", {"v": -60 * mV}),
    "three axes": (DataError, "this is not a trace", {"v": [V.reshape(2, 5, 5) * mV]}),
    "nothing to fit to": (DataError, "there is nothing to fit to", {"v": None, "spikes": None}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_recording_is_refused(case):
    error, what, changes = REFUSED[case]
    with refused(error, what):
        read(**changes)


def test_a_conductance_is_an_input_too():
    trials = read_trials(HodgkinHuxley, {"g_L": np.full(50, 1e-8) * siemens}, v=V * mV, dt=DT)
    assert trials.inputs["g_L"].max() == 1e-8

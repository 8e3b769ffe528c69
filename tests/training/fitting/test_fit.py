from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms, mV, nS, pA, pF, second, volt
from brian2.units import amp

import hetsyn_sim as hs
from hetsyn_sim.errors import ConfigError, DataError, SpecError, UnknownNameError
from hetsyn_sim.models import AdEx, HodgkinHuxley
from hetsyn_sim.spec import NeuronModel, Parameter
from hetsyn_sim.training.fitting import search as searching
from hetsyn_sim.training.fitting.loss import Loss

from ...refusal import refused
from .conftest import DT, MEMBRANE

BOUNDS = {"C": (40 * pF, 300 * pF), "g_L": (2 * nS, 40 * nS), "E_L": (-80 * mV, -55 * mV), "V_r": (-75 * mV, -52 * mV)}
TRUE = {name: float(MEMBRANE.parameters[name].distribution.value) for name in (*BOUNDS, "V_T", "b")}


def times(spikes):
    """As a SpikeMonitor has them: a spike is seen in the sample after its time."""
    return [(np.flatnonzero(spikes[:, k]) - 1) * DT * second for k in range(spikes.shape[1])]


def fit(current, recorded, **changes):
    v, spikes = recorded
    arguments = {"v": v.T * volt, "spikes": times(spikes), "dt": DT * second, "parameters": BOUNDS, "restarts": 3, "progress": False}
    return hs.fit_recordings(MEMBRANE, {"I": current.T * amp}, **(arguments | changes))


@pytest.mark.compiled
def test_the_true_values_are_found(current, recorded):
    result = fit(current, recorded)
    for name, value in result.fitted.items():
        assert value == pytest.approx(TRUE[name], rel=1e-6)
    assert result.agreeing == 3
    assert result.unidentified == ()
    assert result.at_bound == ()
    assert np.array_equal(result.free[1], recorded[1])
    assert result.coincidence() == pytest.approx(1.0)
    np.testing.assert_allclose(result.held, recorded[0], atol=1e-6)


@pytest.mark.compiled
def test_a_passive_membrane_is_a_linear_regression(current):
    """v[t+1] = rho v[t] + (1 - rho)(E_L + I[t]/g_L): its three coefficients are the parameters. No search is needed."""
    membrane = NeuronModel(
        name="Passive",
        on_pre="v_post += w",
        neuron="dv/dt = (g_L*(E_L - v) + I)/C : volt",
        initial={"v": "E_L"},
        parameters={
            **{name: MEMBRANE.parameters[name] for name in ("I", "C", "g_L", "E_L")},
            "w": Parameter(axes="post pre", unit="mV", initial=0),
        },
    )
    rho = np.exp(-DT * 10e-9 / 100e-12)
    v = np.full(current.shape, -65e-3)
    for t in range(len(v) - 1):
        v[t + 1] = rho * v[t] + (1 - rho) * (-65e-3 + current[t] / 10e-9)
    rows = np.stack([v[:-1].ravel(), np.ones(v[1:].size), current[:-1].ravel()], axis=1)
    slope, offset, gain = np.linalg.lstsq(rows, v[1:].ravel(), rcond=None)[0]
    g_L = (1 - slope) / gain
    expected = {"C": -DT * g_L / np.log(slope), "g_L": g_L, "E_L": offset / (1 - slope)}
    bounds = {name: BOUNDS[name] for name in expected}
    result = hs.fit_recordings(
        membrane, {"I": current.T * amp}, v=v.T * volt, dt=DT * second, parameters=bounds, restarts=2, progress=False
    )
    for name, value in expected.items():
        assert result.fitted[name] == pytest.approx(value, rel=1e-6)


@pytest.mark.compiled
def test_a_standard_error_is_the_spread_over_repeated_noise(current, recorded):
    """Twelve noises: the sum of squared deviations in standard errors is chi squared with 4 x 12 degrees of freedom, 48 +- 9.8."""
    v, _ = recorded
    total = 0.0
    for seed in range(12):
        noisy = v + np.random.default_rng(seed).normal(0, 5e-4, v.shape)
        result = fit(current, (noisy, recorded[1]), restarts=1, loss="voltage")
        assert result.noise == pytest.approx(5e-4, rel=0.15)
        total += sum(((result.fitted[name] - TRUE[name]) / result.errors[name]) ** 2 for name in BOUNDS)
    assert 20 < total < 90


@pytest.mark.compiled
def test_a_threshold_is_found_between_what_spiked_and_what_did_not(current, recorded):
    v, spikes = recorded
    result = fit(current, recorded, parameters={"V_T": (-56 * mV, -40 * mV)}, restarts=2)
    assert result.width is not None
    below = np.where(spikes, -np.inf, v).max()
    assert below - 5 * result.width <= result.fitted["V_T"] <= v[spikes].min() + 5 * result.width
    assert abs(result.fitted["V_T"] - TRUE["V_T"]) < 0.3e-3


@pytest.mark.compiled
def test_spikes_alone_tell_the_jump_of_the_adaptation(current, recorded):
    result = fit(current, recorded, v=None, parameters={"b": (5 * pA, 200 * pA), "V_T": (-58 * mV, -40 * mV)})
    assert result.noise is None
    for name in ("b", "V_T"):
        assert abs(result.fitted[name] - TRUE[name]) < max(4 * result.errors[name], 0.1 * abs(TRUE[name]))
    assert result.coincidence() > 0.9


@pytest.mark.compiled
def test_what_the_recording_leaves_open_is_said_by_name(recorded):
    """At rest a current can't tell the conductance: v stays at E_L whatever it is."""
    v = np.full((100, 1), -65e-3) + np.random.default_rng(0).normal(0, 1e-5, (100, 1))
    result = hs.fit_recordings(
        MEMBRANE, {"I": np.zeros(100) * amp}, v=v.T * volt, spikes=[], dt=DT * second, parameters=BOUNDS, restarts=1, progress=False
    )
    left_open = {name for names in result.unidentified for name in names}
    assert left_open == {"C", "g_L", "V_r"}
    assert "not identifiable" in str(result)
    assert result.fitted["E_L"] == pytest.approx(-65e-3, abs=5 * result.errors["E_L"])


@pytest.mark.compiled
def test_two_parameters_that_only_count_together_are_named_together(current, recorded):
    result = fit(current, recorded, parameters=BOUNDS, loss="voltage")
    assert result.unidentified == ()
    gained = replace(
        MEMBRANE,
        neuron=MEMBRANE.neuron.replace("+ I)/C", "+ p*q*I)/C"),
        parameters={
            **MEMBRANE.parameters,
            **{name: replace(MEMBRANE.parameters["C"], unit="1", initial=1, bounds=(0.2, 5)) for name in "pq"},
        },
    )
    v, spikes = recorded
    result = hs.fit_recordings(
        gained,
        {"I": current.T * amp},
        v=v.T * volt,
        spikes=times(spikes),
        dt=DT * second,
        parameters=["p", "q"],
        restarts=2,
        progress=False,
    )
    assert result.unidentified == (("p", "q"),)
    assert result.fitted["p"] * result.fitted["q"] == pytest.approx(1.0, rel=1e-5)


@pytest.mark.compiled
def test_the_model_of_the_result_has_the_values(current, recorded):
    result = fit(current, recorded, restarts=1)
    assert result.model.parameters["C"].distribution.value == result.fitted["C"]
    assert result.values["C"] / pF == pytest.approx(100.0, rel=1e-5)
    assert [name for name, p in result.model.parameters.items() if p.trainable] == list(BOUNDS)
    network = result.as_network()
    found = hs.simulate_reference(network.spec, network.values, np.zeros((5, 1, 1)))
    assert found.traces["layer_1.v"].shape == (5, 1, 1)
    text = str(result)
    assert "C          100 +- " in text
    assert "pF" in text


@pytest.mark.compiled
def test_ctrl_c_keeps_what_was_found(current, recorded, monkeypatch):
    calls = []
    descend = searching._descend

    def interrupted(loss, state, *arguments):
        calls.append(state)
        if len(calls) == 3:
            raise KeyboardInterrupt
        descend(loss, state, *arguments)

    monkeypatch.setattr(searching, "_descend", interrupted)
    result = fit(current, recorded)
    assert result.interrupted
    assert "interrupted" in str(result)
    assert result.fitted["C"] == pytest.approx(100e-12, rel=0.2)


def test_ctrl_c_before_anything_was_found_goes_on(current, recorded, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(Loss, "cost", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fit(current, recorded)


def test_starts_that_meet_go_on_as_one():
    state = searching.Searched(np.array([[0.5, 0.5], [0.1, 0.1], [0.5004, 0.5]]), np.array([2.0, 3.0, 1.0]), np.arange(3))
    state.merge()
    assert state.costs.tolist() == [1.0, 3.0]
    assert state.path_of.tolist() == [0, 1, 0]


REFUSED = {
    "an unknown parameter": (UnknownNameError, "unknown parameter", {"parameters": {"x": (0, 1)}}),
    "the input as a parameter": (UnknownNameError, "unknown parameter", {"parameters": {"I": (0 * pA, 1 * pA)}}),
    "no parameter": (SpecError, "there is nothing to fit", {"parameters": {}}),
    "a bound in another unit": (SpecError, "the unit is of the wrong kind", {"parameters": {"C": (1 * mV, 2 * mV)}}),
    "no bounds": (SpecError, "a search needs two bounds", {"parameters": ["g_L"]}),
    "bounds reversed": (SpecError, "a search needs two bounds", {"parameters": {"C": (300 * pF, 40 * pF)}}),
    "one bound": (SpecError, "a search needs two bounds", {"parameters": {"C": 300 * pF}}),
    "an unknown value": (UnknownNameError, "unknown parameter", {"values": {"x": 1}}),
    "an unknown loss": (UnknownNameError, "unknown loss", {"loss": "van_rossum"}),
    "no spikes to reset at": (DataError, "the neuron is reset by its spikes", {"spikes": None}),
    "no voltage": (DataError, "there is no voltage to fit to", {"v": None, "loss": "both"}),
    "no spikes to fit to": (DataError, "there are no spikes to fit to", {"spikes": [[], []], "loss": "both"}),
    "nothing that counts": (DataError, "no sample of the voltage counts", {"skip": 10 * second}),
    "a threshold by the voltage": (
        DataError,
        "the recording can't say anything",
        {"parameters": {"V_T": (-60 * mV, -40 * mV)}, "loss": "voltage"},
    ),
    "a refractory period": (DataError, "the recording can't say anything", {"parameters": {"t_ref": (0 * ms, 4 * ms)}}),
    "a weight without input": (DataError, "the recording can't say anything", {"parameters": {"w": (0 * pA, 4 * pA)}}),
    "spikes in a refractory period": (DataError, "spiked while it was refractory", {"values": {"t_ref": 500 * ms}}),
    "no restart": (ConfigError, "restarts must be", {"restarts": 0}),
    "half an iteration": (ConfigError, "iterations must be", {"iterations": 0.5}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_not_be_asked_is_refused(case, current, recorded):
    error, what, changes = REFUSED[case]
    with refused(error, what):
        fit(current, recorded, **changes)


def test_an_input_needs_its_name(current):
    with refused(SpecError, "inputs need the names", where="inputs", remedy="I_0"):
        hs.fit_recordings(AdEx, current * amp, v=current * volt, dt=1 * ms, parameters=["a"])


def test_a_spike_that_is_a_crossing_is_in_the_voltage():
    with refused(DataError, "can't be fitted by themselves", where="HodgkinHuxley: loss='spikes'", remedy='"voltage"'):
        hs.fit_recordings(HodgkinHuxley, {"I_0": np.zeros(9) * amp}, spikes=[1 * ms], dt=1 * ms, parameters=["g_L"])


def test_a_neuron_with_noise_is_refused(current, recorded):
    noisy = replace(MEMBRANE, scheme="euler", neuron=MEMBRANE.neuron.replace("/C : volt", "/C + E_L*tau_w**-0.5*xi : volt"))
    with refused(SpecError, "can't be fitted to a recording", where="Membrane: xi", remedy="take the noise out"):
        hs.fit_recordings(noisy, {"I": current.T * amp}, v=recorded[0].T * volt, dt=DT * second, parameters=BOUNDS)

"""The verdict on two recordings: what it accepts, what it catches, what it calls undecided, and its bounds."""

from dataclasses import replace

import numpy as np
import pytest

from hetsyn_sim.agreement.bounds import voltage_bounds
from hetsyn_sim.agreement.compare import compare_recordings
from hetsyn_sim.agreement.outcome import Divergence
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import DataError, DtMismatchError
from hetsyn_sim.models import HetSynLIF, HomNeuALIF, HomNeuLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec

from ..refusal import refused

N_STEPS, N_RUNS = 30, 3


@pytest.fixture(scope="module")
def network():
    strong = HetSynLIF.with_parameters(w={"initial": "normal(0.3, 1)"})
    spec = NetworkSpec("4 ms", 3, [Layer(strong, 4, recurrent=True), Layer(strong, 3)], readout=Layer(LeakyReadout, 2))
    values = spec.initial_values(0)
    x = np.random.default_rng(0).random((N_STEPS, N_RUNS, 3)) < 0.3
    return spec, values, simulate_reference(spec, values, x)


def changed(recording, **arrays):
    """A copy with some arrays replaced; names with two underscores for a dot."""
    named = {name.replace("__", "."): array for name, array in arrays.items()}
    rasters = {name: named.get(name, array) for name, array in recording.rasters.items()}
    traces = {name: named.get(name, array) for name, array in recording.traces.items()}
    return replace(recording, rasters=rasters, traces=traces, simulator="other")


def flipped(recording, name, step, run, neuron):
    raster = recording.rasters[name].copy()
    raster[step, run, neuron] ^= True
    return raster


def nudged(recording, name, step, run, neuron, by):
    trace = recording.traces[name].copy()
    trace[step, run, neuron] += by
    return trace


def test_a_recording_agrees_with_itself(network):
    spec, values, recording = network
    outcome = compare_recordings(spec, values, recording, recording)
    assert outcome.agrees
    plain, expected = outcome.to_dict(), {"agrees": True, "n_runs": N_RUNS, "n_steps": N_STEPS, "n_spikes": outcome.n_spikes}
    assert plain | expected | {"spike_mismatches": 0, "max_abs_dv": 0.0, "undecided_fraction": 0.0} == plain
    assert ": the same network" in str(outcome)
    assert outcome.n_spikes == recording.rasters["layer_1"].sum() + recording.rasters["layer_2"].sum() > 50
    distances = [np.abs(recording.traces[f"{name}.v"] - 1.0).min() for name in ("layer_1", "layer_2")]
    assert outcome.smallest_margin == min(distances) > 0


@pytest.mark.parametrize(("name", "step", "run"), [("layer_1", 0, 0), ("layer_1", N_STEPS - 1, 2), ("layer_2", 7, 1)])
def test_one_spike_more_or_less_is_caught_and_placed(network, name, step, run):
    spec, values, recording = network
    outcome = compare_recordings(spec, values, recording, changed(recording, **{name: flipped(recording, name, step, run, 1)}))
    assert not outcome.agrees
    assert outcome.spike_mismatches == 1
    assert not outcome.undecided
    (first,) = outcome.diverged
    assert (first.run, first.step, first.time_s, first.population, first.neuron) == (run, step, step * spec.dt_s, name, 1)
    assert f"step {step}" in str(outcome)
    assert "NOT the same network" in str(outcome)


def test_the_first_of_several_differences_is_the_divergence(network):
    spec, values, recording = network
    both = changed(recording, layer_2=flipped(recording, "layer_2", 5, 1, 0), layer_1=flipped(recording, "layer_1", 5, 1, 2))
    (first,) = compare_recordings(spec, values, recording, both).diverged
    assert (first.step, first.population) == (5, "layer_1")
    earlier = changed(both, layer_2=flipped(recording, "layer_2", 4, 1, 0))
    (first,) = compare_recordings(spec, values, recording, earlier).diverged
    assert (first.step, first.population) == (4, "layer_2")


@pytest.mark.parametrize("name", ["layer_1.v", "layer_2.v", "readout.v"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_voltage_may_be_off_by_the_bound_and_no_more(network, name, dtype):
    spec, values, recording = network
    # both sides may be off, so the comparison grants twice the bound of one
    bound = 2 * voltage_bounds(spec, values, recording, dtype)[name.removesuffix(".v")]
    for factor, agrees in ((0.9, True), (1.1, False)):
        other = changed(recording, **{name.replace(".", "__"): nudged(recording, name, 11, 2, 1, factor * bound)})
        outcome = compare_recordings(spec, values, recording, other, dtype)
        assert outcome.agrees == agrees
        # adding to a voltage below 16 rounds by up to 2^-50, which is a small part of the bound
        assert outcome.max_dv_over_bound == pytest.approx(factor, rel=0.01)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_voltage_that_is_no_number_never_agrees(network, value):
    spec, values, recording = network
    other = changed(recording, readout__v=nudged(recording, "readout.v", 3, 0, 0, value))
    assert not compare_recordings(spec, values, recording, other).agrees
    assert not compare_recordings(spec, values, other, recording).agrees
    assert not compare_recordings(spec, values, other, other).agrees


def test_values_that_are_no_numbers_never_agree(network):
    spec, values, recording = network
    broken = {**values, "readout.feedforward.w": np.full((2, 3), np.nan)}
    silenced = changed(recording, readout__v=np.full_like(recording.traces["readout.v"], np.nan))
    assert not compare_recordings(spec, broken, silenced, silenced).agrees


def test_a_bound_of_zero_allows_no_difference():
    spec = NetworkSpec("1 ms", 1, [Layer(HomNeuLIF, 1)], readout=Layer(LeakyReadout, 1))
    values = spec.initial_values(0)
    silent = simulate_reference(spec, values, np.zeros((3, 1, 1)))
    assert voltage_bounds(spec, values, silent, "float64")["readout"] == 0.0
    assert compare_recordings(spec, values, silent, silent).agrees
    outcome = compare_recordings(spec, values, silent, changed(silent, readout__v=silent.traces["readout.v"] + 1e-300))
    assert not outcome.agrees
    assert outcome.max_dv_over_bound == np.inf


def tie(w, *, other_spikes=True, other_v=None):
    """One neuron, one input spike: v = w against theta = 1."""
    spec = NetworkSpec("1 ms", 1, [Layer(HetSynLIF, 1)])
    values = spec.initial_values(0) | {"layer_1.feedforward.w": np.array([[w]])}
    reference = simulate_reference(spec, values, np.array([1.0, 0, 0]).reshape(3, 1, 1))
    raster = np.array([other_spikes, False, False]).reshape(3, 1, 1)
    v = reference.traces["layer_1.v"].copy()
    v[0] = w if other_v is None else other_v
    v[1:] += 100.0  # what happens after a divergence is not compared
    return compare_recordings(spec, values, reference, changed(reference, layer_1=raster, layer_1__v=v))


@pytest.mark.parametrize(
    ("w", "other_v", "undecided"),
    [
        (1.0, np.nextafter(1.0, 2.0), True),
        (1.0, 1.0, False),  # both voltages are exactly theta: only >= for > makes one of them spike
        (0.999, None, False),
        (1.0, 1.001, False),
    ],
)
def test_only_rounding_at_the_threshold_leaves_a_run_undecided(w, other_v, undecided):
    outcome = tie(w, other_v=other_v)
    assert outcome.agrees is undecided
    assert [d.is_near_tie for d in outcome.undecided] == [True] * undecided
    assert outcome.undecided_fraction == float(undecided)
    assert (outcome.spike_mismatches == 0) is undecided


def test_the_bound_says_how_near_a_tie_is():
    near = Divergence(0, 0, 0.0, "layer_1", 0, v_reference=1.0, v_other=1.0 + 1e-12, theta=1.0, bound=1e-12 * 1.001)
    assert near.is_near_tie
    assert not replace(near, bound=1e-12 * 0.999).is_near_tie
    assert not replace(near, v_reference=1.0 - 2e-12).is_near_tie


def test_an_undecided_run_hides_no_difference_in_an_earlier_step(network):
    spec, values, recording = network
    step, run = 20, 1
    v = recording.traces["layer_1.v"].copy()
    raster = recording.rasters["layer_1"].copy()
    v[step, run, 0], raster[step, run, 0] = 1.0, False
    reference = changed(recording, layer_1=raster, layer_1__v=v)
    above, spiked = v.copy(), raster.copy()
    above[step, run, 0], spiked[step, run, 0] = np.nextafter(1.0, 2.0), True
    other = changed(recording, layer_1=spiked, layer_1__v=above)
    assert len(compare_recordings(spec, values, reference, other).undecided) == 1
    wrong = changed(other, readout__v=nudged(recording, "readout.v", step - 1, run, 0, 1e-6))
    assert not compare_recordings(spec, values, reference, wrong).agrees
    late = changed(other, readout__v=nudged(recording, "readout.v", step, run, 0, 1e-6))
    assert compare_recordings(spec, values, reference, late).agrees


def test_the_bound_is_the_one_that_is_documented():
    """unit * (n_terms + 3 n_steps + 32) * (gain + theta), by hand for two synapses and two kinds of reset."""
    spec = NetworkSpec("1 ms", 2, [Layer(HomNeuALIF, 1)])
    values = spec.initial_values(0) | {"layer_1.feedforward.w": np.array([[-3.0, 0.5]]), "layer_1.neuron.a": np.array(0.25)}
    values |= {"layer_1.neuron.tau_mem": np.array(2e-3), "layer_1.neuron.tau_adapt": np.array(np.inf)}
    x = np.zeros((20, 1, 2))
    x[:, 0, 0], x[4, 0, 1] = 1.0, 1.0
    recording = changed(simulate_reference(spec, values, x), layer_1=np.ones((20, 1, 1), bool))
    memory = 1 / (1 - np.exp(-1 / 2))  # a spike per step adds up to 2.54, more than that for no number of spikes
    gain = 3.0 * memory + 0.5 * 1 + 1.0 * memory + 0.25 * 20  # w, w, theta and a, which is never forgotten
    for dtype, unit in (("float64", 2.0**-53), ("float32", 2.0**-24)):
        expected = unit * ((2 + 2) + 3 * 20 + 32) * (gain + 1.0)
        assert voltage_bounds(spec, values, recording, dtype)["layer_1"] == pytest.approx(expected, rel=1e-12)


def test_another_dt_is_refused(network):
    spec, values, recording = network
    with pytest.raises(DtMismatchError, match="time steps differ"):
        compare_recordings(spec, values, recording, replace(recording, dt=1e-3))
    with pytest.raises(DtMismatchError, match="time steps differ"):
        compare_recordings(spec, values, replace(recording, dt=1e-3), recording)


def cut(recording, steps=slice(None), runs=slice(None), without=""):
    parts = ({k: v[steps, runs] for k, v in arrays.items() if k != without} for arrays in (recording.rasters, recording.traces))
    return replace(recording, **dict(zip(("rasters", "traces"), parts, strict=True)), simulator="other")


@pytest.mark.parametrize(
    ("change", "got"),
    [
        (lambda r: cut(r, without="readout.v"), "readout.v: not recorded"),
        (lambda r: cut(r, without="layer_2"), "layer_2: not recorded"),
        (lambda r: cut(r, without="input"), "input: not recorded"),
        (lambda r: cut(r, steps=slice(1, None)), "input: (29, 3, 3)"),
        (lambda r: cut(r, runs=slice(1)), "input: (30, 1, 3)"),
        (lambda r: changed(r, layer_1__v=r.traces["layer_1.v"][:, :, :2]), "layer_1.v: (30, 3, 2)"),
    ],
)
def test_recordings_of_other_shapes_are_refused(network, change, got):
    spec, values, recording = network
    with refused(DataError, "can't be compared", "other", got, remedy="record the spikes and v of every population"):
        compare_recordings(spec, values, recording, change(recording))


@pytest.mark.parametrize("empty", [{"runs": slice(0)}, {"steps": slice(0)}])
def test_nothing_agrees_with_nothing(network, empty):
    spec, values, recording = network
    with refused(DataError, "can't be compared", expected="none of them empty"):
        compare_recordings(spec, values, cut(recording, **empty), cut(recording, **empty))


def test_recordings_of_other_inputs_are_refused(network):
    spec, values, recording = network
    with refused(DataError, "of different inputs", None, "1 cells differ", remedy="same recordings"):
        compare_recordings(spec, values, recording, changed(recording, input=flipped(recording, "input", 0, 0, 0)))

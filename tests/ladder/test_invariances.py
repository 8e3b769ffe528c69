"""What must not matter to any rung: the unit that v is counted in, how a finer grid was come by, and where on the clock a spike lies."""

from dataclasses import replace

import numpy as np
import pytest

from hetsyn_sim.brian import BrianSimulation
from hetsyn_sim.data.recording import Recording
from hetsyn_sim.ladder import RUNGS, Setting
from hetsyn_sim.ladder.finer import refined
from hetsyn_sim.ladder.row import as_trained
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import FanInNormal, Layer, NetworkSpec

RUNG = {rung.name: rung for rung in RUNGS}
LIVELY = HetSynLIF.with_parameters(w={"initial": FanInNormal(2.5)})
#: A power of two: all products with it are exact, and so all spikes have to be the same.
SCALE = 8.0


@pytest.fixture(scope="module")
def setting():
    spec = NetworkSpec("1 ms", 12, [Layer(LIVELY, 7, recurrent=True)], Layer(LeakyReadout, 3))
    return Setting(spec, spec.initial_values(0), np.random.default_rng(0).random((60, 4, 12)) < 0.15)


def apply(name, setting, strength, seed=0):
    return RUNG[name].apply(setting, strength, np.random.default_rng(seed))


def simulated(setting):
    return as_trained(BrianSimulation(setting.spec, setting.values, form="fast", additions=setting.additions).run(setting.raster), setting)


@pytest.mark.parametrize("name", RUNG)
def test_the_unit_of_v_does_not_matter(name, setting):
    """Weights and thresholds eight times as large are the same network; so they are on every rung, with the same seed."""
    strength = RUNG[name].strengths[len(RUNG[name].strengths) // 2]
    large = {key: value * SCALE if key.rsplit(".", 1)[1] in ("w", "theta") else value for key, value in setting.values.items()}
    one = simulated(apply(name, setting, strength))
    other = simulated(apply(name, replace(setting, values=large), strength))
    assert one.rasters["layer_1"].any()
    np.testing.assert_array_equal(one.rasters["layer_1"], other.rasters["layer_1"])
    np.testing.assert_allclose(SCALE * one.traces["readout.v"], other.traces["readout.v"], rtol=1e-9, atol=1e-12)


def test_a_finer_grid_in_two_steps_is_one(setting):
    rng = np.random.default_rng(0)
    twice, once = refined(refined(setting, 2, rng), 3, rng), refined(setting, 6, rng)
    np.testing.assert_array_equal(twice.raster, once.raster)
    assert twice.factor == once.factor == 6
    assert twice.spec.dt_s == pytest.approx(once.spec.dt_s, rel=1e-12)


def test_on_a_finer_grid_input_spikes_keep_their_times(setting):
    fine = refined(setting, 5, np.random.default_rng(0))
    before = np.argwhere(setting.raster) * [setting.spec.dt_s, 1, 1]
    np.testing.assert_allclose(np.argwhere(fine.raster) * [fine.spec.dt_s, 1, 1], before, rtol=0, atol=1e-12)


def test_a_spike_between_two_points_of_the_old_grid_is_one_at_the_first(setting):
    """Spikes of steps 3k to 3k + 2 of the finer grid are the trained network's in step k; v is that of step 3k, in its own unit."""
    rng = np.random.default_rng(2)
    fine = replace(refined(setting, 3, rng), unit_of_v=0.015)
    raster, v = rng.random((180, 4, 7)) < 0.1, rng.normal(size=(180, 4, 3))
    read = as_trained(Recording(fine.spec.dt_s, {"layer_1": raster}, {"readout.v": v}, "here"), fine)
    expected = np.zeros((60, 4, 7), dtype=bool)
    steps, runs, neurons = np.nonzero(raster)
    expected[steps // 3, runs, neurons] = True
    np.testing.assert_array_equal(read.rasters["layer_1"], expected)
    np.testing.assert_allclose(read.traces["readout.v"], v[np.arange(60) * 3] / 0.015, rtol=1e-14)
    assert read.dt == pytest.approx(setting.spec.dt_s)


def test_what_filters_alone_do_is_the_same_on_a_finer_grid():
    """Where nothing spikes, the exact step leaves nothing to the grid: v of every neuron at the old grid's points, spike by spike."""
    spec = NetworkSpec("1 ms", 12, [Layer(LIVELY, 4)])
    values = spec.initial_values(0) | {"layer_1.neuron.theta": np.array(1e9)}
    quiet = Setting(spec, values, np.random.default_rng(1).random((40, 3, 12)) < 0.15)
    fine = refined(quiet, 4, np.random.default_rng(0))
    v, w = (as_trained(BrianSimulation(s.spec, s.values).run(s.raster), s).traces["layer_1.v"] for s in (quiet, fine))
    np.testing.assert_allclose(v, w, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("dt", ["1 ms", "4 ms"])
def test_jitter_is_in_milliseconds_unbiased_and_each_spikes_own(dt):
    """40,000 spikes in the middle of a recording: a bias of half a step would be 100 standard errors."""
    spec = NetworkSpec(dt, 200, [Layer(LIVELY, 1)])
    raster = np.zeros((81, 200, 200), dtype=bool)
    raster[40] = True
    moved = apply("jitter", Setting(spec, spec.initial_values(0), raster), 6.0).raster
    steps = np.nonzero(moved)[0]
    n, sd = len(steps), np.hypot(6.0 / (1e3 * spec.dt_s), np.sqrt(1 / 12))  # of a Gaussian, and of rounding it
    assert n == 40_000
    assert steps.mean() == pytest.approx(40, abs=5 * sd / np.sqrt(n))
    assert steps.std() == pytest.approx(sd, abs=5 * sd / np.sqrt(2 * n))
    in_a_recording = np.argmax(moved, axis=0).std(axis=1)  # of the channels of each recording
    assert in_a_recording.min() > 0.7 * sd


def test_jitter_loses_what_leaves_the_recording(setting):
    raster = np.zeros((60, 40, 12), dtype=bool)
    raster[0] = True
    kept = apply("jitter", replace(setting, raster=raster), 5.0).raster
    share = kept.sum() / raster.sum()
    assert share == pytest.approx(0.5 + 0.04, abs=5 * np.sqrt(0.25 / 480))  # half of them, and those that round to 0: 0.5/5 of the density
    assert kept[0].sum() < 0.2 * raster.sum()


@pytest.mark.parametrize("sigma", [0.3, 0.8])
def test_mismatch_has_a_median_of_one(sigma):
    spec = NetworkSpec("1 ms", 100, [Layer(LIVELY, 100)])
    values = spec.initial_values(0)
    other = apply("mismatch", Setting(spec, values, np.zeros((2, 1, 100), dtype=bool)), sigma).values
    for key in ("layer_1.feedforward.w", "layer_1.feedforward.tau_syn"):
        logs = np.log(other[key] / values[key])
        assert logs.mean() == pytest.approx(0.0, abs=5 * sigma / 100)
        assert logs.std() == pytest.approx(sigma, rel=5 / np.sqrt(2e4))

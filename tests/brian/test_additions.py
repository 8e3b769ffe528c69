"""Delays, refractoriness and noise that are added to a network in Brian2."""

import numpy as np
import pytest

from hetsyn_sim.brian import FORMS, BrianSimulation
from hetsyn_sim.brian.additions import Additions, kick_size
from hetsyn_sim.errors import TransferError
from hetsyn_sim.ladder.disturbances import with_noise
from hetsyn_sim.ladder.rung import Setting
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec

from .conftest import assert_same_alone, lively, random_spikes
from .neurons import assert_same


@pytest.fixture
def spec():
    return NetworkSpec("1 ms", 12, [Layer(lively(HetSynLIF), 7, recurrent=True, self_connections=False)], Layer(LeakyReadout, 3))


def delays_of(spec, seconds):
    return {q.name: np.full((q.n_post, q.n_pre), seconds) for q in spec.projections}


def run(spec, values, inputs, form="fast", **added):
    return BrianSimulation(spec, values, form=form, additions=Additions(**added)).run(inputs)


@pytest.mark.parametrize("form", FORMS)
def test_delays_of_nothing_change_nothing(form, spec, values):
    inputs = random_spikes((40, 3, 12))
    assert_same(run(spec, values, inputs, form), run(spec, values, inputs, form, delays=delays_of(spec, 0.0)))


@pytest.mark.parametrize("form", FORMS)
def test_a_delay_of_the_input_is_later_input(form, spec, values):
    """And nothing crosses from one recording into the next."""
    inputs = random_spikes((40, 3, 12))
    inputs[-3:] = True  # spikes on their way when the recording ends
    late = np.concatenate([np.zeros((4, 3, 12), dtype=bool), inputs[:-4]])
    delays = {"layer_1.feedforward": delays_of(spec, 4e-3)["layer_1.feedforward"]}
    delayed = run(spec, values, inputs, form, delays=delays)
    expected = run(spec, values, late, form)
    np.testing.assert_array_equal(delayed.rasters["layer_1"], expected.rasters["layer_1"])
    np.testing.assert_allclose(delayed.traces["layer_1.v"], expected.traces["layer_1.v"], atol=1e-12)


def test_with_delays_every_recording_is_the_same_alone(spec, values):
    inputs, rng = random_spikes((30, 3, 12), rate=0.5), np.random.default_rng(1)
    delays = {q.name: rng.uniform(0.0, 6e-3, (q.n_post, q.n_pre)) for q in spec.projections}
    together = assert_same_alone(BrianSimulation(spec, values, form="fast", additions=Additions(delays=delays)), inputs)
    assert together.rasters["layer_1"].mean() > 0.02


def test_a_refractory_neuron_rests_and_a_new_recording_begins_rested(spec, values):
    inputs = random_spikes((40, 3, 12), rate=0.6)
    free = run(spec, values, inputs)
    resting = assert_same_alone(BrianSimulation(spec, values, form="fast", additions=Additions(refractory=4e-3)), inputs)
    gaps = [np.diff(np.flatnonzero(r.rasters["layer_1"][:, k, j])) for r in (free, resting) for k in range(3) for j in range(7)]
    assert min(gap.min(initial=99) for gap in gaps[:21]) < 4
    assert min(gap.min(initial=99) for gap in gaps[21:]) == 4


def test_noise_is_an_ornstein_uhlenbeck_process(spec, values):
    """Stationary after 20 time constants: 600 samples of 7 neurons in 10 runs, 5 steps of correlation, so 4200 of them count as alone.

    The standard deviation of a standard deviation is sd / sqrt(2 n), that of a correlation 1 / sqrt(n): 5 of them are allowed.
    """
    setting = with_noise(Setting(spec, values, np.zeros((700, 10, 12), dtype=bool)), 0.3, np.random.default_rng(0))
    done = BrianSimulation(setting.spec, setting.values, record="layer_1.noise", additions=setting.additions).run(setting.raster)
    noise = done.traces["layer_1.noise"][100:]
    n = noise.size / 10
    assert noise.std() == pytest.approx(0.3, abs=5 * 0.3 / np.sqrt(2 * n))
    assert noise.mean() == pytest.approx(0.0, abs=5 * 0.3 / np.sqrt(n))
    step = np.mean(noise[1:] * noise[:-1]) / noise.var()
    assert step == pytest.approx(np.exp(-1e-3 / 5e-3), abs=5 / np.sqrt(n))
    assert (done.traces["layer_1.noise"][0] ** 2).mean() < 0.5 * 0.3**2  # begins at rest


def test_the_kick_keeps_the_variance():
    """sd^2 = sd^2 rho^2 + kick^2."""
    assert kick_size(0.7, 3e-3, 1e-3) ** 2 + 0.49 * np.exp(-2 / 3) == pytest.approx(0.49, rel=1e-12)


@pytest.mark.parametrize(
    ("added", "message"),
    [
        ({"delays": {"layer_9.feedforward": np.zeros((7, 12))}}, r"no such projection to delay(.|\n)*layer_1.feedforward"),
        ({"delays": {"layer_1.feedforward": np.zeros((12, 7))}}, r"wrong shape(.|\n)*\(12, 7\)(.|\n)*\(7, 12\)"),
        ({"delays": {"layer_1.feedforward": np.full((7, 12), -1e-3)}}, r"delay is not a time(.|\n)*-0.001 s"),
        ({"refractory": -1e-3}, r"refractory period is not a time(.|\n)*-0.001 s"),
        ({"noise": {"n": (0.1, 1e-3)}}, r"no such state to make noise of(.|\n)*R"),
        ({"noise": {"R": (-0.1, 1e-3)}}, r"noise without a size(.|\n)*-0.1"),
    ],
)
def test_what_does_not_fit_is_refused(added, message, spec, values):
    with pytest.raises(TransferError, match=message):
        BrianSimulation(spec, values, additions=Additions(**added))

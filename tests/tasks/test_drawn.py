"""Tasks that recipes name, which are drawn: rates, times, labels and targets are those of the papers; and what is wrong with a section."""

import numpy as np
import pytest

from analysis.studies.hetsyn import dms, patterns
from hetsyn_sim.errors import ConfigError, UnknownNameError
from hetsyn_sim.tasks import delayed_match_to_sample, pattern_generation
from hetsyn_sim.tasks.drawn import draw
from hetsyn_sim.tasks.patterns import GAPS, OCCURRENCES
from hetsyn_sim.training import load_recipe


def test_rates_and_times():
    """Counts against the Poisson process; five standard errors."""
    data = delayed_match_to_sample(2000, seed=1)
    x = data.rasters()  # (time, trial, channel)
    assert x.shape == (210, 2000, 30)
    assert (data.dt, data.n_steps[0] * data.dt) == (0.005, pytest.approx(1.05))
    cues = np.stack(
        [x[10:30].any(axis=0)[:, :20].reshape(-1, 2, 10).sum(axis=2), x[190:].any(axis=0)[:, :20].reshape(-1, 2, 10).sum(axis=2)]
    )
    side = cues.argmax(axis=2)  # (cue, trial)
    np.testing.assert_array_equal(data.labels, side[0] == side[1])
    silent = np.r_[0:10, 30:190]
    assert not x[silent][:, :, :20].any()
    for steps, trials in ((slice(10, 30), side[0] == 0), (slice(190, 210), side[1] == 0)):
        rate, n = x[steps][:, trials, :10].mean(), x[steps][:, trials, :10].size
        expected = 1 - np.exp(-40 * 0.005)
        assert abs(rate - expected) < 5 * np.sqrt(expected * (1 - expected) / n)
    noise, expected = x[:, :, 20:], 1 - np.exp(-10 * 0.005)
    assert abs(noise.mean() - expected) < 5 * np.sqrt(expected * (1 - expected) / noise.size)
    assert abs(data.labels.mean() - 0.5) < 5 * 0.5 / np.sqrt(2000)


def test_delay_noise_and_splits():
    data = delayed_match_to_sample(30, 20, seed=2, delay=2.5, added_noise_hz=20.0)
    assert (len(data.train), len(data.test), data.n_steps[0]) == (30, 20, 550)
    assert data.rasters()[40:500, :, :20].mean() == pytest.approx(1 - np.exp(-0.1), rel=0.1)


def steps(span):
    return slice(round(span[0] / 0.001), round(span[1] / 0.001))


def test_without_noise_only_the_frozen_segment_is_there():
    task = pattern_generation(2, 1, seed=3, noise_hz=0.0)
    x = task.data.rasters()  # (time, recording, channel)
    assert x.shape == (2000, 3, 100)
    segment = x[steps(OCCURRENCES[0]), 0]
    for span in OCCURRENCES:
        for recording in range(3):
            np.testing.assert_array_equal(x[steps(span), recording], segment)
    assert not any(x[steps(gap)].any() for gap in GAPS)
    expected = -np.expm1(-0.01)
    assert abs(segment.mean() - expected) < 5 * np.sqrt(expected / segment.size)


def test_noise_is_drawn_for_each_recording():
    x = pattern_generation(40, seed=3, noise_hz=4.0).data.rasters()
    gap = np.concatenate([x[steps(span)] for span in GAPS])
    expected = -np.expm1(-0.004)
    assert abs(gap.mean() - expected) < 5 * np.sqrt(expected / gap.size)
    assert (gap[:, 0] != gap[:, 1]).any()


def test_targets_are_five_cosines():
    """Their spectrum over 2 s, in which all five have whole periods, has five lines and no more."""
    traces = pattern_generation(1, seed=5, targets=3).traces
    assert traces.shape == (1, 2000, 3)
    np.testing.assert_allclose(np.abs(traces).max(axis=1), 1.0)
    lines = np.abs(np.fft.rfft(traces[0], axis=0)) / 1000
    assert (lines[1:6] > 1e-3).all()
    assert lines[0].max() < 1e-12
    assert lines[6:].max() < 1e-12
    assert not np.allclose(traces[0, :, 0], traces[0, :, 1])


def test_the_section_is_the_call():
    trials = draw({"name": "delayed_match_to_sample", "n_train": 5, "n_test": 2, "delay": 0.4}, 3)
    assert trials.fingerprint() == delayed_match_to_sample(5, 2, seed=3, delay=0.4).fingerprint()
    task = draw({"name": "pattern_generation", "n_train": 2, "targets": 2}, 4)
    assert (task.traces == pattern_generation(2, seed=4, targets=2).traces).all()


def test_the_recipes_that_ship_are_those_of_the_studies():
    for name, study, case in (
        ("dms-hetsyn", dms, {"model": "HetSynLIF", "tau_ms": 100.0}),
        ("patterns-hetsyn", patterns, {"model": "HetSynLIF", "noise_hz": 2.0, "lr": 1e-3}),
    ):
        shipped, theirs = load_recipe(name), study.recipe_for(case, 0)
        assert shipped.network == theirs.network
        assert shipped.training == theirs.training.model_copy(update={"num_threads": None})
        draw({**shipped.task, "n_train": 2, "n_test": 1}, 0)


@pytest.mark.parametrize("name", ["delayed_match_to_sample", "pattern_generation"])
def test_equal_seeds_give_equal_tasks(name):
    tasks = [draw({"name": name, "n_train": 20}, seed) for seed in (1, 1, 2)]
    prints = [getattr(task, "data", task).fingerprint() for task in tasks]
    assert prints[0] == prints[1] != prints[2]
    if name == "pattern_generation":
        np.testing.assert_array_equal(tasks[0].traces, tasks[1].traces)


WRONG_STEPS = [{"dt": 0.0}, {"dt": 0.2}]
UNDRAWN = {
    "delayed_match_to_sample": [{"n_train": 0}, {"n_train": -1, "n_test": 5}, *WRONG_STEPS, {"delay": -1.0}, {"added_noise_hz": -1.0}],
    "pattern_generation": [{"n_train": 0}, *WRONG_STEPS, {"noise_hz": -1.0}, {"targets": 0}, {"n_test": -1}],
}


@pytest.mark.parametrize(
    ("task", "error", "message"),
    [
        ({"name": "chess"}, UnknownNameError, "unknown task"),
        ({"n_train": 3}, UnknownNameError, "unknown task"),
        ({"name": "pattern_generation", "n_train": 3, "delay": 1.0}, UnknownNameError, "unknown setting of a task"),
        ({"name": "pattern_generation", "n_train": 3, "seed": 1}, UnknownNameError, "unknown setting of a task"),
        ({"name": "pattern_generation"}, ConfigError, "missing or of the wrong type"),
        ({"name": "delayed_match_to_sample", "n_train": "many"}, ConfigError, "missing or of the wrong type"),
        *(({"name": name, "n_train": 5} | facts, ConfigError, "can't be drawn") for name, rows in UNDRAWN.items() for facts in rows),
    ],
)
def test_sections_that_make_no_sense(task, error, message):
    with pytest.raises(error, match=message):
        draw(task, 0)

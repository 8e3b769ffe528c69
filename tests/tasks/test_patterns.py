"""Pattern generation: the segment is frozen, the noise is not, the target is made of five cosines."""

import numpy as np
import pytest

from hetsyn_sim.errors import ConfigError
from hetsyn_sim.tasks.patterns import GAPS, OCCURRENCES, pattern_generation


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


def test_equal_seeds_give_equal_tasks():
    one, two, other = (pattern_generation(3, seed=seed) for seed in (1, 1, 2))
    assert one.data.fingerprint() == two.data.fingerprint() != other.data.fingerprint()
    assert (one.traces == two.traces).all()


@pytest.mark.parametrize("facts", [{"n_train": 0}, {"dt": 0.0}, {"dt": 0.1}, {"noise_hz": -1.0}, {"targets": 0}, {"n_test": -1}])
def test_tasks_that_can_not_be_drawn(facts):
    with pytest.raises(ConfigError, match="can't be drawn"):
        pattern_generation(**({"n_train": 5} | facts))

"""Pattern generation: the measures are right for outputs that are known."""

import numpy as np
import pytest

from analysis.studies.hetsyn import patterns
from hetsyn_sim.tasks.patterns import pattern_generation


def test_an_output_that_is_the_target_and_one_that_is_silent_in_the_gaps():
    target = pattern_generation(1, seed=0).traces[0]
    found = patterns.followed(np.repeat(target[:, None], 3, axis=1), target, 0.001)
    assert found == {"mse": 0.0, "distance_21": pytest.approx(1.0), "distance_32": pytest.approx(1.0), "gap_power": pytest.approx(1.0)}
    output = np.zeros((2000, 2, 1))
    for start in (0, 750, 1500):
        output[start : start + 500] = np.sin(np.arange(500))[:, None, None]
    found = patterns.followed(output, target, 0.001)
    assert found["mse"] == pytest.approx(np.mean((output - target[:, None]) ** 2))
    assert (found["distance_21"], found["distance_32"], found["gap_power"]) == (0.0, 0.0, 0.0)

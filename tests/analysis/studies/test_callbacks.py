"""Callbacks of studies: the curve is what the history says; frozen time constants do not move, the others do."""

import numpy as np
import pytest

from analysis.studies.callbacks import FrozenTimeConstants, LearningCurve
from analysis.studies.hetsyn import dms
from hetsyn_sim.tasks import delayed_match_to_sample
from hetsyn_sim.training import fit


@pytest.fixture(scope="module")
def watched():
    data = delayed_match_to_sample(32 * 12, seed=1)
    curve = LearningCurve()
    recipe = dms.recipe_for({"model": "HetSynLIF", "tau_ms": 40.0, "recurrent": True}, 0)
    return curve, fit(recipe, data, progress=False, callbacks=[curve, FrozenTimeConstants(0.8, 0)])


def test_the_curve_is_the_history_step_by_step(watched):
    curve, result = watched
    assert len(curve.losses) == len(curve.shares) == 12
    assert np.mean(curve.losses) == pytest.approx(result.history[0]["train_loss"], rel=1e-6)
    assert np.mean(curve.shares) == pytest.approx(result.history[0]["train_accuracy"])
    assert curve.binned([1.0, 3.0, 5.0, 7.0, 9.0], 2) == [2.0, 6.0]


def test_four_fifths_of_the_time_constants_stay(watched):
    _, result = watched
    same, n = 0, 0
    for key, before in result.initial.values.items():
        if key.endswith("tau_syn"):
            same, n = same + int(np.sum(before == result.checkpoint.values[key])), n + before.size
        elif key.endswith(".w"):
            assert (before != result.checkpoint.values[key]).mean() > 0.9
    assert abs(same / n - 0.8) < 5 * np.sqrt(0.16 / n)

"""The classifier without neurons that the spoken digits are held against, and the table that it is in."""

import numpy as np
import pytest

from benchmarks import digits
from hetsyn_sim.tasks import spoken_digits
from hetsyn_sim.tasks.spoken_digits import N_STEPS


@pytest.mark.parametrize(("bins", "penalty"), [(1, 0.1), (8, 100.0)])
def test_the_classifier_is_least_squares_with_a_penalty(bins, penalty):
    """Solved here for the weights themselves, as one system of equations with a row more for each weight."""
    data = spoken_digits()
    learn, test = data.train[::8], data.test[::3]

    def counts(some):
        parts = np.split(some.rasters(N_STEPS).astype(float), bins, axis=0)
        return np.concatenate([part.sum(axis=0) for part in parts], axis=1)

    x, y = counts(learn), np.eye(10)[learn.labels]
    system = np.vstack([x - x.mean(axis=0), np.sqrt(penalty) * np.eye(x.shape[1])])
    weights = np.linalg.lstsq(system, np.vstack([y - y.mean(axis=0), np.zeros((x.shape[1], 10))]), rcond=None)[0]
    guesses = ((counts(test) - x.mean(axis=0)) @ weights + y.mean(axis=0)).argmax(axis=1)
    accuracy = digits._ridge(learn, test, bins, penalty)
    assert accuracy == np.mean(guesses == test.labels)
    assert 0.3 < accuracy < 1.0


def test_the_table_says_what_is_in_the_rows():
    rows = [
        {"case": {"model": model, "recurrent": True}, "seed": seed, "accuracy": accuracy + 0.01 * seed}
        for model, accuracy in (("HetSynLIF", 0.9), ("HetNeuLIF", 0.8), ("HomNeuLIF", 0.7))
        for seed in (0, 1)
    ]
    table = list(digits.lines(rows, {"bins": 4, "accuracy": 0.5}))
    assert "| 80.00 to 81.00 % | 10.00 ± 0.00 |" in table[3]
    assert "counts in 4 parts" in table[5]
    assert "50.00 %" in table[5]

"""Spoken digits: splits by speaker, short runs of every neuron, tables against rows that are made up."""

import numpy as np
import pytest

from analysis.studies.hetsyn import STUDIES, digits
from analysis.studies.hetsyn.neurons import NEURONS
from analysis.studies.hetsyn.robustness import DELETIONS, NOISES_HZ
from hetsyn_sim.tasks import spoken_digits


def test_a_speaker_is_held_out():
    data = digits.without_speaker(spoken_digits(), "theo")
    assert set(data.test.speakers) == {"theo"}
    assert "theo" not in set(data.train.speakers)
    assert (len(data.train), len(data.test)) == (2500, 500)
    assert set(digits.NAMES) == set(spoken_digits().speakers)


def test_a_short_run_on_the_official_split():
    row = digits.run_official({"model": "HetSynLIF", "recurrent": True}, 0, epochs=1)
    assert (row["mismatches"], row["simulated"]) == (0, 50)
    assert row["accuracy"] == row["deletion"][0] == row["noise"][0] > 0.5
    assert (len(row["deletion"]), len(row["noise"]), len(row["warp"])) == (len(DELETIONS), len(NOISES_HZ), 20)
    assert row["parameters"] == 2 * (70 * 128 + 128 * 128 + 128 * 10)


@pytest.mark.parametrize("model", NEURONS[1:])
def test_a_short_run_on_a_new_speaker(model):
    row = digits.run_speaker({"model": model, "recurrent": True, "held_out": "lucas"}, 0, epochs=1)
    assert row["mismatches"] == 0
    assert 0.1 < row["accuracy"] < 1.0


def test_the_table_of_the_official_split():
    def row(model, seed, accuracy):
        grid = {"deletion": [accuracy] * len(DELETIONS), "noise": [accuracy] * len(NOISES_HZ), "warp": [[-0.4, 0.5], [0.3, accuracy]]}
        cost = {"parameters": 53248, "spikes": 100.0, "synaptic_operations": 2e4, "state_updates": 3}
        return {"case": {"model": model, "recurrent": True}, "seed": seed, "accuracy": accuracy, **grid, **cost}

    rows = [row("HetSynLIF", 0, 0.98), row("HetSynLIF", 1, 0.99), row("HomNeuLIF", 0, 0.95), row("HomNeuLIF", 1, 0.96)]
    text = "\n".join(STUDIES["digits"].lines(rows))
    assert "| HomNeuLIF | recurrent | 2 | 95.50 ± 6.35 % | 3.00 ± 0.00 | 53,248 | 100 | 20,000 | 3 |" in text
    assert "| HomNeuLIF | 50.0 ± 0.0 | – | – | 95.5 ± 6.4 |" in text
    assert "feed-forward, spikes" not in text


def test_the_table_of_speakers():
    accuracies = {"HetSynLIF": {"george": (0.9, 0.92), "theo": (0.8, 0.8)}, "HomNeuLIF": {"george": (0.8, 0.84), "theo": (0.76, 0.78)}}
    rows = [
        {"case": {"model": model, "recurrent": True, "held_out": name}, "seed": seed, "accuracy": accuracy}
        for model, folds in accuracies.items()
        for name, found in folds.items()
        for seed, accuracy in enumerate(found)
    ]
    text = "\n".join(STUDIES["speakers"].lines(rows))
    gaps = 100 * np.array([0.1, 0.08, 0.04, 0.02])
    half = 3.182446 * gaps.std(ddof=1) / 2
    assert f"| HomNeuLIF | 82.0 ± 25.4 | 77.0 ± 12.7 | 79.5 ± 31.8 | 6.00 ± {half:.2f} | 6.00 ± {12.7062 * 3:.2f} |" in text

"""Spoken digits: splits by speaker, short runs of every neuron."""

import pytest

from analysis.studies.hetsyn import digits
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

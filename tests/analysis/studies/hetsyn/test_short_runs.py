"""A few iterations of each study with each neuron: the network spikes in Brian2 as it was trained, and a row has what it must have."""

import pytest

from analysis.studies.hetsyn import digits, dms, dms_memory, patterns
from analysis.studies.hetsyn.neurons import NEURONS
from analysis.studies.hetsyn.robustness import DELETIONS, NOISES_HZ
from hetsyn_sim.tasks import spoken_digits

RUNS = {
    "dms": lambda model: dms.run({"model": model, "tau_ms": 40.0, "recurrent": True}, 0, iterations=5, n_test=100),
    "patterns": lambda model: patterns.run({"model": model, "noise_hz": 1.0, "lr": 1e-3, "recurrent": True}, 0, iterations=3, n_test=3),
    "speakers": lambda model: digits.run_speaker({"model": model, "recurrent": True, "held_out": "lucas"}, 0, epochs=1),
}


@pytest.mark.parametrize("model", NEURONS)
@pytest.mark.parametrize("study", RUNS)
def test_each_study_runs_with_each_neuron(study, model):
    row = RUNS[study](model)
    assert row["mismatches"] == 0
    assert 0.0 < row["mse" if study == "patterns" else "accuracy"] < (float("inf") if study == "patterns" else 1.0)
    assert "long" not in row


def test_delayed_match_to_sample_measures_everything():
    case = {"model": "HetSynLIF", "tau_ms": 100.0, "time_constants": "tau", "rate": 3.0}
    row = dms_memory.run(case, 0, iterations=40, n_test=200)
    assert (row["mismatches"], row["simulated"], len(row["curve"])) == (0, 50, 2)
    assert 0.3 < row["accuracy"] <= 1.0
    assert 50 < row["cue_median_ms"] < 200
    assert 50 < row["cue_mean_ms"] < 400
    assert row["parameters"] == 2 * 100 * 30 + 2 * 2 * 100
    assert set(row) >= {"long", "infinite", "accuracy_without_long", "accuracy_without_control", "noise_median_ms", "cue_long"}


def test_pattern_generation_goes_down():
    row = patterns.run({"model": "HetSynLIF", "noise_hz": 2.0, "lr": 5e-3, "targets": 2}, 0, iterations=60, n_test=5)
    assert (row["mismatches"], row["simulated"], len(row["curve"])) == (0, 5, 3)
    assert row["curve"][-1] < 0.9 * row["curve"][0]
    assert row["parameters"] == 2 * 100 * 100 + 2 * 2 * 100


def test_digits_on_the_official_split_and_without_a_speaker():
    row = digits.run_official({"model": "HetSynLIF", "recurrent": True}, 0, epochs=1)
    assert (row["mismatches"], row["simulated"]) == (0, 50)
    assert row["accuracy"] == row["deletion"][0] == row["noise"][0] > 0.5
    assert (len(row["deletion"]), len(row["noise"]), len(row["warp"])) == (len(DELETIONS), len(NOISES_HZ), 20)
    assert row["parameters"] == 2 * (70 * 128 + 128 * 128 + 128 * 10)
    data = digits.without_speaker(spoken_digits(), "theo")
    assert set(data.test.speakers) == {"theo"}
    assert "theo" not in set(data.train.speakers)
    assert (len(data.train), len(data.test)) == (2500, 500)
    assert set(digits.NAMES) == set(spoken_digits().speakers)

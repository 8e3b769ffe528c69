"""Temperature, other choices, and the paper's statistics."""

import numpy as np
import pytest

from analysis.biology.extraction import extract_all
from analysis.biology.loaders import reference
from analysis.biology.nulls import initial_values
from analysis.biology.paper import TABLE_4, is_match_to_sample, paper_statistics
from analysis.biology.sensitivity import sensitivity, without_repeats
from analysis.biology.table import TauTable
from analysis.biology.temperature import at_temperature, temperatures
from hetsyn_sim.errors import DataError

from .networks import run_of


def test_ten_degrees_are_a_factor_of_q10_and_unknown_temperatures_are_left_out():
    table = TauTable(np.array([19e-3, 10e-3, 5e-3]), "test", columns={"temperature_C": np.array([24.0, 34.0, np.nan])})
    warm = at_temperature(table, 34.0)
    assert warm.tau == pytest.approx([10e-3, 10e-3])
    assert "34 °C (Q10 = 1.9)" in warm.source
    assert temperatures(table) == "24 to 34 °C, median 29 °C"
    assert temperatures(TauTable(np.ones(1), "test")) == "unknown"


@pytest.mark.parametrize(
    ("columns", "celsius", "what"),
    [
        ({}, 34.0, "the temperatures of these measurements are not known"),
        ({"temperature_C": np.array([np.nan])}, 34.0, "the temperatures of these measurements are not known"),
        ({"temperature_C": np.array([22.0])}, 307.0, "can't be brought to this temperature"),
        ({"temperature_C": np.array([22.0])}, float("nan"), "can't be brought to this temperature"),
    ],
)
def test_temperatures_that_are_unknown_or_in_kelvin_are_refused(columns, celsius, what):
    with pytest.raises(DataError) as caught:
        at_temperature(TauTable(np.ones(1), "test", columns=columns), celsius)
    assert what in caught.value.what
    assert caught.value.remedy


def test_other_choices_agree_where_the_truth_is_plain():
    biology = reference("hippocampome")
    runs = [run_of(lambda key, tau, rng: np.clip(rng.choice(biology.tau, tau.shape), 6e-4, 1.0), seed=k, dt="0.5 ms") for k in range(4)]
    learned = extract_all(runs, longest=2.0, rates=[{"input": np.full(12, 5.0), "layer_1": np.full(8, 9.0)}] * 4)
    found = sensitivity(learned, biology, {"before training": initial_values(learned)}, "hippocampome")
    names = [choice.name for choice in found]
    assert names[:2] == ["distance: ks", "distance: energy"]
    assert "synapses by |w| times the rate before them" in names
    assert {"against hippocampome-psp", "input synapses alone", "measurements brought to 34 °C (Q10 = 1.9)"} <= set(names)
    assert {choice.answer for choice in found} == {"yes"}
    assert all(choice.gain.value > 0.05 for choice in found)
    assert sensitivity(learned, biology, {}, "hippocampome") == []


def test_repeats_are_the_220_that_were_counted():
    every = reference("hippocampome-all")
    assert len(every) - len(without_repeats(every)) == 220


def test_the_share_above_the_initial_bound_is_of_each_projection():
    def longer(key, tau, rng):
        return np.where(rng.random(tau.shape) < 0.25, 10.0 * tau, tau) if key.startswith("readout") else tau

    runs = [run_of(longer, seed=k, hidden=40) for k in range(3)]
    learned = extract_all(runs, longest=10.0)
    found = paper_statistics(runs, learned, [], [], n_resamples=20)
    assert found.above_initial["readout"].value == pytest.approx(0.25, abs=0.1)
    assert found.above_initial["input"].value == 0.0
    assert found.table_4 == []


def test_table_4_is_for_its_task_and_its_beginnings_only():
    runs = [run_of(recipe={"task": {"name": "delayed_match_to_sample"}})]
    assert is_match_to_sample(runs[0])
    assert not is_match_to_sample(run_of())
    learned = extract_all(runs, longest=10.0)
    found = paper_statistics(runs, learned, [], [], n_resamples=5)
    assert found.published is None or found.initial_ms == pytest.approx(100.0, rel=0.1)
    assert found.__class__({}, [], 104.0).published == TABLE_4[100.0]
    assert found.__class__({}, [], 150.0).published is None

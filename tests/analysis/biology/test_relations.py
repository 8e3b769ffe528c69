"""What is told beside the answer: relations, where they are planted and where not; temperature, other choices, the paper's statistics."""

import numpy as np
import pytest

from analysis.biology.extraction import extract_all
from analysis.biology.loaders import reference
from analysis.biology.nulls import initial_values
from analysis.biology.paper import TABLE_4, is_match_to_sample, paper_statistics
from analysis.biology.relations import change, effect_of_sign, sign_purity, spreads, tau_by_weight, use_weighted_median, weight_and_tau
from analysis.biology.sensitivity import by_use, sensitivity, without_repeats
from analysis.biology.table import TauTable
from analysis.biology.temperature import at_temperature, temperatures
from hetsyn_sim.errors import DataError

from .networks import run_of


def table_of(tau, w, *, rate=None, pre=None, seed=None, initial=None):
    n = len(tau)
    columns = {
        "w": np.asarray(w, dtype=float),
        "sign": np.sign(w).astype(int),
        "kind": np.full(n, "input"),
        "layer": np.full(n, "layer_1"),
        "seed": np.zeros(n, int) if seed is None else np.asarray(seed),
        "post": np.arange(n) % 7,
        "pre": np.zeros(n, int) if pre is None else np.asarray(pre),
        "rate_hz": np.full(n, np.nan) if rate is None else np.asarray(rate, dtype=float),
        "initial": np.full(n, 20e-3) if initial is None else np.asarray(initial),
    }
    return TauTable(np.asarray(tau, dtype=float), "test", 1e-3, 1.0, columns)


def test_a_planted_correlation_is_found_for_its_sign_alone():
    rng = np.random.default_rng(0)
    w = rng.normal(0, 1, 2000)
    tau = 20e-3 * np.exp(np.where(w > 0, np.abs(w), rng.normal(0, 1, w.size)))
    excitatory, inhibitory = weight_and_tau(table_of(tau, w), n_resamples=50)
    assert (excitatory.sign, inhibitory.sign) == (1, -1)
    assert excitatory.correlation.value > 0.99  # those at the upper limit tie
    assert inhibitory.correlation.low < 0.0 < inhibitory.correlation.high


def test_censored_ones_are_ranked_at_the_ends_as_ties():
    tau = np.concatenate([np.linspace(5e-3, 0.5, 20), np.full(20, np.inf)])
    w = np.concatenate([np.linspace(0.1, 1.0, 20), np.random.default_rng(1).permutation(np.linspace(2.0, 3.0, 20))])
    (found,) = weight_and_tau(table_of(tau, w), n_resamples=10)
    from scipy.stats import spearmanr

    assert found.correlation.value == pytest.approx(spearmanr(w, np.minimum(tau, 1.0)).statistic)


def test_inhibitory_over_excitatory_and_one_sign_alone():
    w = np.tile([1.0, -1.0], 100)
    tau = np.where(w > 0, 10e-3, 17e-3)
    assert effect_of_sign(table_of(tau, w), n_resamples=20).value == pytest.approx(1.7)
    with pytest.raises(DataError, match="only one sign of weights") as caught:
        effect_of_sign(table_of(tau, np.abs(w)))
    assert "200 above and 0 below" in str(caught.value)


def test_purity_is_1_under_dales_law_and_lower_where_signs_are_mixed():
    pre = np.repeat([0, 1], 10)
    assert sign_purity(table_of(np.full(20, 5e-3), np.where(pre == 0, 1.0, -1.0), pre=pre)) == 1.0
    assert sign_purity(table_of(np.full(20, 5e-3), np.tile([1.0, -1.0], 10), pre=pre)) == 0.5


def test_what_is_not_used_does_not_count():
    tau, w, rate = [10e-3, 50e-3, 50e-3], [1.0, 1.0, 1.0], [9.0, 0.0, 0.0]
    table = table_of(tau, w, rate=rate)
    assert use_weighted_median(table) == 10e-3
    assert by_use(table).tolist() == [0, 0, 0]
    assert use_weighted_median(table_of(tau, w)) is None
    assert by_use(table_of(tau, w)) is None
    assert by_use(table_of(tau, w, rate=[0.0, 0.0, 0.0])) is None
    even = table_of(tau, w, rate=[2.0, 2.0, 2.0])
    assert by_use(even).tolist() == [0, 1, 2]


def test_thirds_and_the_trade_of_peak_against_duration():
    w = np.random.default_rng(2).lognormal(0, 1, 999)
    table = table_of(20e-3 / w, w)  # the product is the same everywhere
    lightest, middle, heaviest = tau_by_weight(table)
    assert lightest > middle > heaviest
    inside = table.rows(~(table.is_low | table.is_high))
    assert spreads(inside)[2] == pytest.approx(0.0, abs=1e-9)
    neurons = table_of([1e-2, 2e-2], [1.0, 1.0])
    nameless = TauTable(neurons.tau, "neurons", columns={**neurons.columns, "w": np.full(2, np.nan)})
    assert spreads(nameless) is None
    assert tau_by_weight(nameless) is None


def test_change_is_paired_and_counts_what_is_above_the_beginning():
    learned = extract_all([run_of(lambda key, tau, rng: 1.5 * tau, seed=seed) for seed in range(2)], longest=10.0)
    found = change(learned, initial_values(learned), n_resamples=20)
    assert found.median.value == pytest.approx(np.log(1.5))
    assert found.longer.value == 1.0
    bound = initial_values(learned).tau.max()
    assert found.above_initial.value == pytest.approx(np.mean(learned.tau > bound), abs=0.02)  # bounds are by projection
    still = extract_all([run_of()], longest=10.0)
    none = change(still, initial_values(still), n_resamples=20)
    assert (none.median.value, none.longer.value, none.above_initial.value) == (0.0, 0.0, 0.0)


def test_ten_degrees_are_a_factor_of_q10_and_unknown_temperatures_are_left_out():
    table = TauTable(np.array([19e-3, 10e-3, 5e-3]), "test", columns={"temperature_C": np.array([24.0, 34.0, np.nan])})
    warm = at_temperature(table, 34.0)
    assert warm.tau == pytest.approx([10e-3, 10e-3])
    assert "34 °C (Q10 = 1.9)" in warm.source
    assert temperatures(table) == "24 to 34 °C, median 29 °C"
    assert temperatures(TauTable(np.ones(1), "test")) == "unknown"


def test_temperatures_that_are_unknown_or_in_kelvin_are_refused():
    of = {"temperature_C": np.array([22.0])}
    for columns, celsius, what in (
        ({}, 34.0, "the temperatures of these measurements are not known"),
        ({"temperature_C": np.array([np.nan])}, 34.0, "the temperatures of these measurements are not known"),
        (of, 307.0, "can't be brought to this temperature"),
        (of, float("nan"), "can't be brought to this temperature"),
    ):
        with pytest.raises(DataError, match=what) as caught:
            at_temperature(TauTable(np.ones(1), "test", columns=columns), celsius)
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

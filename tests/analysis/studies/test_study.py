"""Studies: every case with every seed, once; stopped, resumed, within a budget; numbers that are SciPy's."""

import json
import os
import signal
import time

import numpy as np
import pytest
from scipy import stats

from analysis.studies.statistics import above_zero, interval, of_case, paired, shown
from analysis.studies.study import Study, run_studies

RAN = []


def measure(case, seed, source):
    RAN.append((case["x"], seed, source))
    return {"y": 10 * case["x"] + seed}


def toy(name="toy", run=measure, **facts):
    return Study(name, "", [{"x": 1}, {"x": 2}], run, lambda rows: iter(()), **({"seeds": 2} | facts))


def plain(rows):
    return [(row["case"]["x"], row["seed"], row["y"]) for row in rows]


def test_each_case_runs_with_each_seed_and_the_store_is_gone_on_with(tmp_path):
    RAN.clear()
    told = []
    rows = run_studies([toy()], tmp_path, progress=told.append)["toy"]
    assert plain(rows) == [(x, seed, 10 * x + seed) for seed in range(2) for x in (1, 2)]
    assert (told[0], told[-1], told == sorted(told)) == (0.0, 1.0, True)
    assert all(row["seconds"] >= 0 for row in rows)
    store = tmp_path / "toy.json"
    kept = json.loads(store.read_text())
    store.write_text(json.dumps({**kept, "rows": kept["rows"][:3]}))
    RAN.clear()
    again = run_studies([toy()], tmp_path, seeds=3)["toy"]
    assert plain(again) == [(x, seed, 10 * x + seed) for seed in range(3) for x in (1, 2)]
    assert [ran[:2] for ran in RAN] == [(2, 1), (1, 2), (2, 2)]


def test_a_long_run_is_told_where_it_is_kept(tmp_path):
    told = []
    study = toy(run=lambda case, seed, source, out: told.append(out) or {"y": 0}, kept=True)
    run_studies([study], tmp_path)
    assert told == [tmp_path / "toy" / f"{x}-{seed}" for seed in range(2) for x in (1, 2)]


def test_all_studies_get_a_seed_before_any_gets_another(tmp_path):
    RAN.clear()
    found = run_studies([toy("a", seeds=3), toy("b", seeds=1)], tmp_path, source=tmp_path)
    assert [(1, 0, tmp_path), (2, 0, tmp_path)] * 2 + [(x, seed, tmp_path) for seed in (1, 2) for x in (1, 2)] == RAN
    assert [len(rows) for rows in found.values()] == [6, 2]


def slow(case, seed, source):
    time.sleep(0.3)
    return {"y": 0}


def test_a_budget_begins_nothing_that_would_last_longer(tmp_path):
    begun = time.monotonic()
    told = []
    rows = run_studies([toy(run=slow, seeds=100)], tmp_path, budget=1.0, progress=told.append)["toy"]
    assert 1 <= len(rows) <= 4
    assert time.monotonic() - begun < 10
    assert told[-1] == pytest.approx(len(rows) / 200)
    assert run_studies([toy(run=slow, seeds=100)], tmp_path, budget=0.1)["toy"] == rows


def test_a_study_without_runs_is_taken_to_be_as_long_as_the_others(tmp_path):
    run_studies([toy("a", run=slow, seeds=1)], tmp_path)
    found = run_studies([toy("a", run=slow, seeds=1), toy("b", run=slow, seeds=1)], tmp_path, budget=0.1)
    assert [len(rows) for rows in found.values()] == [2, 0]


def interrupted(case, seed, source):
    if case["x"] == 2:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
    return {"y": 0}


def test_runs_side_by_side_are_the_same_runs_and_leave_an_interrupt_to_who_began_them(tmp_path):
    rows = run_studies([toy()], tmp_path, jobs=2)["toy"]
    assert plain(rows) == [(x, seed, 10 * x + seed) for seed in range(2) for x in (1, 2)]
    assert len(run_studies([toy("stopped", run=interrupted)], tmp_path, jobs=2)["stopped"]) == 4


def test_what_was_done_before_an_interrupt_is_kept(tmp_path):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run_studies([toy(run=interrupted)], tmp_path)
    assert signal.getsignal(signal.SIGINT) is before
    assert [row["case"] for row in json.loads((tmp_path / "toy.json").read_text())["rows"]] == [{"x": 1}]
    RAN.clear()
    run_studies([toy(seeds=1)], tmp_path)
    assert [ran[0] for ran in RAN] == [2]


def test_intervals_are_scipys():
    values = np.random.default_rng(0).normal(5.0, 2.0, 7)
    mean, half = interval(values)
    low, high = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert (mean - half, mean + half) == pytest.approx((low, high))
    assert np.isnan(interval([3.0])[1])


def test_a_difference_is_clear_where_scipys_test_of_pairs_says_so():
    rng = np.random.default_rng(1)
    verdicts = set()
    for shift in np.linspace(0.0, 3.0, 13):
        a, b = rng.normal(shift, 1.0, 6), rng.normal(0.0, 1.0, 6)
        found = [[{"case": {}, "seed": k, "y": y} for k, y in enumerate(values)] for values in (a, b)]
        said = above_zero(paired(*found, "y"))
        assert said == (stats.ttest_rel(a, b, alternative="greater").pvalue < 0.025)
        verdicts.add(bool(said))
    assert verdicts == {True, False}
    assert not above_zero([1.0])
    assert not above_zero([0.0, 0.0])


def test_pairs_share_a_seed_and_cases_have_no_other_facts():
    rows = [{"case": {"m": m, **more}, "seed": s, "y": y} for m, more, s, y in
            [("a", {}, 0, 1.0), ("a", {}, 1, 2.0), ("b", {}, 1, 5.0), ("b", {}, 2, 7.0), ("a", {"r": True}, 0, 9.0)]]  # fmt: skip
    assert [row["y"] for row in of_case(rows, m="a")] == [1.0, 2.0]
    assert [row["y"] for row in of_case(rows, m="a", r=True)] == [9.0]
    assert paired(of_case(rows, m="b"), of_case(rows, m="a"), "y") == [3.0]


def test_numbers_in_tables():
    assert shown([0.5], 100.0) == "50.00"
    assert shown([1.0, 3.0], digits=1) == f"2.0 ± {stats.t.ppf(0.975, 1) * 1.0:.1f}"
    assert shown([]) == "–"

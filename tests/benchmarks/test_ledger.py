"""The ledger: every model is in it, its checks are tests that exist, and its page is made of the kept results."""

import json

import pytest

from benchmarks.ledger import RESULTS, lines, measure
from benchmarks.ledger_facts import FACTS
from benchmarks.nest_oracle import SETUPS, cases
from hetsyn_sim.models import REGISTRY

from ..docs.documents import ROOT


def kept(name):
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def test_every_model_is_in_the_ledger():
    assert set(FACTS) == set(REGISTRY) == {row["model"] for row in kept("ledger")["rows"]}
    assert all(facts.checks for facts in FACTS.values())
    assert {row["case"] for row in kept("nest")["rows"]} == set(SETUPS)


@pytest.mark.parametrize("name", FACTS)
def test_the_checks_that_it_names_are_there(name):
    for test in FACTS[name].checks.values():
        file, function = test.split("::")
        assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8"), test


def test_the_page_is_made_of_the_kept_results():
    page = (ROOT / "docs" / "_generated" / "ledger.md").read_text(encoding="utf-8")
    assert page == "\n".join(lines(kept("ledger"), kept("nest"))) + "\n", "run: python -m benchmarks.ledger --docs docs"


def test_what_is_kept_is_that_nothing_differs():
    """A model that no longer agrees is seen here, and not only by who reads the page."""
    for row in kept("ledger")["rows"]:
        for simulator in ("PyTorch", "Brian2"):
            assert row[simulator]["agrees"], row
            assert row[simulator]["mismatches"] == 0, row
    exact = [row for row in kept("nest")["rows"] if row["nest"] in ("iaf_psc_exp", "izhikevich")]
    assert len(exact) == 3
    for row in exact:  # linear, or one Euler step in both: nothing but rounding of some thousand steps is left
        assert row["spikes_alike"] == row["spikes"] == row["spikes_nest"] > 10
        assert row["largest_dv_mv"] < 1e-10
    assert all(row["spikes_alike"] == row["spikes"] for row in kept("nest")["rows"] if row["model"] != "HodgkinHuxley")


def test_a_row_is_measured_again():
    (row,) = measure(["HomNeuLIF"])
    (before,) = [row for row in kept("ledger")["rows"] if row["model"] == "HomNeuLIF"]
    assert row["spikes"] == before["spikes"] > 0
    assert row["PyTorch"]["agrees"]
    assert row["Brian2"]["mismatches"] == 0


def test_the_cases_for_nest_are_in_its_units():
    case = next(case for case in cases() if case["name"] == "LIF")
    assert case["parameters"]["E_L"] == pytest.approx(-60.0)
    assert case["parameters"]["C_m"] == pytest.approx(200.0, rel=0.3)  # pF: 15 to 25 ms through 100 MOhm
    assert case["parameters"]["t_ref"] == pytest.approx(4.9)
    assert max(abs(w) for channel in case["channels"] for w in channel["weights"]) > 100  # pA

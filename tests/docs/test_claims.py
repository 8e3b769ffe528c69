"""The README's table of claims and the tables of pages are made from the result files."""

import json
import shutil

import pytest

from analysis.studies.delays import study as speakers
from analysis.studies.delays import tables as of_delays
from analysis.studies.forecasting import tables as forecasting
from analysis.studies.forecasting.study import LEARNING_RATES
from analysis.studies.stl.study import STL
from benchmarks import claim, delays, digits, filters, gpu, nn_peers, proofs, smnist, stepping, tables
from benchmarks.elsewhere import lines as elsewhere_lines
from benchmarks.ladder import finetuning_lines, ladder_lines, read_networks
from benchmarks.nir_peers import agreement_lines, effect_lines
from benchmarks.readme import table, written_into
from benchmarks.rows import read_rows
from benchmarks.speed_tables import page

from .documents import ROOT

RESULTS = ROOT / "benchmarks" / "results"
#: Table of a page -> its result file, and how its lines are made of that.
TABLES = {
    "forecast": ("forecast", lambda found: forecasting.lines(found["rows"])),
    "forecast-tuning": ("forecast-tuning", lambda found: forecasting.tuning_lines(found["rows"])),
    "delays": ("delays", delays.lines),
    "delay-speakers": ("delay-speakers", lambda found: of_delays.lines(found["rows"])),
    "delay-tuning": ("delay-tuning", lambda found: of_delays.tuning_lines(found["rows"])),
    "claim": ("claim", claim.agreement_lines),
    "finer": ("claim", claim.finer_lines),
    "compared": ("claim", lambda _: claim.study_lines(RESULTS)),
    "filter-times": ("filters", filters.time_lines),
    "filter-errors": ("filters", filters.error_lines),
    "digits": ("digits-ridge", lambda found: digits.lines(results("reproduced/digits")["rows"], found)),
    "stl": ("stl", lambda found: STL.lines(found["rows"])),
    "nir-agreement": ("nir-peers", agreement_lines),
    "nir-groups": ("nir-peers", effect_lines),
    "nn-peers": ("nn-peers", nn_peers.agreement_lines),
    "proofs": ("proofs", proofs.lines),
    "smnist-start": ("smnist-start", smnist.lines),
    "elsewhere": ("elsewhere", elsewhere_lines),
    "finetuning": ("finetuning", lambda found: finetuning_lines(found["rows"])),
    "ladder": ("ladder", lambda found: ladder_lines(read_networks(found))),
    "stepping": ("stepping", lambda found: stepping.lines(found["rows"])),
    "speed": ("training", lambda rows: [page(rows, results("training-sapphire-rapids"))]),
    "gpu": ("gpu", gpu.lines),
    "growth": ("growth", lambda _: tables.growth_lines(read_rows(RESULTS / "growth.json"))),
    "simulation": ("simulation", lambda _: tables.simulation_lines(read_rows(RESULTS / "simulation.json", required=tables.SIMULATED))),
}


def results(name):
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", TABLES)
def test_the_table_of_a_page_is_made_of_its_results(page):
    name, lines = TABLES[page]
    text = (ROOT / "docs" / "_generated" / f"{page}.md").read_text(encoding="utf-8")
    assert text.rstrip("\n") == "\n".join(lines(results(name))).rstrip("\n")


def test_results_that_are_kept_are_of_every_run_and_spike_for_spike():
    assert forecasting.best_rates(results("forecast-tuning")["rows"]) == LEARNING_RATES  # those that validation chose
    assert all(row["round_trip_equal"] for row in results("nir-peers")["agreement"])
    assert all(row["complete"] and row["seconds"]["proof"] < 100 * row["seconds"]["reference"] for row in results("proofs")["rows"])
    assert not any(row["differing"] for row in results("nn-peers")["rows"] if row["precision"] == "float64")
    assert sum(row[side]["differing_cells"] for row in results("elsewhere")["rows"] for side in ("pytorch", "brian2")) == 0
    assert of_delays.best_rates(results("delay-tuning")["rows"]) == speakers.LEARNING_RATES
    kept = results("delay-speakers")["rows"]
    assert len(kept) == len({row["seed"] for row in kept}) * len(speakers.DELAYS.cases)
    assert sum(row["mismatches"] for row in kept) == 0
    for row in results("claim")["rows"]:
        for precision in ("float64", "float32"):
            kept = row[precision]
            assert (kept["mismatches"], kept["runs"]) == (0, 300)
            assert kept["max_dv_over_bound"] < 1.0
        assert row["float64"]["undecided"] == row["float64"]["different_predictions"] == 0
    for row in results("filters")["errors"]:  # each is held to its tolerance, up to what rounding in its type adds
        assert row["v"] <= 2 * (row["tolerance"] or 0.0) + 1e-6
    kept = results("stl")["rows"]
    assert all(row["case"] in STL.cases for row in kept)
    runs = {mode: {(str(of), row["seed"]) for row in kept if (of := dict(row["case"])).pop("mode") == mode} for mode in ("STL", "SL")}
    assert runs["STL"] == runs["SL"]  # in pairs
    assert sum(row["mismatches"] for row in kept) == 0


def test_the_table_of_claims_is_made_from_the_result_files():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert table() in text, "run: python -m benchmarks.readme --write"
    assert written_into(text, table()) == text


def test_a_result_that_changes_changes_the_table(tmp_path):
    for part in ("benchmarks/results", "docs/_generated"):
        shutil.copytree(ROOT / part, tmp_path / part)
    changed = results("forecast")
    next(row for row in changed["rows"] if "mismatches" in row)["mismatches"] = 3
    (tmp_path / "benchmarks" / "results" / "forecast.json").write_text(json.dumps(changed), encoding="utf-8")

    assert "| 3 cells differ in " in table(tmp_path)
    assert "| 3 | " in "\n".join(claim.study_lines(tmp_path / "benchmarks" / "results"))
    assert "| 0 cells differ in " in table()

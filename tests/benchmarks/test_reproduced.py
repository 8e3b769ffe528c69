"""The page on the HetSyn paper is what its rows say."""

from pathlib import Path

import pytest

from analysis.studies.hetsyn import STUDIES
from benchmarks.reproduced import main, write_pages

ROOT = Path(__file__).parents[2]
ROWS = ROOT / "benchmarks" / "results" / "reproduced"


def test_the_tables_of_the_documentation_are_made_of_the_rows_that_are_kept(tmp_path):
    written = write_pages(ROWS, tmp_path)
    pages = [path for path in written if path.suffix == ".md"]
    assert {path.stem for path in pages} == {"claims", *(f"study-{name}" for name in STUDIES)}
    for path in pages:
        assert (ROOT / "docs" / "_generated" / path.name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize("name", STUDIES)
def test_every_network_was_the_same_in_brian2(name):
    import json

    rows = json.loads((ROWS / f"{name}.json").read_text(encoding="utf-8"))["rows"]
    # but those that take grey values, which Brian2's synapses don't
    networks = [row for row in rows if "method" not in row["case"] and row["case"].get("recipe") != "published"]
    assert {row["mismatches"] for row in networks} == {0}
    assert all(
        row["max_dv_over_bound"] < 1.0 and row["undecided"] <= row["simulated"] / 100 for row in networks if row.get("form") == "ode"
    )
    assert min(row["simulated"] for row in networks) >= 50
    assert {json.dumps(row["case"], sort_keys=True) for row in rows} <= {json.dumps(case, sort_keys=True) for case in STUDIES[name].cases}


def test_without_rows_there_are_claims_only(tmp_path, capsys):
    assert main([str(tmp_path), "--docs", str(tmp_path / "docs")]) == 0
    assert capsys.readouterr().out.strip().endswith("claims.md")

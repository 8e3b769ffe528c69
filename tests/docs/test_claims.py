"""The README's table of claims is made from the result files, and says how to make them again."""

import importlib.util
import json
import re
import shutil

import pytest
import typer

from benchmarks.readme import claims, table, written_into
from hetsyn_sim.cli.app import app

from .documents import ROOT


def test_the_table_of_claims_is_made_from_the_result_files():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert table() in text, "run: python -m benchmarks.readme --write"
    assert written_into(text, table()) == text


def test_a_result_that_changes_changes_the_table(tmp_path):
    for part in ("benchmarks/results", "docs/_generated"):
        shutil.copytree(ROOT / part, tmp_path / part)
    path = tmp_path / "benchmarks" / "results" / "forecast.json"
    results = json.loads(path.read_text(encoding="utf-8"))
    next(row for row in results["rows"] if "mismatches" in row)["mismatches"] = 3
    path.write_text(json.dumps(results), encoding="utf-8")
    assert "| 3 cells differ in " in table(tmp_path)
    assert "| 0 cells differ in " in table()


def test_a_readme_without_its_table_is_refused():
    with pytest.raises(ValueError, match=r"0 tables that begin with '\| claim \| measured"):
        written_into("# hetsyn-sim\n", table())


def test_every_claim_of_the_readme_has_a_page_and_a_command_that_exists():
    for claim, _, again in claims():
        assert re.search(r"\]\(docs/[\w-]+\.md\)", claim)
        for command in re.findall(r"`([^`]+)`", again):
            program, *words = command.split()
            if program == "hetsyn":
                assert words[0] in typer.main.get_command(app).commands
            elif program == "python":
                assert importlib.util.find_spec(words[1]) is not None, command
            elif program == "make":
                assert words[0] in re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
            else:
                assert (ROOT / program).is_file(), command

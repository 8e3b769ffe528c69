"""The planted faults: each can be planted, the documentation has their table, and a run of them goes on where it stopped."""

import ast
import json
from dataclasses import replace
from pathlib import Path

import pytest

from equivalence.mutants import __main__ as command
from equivalence.mutants import suite
from equivalence.mutants.faults import AREAS, MUTANTS
from equivalence.mutants.mutant import ROOT, Mutant
from equivalence.mutants.suite import Outcome
from equivalence.mutants.table import Row, as_markdown, read_rows, still_to_run, write_rows
from hetsyn_sim.errors import BackendError, ConfigError

RESULTS = ROOT / "equivalence" / "mutants" / "results.json"
TABLE = ROOT / "docs" / "_generated" / "mutants.md"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.fault)
def test_a_fault_has_its_place_and_leaves_python_that_can_be_read(mutant):
    text = mutant.applied()
    assert text != (ROOT / mutant.path).read_text(encoding="utf-8")
    if mutant.path.endswith(".py"):
        ast.parse(text)


def test_faults_have_names_of_their_own_and_are_many_everywhere():
    assert len({mutant.fault for mutant in MUTANTS}) == len(MUTANTS) >= 40
    assert all(len(mutants) >= 5 for mutants in AREAS.values())


def test_a_fault_without_a_place_says_so():
    lost = replace(MUTANTS[0], find="nowhere to be found")
    with pytest.raises(
        ConfigError, match=r"has no place to be planted in(.|\n)*0 times 'nowhere to be found'(.|\n)*bring the fault up to date"
    ):
        lost.applied()


def test_the_documentation_has_the_table_of_these_faults():
    rows = read_rows(RESULTS)
    assert {fault: row.change for fault, row in rows.items()} == {m.fault: (m.find, m.replace) for m in MUTANTS}
    assert sum(row.killed for row in rows.values()) >= 0.95 * len(rows)
    assert TABLE.read_text(encoding="utf-8") == as_markdown(rows)


def row_of(mutant, by="test_time.py::test_it[reference]"):
    return Row(mutant.fault, f"{mutant.path}:1", (mutant.find, mutant.replace), bool(by), by, 1.0)


def test_rows_are_written_and_read_in_the_order_of_the_faults(tmp_path):
    one, two = MUTANTS[:2]
    rows = {two.fault: row_of(two, ""), one.fault: row_of(one), "no such fault": row_of(one)}
    write_rows(tmp_path / "rows.json", rows)
    assert [row["fault"] for row in json.loads((tmp_path / "rows.json").read_text())] == [one.fault, two.fault]
    assert read_rows(tmp_path / "rows.json") == {one.fault: rows[one.fault], two.fault: rows[two.fault]}
    assert read_rows(tmp_path / "nothing.json") == {}


def test_survivors_and_what_has_changed_are_run_again():
    killed, survivor, changed, new = MUTANTS[:4]
    rows = {killed.fault: row_of(killed), survivor.fault: row_of(survivor, ""), changed.fault: row_of(replace(changed, replace="other"))}
    assert still_to_run(MUTANTS[:4], rows) == [survivor, changed, new]


def test_the_table_says_what_killed_a_fault_and_what_survived():
    one, two = MUTANTS[:2]
    text = as_markdown({one.fault: row_of(one), two.fault: row_of(two, "")})
    assert "1 of 2 planted faults are killed." in text
    assert f"| {one.fault} | `{one.file}` | `test_it` (reference) |" in text
    assert f"| {two.fault} | `{two.file}` | **survived** |" in text


@pytest.fixture
def no_suite(monkeypatch):
    """Outcomes by the fault's name instead of a run; the third fault can't be run."""
    tested = []

    def run_suite(mutant):
        tested.append(mutant and mutant.fault)
        if mutant is MUTANTS[2]:
            raise BackendError("the suite could not be run", where=mutant.fault)
        return Outcome("" if mutant in (None, MUTANTS[1]) else "test_time.py::test_it", 1.0)

    monkeypatch.setattr(command, "run_suite", run_suite)
    return tested


def test_the_command_fills_in_the_table_and_goes_on_with_what_is_left(no_suite, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "MUTANTS", MUTANTS[:2])
    files = ["--json", str(tmp_path / "rows.json"), "--markdown", str(tmp_path / "table.md"), "--workers", "1"]
    assert command.main(files) == 1
    assert no_suite == [None, MUTANTS[0].fault, MUTANTS[1].fault]
    shown = capsys.readouterr().out
    assert "1 of 2 killed" in shown
    assert f"survived: {MUTANTS[1].where()}: {MUTANTS[1].fault}" in shown
    assert "**survived**" in (tmp_path / "table.md").read_text()
    no_suite.clear()
    command.main(files)
    assert no_suite == [None, MUTANTS[1].fault]
    no_suite.clear()
    command.main([*files, "--fresh"])
    assert len(no_suite) == 3


def test_a_fault_that_breaks_the_package_is_no_kill(no_suite, capsys, monkeypatch):
    monkeypatch.setattr(command, "MUTANTS", MUTANTS[:3])
    assert command.main(["--workers", "1"]) == 2
    assert "1 could not be run" in capsys.readouterr().err


def test_a_suite_that_fails_without_a_fault_ends_the_command(monkeypatch, capsys):
    monkeypatch.setattr(command, "run_suite", lambda mutant: Outcome("test_time.py::test_it", 1.0))
    assert command.main(["--only", MUTANTS[0].fault, "--workers", "1"]) == 2
    assert "the suite fails without a fault" in capsys.readouterr().err


def test_the_list_runs_nothing(no_suite, capsys):
    assert command.main(["--list", "--only", "csrc"]) == 0
    assert no_suite == []
    assert len(capsys.readouterr().out.splitlines()) == sum(mutant.is_compiled for mutant in MUTANTS)


@pytest.fixture
def small_suite(tmp_path, monkeypatch):
    """A tree with the package's ``errors.py`` and a suite of one test, in the place of the repository."""
    package, tests = tmp_path / "hetsyn_sim", tmp_path / "equivalence"
    package.mkdir()
    tests.mkdir()
    (package / "__init__.py").write_text("ANSWER = 42\n")
    (tests / "test_agreement.py").write_text("from hetsyn_sim import ANSWER\n\n\ndef test_answer():\n    assert ANSWER == 42\n")
    (tests / "conftest.py").write_text(
        "from hypothesis import settings\nsettings.register_profile('mutants')\n"
        "def pytest_configure(config):\n    config.addinivalue_line('markers', 'compiled: needs a compiler')\n"
    )
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = ['--import-mode=importlib', '-ra']\n")
    monkeypatch.setattr(suite, "ROOT", tmp_path)
    return tmp_path


def planted(find, replacement):
    return Mutant("a wrong answer", "__init__.py", find, replacement)


def test_the_suite_is_run_against_a_copy_and_the_original_is_left_alone(small_suite):
    assert suite.run_suite(None).by == ""
    assert suite.run_suite(planted("42", "41")).by == "test_agreement.py::test_answer"
    assert Path(small_suite, "hetsyn_sim", "__init__.py").read_text() == "ANSWER = 42\n"


def test_what_looks_at_a_part_the_most_comes_first():
    of_checkpoint, _ = suite._stages(ROOT, next(m for m in MUTANTS if m.file.startswith("data/checkpoint")))
    assert of_checkpoint[0] == "equivalence/test_transfer.py"
    first, last = suite._stages(ROOT, None)
    assert first[:-2] == last[:-2]
    assert len(first[:-2]) == len(list((ROOT / "equivalence").glob("test_*.py")))
    assert first[-3] == "equivalence/test_near_misses.py"


def test_a_copy_that_can_not_be_collected_is_an_error(small_suite):
    with pytest.raises(BackendError, match="the suite could not be run"):
        suite.run_suite(planted("ANSWER", "QUESTION"))

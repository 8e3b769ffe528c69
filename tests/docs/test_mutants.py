"""The planted faults: each can be planted, the documentation has their table, and a run of them goes on where it stopped."""

import ast
import json
from dataclasses import replace

import pytest

from equivalence.mutants import __main__ as command
from equivalence.mutants import suite
from equivalence.mutants.faults import AREAS, MUTANTS
from equivalence.mutants.mutant import ROOT, Mutant
from equivalence.mutants.suite import TEST, Outcome
from equivalence.mutants.table import Row, as_markdown, read_rows, still_to_run, write_rows
from hetsyn_sim.errors import BackendError, ConfigError

RESULTS = ROOT / "equivalence" / "mutants" / "results.json"
TABLE = ROOT / "docs" / "_generated" / "mutants.md"
KILLER = "equivalence/test_time.py::test_it[reference]"


def test_every_fault_has_its_place_and_leaves_python_that_can_be_read():
    for mutant in MUTANTS:
        text = mutant.applied()
        assert text != (ROOT / mutant.path).read_text(encoding="utf-8"), mutant.fault
        if mutant.path.endswith(".py"):
            ast.parse(text, mutant.fault)
    assert len({mutant.fault for mutant in MUTANTS}) == len(MUTANTS) >= 85
    assert all(len(mutants) >= 5 for mutants in AREAS.values())


def test_a_fault_without_a_place_says_so():
    lost = replace(MUTANTS[0], find="nowhere to be found")
    with pytest.raises(
        ConfigError, match=r"no place to be planted in(.|\n)*0 times 'nowhere to be found'(.|\n)*bring the fault up to date"
    ):
        lost.applied()


def test_the_documentation_has_the_table_of_these_faults():
    rows = read_rows(RESULTS)
    assert rows.keys() == {m.fault for m in MUTANTS}
    assert all(row.killed for row in rows.values())
    to_notice = [rows[m.fault] for m in suite.of_test(MUTANTS)]
    assert sum(row.stage == TEST for row in to_notice) >= command.ENOUGH * len(to_notice)
    assert TABLE.read_text(encoding="utf-8") == as_markdown(rows)


def row_of(mutant, by=KILLER, stage=TEST):
    return Row(mutant.fault, f"{mutant.path}:1", (mutant.find, mutant.replace), by, stage if by else "", 1.0)


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
    one, two, three = MUTANTS[:3]
    text = as_markdown({one.fault: row_of(one), two.fault: row_of(two, ""), three.fault: row_of(three, stage="make check: compiled")})
    assert "2 of 3 planted faults are killed, 1 of them by `make test` alone." in text
    assert f"| {one.fault} | `{one.file}` | `test_it` (reference) |" in text
    assert f"| {two.fault} | `{two.file}` | **survived** |" in text
    assert f"| {three.fault} | `{three.file}` | `test_it` (reference), make check: compiled |" in text


@pytest.fixture
def no_suite(monkeypatch):
    """Outcomes by the fault's name instead of runs, of the first three faults; the third can't be run."""
    tested = []

    def run_suite(mutant, killer, *, whole):
        tested.append((mutant.fault, killer))
        if mutant is MUTANTS[2]:
            raise BackendError("the tests could not be run", where=mutant.fault)
        return Outcome("", "", 1.0) if mutant is MUTANTS[1] else Outcome(KILLER, TEST, 1.0)

    monkeypatch.setattr(command, "MUTANTS", MUTANTS[:2])
    monkeypatch.setattr(command, "run_suite", run_suite)
    monkeypatch.setattr(command, "run_control", lambda killers: Outcome("", "", 1.0))
    return tested


def test_the_command_fills_in_the_table_and_goes_on_with_what_is_left(no_suite, tmp_path, capsys):
    files = ["--json", str(tmp_path / "rows.json"), "--markdown", str(tmp_path / "table.md"), "--workers", "1"]
    killed, survivor = (mutant.fault for mutant in MUTANTS[:2])
    assert command.main(files) == 1
    assert no_suite == [(killed, ""), (survivor, "")]
    shown = capsys.readouterr().out
    assert "1 of 2 killed, 1 of them by `make test` alone" in shown
    assert f"survived: {MUTANTS[1].where()}: {survivor}" in shown
    assert "**survived**" in (tmp_path / "table.md").read_text()
    command.main(files)
    command.main([*files, "--fresh"])
    assert no_suite[2:] == [(survivor, ""), (killed, ""), (survivor, "")]


def test_a_fault_that_breaks_the_package_and_a_test_that_fails_without_a_fault_are_no_kills(no_suite, capsys, monkeypatch):
    monkeypatch.setattr(command, "MUTANTS", MUTANTS[:3])
    assert command.main(["--workers", "1"]) == 2
    assert "1 could not be run" in capsys.readouterr().err
    monkeypatch.setattr(command, "run_control", lambda killers: Outcome(killers[0], "", 1.0))
    assert command.main(["--only", MUTANTS[0].fault]) == 2
    assert "a test that kills faults fails without one" in capsys.readouterr().err


def test_the_list_runs_nothing(no_suite, capsys):
    assert command.main(["--list"]) == 0
    assert no_suite == []
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_tests_are_run_against_a_copy_the_faults_own_first_and_the_original_is_left_alone(tmp_path, monkeypatch):
    fault = Mutant("a wrong answer", "data/answer.py", "42", "41")
    for name, text in {
        "hetsyn_sim/__init__.py": "",
        "hetsyn_sim/data/__init__.py": "",
        "hetsyn_sim/data/answer.py": "ANSWER = 42\n",
        "equivalence/test_agreement.py": "def test_nothing():\n    pass\n",
        "tests/data/test_answer.py": "from hetsyn_sim.data.answer import ANSWER\n\n\ndef test_answer():\n    assert ANSWER == 42\n",
        "conftest.py": "from hypothesis import settings\nsettings.register_profile('mutants')\n",
        "pyproject.toml": "[tool.pytest.ini_options]\naddopts = ['--import-mode=importlib', '-ra']\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(suite, "ROOT", tmp_path)
    stage, arguments = suite.stages(fault)[0]
    assert (stage, arguments[:2]) == (TEST, ["tests/data/test_answer.py", "equivalence/test_agreement.py"])
    outcome = suite.run_suite(fault)
    assert (outcome.by, outcome.stage) == ("tests/data/test_answer.py::test_answer", TEST)
    assert suite.run_control([outcome.by]).by == ""
    assert (tmp_path / "hetsyn_sim" / "data" / "answer.py").read_text() == "ANSWER = 42\n"
    with pytest.raises(BackendError, match="the tests could not be run"):
        suite.run_suite(replace(fault, find="ANSWER", replace="QUESTION"))

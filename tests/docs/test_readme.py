"""The README does what it says: its example runs as it stands, and what it names exists."""

import json
import re
import shutil

import pytest
import typer

from benchmarks.readme import claims, table, written_into
from hetsyn_sim.cli.app import app

from .documents import ROOT, blocks, run_page

README = ROOT / "README.md"


@pytest.mark.slow
def test_the_example_runs_and_shows_the_same_network(tmp_path):
    printed = run_page(README, tmp_path)
    assert "the same network" in printed
    assert "NOT" not in printed
    assert re.search(r"spike mismatches +0$", printed, re.MULTILINE)
    assert (tmp_path / "digits.safetensors").is_file()


def test_the_example_is_a_short_one():
    ((_, code),) = blocks(README, "python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 20


def test_its_commands_are_targets_of_the_makefile():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"\bmake (\w+)$", "\n".join(code for _, code in blocks(README, "sh")), re.MULTILINE))
    assert named == {"demo", "test"}
    assert named <= targets


def test_its_table_has_every_verb():
    verbs = [name for name, command in typer.main.get_command(app).commands.items() if not command.hidden]
    assert re.findall(r"^\| `hetsyn (\w+)", README.read_text(encoding="utf-8"), re.MULTILINE) == verbs


def test_its_links_lead_somewhere():
    targets = re.findall(r"\]\((?!http)([^)#]+)", README.read_text(encoding="utf-8"))
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_its_table_of_claims_is_made_from_the_result_files():
    text = README.read_text(encoding="utf-8")
    assert table() in text, "run: python -m benchmarks.readme --write"
    assert written_into(text, table()) == text


def test_every_claim_has_a_page_and_a_command_that_exists():
    verbs = typer.main.get_command(app).commands
    for claim, _, again in claims():
        assert re.search(r"\]\(docs/[\w-]+\.md\)", claim)
        for command in re.findall(r"`([^`]+)`", again):
            program, *words = command.split()
            if program == "hetsyn":
                assert words[0] in verbs
            elif program == "python":
                assert (ROOT / words[1].replace(".", "/")).with_suffix(".py").is_file() or (ROOT / words[1].replace(".", "/")).is_dir()
            else:
                assert (ROOT / program).is_file()


def test_a_result_that_changes_changes_the_table(tmp_path):
    for part in ("benchmarks/results", "docs/_generated"):
        shutil.copytree(ROOT / part, tmp_path / part)
    path = tmp_path / "benchmarks" / "results" / "forecast.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    next(row for row in found["rows"] if "mismatches" in row)["mismatches"] = 3
    path.write_text(json.dumps(found), encoding="utf-8")
    assert "| 3 cells differ in " in table(tmp_path)
    assert "| 0 cells differ in " in table()


def test_a_readme_without_its_table_is_refused():
    with pytest.raises(ValueError, match=r"0 tables that begin with '\| claim \| measured"):
        written_into("# hetsyn-sim\n", table())

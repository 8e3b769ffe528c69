"""The README does what it says: its example runs as it stands, and what it names exists."""

import re

import pytest
import typer

from hetsyn_sim.cli import app

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
    assert re.findall(r"^\| `hetsyn (\w+)", README.read_text(encoding="utf-8"), re.MULTILINE) == list(typer.main.get_command(app).commands)


def test_its_links_lead_somewhere():
    targets = re.findall(r"\]\((?!http)([^)#]+)", README.read_text(encoding="utf-8"))
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []

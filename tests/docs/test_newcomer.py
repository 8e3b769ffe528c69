"""`.ci/newcomer` runs what the README says, times its parts, and leaves nothing behind."""

import importlib.util
import json
import os
import sys
from importlib.machinery import SourceFileLoader

import pytest

from .documents import ROOT

RESULT = ROOT / "benchmarks" / "results" / "first-result.json"


@pytest.fixture(scope="module")
def newcomer():
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader = SourceFileLoader("newcomer", str(ROOT / ".ci" / "newcomer"))
        module = importlib.util.module_from_spec(importlib.util.spec_from_loader("newcomer", loader))
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = written
    return module


@pytest.fixture
def repository(tmp_path, newcomer, process, monkeypatch):
    """A repository whose first command leaves what `make demo` leaves, and tells where pip's cache is."""
    root = tmp_path / "repository"
    root.mkdir()
    first = f"mkdir -p .venv hetsyn-demo/report && touch {newcomer.INSTALLED} && echo $PIP_CACHE_DIR > {newcomer.REPORT}"
    (root / "README.md").write_text(f"# x\n\n```sh\n{first}\ntouch {tmp_path}/second\n```\n", encoding="utf-8")
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "x"]):
        process(["git", *command], cwd=root)
    monkeypatch.setattr(newcomer, "ROOT", root)
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(newcomer.tempfile, "tempdir", str(tmp_path / "scratch"))
    return tmp_path


def test_it_reads_the_commands_from_the_readme(newcomer):
    assert newcomer.commands((ROOT / "README.md").read_text(encoding="utf-8")) == ["make demo", "make test"]
    with pytest.raises(SystemExit, match="README\\.md has no block of shell commands"):
        newcomer.commands("# nothing")


@pytest.mark.parametrize("every_command", [False, True])
def test_parts_add_up_and_nothing_stays(newcomer, repository, every_command):
    row = newcomer.first_result("cold", every_command)
    assert row["clone_s"] + row["install_s"] + row["demo_s"] == pytest.approx(row["first_result_s"])
    assert min(row["clone_s"], row["first_result_s"], row["cpu_s"]) > 0
    assert list((repository / "scratch").iterdir()) == []
    assert (repository / "second").exists() is every_command


def test_a_command_that_fails_is_an_error_and_nothing_stays(newcomer, repository, process):
    (newcomer.ROOT / "README.md").write_text("```sh\nfalse\n```\n", encoding="utf-8")
    process(["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qam", "x"], cwd=newcomer.ROOT)
    with pytest.raises(newcomer.subprocess.CalledProcessError):
        newcomer.first_result("warm", False)
    assert list((repository / "scratch").iterdir()) == []


def test_rows_replace_those_of_the_same_cache(newcomer, repository, monkeypatch, capsys):
    kept = repository / "kept.json"
    for caches in (["warm"], ["cold"], ["warm"]):
        monkeypatch.setattr(sys, "argv", ["newcomer", *(f"--cache={cache}" for cache in caches), "--json", str(kept)])
        newcomer.main()
    assert [row["cache"] for row in json.loads(kept.read_text())] == ["warm", "cold"]
    assert capsys.readouterr().out.count("first result") == 3
    assert os.access(ROOT / ".ci" / "newcomer", os.X_OK)


def test_what_was_measured_is_of_both_caches():
    rows = {row["cache"]: row for row in json.loads(RESULT.read_text(encoding="utf-8"))}
    assert set(rows) == {"warm", "cold"}
    assert all(row["command"] == "make demo" and row["first_result_s"] > 0 for row in rows.values())

"""The frame around the verbs: help, version, exit codes, what a terminal sees."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from hetsyn_sim.cli import console
from hetsyn_sim.cli.app import app
from hetsyn_sim.errors import DataError

VERBS = ("demo", "encode", "train", "simulate", "verify", "info")


def invoke(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_help_lists_the_verbs_and_exit_codes():
    result = invoke("--help")
    assert result.exit_code == 0
    assert all(verb in result.output for verb in (*VERBS, "Exit codes"))


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_has_examples_json_and_exit_codes(verb):
    result = invoke(verb, "--help")
    assert result.exit_code == 0
    assert f"hetsyn {verb} " in result.output
    assert "--json" in result.output
    assert "Exit codes" in result.output


def test_version():
    result = invoke("--version")
    assert result.exit_code == 0
    assert result.output.startswith("hetsyn-sim ")


def test_usage_errors_are_bad_input():
    assert invoke("verify").exit_code == 2
    assert invoke("polish").exit_code == 2


def broken(monkeypatch, error):
    def load(path):
        raise error

    monkeypatch.setattr(sys.modules["hetsyn_sim.cli.info"], "load_checkpoint", load)


def test_typed_errors_end_with_2(monkeypatch):
    broken(monkeypatch, DataError("it is bent", where="here", remedy="bend it back"))
    result = invoke("info", "x")
    assert result.exit_code == 2
    assert result.stderr == "error: it is bent\n  where:    here\n  remedy:   bend it back\n"


def test_debug_shows_the_traceback(monkeypatch):
    broken(monkeypatch, DataError("it is bent"))
    result = invoke("--debug", "info", "x")
    assert result.exit_code == 2
    assert "Traceback" in result.stderr
    assert "it is bent" in result.stderr


def test_interruption_ends_with_130_and_a_hint(monkeypatch):
    broken(monkeypatch, KeyboardInterrupt())
    result = invoke("info", "x")
    assert result.exit_code == 130
    assert "interrupted" in result.stderr


def test_files_that_the_system_refuses_end_with_2(monkeypatch):
    broken(monkeypatch, PermissionError(13, "Permission denied", "/secret"))
    result = invoke("info", "x")
    assert result.exit_code == 2
    assert "Permission denied" in result.stderr


def test_other_errors_are_not_hidden(monkeypatch):
    broken(monkeypatch, ZeroDivisionError())
    assert isinstance(invoke("info", "x").exception, ZeroDivisionError)


def test_the_command_needs_no_terminal():
    result = subprocess.run([sys.executable, "-m", "hetsyn_sim.cli.app", "--help"], capture_output=True, text=True, check=True)
    assert "hetsyn" in result.stdout
    assert result.stderr == ""


def test_progress_lines_without_a_terminal(capsys, monkeypatch):
    clock = iter([0.0, 10.0, 10.0, 20.0, 20.0, 40.0, 40.0, 41.0])
    monkeypatch.setattr(console.time, "monotonic", lambda: next(clock))
    with console.progress_bar("work") as progress:
        for fraction in (0.0, 0.25, 1.0):
            progress(fraction)
    assert capsys.readouterr().err.splitlines() == [
        "work ...",
        "work: 0 % after 10 s",
        "work: 25 % after 20 s, about 60 s left",
        "work: 100 % after 40 s",
        "work: done in 41.0 s",
    ]


def test_progress_bar_and_framed_errors_on_a_terminal(capsys, monkeypatch):
    from rich.console import Console

    monkeypatch.setattr(console, "_messages", lambda: Console(stderr=True, force_terminal=True, width=60, highlight=False))
    with console.progress_bar("work") as progress:
        progress(1.0)
    console.show_error(DataError("it is bent"))
    seen = capsys.readouterr().err
    assert "100 %" in seen
    assert "it is bent" in seen
    assert "╭" in seen

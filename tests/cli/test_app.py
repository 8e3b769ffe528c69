"""The frame around the verbs: help, version, exit codes, what a terminal sees."""

import re
import sys
from unittest import mock

import pytest
import typer
from typer.testing import CliRunner

from hetsyn_sim.cli import console
from hetsyn_sim.cli.app import CRASHED, app, main
from hetsyn_sim.errors import DataError


def invoke(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_help_has_the_verbs_and_each_verb_has_examples_json_and_exit_codes():
    commands = {name: command for name, command in typer.main.get_command(app).commands.items() if not command.hidden}
    study = commands.pop("study")
    texts = {name: invoke(name, "--help").output for name in commands}
    texts |= {f"study {name}": invoke("study", name, "--help").output for name, command in study.commands.items() if not command.hidden}
    assert [name for name, text in texts.items() if not all(x in text for x in (f"hetsyn {name}", "--json", "Exit codes"))] == []
    assert [name for name in (*commands, "Exit codes") if name not in invoke("--help").output] == []
    assert [name for name in study.commands if name not in invoke("study", "--help").output and name != "forecast"] == []


def test_version_and_usage_errors():
    assert invoke("--version").output.startswith("hetsyn-sim ")
    assert [invoke(*words).exit_code for words in (("--version",), ("verify",), ("polish",))] == [0, 2, 2]


@pytest.mark.parametrize(
    ("error", "options", "exit_code", "message"),
    [
        (
            DataError("it is bent", where="here", remedy="bend it back"),
            (),
            2,
            r"error: it is bent\n  where:    here\n  remedy:   bend it back\n",
        ),
        (DataError("it is bent"), ("--debug",), 2, r"(?s)Traceback.*it is bent.*"),
        (KeyboardInterrupt(), (), 130, r"interrupted.*\n"),
        (PermissionError(13, "Permission denied", "/secret"), (), 2, r"(?s).*/secret.*Permission denied.*"),
    ],
)
def test_an_error_becomes_a_message_and_an_exit_code(monkeypatch, error, options, exit_code, message):
    monkeypatch.setattr(sys.modules["hetsyn_sim.cli.info"], "load_checkpoint", mock.Mock(side_effect=error))
    result = invoke(*options, "info", "x")
    assert result.exit_code == exit_code
    assert re.fullmatch(message, result.stderr), result.stderr


def test_other_errors_are_not_hidden(monkeypatch):
    monkeypatch.setattr(sys.modules["hetsyn_sim.cli.info"], "load_checkpoint", mock.Mock(side_effect=ZeroDivisionError()))
    assert isinstance(invoke("info", "x").exception, ZeroDivisionError)


def test_a_crash_is_told_from_networks_that_do_not_agree(monkeypatch, capsys):
    monkeypatch.setattr(sys.modules["hetsyn_sim.cli.info"], "load_checkpoint", mock.Mock(side_effect=ZeroDivisionError("by nought")))
    monkeypatch.setattr(sys, "argv", ["hetsyn", "info", "x"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == CRASHED not in (0, 1, 2)
    message = capsys.readouterr().err
    assert "Traceback" in message
    assert "ZeroDivisionError: by nought" in message
    assert f"{CRASHED} the program failed" in invoke("--help").output


def test_the_command_needs_no_terminal(process):
    result = process([sys.executable, "-m", "hetsyn_sim.cli.app", "--help"])
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

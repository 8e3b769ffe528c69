"""`hetsyn reproduce`: what it says of progress, of a budget, and when it is stopped."""

import pytest
from typer.testing import CliRunner

import analysis.studies.hetsyn as studies
from hetsyn_sim.cli.app import app
from hetsyn_sim.cli.app import reproduce as command
from hetsyn_sim.errors import ConfigError


@pytest.mark.parametrize(("text", "seconds"), [("2h", 7200), ("90 min", 5400), ("2m", 120), (".5h", 1800), ("30s", 30)])
def test_times(text, seconds):
    assert command._seconds(text) == seconds


@pytest.mark.parametrize("text", ["2", "h", "2 days", "-1h", ""])
def test_texts_that_are_no_times(text):
    with pytest.raises(ConfigError, match=r"(?s)not a time to spend.*such as .2h"):
        command._seconds(text)


def test_progress_is_of_what_this_call_does():
    told = []
    tell = command._of_this_call(told.append, None)
    for fraction in (0.5, 0.75, 1.0):
        tell(fraction)
    assert told == [0.0, 0.5, 1.0]
    told.clear()
    command._of_this_call(told.append, None)(1.0)
    assert told == [1.0]


def test_progress_ends_with_the_budget(monkeypatch):
    now, told = [100.0], []
    monkeypatch.setattr(command.time, "monotonic", lambda: now[0])
    tell = command._of_this_call(told.append, 60.0)
    tell(0.0)
    now[0] += 30.0
    tell(0.01)
    now[0] += 300.0
    tell(0.02)
    assert told == [0.0, 0.5, 1.0]


def test_stopped_it_says_that_runs_are_kept(monkeypatch, tmp_path):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(studies, "run_studies", stopped)
    result = CliRunner().invoke(app, ["reproduce", "dms", "--out", str(tmp_path)])
    assert result.exit_code == 130
    assert "interrupted: what was done is kept in" in result.stderr
    assert "the same command goes on" in result.stderr


def test_an_experiment_that_is_none_and_data_that_are_missing(tmp_path):
    for arguments, text in (
        (["reproduce", "dsm"], "dms, patterns, digits, speakers, smnist or all"),
        (["reproduce", "smnist"], "no --data"),
    ):
        result = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path)])
        assert result.exit_code == 2
        assert text in " ".join(result.stderr.split())

"""`.ci/newcomer` runs what the README says, times its parts, and leaves nothing behind."""

import runpy

import pytest

from .documents import ROOT

NEWCOMER = runpy.run_path(str(ROOT / ".ci" / "newcomer"))
WHO = ["-c", "user.name=x", "-c", "user.email=x@example.org"]


@pytest.fixture
def measure(tmp_path, process, monkeypatch):
    """Measure a repository whose README has these commands; nothing may stay behind."""
    scratch, root = tmp_path / "scratch", tmp_path / "repository"

    def run(*commands, every_command=True):
        root.mkdir()
        (root / "README.md").write_text("```sh\n" + "\n".join(commands) + "\n```\n", encoding="utf-8")
        for command in (["init", "-q"], ["add", "."], [*WHO, "commit", "-q", "-m", "x"]):
            process(["git", *command], cwd=root)
        try:
            return NEWCOMER["first_result"]("cold", every_command)
        finally:
            assert list(scratch.iterdir()) == []

    scratch.mkdir()
    monkeypatch.setattr(NEWCOMER["tempfile"], "tempdir", str(scratch))
    monkeypatch.setitem(NEWCOMER["first_result"].__globals__, "ROOT", root)
    return run


@pytest.mark.parametrize("every_command", [False, True])
def test_parts_add_up_and_nothing_stays(measure, tmp_path, every_command):
    first = f"mkdir -p .venv hetsyn-demo/report && touch {NEWCOMER['INSTALLED']} {NEWCOMER['REPORT']}"
    row = measure(first, f"touch {tmp_path}/second", every_command=every_command)
    assert row["clone_s"] + row["install_s"] + row["demo_s"] == pytest.approx(row["first_result_s"])
    assert min(row["clone_s"], row["first_result_s"], row["cpu_s"]) > 0
    assert (tmp_path / "second").exists() is every_command


def test_a_command_that_fails_is_an_error_and_nothing_stays(measure):
    with pytest.raises(NEWCOMER["subprocess"].CalledProcessError):
        measure("false")

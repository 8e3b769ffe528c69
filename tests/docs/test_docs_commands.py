"""No command of the documentation escapes: each line of shell is run, or parsed, or on a list that says who runs it and why not we."""

import importlib.util
import re
import runpy
import shlex
import sys
import tomllib
from pathlib import Path

import pytest
import typer

from hetsyn_sim.cli.app import app

from .documents import ROOT, blocks

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

#: Lines that no test runs, and why. What CI runs, `.ci/run` names.
ELSEWHERE = {
    "make demo": "CI runs it, in a fresh environment",
    "make test": "CI runs it; this is it",
    "make cuda": "CI runs it where there is nvcc",
    "python3 -m venv .venv && . .venv/bin/activate": "CI makes its environments so, through the Makefile",
    'pip install -c constraints.txt -e ".[dev]"': "CI does, through the Makefile",
    "pre-commit install": "it would change the repository's hooks; its checks are make lint, types and layers",
    'pip install -c constraints.txt -e ".[peers]"': "three libraries for benchmarks that are too long for CI",
    "pytest equivalence/": "CI runs it: make test",
    'pytest equivalence/ -m "not compiled"': "a part of it",
    "pytest equivalence/ --hypothesis-profile thorough -n 2": "the same for ten times as long",
    "pytest equivalence/ -m cuda": "needs a GPU",
}


def without_comment(line):
    return re.sub(r"\s+#.*$", "", line)


def lines_of(page, language="sh"):
    return [without_comment(line) for _, code in blocks(page, language) for line in code.splitlines() if line.strip()]


SHELL = [(page, line) for page in PAGES for line in lines_of(page)]
# Commands on data that do not ship stand in blocks of text, as the program's own output does.
SHOWN = [
    (page, line.removeprefix("$ "))
    for page in PAGES
    for line in lines_of(page, "text")
    if re.match(r"(\$ )?(hetsyn [a-z]|python -m )", line)
]
_PROSE = re.compile(r"(?<!`)`(python -m [^`]+)`")
MODULES = sorted(
    {(page, line) for page, line in [*SHELL, *SHOWN] if line.startswith("python -m ")}
    | {(page, re.sub(r"\s+", " ", line)) for page in PAGES for line in _PROSE.findall(page.read_text(encoding="utf-8"))}
)


def named(pairs):
    return [pytest.param(page, line, id=f"{page.stem}: {line}") for page, line in pairs]


def test_every_line_is_run_or_on_the_list():
    mine = {line for _, line in SHELL if not line.startswith(("hetsyn ", "python -m "))}
    assert mine - set(ELSEWHERE) == set(), "run these in a test, or say in ELSEWHERE why not"
    assert set(ELSEWHERE) - mine == set(), "these are in no page any more"


def test_the_commands_of_the_readme_are_run_by_ci_word_for_word():
    for line in lines_of(ROOT / "README.md"):
        assert re.search(rf"(^|stage \w+ ){re.escape(line)}$", CI, re.MULTILINE), line
    assert re.search(r"stage docs make docs\b", CI)  # and with it every tutorial


def test_pip_installs_what_there_is():
    extras = set(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"])
    for line in [line for _, line in SHELL if line.startswith("pip install")]:
        assert set(re.findall(r"\[(\w+)\]", line)) <= extras
        assert all((ROOT / name).is_file() for name in re.findall(r"-c (\S+)", line))


def test_make_and_pytest_are_given_what_there_is():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for _, line in [*SHELL, *SHOWN]:
        program, *words = shlex.split(line)
        if program == "make":
            assert set(words) <= targets, line
        if program == "pytest":
            assert (ROOT / words[0]).exists(), line


@pytest.mark.parametrize(("page", "line"), named((page, line) for page, line in SHOWN if line.startswith("hetsyn ")))
def test_a_command_that_is_only_shown_is_understood(page, line):
    _, verb, *arguments = shlex.split(line)
    command = typer.main.get_command(app).commands[verb]
    if verb == "study":
        verb, *arguments = arguments
        command = command.commands[verb]
    with command.make_context(verb, arguments):
        pass  # parsed, not run


@pytest.mark.parametrize(("page", "line"), named(MODULES))
def test_a_module_that_is_named_has_these_options(page, line, capsys, monkeypatch):
    module, *arguments = shlex.split(line)[2:]
    if module == "venv":
        return
    found = importlib.util.find_spec(module)
    assert found is not None, module
    options = {word.split("=")[0] for word in arguments if word.startswith("--")}
    program = importlib.util.find_spec(f"{module}.__main__") if found.submodule_search_locations else found
    if "argparse" not in Path(program.origin).read_text(encoding="utf-8"):
        assert not options
        return
    monkeypatch.setattr(sys, "argv", [module, "--help"])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    assert stopped.value.code in (0, None)
    understood = set(re.findall(r"--[\w-]+", capsys.readouterr().out))
    assert options <= understood


def test_a_line_that_nobody_runs_would_be_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```sh\nhetsyn info x   # what it holds\nrm -rf everything\n```\n", encoding="utf-8")
    assert lines_of(page) == ["hetsyn info x", "rm -rf everything"]
    assert [line for line in lines_of(page) if not line.startswith(("hetsyn ", "python -m ")) and line not in ELSEWHERE] == [
        "rm -rf everything"
    ]

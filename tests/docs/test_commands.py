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

from .documents import PAGES, ROOT, lines

COMMANDS = typer.main.get_command(app).commands
TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

#: Lines that no test runs, and why. What CI runs, `.ci/run` names.
ELSEWHERE = {
    "make demo": "CI runs it, in a fresh environment",
    "make test": "CI runs it",
    "make check": "CI runs it; this is it",
    "make cuda": "CI runs it where there is nvcc",
    "python3 -m venv .venv && . .venv/bin/activate": "CI makes its environments so, through the Makefile",
    'pip install -c constraints.txt -e ".[dev]"': "CI does, through the Makefile",
    "pre-commit install": "it would change the repository's hooks; its checks are make lint, types and layers",
    'pip install -c constraints.txt -e ".[peers]"': "libraries for benchmarks that are too long for CI",
    'pytest equivalence/ -m "not compiled and not process and not slow"': "CI runs it: make test",
    "pytest equivalence/ --hypothesis-profile ci": "CI runs its parts: make test with fewer examples, and make check",
    "pytest equivalence/ --hypothesis-profile thorough -n 2": "CI runs it every week",
    "pytest equivalence/ -m cuda": "needs a GPU",
    "make gpu": "needs a GPU; tests/benchmarks/test_gpu.py runs its parts on the CPU",
}

SOURCES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES]
SHELL = [line for page in SOURCES for line in lines(page)]
# Commands on data that do not ship stand in blocks of text, as the program's own output does.
SHOWN = [line.removeprefix("$ ") for page in SOURCES for line in lines(page, "text") if re.match(r"(\$ )?(hetsyn [a-z]|python -m )", line)]
IN_PROSE = [re.sub(r"\s+", " ", line) for page in SOURCES for line in re.findall(r"(?<!`)`(python -m [^`]+)`", page.read_text("utf-8"))]
HELP = [line for command in COMMANDS.values() for line in re.findall(r"^hetsyn .+$", command.help or "", re.MULTILINE)]


def test_every_line_is_run_or_on_the_list():
    mine = {line for line in SHELL if not line.startswith(("hetsyn ", "python -m "))}
    assert mine - set(ELSEWHERE) == set(), "run these in a test, or say in ELSEWHERE why not"
    assert set(ELSEWHERE) - {"make check"} - mine == set(), "these are in no page any more"


def test_pip_make_and_pytest_are_given_what_there_is():
    extras = set(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"])
    for line in [*SHELL, *SHOWN]:
        program, *words = shlex.split(line)
        if program == "pip":
            assert set(re.findall(r"\[(\w+)\]", line)) <= extras
            assert all((ROOT / name).is_file() for name in re.findall(r"-c (\S+)", line))
        if program == "make":
            assert set(words) <= TARGETS, line
        if program == "pytest":
            assert (ROOT / words[0]).exists(), line


def test_commands_that_are_only_shown_and_the_examples_of_the_help_are_understood():
    for line in [*HELP, *SHOWN]:
        program, *words = shlex.split(line)
        if program == "hetsyn":
            command = typer.main.get_command(app)
            while hasattr(command, "commands"):
                command = command.commands[words.pop(0)]
            with command.make_context(line, words):
                pass  # parsed, not run
    assert {line.split()[1] for line in HELP} >= {name for name, command in COMMANDS.items() if not command.hidden}


MODULES = sorted({line for line in [*SHELL, *SHOWN, *IN_PROSE] if line.startswith("python -m ") and "venv" not in line})


@pytest.mark.parametrize("line", MODULES)
def test_a_module_that_is_named_has_these_options(line, capsys, monkeypatch):
    module, *arguments = shlex.split(line)[2:]
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
    assert options <= set(re.findall(r"--[\w-]+", capsys.readouterr().out))

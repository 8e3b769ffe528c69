"""Every code block and every command of the documentation runs as it stands."""

import re
import shlex
from types import SimpleNamespace

import pytest
import typer

from hetsyn_sim.cli.app import app
from hetsyn_sim.cli.verify import verdict

from .documents import ROOT, blocks, run, run_page

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
HELP = [
    (name, line)
    for name, command in typer.main.get_command(app).commands.items()
    for line in re.findall(r"^hetsyn .+$", command.help or "", re.MULTILINE)
]


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if any(blocks(p, "python")) and p.stem != "architecture"], ids=lambda p: p.stem)
def test_the_python_code_of_a_page_runs(page, tmp_path):
    run_page(page, tmp_path)


def test_one_weight_has_the_numbers_that_the_page_shows(tmp_path):
    page = DOCS / "architecture.md"
    shown = "".join(code for _, code in blocks(page, "text"))
    assert run_page(page, tmp_path) == shown


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if any("hetsyn " in code for _, code in blocks(p, "sh"))], ids=lambda p: p.stem)
def test_the_commands_of_a_page_run(page, tmp_path):
    for _, code in blocks(page, "yaml"):  # a file, named in its first line
        (tmp_path / code.splitlines()[0].removeprefix("# ")).write_text(code, encoding="utf-8")
    for _, code in blocks(page, "sh"):
        for line in code.splitlines():
            program, *arguments = shlex.split(line)
            if program == "hetsyn":
                run(["-m", "hetsyn_sim.cli.app", *arguments], tmp_path)


@pytest.mark.parametrize(("name", "line"), HELP, ids=[line for _, line in HELP])
def test_the_examples_in_the_help_are_understood(name, line):
    program, verb, *arguments = shlex.split(line)
    assert (program, verb) == ("hetsyn", name)
    command = typer.main.get_command(app).commands[name]
    with command.make_context(name, arguments):
        pass  # parsed, not run


def test_every_verb_has_an_example():
    assert {name for name, _ in HELP} == set(typer.main.get_command(app).commands)


def test_every_page_is_in_the_contents():
    contents = set(re.findall(r"^([\w-]+)$", (DOCS / "index.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert {p.stem for p in PAGES} | {"api"} <= contents | {"index"}


def test_every_tutorial_is_on_the_front_page_and_draws_with_the_packages_own_functions():
    tutorials = sorted((DOCS / "gallery").glob("*.py"))
    front = (DOCS / "index.md").read_text(encoding="utf-8")
    assert len(tutorials) == 6
    for tutorial in tutorials:
        text = tutorial.read_text(encoding="utf-8")
        assert tutorial.name.startswith("plot_"), f"{tutorial.name}: sphinx-gallery would show it without running it"
        assert f"<auto_examples/{tutorial.stem}>" in front
        assert re.search(r"\bplot_\w+\(", text)
        assert not re.search(r"^\s*assert .*\d", text, re.MULTILINE), f"{tutorial.name}: a number belongs into the printed output"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_pictures_and_includes_of_a_page_exist(page):
    text = page.read_text(encoding="utf-8")
    pictures = re.findall(r"!\[[^\]]*\]\((_static/[^)]+)\)", text)
    assert [name for name in pictures if not (DOCS / name).is_file()] == []


def test_the_quickstart_explains_every_row_of_the_demo():
    nothing = SimpleNamespace(
        spike_mismatches=0, n_spikes=0, max_abs_dv=0.0, max_dv_over_bound=0.0, undecided=(), n_runs=1, undecided_fraction=0.0
    )
    seconds = {"time_torch_s": 0.0, "time_brian2_s": 0.0}
    outcome = SimpleNamespace(
        comparison=nothing, accuracy_torch=1.0, accuracy_brian2=1.0, n_recordings=1, predictions_equal=True, **seconds
    )
    text = (DOCS / "quickstart.md").read_text(encoding="utf-8").split("### What the table says")[1].split("How the bound")[0]
    explained = [row.replace("\\|", "|") for row in re.findall(r"^\| (.+?) (?<!\\)\| ", text, re.MULTILINE)]
    assert explained == ["row", *verdict(outcome), "report"]

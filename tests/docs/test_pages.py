"""The code and the commands of every page run as they stand, and what a page names is there."""

import re
import shlex
from types import SimpleNamespace

import pytest
import typer

from hetsyn_sim.cli.app import app
from hetsyn_sim.cli.verify import verdict

from .documents import PAGES, ROOT, blocks, lines, run, run_page

README = ROOT / "README.md"
VERBS = [name for name, command in typer.main.get_command(app).commands.items() if not command.hidden]


def pages(language, pattern):
    return [
        pytest.param(page, id=page.stem) for page in [README, *PAGES] if any(re.search(pattern, code) for _, code in blocks(page, language))
    ]


@pytest.mark.parametrize("page", pages("python", "."))
def test_the_python_code_of_a_page_runs(page, tmp_path):
    printed = run_page(page, tmp_path)
    if page.stem == "architecture":  # one weight has the numbers that the page shows
        assert printed == "".join(code for _, code in blocks(page, "text"))
    if page == README:  # its example shows the same network
        assert "the same network" in printed
        assert "NOT" not in printed
        assert re.search(r"spike mismatches +0$", printed, re.MULTILINE)
        assert (tmp_path / "digits.safetensors").is_file()


@pytest.mark.parametrize("page", pages("sh", "(?m)^hetsyn "))
def test_the_commands_of_a_page_run(page, tmp_path):
    for _, code in blocks(page, "yaml"):  # a file, named in its first line
        (tmp_path / code.splitlines()[0].removeprefix("# ")).write_text(code, encoding="utf-8")
    for line in lines(page):
        program, *arguments = shlex.split(line)
        if program == "hetsyn":
            run(["-m", "hetsyn_sim.cli.app", *arguments], tmp_path)


def test_every_page_and_every_tutorial_is_on_the_front_page():
    front = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    tutorials = sorted((ROOT / "docs" / "gallery").glob("*.py"))
    assert len(tutorials) == 6
    assert [t.name for t in tutorials if not t.name.startswith("plot_")] == [], "sphinx-gallery would show them without running them"
    assert {p.stem for p in PAGES} | {"api"} <= {*re.findall(r"^([\w-]+)$", front, re.MULTILINE), "index"}
    assert [t.stem for t in tutorials if f"<auto_examples/{t.stem}>" not in front] == []


def test_a_tutorial_draws_with_the_packages_own_functions_and_prints_its_numbers():
    for tutorial in (ROOT / "docs" / "gallery").glob("*.py"):
        text = tutorial.read_text(encoding="utf-8")
        assert re.search(r"\bplot_\w+\(", text), tutorial.name
        assert not re.search(r"^\s*assert .*\d", text, re.MULTILINE), f"{tutorial.name}: a number belongs into the printed output"


def test_pictures_and_links_lead_somewhere():
    named = [(page, name) for page in PAGES for name in re.findall(r"!\[[^\]]*\]\((_static/[^)]+)\)", page.read_text(encoding="utf-8"))]
    named += [(README, name) for name in re.findall(r"\]\((?!http)([^)#]+)", README.read_text(encoding="utf-8"))]
    assert len(named) > 20
    assert [f"{page.name}: {name}" for page, name in named if not (page.parent / name).exists()] == []


def test_the_readme_has_a_short_example_and_every_verb():
    ((_, code),) = blocks(README, "python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 20
    assert re.findall(r"^\| `hetsyn (\w+)", README.read_text(encoding="utf-8"), re.MULTILINE) == VERBS


def test_the_quickstart_explains_every_row_of_the_demo():
    nothing = SimpleNamespace(
        spike_mismatches=0, n_spikes=0, max_abs_dv=0.0, max_dv_over_bound=0.0, undecided=(), n_runs=1, undecided_fraction=0.0
    )
    seconds = {"time_torch_s": 0.0, "time_brian2_s": 0.0}
    outcome = SimpleNamespace(
        comparison=nothing, accuracy_torch=1.0, accuracy_brian2=1.0, n_recordings=1, predictions_equal=True, **seconds
    )
    text = (ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8").split("### What the table says")[1].split("How the bound")[0]
    explained = [row.replace("\\|", "|") for row in re.findall(r"^\| (.+?) (?<!\\)\| ", text, re.MULTILINE)]
    assert explained == ["row", *verdict(outcome), "report"]

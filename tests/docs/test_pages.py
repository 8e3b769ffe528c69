"""The code and the commands of every page run as they stand, and what a page names is there."""

import re
import shlex
from types import SimpleNamespace

import pytest

from hetsyn_sim.cli.verify import verdict

from .documents import PAGES, ROOT, blocks, lines, run, run_page

README = ROOT / "README.md"


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


def test_pictures_and_links_lead_somewhere():
    named = [(page, name) for page in PAGES for name in re.findall(r"!\[[^\]]*\]\((_static/[^)]+)\)", page.read_text(encoding="utf-8"))]
    # ../../actions is the repository's page on GitHub, seen from a file of its main branch
    named += [(README, name) for name in re.findall(r"\]\((?!http|\.\./\.\./actions/)([^)#]+)", README.read_text(encoding="utf-8"))]
    assert len(named) > 20
    assert [f"{page.name}: {name}" for page, name in named if not (page.parent / name).exists()] == []


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

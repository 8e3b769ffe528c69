"""What a maintained project has beside its code says the same as `pyproject.toml`, and names what there is."""

import json
import re
import tomllib

import pytest
import yaml

from .documents import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
GITHUB = ROOT / ".github"
needs_github = pytest.mark.skipif(not GITHUB.is_dir(), reason="an sdist is without the files of GitHub")


def bounds(lines):
    """Package -> its lower bound."""
    return {m[1].lower(): m[2] for line in lines if (m := re.match(r"([\w-]+)\s*>=\s*([\w.]+)", line))}


@needs_github
def test_forms_for_issues_ask_for_the_machine_in_a_way_that_works():
    forms = sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml"))
    for form in forms:
        content = yaml.safe_load(form.read_text(encoding="utf-8"))
        if form.name == "config.yml":
            continue
        assert content["name"]
        assert content["description"]
        named = [part["id"] for part in content["body"] if part["type"] != "markdown"]
        assert len(named) == len(set(named)) > 0
        if "bug" in content["labels"]:  # the command is parsed by tests/docs/test_commands.py, where the how-to page has it
            assert "hetsyn doctor --json" in form.read_text(encoding="utf-8")
    assert len(forms) == 4


@needs_github
def test_codemeta_says_what_the_project_says():
    meta = json.loads((GITHUB / "codemeta.json").read_text(encoding="utf-8"))
    assert (meta["name"], meta["version"], meta["description"]) == (PROJECT["name"], PROJECT["version"], PROJECT["description"])
    assert meta["keywords"] == PROJECT["keywords"]
    assert bounds(meta["softwareRequirements"]).items() <= bounds(PROJECT["dependencies"]).items()
    for licence in meta["license"]:
        assert licence.rsplit("/", 1)[1] in PROJECT["license"]


def test_the_recipe_for_conda_asks_for_what_pip_does():
    text = (ROOT / ".ci" / "conda" / "meta.yaml").read_text(encoding="utf-8")
    assert f'set version = "{PROJECT["version"]}"' in text
    run = text.split("  run:\n")[1].split("\n\n")[0].replace("    - ", "")
    of_conda = {"pytorch": "torch", "matplotlib-base": "matplotlib"}
    asked = {of_conda.get(name, name): bound for name, bound in bounds(run.splitlines()).items()}
    assert asked == bounds(line for line in PROJECT["dependencies"] if "python_version < " not in line)
    for file in re.findall(r"^    - (\S+/\S+|LICENSE)$", text.split("license_file:")[1], re.MULTILINE):
        assert (ROOT / file).is_file(), file


@pytest.mark.parametrize("name", [".readthedocs.yaml", ".binder/requirements.txt", ".ci/Containerfile"])
def test_configurations_name_extras_and_files_that_are_there(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    extras = {extra for found in re.findall(r"\[([\w,]+)\]", text) for extra in found.split(",")}
    assert extras
    assert extras <= set(PROJECT["optional-dependencies"])
    assert "constraints.txt" in text
    assert (ROOT / "constraints.txt").is_file()
    if name.endswith(".yaml"):
        assert (ROOT / yaml.safe_load(text)["sphinx"]["configuration"]).is_file()


def test_badges_mean_what_they_say():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    versions = [c.rsplit(" ", 1)[1] for c in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", c)]
    assert f"python-{versions[0]}_to_{versions[-1]}-" in readme
    assert PROJECT["license"].split(" AND ")[0].replace("-", "--") in readme
    assert not GITHUB.is_dir() or (GITHUB / "workflows" / "ci.yml").is_file()


def test_the_readme_is_readable_where_no_sphinx_is():
    """No role of Sphinx, and what is longer than a screen is folded."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\{\w+\}`", readme) == []
    unfolded = re.sub(r"<details>.*?</details>", "", readme, flags=re.DOTALL)
    assert readme.count("<details>") == readme.count("</details>") >= 3
    assert len(unfolded.splitlines()) < 80

"""What is packed: everything that is needed at run time, nothing else, and a README that leads nowhere wrong."""

import os
import re
import shutil
import tarfile
import zipfile

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager

from ..documents import ROOT

PACKAGES = ("hetsyn_sim", "equivalence", "analysis")
#: Where data lie that code opens at run time, and how their names end.
DATA = {
    "hetsyn_sim/kernels/codegen/include": ".hpp",
    "hetsyn_sim/kernels/csrc": ".hpp",
    "hetsyn_sim/brian/templates/numpy": ".py_",
    "hetsyn_sim/brian/templates/cython": ".pyx",
    "hetsyn_sim/brian/templates/cpp_standalone": ".cpp",
    "hetsyn_sim/brian/templates/cuda_standalone": ".cu",
    "hetsyn_sim/training/recipes": ".yaml",
    "hetsyn_sim/data/shipped": ".h5",
    "analysis/biology/data": ".csv",
    "equivalence/fixtures": ".safetensors",
    "equivalence/mutants": ".json",
    "equivalence/cuda_on_cpu/include": ".h",
}


def files_of(builder):
    return {file.distribution_path for file in builder(str(ROOT)).recurse_included_files()}


@pytest.fixture(scope="module")
def wheel():
    return files_of(WheelBuilder)


def test_data_that_are_opened_at_run_time_are_in_the_wheel(wheel):
    for folder, ending in DATA.items():
        there = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).iterdir() if path.name.endswith(ending)}
        assert there, folder
        assert there <= wheel


def test_all_modules_and_the_marker_of_types_are_in_the_wheel(wheel):
    modules = {path.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert modules | {"hetsyn_sim/py.typed"} <= wheel


def test_nothing_else_is_in_the_wheel(wheel):
    assert {path.split("/")[0] for path in wheel} == set(PACKAGES)
    assert [path for path in wheel if re.search(r"(^|/)(tests?|__pycache__|\.[^/]+)(/|$)|\.(so|o|pyc|tmp)$", path)] == []


def test_no_path_of_the_machine_is_in_the_wheel(wheel):
    home = str(ROOT).encode()
    assert len(home) > 3
    assert [path for path in wheel if home + b"/" in (ROOT / path).read_bytes()] == []


def test_the_sdist_can_build_the_wheel_and_run_the_tests(wheel):
    sdist = files_of(SdistBuilder)
    needed = {"pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "constraints.txt", "conftest.py", "docs/conf.py"}
    needed |= {"tests/docs/packaging/test_files.py"}
    assert wheel | needed <= sdist
    assert [path for path in sdist if path.startswith((".git/", ".github/", ".venv/", "docs/_build/")) or path.endswith(".so")] == []
    size = sum((ROOT / path).stat().st_size for path in sdist)
    assert size < 20e6  # a new data file of megabytes should be noticed: 10 MB were measured, 5 MB compressed


def test_the_readme_of_an_index_has_no_relative_link_or_picture():
    shown = ProjectMetadata(str(ROOT), PluginManager()).core.readme
    assert shown.startswith("# hetsyn-sim\n")
    assert "```sh\nmake demo\nmake test\n```" in shown
    assert re.findall(r"\]\((?!https?:|#)[^)]*\)", shown) == []
    assert re.findall(r"<(?:img|a|source)\b[^>]*=\"(?!https?:|#)[^\"]*[/.][^\"]*\"", shown) == []
    assert "(https://brian2.readthedocs.io)" in shown


@pytest.fixture
def small(tmp_path):
    """The project with its kernels and nothing else."""
    notices = ["hetsyn_sim/data/shipped/NOTICE.md", "analysis/biology/data/NOTICE.md"]
    for name in [".gitignore", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE", *notices]:
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "tree" / name)
    shutil.copytree(ROOT / "hetsyn_sim" / "kernels" / "csrc", tmp_path / "tree" / "hetsyn_sim" / "kernels" / "csrc")
    for package in PACKAGES:
        (tmp_path / "tree" / package).mkdir(exist_ok=True)
        (tmp_path / "tree" / package / "__init__.py").touch()
    return tmp_path / "tree"


def test_without_cmake_a_wheel_without_kernels(small, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    (small / "hetsyn_sim" / "kernels" / "_baseline.so").write_bytes(b"of another version")
    (built,) = WheelBuilder(str(small)).build(directory=str(tmp_path), versions=["standard"])
    assert built.endswith("-py3-none-any.whl")
    assert not any(name.endswith(".so") for name in zipfile.ZipFile(built).namelist())
    assert "the C++ kernels were not built" in "".join(capsys.readouterr())


def test_kernels_that_were_built_are_in_the_wheel_and_not_in_the_sdist(small, tmp_path, monkeypatch):
    """With a CMake that writes two small files: what the real one makes is what the tests of the kernels run."""
    cmake = tmp_path / "cmake"
    cmake.write_text('#!/bin/sh\nif [ "$1" = --install ]; then mkdir "$4"; for n in baseline avx2; do echo new >"$4/_$n.so"; done; fi\n')
    cmake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    (small / "hetsyn_sim" / "kernels" / "_baseline.so").write_text("of another version")
    (built,) = WheelBuilder(str(small)).build(directory=str(tmp_path), versions=["standard"])
    assert re.search(r"-py3-none-linux_\w+\.whl$", built)  # any Python 3; cibuildwheel makes manylinux of it
    with zipfile.ZipFile(built) as file:
        libraries = {name.removeprefix("hetsyn_sim/kernels/"): file.read(name) for name in file.namelist() if name.endswith(".so")}
    assert libraries == {"_baseline.so": b"new\n", "_avx2.so": b"new\n"}
    (source,) = SdistBuilder(str(small)).build(directory=str(tmp_path), versions=["standard"])
    with tarfile.open(source) as file:
        assert [name for name in file.getnames() if name.endswith(".so")] == []

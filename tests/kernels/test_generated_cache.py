"""Where compiled steps are kept, and what happens when something there, or the compiler, is not as it should be."""

import sys
import warnings
from pathlib import Path

import pytest
import torch

from hetsyn_sim.errors import BackendError, BackendWarning
from hetsyn_sim.kernels import stepping
from hetsyn_sim.kernels.codegen import compiler
from hetsyn_sim.kernels.stepping import plain_step_scan, step_scan

from .generated_cases import adlif, make

SOURCE = 'extern "C" int {name}() {{ return {number}; }}\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HETSYN_CACHE", str(tmp_path))
    return tmp_path / "kernels"


def test_the_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.delenv("HETSYN_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert compiler.cache_folder() == tmp_path / "hetsyn-sim" / "kernels"
    monkeypatch.setenv("HETSYN_CACHE", str(tmp_path / "own"))
    assert compiler.cache_folder() == tmp_path / "own" / "kernels"


@pytest.mark.compiled
def test_compiled_once_and_again_if_damaged(folder, caplog):
    path = compiler.compiled(SOURCE.format(name="one", number=1))
    content = path.read_bytes()
    assert [record.message for record in caplog.records] == ["compiling a neuron's step: once for this model, and kept"]
    caplog.clear()
    assert compiler.compiled(SOURCE.format(name="one", number=1)) == path
    assert not caplog.records
    for damage in (content[: len(content) // 2], content[:5000] + b"?" + content[5001:], b""):
        path.write_bytes(damage)
        assert not compiler.is_whole(path)
        assert compiler.is_whole(compiler.compiled(SOURCE.format(name="one", number=1)))
    assert [p.name for p in folder.iterdir()] == [path.name]  # nothing else is left behind


@pytest.mark.compiled
def test_what_has_not_been_used_for_long_is_deleted(folder, monkeypatch):
    monkeypatch.setattr(compiler, "MOST_LIBRARIES", 2)
    paths = [compiler.compiled(SOURCE.format(name="some", number=k)) for k in range(3)]
    assert [path.is_file() for path in paths] == [False, True, True]


@pytest.mark.compiled
def test_a_compiler_that_fails_and_a_folder_that_can_not_be_written(folder, monkeypatch):
    with pytest.raises(BackendError, match="can't be compiled"):
        compiler.compiled("this is no C++\n")
    folder.parent.joinpath("file").touch()
    monkeypatch.setenv("HETSYN_CACHE", str(folder.parent / "file"))
    with pytest.raises(BackendError, match="can't be kept"):
        compiler.compiled(SOURCE.format(name="two", number=2))


def test_without_a_compiler_plain_torch_with_one_warning(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    stepping._say_that_there_is_no_compiler.cache_clear()
    with pytest.raises(BackendError, match="there is no C\\+\\+ compiler"):
        compiler.compiled("")
    case = make(adlif("symplectic_euler"), n_steps=3)
    with pytest.warns(BackendWarning, match="there is no C\\+\\+ compiler"):
        found = case.run(step_scan)
    assert torch.equal(found.v, case.run(plain_step_scan).v)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        case.run(step_scan)


TWO = """
import torch
from tests.kernels.generated_cases import adlif, make
from hetsyn_sim.kernels.codegen import compiled_step_scan
print(float(make(adlif("symplectic_euler"), n_steps=20).run(compiled_step_scan).v.sum()))
"""


@pytest.mark.compiled
def test_two_processes_compile_the_same_model(folder, process):
    root = Path(__file__).parents[2]
    started = [process.start([sys.executable, "-c", TWO], cwd=root, stdout=process.PIPE) for _ in range(2)]
    told = [one.communicate(timeout=600)[0] for one in started]
    assert [one.returncode for one in started] == [0, 0]
    assert told[0] == told[1] != ""
    assert len(list(folder.glob("*.so"))) == 1

"""What is tried and not only looked up: the compiler, folders, and programs in processes of their own."""

import math

import pytest

from hetsyn_sim.cli.doctor.children import attempt
from hetsyn_sim.cli.doctor.diagnose import _simulation, _training
from hetsyn_sim.cli.doctor.machine import find_caches, find_machine
from hetsyn_sim.cli.doctor.toolchain import find_toolchain

TORCH = {"version": "2", "threads": 1, "devices": [], "libraries": {"baseline": ""}, "level": "baseline", "difference": 0.0}


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module ``tried`` that a child finds."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return lambda code: (tmp_path / "tried.py").write_text(code) and "tried"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("print('some talk'); print('{\"a\": 1}')", {"a": 1}),
        ("import not_there_at_all", {"error": "ModuleNotFoundError: No module named 'not_there_at_all'"}),
        ("import os; os.abort()", {"error": "killed by signal 6"}),
        ("print('{\"a\": 1}'); raise SystemExit(3)", {"error": "ended with 3 and no message"}),
        ("print('[1]')", {"error": "ended with 0 and no message"}),
        ("from hetsyn_sim.cli.doctor.children import answer\nanswer(int, 'x\\ny')", None),
    ],
)
def test_an_answer_or_an_error(module, code, expected):
    told = attempt(module(code))
    assert told == (expected or {"error": "ValueError: invalid literal for int() with base 10: 'x\\ny'"})


def test_a_program_that_hangs(module):
    assert attempt(module("import time; time.sleep(60)"), seconds=0.5) == {"error": "no answer after 0 s"}


@pytest.mark.compiled
def test_a_compiler_that_works(monkeypatch):
    monkeypatch.delenv("CXX", raising=False)
    found = {finding.name: finding for finding in find_toolchain()}
    assert found["C++"].state == "ok"
    assert "compiled and ran a program" in found["C++"].value
    assert list(found) == ["C++", "make", "cmake", "nvcc"]


def test_a_compiler_that_does_not(tmp_path, monkeypatch):
    script = tmp_path / "c++"
    script.write_text("#!/bin/sh\necho 'fatal error: nothing works' >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setenv("CXX", f"{script} -O2")
    found = next(find_toolchain())
    assert (found.state, found.value) == ("broken", f"{script} -O2 does not compile: fatal error: nothing works")
    assert found.remedy == "install a working g++, or set CXX to a compiler for C++17"


def test_no_compiler(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    found = {finding.name: finding for finding in find_toolchain()}
    assert (found["C++"].state, found["make"].state, found["cmake"].state) == ("absent",) * 3
    assert "apt install g++" in found["C++"].remedy
    assert "many times slower" in found["C++"].value


def test_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("HETSYN_CACHE", str(tmp_path / "cache"))
    assert [finding.value for finding in find_caches()] == [f"{tmp_path}/cache/{part} (not made yet)" for part in ("kernels", "standalone")]
    (tmp_path / "cache" / "kernels").mkdir(parents=True)
    (tmp_path / "cache" / "kernels" / "a.so").write_bytes(bytes(2**20))
    assert next(find_caches()).value == f"{tmp_path}/cache/kernels (1 files, 1.0 MiB)"
    assert [path.name for path in tmp_path.rglob("*")] == ["cache", "kernels", "a.so"]
    monkeypatch.setenv("HETSYN_CACHE", str(tmp_path / "cache" / "kernels" / "a.so"))
    found = next(find_caches())
    assert (found.state, found.remedy) == ("broken", "name another folder in the environment variable HETSYN_CACHE")


def test_the_machine(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    found = {finding.name: finding.value for finding in find_machine()}
    assert found["threads"] == "OMP_NUM_THREADS=3" or found["threads"].startswith("OMP_NUM_THREADS=3, ")
    assert found["cores"].endswith("may be used by this process")


@pytest.mark.parametrize(
    ("answer", "name", "state", "essential"),
    [
        ({"error": "ImportError: no torch"}, "torch", "broken", True),
        (TORCH, "kernels", "ok", False),
        ({**TORCH, "level": None}, "kernels", "absent", False),
        ({**TORCH, "difference": 1e-6}, "kernels", "broken", True),
        ({**TORCH, "difference": math.nan}, "kernels", "broken", True),
        ({**TORCH, "libraries": {"baseline": "_baseline.so was not built"}}, "kernels baseline", "absent", False),
    ],
)
def test_what_an_answer_of_torch_means(answer, name, state, essential):
    found = {finding.name: finding for finding in _training(answer)}[name]
    assert (found.state, found.essential) == (state, essential)


@pytest.mark.parametrize(
    ("device", "answer", "state", "essential"),
    [
        ("numpy", {"error": "ImportError: no Brian2"}, "broken", True),
        ("cython", {"error": "no compiler"}, "absent", False),
        ("cython", {"version": "2", "same": False, "n_spikes": 3}, "broken", True),
        ("cython", {"version": "2", "same": True, "n_spikes": 0}, "broken", True),
        ("cpp_standalone", {"version": "2", "same": True, "n_spikes": 3}, "ok", False),
    ],
)
def test_what_an_answer_of_brian_means(device, answer, state, essential):
    (found,) = _simulation({device: answer})
    assert (found.state, found.essential) == (state, essential)
    assert bool(found.remedy) == (state != "ok")


@pytest.mark.slow
@pytest.mark.compiled
def test_a_compiled_target_of_brian():
    told = attempt("hetsyn_sim.cli.doctor.try_brian", "cpp_standalone")
    assert (told["same"], told["n_spikes"] > 10) == (True, True)

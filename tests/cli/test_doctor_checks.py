"""The checks of `hetsyn doctor`: made-up metadata, compilers and folders, and trials, here and in processes of their own."""

import re
import sys
from dataclasses import replace
from importlib.metadata import PackageNotFoundError

import pytest

from hetsyn_sim.brian import BrianSimulation
from hetsyn_sim.cli import doctor_trials
from hetsyn_sim.cli.doctor import in_child
from hetsyn_sim.cli.doctor_checks import Finding, check_caches, check_machine, check_packages, check_programs
from hetsyn_sim.kernels import backends, filters, library

REQUIRES = [
    "numpy>=1.26",
    "brian2>=2.9",
    "pytorch-lightning>=2.6",
    'nir; extra == "nir"',
    'sphinx; extra == "docs"',
    "old; python_version < '3'",
]
GOOD = {"hetsyn-sim": "0.1.0", "numpy": "2.3.5", "brian2": "2.9.0", "pytorch-lightning": "2.6.6"}
FAILED = Finding("training", "it", "broken", "", "get it", True)


def packages(**changes):
    installed = {**GOOD, **{name.replace("_", "-"): version for name, version in changes.items()}}

    def version(name):
        if installed.get(name) is None:
            raise PackageNotFoundError(name)
        return installed[name]

    return {f.name: f for f in check_packages(version, lambda name: REQUIRES)}


def test_packages_as_they_should_be():
    findings = packages()
    assert [f.name for f in findings.values() if f.state != "ok"] == ["nir"]
    assert not {"old", "sphinx"} & set(findings)  # for another Python, for developers
    assert (findings["nir"].essential, findings["nir"].remedy) == (False, 'only for what needs it: pip install "hetsyn-sim[nir]"')
    for changes in ({"numpy": "2.4.0", "brian2": "2.10.1"}, {"pytorch_lightning": "2.6.4"}):
        assert all(f.state == "ok" for f in packages(**changes).values() if f.essential)
    own = {finding.name: finding for finding in check_packages()}  # the metadata of this installation
    assert {"Python", "numpy", "torch", "brian2", "pytorch-lightning", "brian2cuda"} <= set(own)
    assert own["hetsyn-sim"].state == "ok"


@pytest.mark.parametrize(
    ("changes", "name", "value", "remedy"),
    [
        ({"numpy": None}, "numpy", "not installed", 'pip install "numpy>=1.26"'),
        ({"numpy": "1.25.2"}, "numpy", "1.25.2, not >=1.26", 'pip install "numpy>=1.26"'),
        ({"hetsyn_sim": None}, "hetsyn-sim", "not installed", 'pip install "hetsyn-sim"'),
        (
            {"numpy": "2.4.0"},
            "brian2 2.9.0 with numpy 2.4.0",
            "Brian2 before 2.10 can't be imported on NumPy 2.4",
            'pip install "numpy<2.4"',
        ),
        (
            {"pytorch_lightning": "2.6.3"},
            "pytorch-lightning 2.6.3",
            "2.6.2 and 2.6.3 were malicious uploads",
            'pip install "pytorch-lightning>=2.6.4", and change the passwords and tokens that this user had here',
        ),
    ],
)
def test_packages_that_are_wrong(changes, name, value, remedy):
    finding = packages(**changes)[name]
    assert (finding.state, finding.essential, finding.value, finding.remedy) == ("broken", True, value, remedy)


@pytest.mark.process
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('print(\'some talk\'); print(\'[{"name": "a"}, {"value": "b"}]\')', [{"name": "a"}, {"value": "b"}]),
        ("import not_there_at_all", [{"value": "ModuleNotFoundError: No module named 'not_there_at_all'"}]),
        ("import os; os.abort()", [{"value": "killed by signal 6: no message"}]),
        ("print('[]'); raise SystemExit(3)", [{"value": "no message"}]),
        ("print('[1]')", [{"value": "no answer: "}]),
        ("print('no JSON')", [{"value": "no answer: "}]),
        ("", [{"value": "no answer: "}]),
        ("import time; time.sleep(60)", [{"value": "no answer after 0 s"}]),
    ],
)
def test_an_answer_or_an_error(tmp_path, monkeypatch, code, expected):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "tried.py").write_text(code)
    answers = in_child(FAILED, module="tried", seconds=0.4 if "sleep" in code else 60.0)
    assert len(answers) == len(expected)
    for finding, changes in zip(answers, expected, strict=True):
        assert finding.value.startswith(changes.pop("value", ""))
        assert replace(finding, value="") == replace(FAILED, **changes)


def rows(trial):
    return {finding.name: finding for finding in (replace(FAILED, **row) for row in doctor_trials.answer(trial))}


@pytest.fixture
def no_compiler(tmp_path, monkeypatch):
    monkeypatch.setenv("HETSYN_CACHE", str(tmp_path))  # the trial changes it
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.delenv("CXX", raising=False)


def test_without_a_compiler_torch_works(no_compiler):
    tried = rows("torch")
    assert [tried[name].state for name in ("it", "C++", "kernels")] == ["ok", "absent", "ok"]
    assert (tried["C++"].group, tried["C++"].essential) == ("compilers", False)
    assert "many times slower" in tried["C++"].value
    assert "apt install g++" in tried["C++"].remedy
    assert tried["kernels"].remedy == ""


@pytest.mark.parametrize("wrong", [1e-6, float("nan")])
def test_kernels_that_compute_something_else(no_compiler, monkeypatch, wrong):
    right = filters.exponential_filter

    def run(x, *leaves):
        return right(x, *leaves) * (1 + wrong * (backends.backend_for(x) == "fused"))

    monkeypatch.setattr(filters, "exponential_filter", run)
    finding = rows("torch")["kernels"]
    assert (finding.state, finding.essential) == ("broken", True)
    assert "differs from plain torch by" in finding.value
    assert finding.remedy.startswith('use_backend("plain") works around it')


def test_kernels_that_were_not_built(no_compiler, tmp_path, monkeypatch):
    monkeypatch.setattr(library.find_library, "__defaults__", (tmp_path,))
    monkeypatch.setattr(library, "best_library", lambda: None)
    tried = rows("torch")
    assert (tried["kernels baseline"].state, tried["kernels baseline"].value) == ("absent", "_baseline.so was not built")
    assert (tried["kernels"].state, tried["kernels"].essential) == ("absent", False)
    assert "--force-reinstall" in tried["kernels"].remedy


@pytest.mark.compiled
def test_a_compiler_that_works(tmp_path, monkeypatch):
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("HETSYN_CACHE", str(tmp_path))
    finding = rows("torch")["C++"]
    assert finding.state == "ok"
    assert re.fullmatch(r"/.*g\+\+ \(.*\d\.\d.*\); compiled and ran a function", finding.value)


@pytest.mark.process
def test_a_compiler_that_does_not_work(tmp_path, monkeypatch):
    script = tmp_path / "c++"
    script.write_text("#!/bin/sh\necho 'fatal error: nothing works' >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setenv("CXX", f"{script} -O2")
    monkeypatch.setenv("HETSYN_CACHE", str(tmp_path))
    finding = rows("torch")["C++"]
    assert (finding.state, finding.value) == ("broken", f"{script} -O2: fatal error: nothing works")
    assert finding.remedy == "install a working g++, or set CXX to a compiler for C++17"


@pytest.mark.process
def test_programs_have_versions_or_are_missing(tmp_path, monkeypatch):
    assert "(GNU Make" in next(check_programs()).value
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    make, cmake, _ = check_programs()
    assert (make.state, cmake.state) == ("absent", "absent")
    assert make.remedy.endswith("apt install build-essential)")


@pytest.mark.parametrize(("factor", "state"), [(1, "ok"), (0, "broken")])
def test_spikes_of_brian2(monkeypatch, factor, state):
    right = BrianSimulation.run

    def run(simulation, x):
        recording = right(simulation, x)
        return replace(recording, rasters={name: factor * raster for name, raster in recording.rasters.items()})

    monkeypatch.setattr(BrianSimulation, "run", run)
    tried = rows("numpy")
    assert (tried["it"].state, tried["it"].essential) == (state, True)
    assert tried["it"].remedy == ("" if factor else "please report this as a bug")
    assert tried["Brian2's Cython modules"].group == "caches"


def test_an_error_of_a_trial(monkeypatch):
    monkeypatch.setitem(sys.modules, "brian2", None)
    assert rows("cython")["it"].value.startswith("ModuleNotFoundError: import of brian2 halted")


def test_cache_folders_and_the_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("HETSYN_CACHE", str(tmp_path / "cache"))
    assert [finding.value for finding in check_caches()] == [
        f"{tmp_path}/cache/{part} (not made yet)" for part in ("kernels", "standalone")
    ]
    (tmp_path / "cache" / "kernels").mkdir(parents=True)
    (tmp_path / "cache" / "kernels" / "a.so").write_bytes(bytes(2**20))
    assert next(check_caches()).value == f"{tmp_path}/cache/kernels (1 files, 1.0 MiB)"
    assert [path.name for path in tmp_path.rglob("*")] == ["cache", "kernels", "a.so"]
    monkeypatch.setenv("HETSYN_CACHE", str(tmp_path / "cache" / "kernels" / "a.so"))
    finding = next(check_caches())
    assert (finding.state, finding.remedy) == ("broken", "name another folder in the environment variable HETSYN_CACHE")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    values = {finding.name: finding.value for finding in check_machine()}
    assert values["threads"].split(", ")[0] == "OMP_NUM_THREADS=3"
    assert values["cores"].endswith("may be used by this process")


@pytest.mark.compiled
def test_a_compiled_target_of_brian():
    (finding,) = in_child(FAILED, "cpp_standalone")
    assert (finding.state, finding.remedy) == ("ok", "")
    assert "the 34 spikes of the reference" in finding.value

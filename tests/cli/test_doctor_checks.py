"""The checks of `hetsyn doctor`: made-up metadata, compilers and folders, programs in processes of their own, and answers of trials."""

import math
from importlib.metadata import PackageNotFoundError

import pytest

from hetsyn_sim.cli.doctor import brian_finding, in_child, lightning_finding, training_findings
from hetsyn_sim.cli.doctor_checks import check_caches, check_compilers, check_machine, check_packages

REQUIRES = [
    "numpy>=1.26",
    "brian2>=2.9",
    "pytorch-lightning>=2.6",
    'nir; extra == "nir"',
    'sphinx; extra == "docs"',
    "old; python_version < '3'",
]
GOOD = {"hetsyn-sim": "0.1.0", "numpy": "2.3.5", "brian2": "2.9.0", "pytorch-lightning": "2.6.6"}
TORCH = {"version": "2", "threads": 1, "devices": [], "libraries": {"baseline": ""}, "level": "baseline", "difference": 0.0}
BRIAN = {"version": "2", "same": True, "n_spikes": 3}


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
        ({"hetsyn_sim": None}, "hetsyn-sim", "not installed", "pip install hetsyn-sim, or in its folder: pip install -e ."),
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
        ("print('some talk'); print('{\"a\": 1}')", {"a": 1}),
        ("import not_there_at_all", {"error": "ModuleNotFoundError: No module named 'not_there_at_all'"}),
        ("import os; os.abort()", {"error": "killed by signal 6"}),
        ("print('{\"a\": 1}'); raise SystemExit(3)", {"error": "ended with 3 and no message"}),
        ("print('[1]')", {"error": "ended with 0 and no message"}),
        ("import time; time.sleep(60)", {"error": "no answer after 0 s"}),
    ],
)
def test_an_answer_or_an_error(tmp_path, monkeypatch, code, expected):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "tried.py").write_text(code)
    assert in_child(module="tried", seconds=0.4 if "sleep" in code else 60.0) == expected


@pytest.mark.compiled
def test_a_compiler_that_works(monkeypatch):
    monkeypatch.delenv("CXX", raising=False)
    findings = {finding.name: finding for finding in check_compilers()}
    assert list(findings) == ["C++", "make", "cmake", "nvcc"]
    assert findings["C++"].state == "ok"
    assert "compiled and ran a program" in findings["C++"].value


@pytest.mark.process
def test_a_compiler_that_does_not_work_or_is_missing(tmp_path, monkeypatch):
    script = tmp_path / "c++"
    script.write_text("#!/bin/sh\necho 'fatal error: nothing works' >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setenv("CXX", f"{script} -O2")
    finding = next(check_compilers())
    assert (finding.state, finding.value) == ("broken", f"{script} -O2 does not compile: fatal error: nothing works")
    assert finding.remedy == "install a working g++, or set CXX to a compiler for C++17"
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.delenv("CXX")
    findings = {finding.name: finding for finding in check_compilers()}
    assert {findings[name].state for name in ("C++", "make", "cmake")} == {"absent"}
    assert "apt install g++" in findings["C++"].remedy
    assert "many times slower" in findings["C++"].value


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


@pytest.mark.parametrize(
    ("answer", "name", "state", "essential"),
    [
        ({"error": "ImportError: no torch"}, "torch", "broken", True),
        (TORCH, "kernels", "ok", False),
        ({**TORCH, "level": None}, "kernels", "absent", False),
        ({**TORCH, "difference": 1e-6}, "kernels", "broken", True),
        ({**TORCH, "difference": math.nan}, "kernels", "broken", True),
        ({**TORCH, "libraries": {"baseline": "_baseline.so was not built"}}, "kernels baseline", "absent", False),
        ({"error": "ImportError: no Lightning"}, "Lightning", "broken", True),
        ({"error": "RuntimeError: no nms", "remedy": "take it away"}, "Lightning", "broken", True),
        ({"version": "2.6.6"}, "Lightning", "ok", True),
        ({"error": "ImportError: no Brian2"}, "numpy", "broken", True),
        ({"error": "no compiler"}, "cython", "absent", False),
        ({**BRIAN, "same": False}, "cython", "broken", True),
        ({**BRIAN, "n_spikes": 0}, "cython", "broken", True),
        (BRIAN, "cpp_standalone", "ok", False),
    ],
)
def test_what_an_answer_means(answer, name, state, essential):
    brian = name in ("numpy", "cython", "cpp_standalone")
    lightning = [lightning_finding(answer)] if name == "Lightning" else []
    findings = [brian_finding(name, answer)] if brian else lightning or training_findings(answer)
    finding = {finding.name: finding for finding in findings}[name]
    assert (finding.state, finding.essential) == (state, essential)
    assert bool(finding.remedy) == (state != "ok") or name == "kernels baseline"


@pytest.mark.compiled
def test_a_compiled_target_of_brian():
    answer = in_child("brian", "cpp_standalone")
    assert (answer["same"], answer["n_spikes"] > 10) == (True, True)

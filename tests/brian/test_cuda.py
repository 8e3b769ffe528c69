"""The CUDA device without a GPU: what it asks for, what it sets, what it keeps, and that nvcc compiles what is generated."""

import re
import sys
from dataclasses import replace
from types import SimpleNamespace

import brian2
import numpy as np
import pytest

from equivalence.cuda_on_cpu import why_not
from equivalence.cuda_on_cpu.translate import translated
from hetsyn_sim.brian import DEVICES, BrianSimulation, cuda
from hetsyn_sim.brian.cuda import check_gpu, check_tools, compile_cuda, cuda_preferences, find_architecture, import_brian2cuda
from hetsyn_sim.brian.devices import find_device, on_standalone
from hetsyn_sim.errors import BackendError, ConfigError
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec

#: Brian2 tries the compiler's flags when a process first makes C++ of anything, whichever test that is.
pytestmark = pytest.mark.compiled

HERE = why_not()
with_cuda = pytest.mark.skipif(bool(HERE), reason=" ".join(HERE.split()) or "there is everything")


def program(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_no_brian2cuda(monkeypatch):
    monkeypatch.setitem(sys.modules, "brian2cuda", None)
    for ask in (import_brian2cuda, check_tools, lambda: find_device("cuda"), lambda: find_device("cuda", to_run=False)):
        with pytest.raises(BackendError, match=r"(?s)Brian2CUDA can't be used.*ModuleNotFoundError.*hetsyn-sim\[cuda\]"):
            ask()


def test_no_nvcc(monkeypatch):
    monkeypatch.setattr(cuda, "import_brian2cuda", lambda: None)
    monkeypatch.setattr(cuda, "find_nvcc", lambda: None)
    with pytest.raises(BackendError, match=r"(?s)no CUDA compiler.*nvcc not found.*CUDA_PATH"):
        check_tools()


def test_nvcc_is_found_where_brian2cuda_looks(monkeypatch, tmp_path):
    compiler = program(tmp_path / "toolkit" / "bin" / "nvcc")
    monkeypatch.setenv("CUDA_PATH", str(tmp_path / "toolkit"))
    assert cuda.find_nvcc() == compiler
    monkeypatch.delenv("CUDA_PATH")
    monkeypatch.setenv("PATH", str(compiler.parent))
    assert cuda.find_nvcc() == compiler


@pytest.mark.process
@pytest.mark.parametrize(
    ("says", "got"), [(None, "nvidia-smi not found"), ("No devices were found", "No devices were found"), ("", "lists none")]
)
def test_no_gpu(monkeypatch, tmp_path, says, got):
    if says is not None:
        program(tmp_path / "nvidia-smi", f"echo '{says}'")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin" if says is not None else str(tmp_path))
    with pytest.raises(BackendError, match=f"(?s)no GPU to run on.*{got}.*--build-only"):
        check_gpu()


@pytest.mark.process
def test_a_gpu(monkeypatch, tmp_path):
    program(tmp_path / "nvidia-smi", "echo 'GPU 0: NVIDIA A100 (UUID: GPU-1)'")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    check_gpu()
    assert "devices.cuda_standalone.cuda_backend.detect_gpus" not in cuda_preferences()  # it is asked what it is
    assert cuda_preferences("sm_90")["devices.cuda_standalone.cuda_backend.compute_capability"] == 9.0


@pytest.mark.parametrize(("name", "capability"), [("sm_80", 8.0), ("90", 9.0), ("8.6", 8.6), ("sm_120", 12.0)])
def test_architectures(name, capability):
    assert find_architecture(name) == capability


@pytest.mark.parametrize("name", ["ninety", "sm_", "9", "sm_9.0.1", "-80"])
def test_no_architecture(name):
    with pytest.raises(ConfigError, match=f"(?s)not an architecture.*{re.escape(repr(name))}.*sm_80"):
        find_architecture(name)


def test_arithmetic_is_that_of_the_other_devices():
    chosen = cuda_preferences("sm_80")
    flags = " ".join(chosen["devices.cuda_standalone.cuda_backend.extra_compile_args_nvcc"] + chosen["codegen.cpp.extra_compile_args_gcc"])
    assert "--fmad=false" in flags
    assert "fast" not in flags
    assert "-march=native" not in flags


def test_curand_of_an_environment_that_is_gone_is_not_in_the_way(monkeypatch, tmp_path):
    monkeypatch.setenv("HETSYN_CACHE", str(tmp_path / "cache"))
    wheel = tmp_path / "site" / "nvidia" / "cu13"
    for file in ("include/curand_kernel.h", "lib/libcurand.so.10"):
        (wheel / file).parent.mkdir(parents=True)
        (wheel / file).write_text("")
    monkeypatch.setattr(cuda.importlib.util, "find_spec", lambda name: SimpleNamespace(submodule_search_locations=[wheel.parent]))
    include, library = cuda._curand_folders()
    assert include == wheel / "include"
    for name in ("libcurand.so", "libcurand.so.10"):
        (library / name).unlink()
        (library / name).symlink_to(tmp_path / "gone")
    assert cuda._curand_folders() == (include, library)
    assert {(library / name).resolve() for name in ("libcurand.so", "libcurand.so.10")} == {wheel / "lib" / "libcurand.so.10"}
    assert sorted(path.name for path in library.iterdir()) == ["libcurand.so", "libcurand.so.10"]


def small():
    spec = NetworkSpec("2 ms", 5, [Layer(HetSynLIF, 4, recurrent=True)], Layer(LeakyReadout, 2))
    return spec, spec.initial_values(0), np.random.default_rng(0).random((20, 2, 5)) < 0.3


@with_cuda
def test_running_needs_a_gpu_and_building_does_not(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/local/bin:/usr/bin:/bin")
    spec, values, x = small()
    simulation = BrianSimulation(spec, values, device="cuda")
    monkeypatch.setattr("hetsyn_sim.brian.devices.check_gpu", lambda: (_ for _ in ()).throw(BackendError("there is no GPU to run on")))
    with pytest.raises(BackendError, match="no GPU"):
        simulation.run(x)
    built = []
    device = replace(DEVICES["cuda_standalone"], program=lambda project, **told: (built.append(project) or project / "main", True))
    assert BrianSimulation(spec, values, device=device).build(x, tmp_path / "out") == tmp_path / "out" / "main"
    assert built == [tmp_path / "out"]
    assert (tmp_path / "out" / "network.cu").is_file()


def test_only_standalone_devices_are_built(tmp_path):
    spec, values, x = small()
    with pytest.raises(BackendError, match=r"(?s)compiles no program.*numpy.*cpp_standalone or cuda_standalone"):
        BrianSimulation(spec, values).build(x, tmp_path)


@with_cuda
@pytest.mark.parametrize("architecture", ["sm_80", "sm_90"])
def test_each_project_has_its_own_architecture(architecture):
    before = {name: brian2.prefs[name] for name in cuda_preferences("sm_80")}
    with on_standalone(replace(DEVICES["cuda_standalone"], architecture=architecture)):
        found = brian2.prefs["devices.cuda_standalone.cuda_backend.compute_capability"]
    assert found == find_architecture(architecture)
    assert {name: brian2.prefs[name] for name in before} == before
    assert brian2.get_device() is brian2.all_devices["runtime"]


def project_of(folder, good=True):
    """Two files and a makefile with Brian2CUDA's names, for a C++ compiler."""
    folder.mkdir()
    (folder / "one.cu").write_text("int one() { return 1; }\n" if good else "int one( {\n")
    (folder / "main.cu").write_text("int one(); int main() { return one() - 1; }\n")
    (folder / "makefile").write_text(
        "NVCC = @g++ -x c++\nNVCCFLAGS = -w\nOBJS = main.o one.o\nmain: $(OBJS)\n\tg++ $(OBJS) -o main\n"
        "%.o : %.cu\n\t$(NVCC) $(NVCCFLAGS) -c $< -o $@\n\techo $@ >> made\n"
    )
    return folder


@pytest.mark.compiled
def test_finished_units_are_kept_even_if_others_fail(monkeypatch, tmp_path, process):
    monkeypatch.setenv("HETSYN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cuda, "check_tools", lambda: None)
    with pytest.raises(BackendError, match=r"(?s)standalone program can't be compiled.*one\.o.*nvidia-curand"):
        compile_cuda(project_of(tmp_path / "bad", good=False))
    told, said = [], []
    made, compiled = compile_cuda(project_of(tmp_path / "good"), message=said.append, progress=told.append)
    assert (compiled, process([made], check=False).returncode) == (True, 0)
    assert (tmp_path / "good" / "made").read_text().split() == ["one.o"]  # main.o was made beside the bad one
    assert said == ["compiling 1 of 2 files with nvcc: some 20 s each on one core"]
    assert told[-1] == 1.0
    assert compile_cuda(project_of(tmp_path / "again"))[1] is False


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f<<<1,1>>>();", "shim::launch(shim::Grid(1,1), [](auto... _a) { f(_a...); });"),
        ("g<<<n, m, s>>>(\n h(a, 0), b );", "shim::launch(shim::Grid(n, m, s), [](auto... _a) { g(_a...); }, h(a, 0), b);"),
        ("a << b; k<int><<<1, 2>>>(x);", "a << b; shim::launch(shim::Grid(1, 2), [](auto... _a) { k<int>(_a...); }, x);"),
        ("extern __shared__ char memory[];", "char* memory = static_cast<char*>(shim::shared());"),
    ],
)
def test_launches_are_translated(source, expected):
    assert translated(source) == expected


def test_a_launch_without_an_end():
    with pytest.raises(ValueError, match="has no end"):
        translated("f<<<1, 1>>>(a, b")


@with_cuda
@pytest.mark.compiled
@pytest.mark.parametrize(
    ("form", "kinds"),
    [
        ("ode", ("stateupdater", "summed_variable", "pre_codeobject", "spike_thresholder_codeobject")),
        ("fast", ("decay_and_sum_I", "feedforward_wipe")),
    ],
)
def test_nvcc_compiles_units_of_each_kind(tmp_path, form, kinds, process):
    """Some of each kind, for a real GPU's architecture; all of them take minutes: `hetsyn simulate --device cuda --build-only`."""
    spec, values, x = small()
    device = replace(DEVICES["cuda_standalone"], architecture="sm_90", program=lambda project, **told: (project / "main", False))
    BrianSimulation(spec, values, device=device, form=form).build(x, tmp_path)
    for kind in kinds:
        unit = next(path for path in sorted((tmp_path / "code_objects").glob("layer_1*.cu")) if kind in path.name)
        process(["make", str(unit.with_suffix(".o").relative_to(tmp_path))], cwd=tmp_path)
        assert unit.with_suffix(".o").stat().st_size > 1000

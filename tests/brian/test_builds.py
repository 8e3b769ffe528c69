"""The cache of compiled programs, with a compiler that copies; and how recordings are cut into runs."""

import os
import stat

import numpy as np
import pytest

from hetsyn_sim.brian import builds
from hetsyn_sim.brian.fused import segments
from hetsyn_sim.brian.inputs import spikes_with_room
from hetsyn_sim.brian.standalone import recordings_per_run, room_for
from hetsyn_sim.errors import BackendError

pytestmark = pytest.mark.process  # the compiler is asked for its version


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HETSYN_CACHE", str(tmp_path / "cache"))
    return builds.cache_folder()


@pytest.fixture
def compiled(monkeypatch):
    """Projects that were compiled: ``main`` holds what ``main.cpp`` does."""
    projects = []

    def make(project, *_, **__):
        projects.append(project)
        (project / "main").write_text((project / "main.cpp").read_text())

    monkeypatch.setattr(builds, "run_make", make)
    return projects


def project_of(folder, source="int main() {}", data="1", makefile="all:"):
    (folder / "static_arrays").mkdir(parents=True)
    (folder / "code_objects").mkdir()
    (folder / "main.cpp").write_text(source)
    (folder / "code_objects" / "a.cpp").write_text("a")
    (folder / "makefile").write_text(makefile)
    (folder / "static_arrays" / "weights.h").write_text(data)
    return folder


def test_equal_sources_are_compiled_once_whatever_the_data(tmp_path, cache, compiled):
    first, second = (project_of(tmp_path / name, data=name) for name in ("one", "two"))
    said = []
    assert builds.program_for(first, message=said.append) == (first / "main", True)
    assert builds.program_for(second, message=said.append) == (second / "main", False)
    assert (second / "main").read_text() == "int main() {}"
    assert compiled == [first]
    assert len(said) == 1
    assert len(list(cache.iterdir())) == 1


@pytest.mark.parametrize("change", ["main.cpp", "makefile", "code_objects/a.cpp", "compiler"])
def test_other_sources_and_another_compiler_make_another_program(change, tmp_path, cache, compiled, monkeypatch):
    first, second = project_of(tmp_path / "one"), project_of(tmp_path / "two")
    builds.program_for(first)
    if change == "compiler":
        monkeypatch.setenv("CXX", "c++")
    else:
        (second / change).write_text("other")
    builds.program_for(second)
    assert compiled == [first, second]


@pytest.mark.parametrize("error", [KeyboardInterrupt, BackendError("no compiler")])
def test_what_was_not_finished_is_not_kept(error, tmp_path, cache, compiled, monkeypatch):
    def stops(project, *_, **__):
        (project / "main").write_text("half of")
        raise error

    with monkeypatch.context() as interrupted:
        interrupted.setattr(builds, "run_make", stops)
        with pytest.raises((KeyboardInterrupt, BackendError)):
            builds.program_for(project_of(tmp_path / "one"))
    assert not cache.exists()
    second = project_of(tmp_path / "two")
    assert builds.program_for(second)[1]
    assert (second / "main").read_text() == "int main() {}"


def test_programs_that_have_not_been_used_for_long_make_room(tmp_path, cache, compiled, monkeypatch):
    monkeypatch.setattr(builds, "MOST_PROGRAMS", 2)
    for k in range(3):
        builds.program_for(project_of(tmp_path / f"{k}", source=f"int main() {{ return {k}; }}"))
        for old in cache.iterdir():
            os.utime(old, (1e9 + k, 1e9 + k))
        builds.program_for(project_of(tmp_path / f"{k} again", source="int main() { return 0; }"))  # used again and again
    assert sorted(path.read_text() for path in cache.iterdir()) == ["int main() { return 0; }", "int main() { return 2; }"]


def test_a_cache_that_can_not_be_written(tmp_path, compiled, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HETSYN_CACHE", str(tmp_path / "file"))
    with pytest.raises(BackendError, match=r"(?s)can't be kept.*HETSYN_CACHE"):
        builds.program_for(project_of(tmp_path / "one"))


def test_the_message_of_a_failed_compilation_has_its_last_lines(tmp_path, cache):
    project = project_of(tmp_path / "one", makefile="all:\n\t@echo something is missing; exit 3\n")
    with pytest.raises(BackendError, match=r"(?s)can't be compiled.*something is missing.*run `make` there"):
        builds.program_for(project)


def test_of_sources_that_are_known_the_object_files_are_used_again(tmp_path, cache):
    """Only what is new is compiled, and with other flags everything is."""
    rules = "CXXFLAGS = {}\n%.o: %.cpp\n\t@echo $< >> compiled; cp $< $@\nmain: main.o code_objects/a.o make.deps\n\tcat $^ > main\n"
    compiled = []
    for name, source, flags in (("one", "int a;", "-O3"), ("two", "int b;", "-O3"), ("three", "int b;", "-O2")):
        makefile = rules.format(flags).replace("%.o:", ".DEFAULT_GOAL := main\n%.o:")
        project = project_of(tmp_path / name, source=source, makefile=makefile)
        builds.program_for(project)
        compiled.append(set((project / "compiled").read_text().split()))
        assert (project / "main").read_text() == f"{source}a"
    assert compiled == [{"main.cpp", "code_objects/a.cpp"}, {"main.cpp"}, {"main.cpp", "code_objects/a.cpp"}]


def test_a_kept_program_can_be_run(tmp_path, cache):
    projects = [project_of(tmp_path / name, makefile="all:\n\t@echo exit 0 > main; chmod +x main\n") for name in ("one", "two")]
    _, (program, new) = map(builds.program_for, projects)
    assert not new
    assert program.stat().st_mode & stat.S_IXUSR


def test_the_cache_is_the_users_unless_another_is_named(monkeypatch, tmp_path):
    monkeypatch.delenv("HETSYN_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert builds.cache_folder() == tmp_path / "hetsyn-sim" / "standalone"


@pytest.mark.parametrize(
    ("n_runs", "n_steps", "n_recorded", "expected"),
    [(1, 100, 10, 1), (3, 100, 10, 4), (300, 100, 200, 64), (300, 10_000, 200, 16), (5, 10**9, 200, 1), (64, 100, 0, 64)],
)
def test_recordings_per_run(n_runs, n_steps, n_recorded, expected):
    assert recordings_per_run(n_runs, n_steps, n_recorded) == expected
    assert 8 * expected * n_steps * n_recorded <= 256 * 2**20 or expected == 1


@pytest.mark.parametrize(("n_spikes", "expected"), [(0, 1024), (1024, 1024), (1025, 4096), (5000, 16384)])
def test_there_is_room_for_all_spikes(n_spikes, expected):
    assert room_for(n_spikes) == expected


@pytest.mark.parametrize("copies", [1, 3])
def test_filling_spikes_come_after_the_end_and_are_no_doubles(copies):
    raster = np.random.default_rng(0).random((7, 3, 4)) < 0.3
    channels, steps = spikes_with_room(raster, 64, copies)
    n = int(raster.sum())
    assert len(channels) == len(steps) == 64
    assert (steps[:n] < 21 // copies).all()
    assert (steps[n:] >= 21 // copies).all()
    assert channels.max() < 4 * copies
    assert (np.diff(steps) >= 0).all()
    assert len(set(zip(channels.tolist(), steps.tolist(), strict=True))) == 64


@pytest.mark.parametrize(
    ("post", "starts"), [([0, 1, 2, 0, 1, 2], [0, 3, 6]), ([1, 2, 0, 2, 0, 1], [0, 2, 3, 4, 6]), ([3], [0, 1]), ([0, 0, 0], [0, 1, 2, 3])]
)
def test_segments_are_runs_of_neighbouring_neurons(post, starts):
    assert segments(np.array(post)).tolist() == starts


def test_the_numbers_of_code_objects_make_no_other_program(tmp_path, cache, compiled):
    """Brian2 counts them over all networks of a process."""
    first = project_of(tmp_path / "one", source="run(a_codeobject);")
    second = project_of(tmp_path / "two", source="run(a_codeobject_12);")
    (second / "code_objects" / "a_codeobject_12.cpp").write_text("a")
    (first / "code_objects" / "a_codeobject.cpp").write_text("a")
    assert [builds.program_for(project)[1] for project in (first, second)] == [True, False]

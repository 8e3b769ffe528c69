"""Workers in processes of their own: they answer, they fail with a note, and none is left over."""

import multiprocessing

import pytest

from benchmarks.implementations import missing
from benchmarks.measure import measure
from benchmarks.roofs import measure_roofs
from benchmarks.shapes import SHAPES


@pytest.fixture(autouse=True)
def one_step_a_turn(monkeypatch):
    monkeypatch.setattr("benchmarks.measure.TURN_S", 0.0)


def test_workers_take_turns():
    said, before = [], set(multiprocessing.active_children())
    names = ["materialised", "homogeneous", "plain"]
    found, notes = measure(names, SHAPES["shd"].small(), 1, 3, said.append)
    assert notes == {}
    assert [measured.name for measured in found] == names
    for measured in found:
        row = measured.row()
        assert row["repeats"] == 3
        assert set(row["cpu_s_by_round"]) == {"0", "1", "2"}
        assert 0 < row["cpu_s"] <= row["median_cpu_s"] <= row["slowest_cpu_s"]
    rates = {tuple(measured.hidden_rates) for measured in found if measured.name != "homogeneous"}
    assert len(rates) == 1  # the same neuron from the same weights
    assert said[-1] == "round 3 of 3"
    assert set(multiprocessing.active_children()) <= before


@pytest.mark.skipif(missing("norse") is None, reason="Norse is installed")
def test_a_worker_that_fails_leaves_a_note_and_the_others_go_on():
    found, notes = measure(["norse", "homogeneous"], SHAPES["pattern"].small(), 1, 3, lambda _: None)
    assert [measured.name for measured in found] == ["homogeneous"]
    assert notes == {"norse": "ModuleNotFoundError: No module named 'norse'"}


def test_without_a_compiler_there_are_no_roofs(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert measure_roofs() == (None, "no roofs: there is no C++ compiler (c++, g++, clang++)")


@pytest.mark.compiled
def test_the_roofs_of_a_core():
    roofs, about = measure_roofs()
    assert roofs is not None, about
    assert 1e9 < roofs["fma_per_s"] < 1e13
    assert 1e9 < roofs["l2_bytes_per_s"] < 1e13

"""The study on images that are made here: a row, its table, its verdicts, its figure, and the command."""

import re
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from analysis.studies.stl import measures, study
from analysis.studies.stl.architecture import Architecture, Conv, Dense, Pool
from analysis.studies.stl.claims import verdict
from analysis.studies.stl.measures import LAYERS, NOISES, counts_of, labels_of, packed
from analysis.studies.stl.network import MODES
from analysis.studies.stl.train import Settings
from hetsyn_sim.cli.app import app
from hetsyn_sim.report.document import png_of

from ..images import images


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return images(tmp_path_factory.mktemp("mnist"), 80, 40, noise=0.05)


@pytest.fixture(scope="module")
def small_network():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "ARCHITECTURE", Architecture((1, 28, 28), [Conv(2), Pool(), Conv(3), Pool(), Dense(8)]))
        yield


@pytest.fixture(scope="module")
def rows(folder, small_network):
    settings = Settings(epochs=1, batch_size=20)
    found = [{"case": {"mode": m}, "seed": 0, "seconds": 1.0, **study.run({"mode": m}, 0, folder, settings=settings)} for m in MODES]
    return [*found, *({**row, "seed": 1, "accuracy": row["accuracy"] + 0.01 * k} for k, row in enumerate(found))]


def test_a_row_has_what_the_table_needs(rows):
    row = rows[0]
    assert (row["n_train"], row["n_test"], row["mismatches"]) == (80, 40, 0)
    assert row["spikes"] > 100
    assert {noise.name: len(row["noise"][noise.name]) for noise in NOISES} == {noise.name: len(noise.sizes) for noise in NOISES}
    assert {name: len(row["layers"][name]["rates"]) for name in LAYERS} == dict.fromkeys(LAYERS, 2)
    assert counts_of(row).shape == (40, 10)
    assert np.array_equal(labels_of(row), np.arange(40) % 10)
    assert np.mean(counts_of(row).argmax(axis=1) == labels_of(row)) == row["accuracy"]
    clean = {noise.name: row["noise"][noise.name][0]["accuracy"] for noise in NOISES}
    assert clean == dict.fromkeys(clean, row["accuracy"])  # 40 test images are all of them


def test_runs_of_a_seed_see_the_same_and_differ_by_their_mode(rows):
    stl, sl, tl = rows[:3]
    before = [row["layers"]["conv_1"]["rates"][0] for row in (stl, sl, tl)]
    assert before[0] == before[1] == before[2]
    assert [row["layers"]["conv_1"]["theta_sd"] > 3e-4 for row in (stl, sl, tl)] == [True, False, True]


def test_the_table_and_the_figure_are_made_of_rows(rows):
    text = "\n".join(study.STL.lines(rows))
    assert re.search(r"^\| test accuracy \(%\) (\| \d+\.\d+ ± \d+\.\d+ ){3}(\| -?\d+\.\d+ ± \d+\.\d+ ){2}\|$", text, re.MULTILINE)
    assert "80 training and 40 test images" in text
    assert "0 cells of all rasters differ" in text
    assert "| STL | 2 |" in text  # the joint decision
    assert len(re.findall(r"\*\*(holds|the opposite|no difference shown)\*\*", text)) == 9
    assert png_of(study.STL.draw(rows))[:4] == b"\x89PNG"
    assert len(list(study.STL.lines([]))) > 10  # nothing was run yet
    assert png_of(study.STL.draw([]))


def test_a_verdict_follows_from_the_whole_interval():
    assert verdict([0.1, 0.2, 0.15]) == "holds"
    assert verdict([-0.1, -0.2, -0.15]) == "the opposite"
    assert verdict([0.1, -0.2, 0.15]) == verdict([0.0, 0.0]) == "no difference shown"


def test_measures_are_what_they_say():
    layers = {name: {"rate": rate, "rates": [0.5, rate * 0.9, rate]} for name, rate in zip(LAYERS, (0.1, 0.1, 0.3, 0.3), strict=True)}
    row = {"seed": 3, "layers": layers, "noise": {"salt": [{"accuracy": a} for a in (0.9, 0.8, 0.4)]}}
    assert measures.rate_spread(row) == pytest.approx(0.5)  # sd 0.1 of mean 0.2
    assert measures.rates_in_last_epoch(row) == pytest.approx(0.1)
    assert measures.loss_of_accuracy("salt")(row) == pytest.approx(0.3)
    assert measures.less([row, {**row, "seed": 4}], [{**row, "seed": 4}], measures.rate_spread) == [0.0]

    numbers = np.array([0, 7, 255])
    assert list(counts_of({"counts": packed(numbers), "n_test": 3}).ravel()) == [0.0, 7.0, 255.0]


def test_the_command_writes_rows_table_and_figure(rows, folder, tmp_path, monkeypatch):
    by = {(row["case"]["mode"], row["seed"]): row for row in rows}
    ran = []

    def measure(case, seed, source):
        ran.append(source)
        return {k: v for k, v in by[case["mode"], seed].items() if k not in ("case", "seed", "seconds")}

    monkeypatch.setattr(study, "STL", replace(study.STL, run=measure))
    for _ in range(2):  # the second time, everything is there
        result = CliRunner().invoke(app, ["study", "stl", "--data", str(folder), "--seeds", "2", "--out", str(tmp_path)])
        assert result.exit_code == 0, result.output
    assert ran == [folder] * 6
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stl.json", "stl.md", "stl.png"]

"""The study on images that are made here: a row, its table, its verdicts, its figure, and the command."""

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_1samp
from typer.testing import CliRunner

from analysis.studies.stl import measures, study
from analysis.studies.stl.architecture import Architecture, Conv, Dense, Pool
from analysis.studies.stl.claims import CLAIMS, STARTS, claim_lines, verdict
from analysis.studies.stl.measures import LAYERS, NOISES, counts_of, labels_of, packed
from analysis.studies.stl.network import MODES
from analysis.studies.stl.study import architecture_of
from analysis.studies.stl.tables import CHANGES
from analysis.studies.stl.train import Settings
from hetsyn_sim.cli.app import app
from hetsyn_sim.models import STLLIF
from hetsyn_sim.report.document import png_of
from hetsyn_sim.spec import Normal

from ..images import images


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return images(tmp_path_factory.mktemp("mnist"), 80, 40, noise=0.05)


@pytest.fixture(scope="module")
def small_network():
    with pytest.MonkeyPatch.context() as patch:
        lively = STLLIF.with_parameters(theta={"initial": Normal(0.1, 1e-4)})
        small = Architecture((1, 28, 28), [Conv(2), Pool(), Conv(3), Pool(), Dense(8)], neuron=lively)
        patch.setattr(study, "architecture_of", lambda case: small)
        yield


def row_of(case, seed, measured):
    return {"case": case, "seed": seed, "seconds": 1.0, **measured}


@pytest.fixture(scope="module")
def rows(folder, small_network):
    settings = Settings(epochs=1, batch_size=20)
    found = [row_of(case, 0, study.run(case, 0, folder, settings=settings)) for case in ({"mode": mode} for mode in MODES)]
    return [*found, *({**row, "seed": 1, "accuracy": row["accuracy"] + 0.01 * k} for k, row in enumerate(found))]


@pytest.fixture(scope="module")
def every_case(rows):
    """Two seeds of every case, made of what was run."""
    of = {(row["case"]["mode"], row["seed"]): row for row in rows}
    return [{**of[case["mode"], seed], "case": case} for seed in (0, 1) for case in study.CASES]


def test_a_row_has_what_the_table_needs(rows):
    row = rows[0]
    assert (row["n_train"], row["n_test"], row["mismatches"]) == (80, 40, 0)
    assert row["spikes"] > 100
    assert {noise.name: len(row["noise"][noise.name]) for noise in NOISES} == {noise.name: len(noise.sizes) for noise in NOISES}
    for key in ("rates", "theta", "theta_sd"):
        assert {name: len(row["layers"][name][key]) for name in LAYERS} == dict.fromkeys(LAYERS, 2)
    assert counts_of(row).shape == (40, 10)
    assert np.array_equal(labels_of(row), np.arange(40) % 10)
    assert np.mean(counts_of(row).argmax(axis=1) == labels_of(row)) == row["accuracy"]
    clean = {noise.name: row["noise"][noise.name][0]["accuracy"] for noise in NOISES}
    assert clean == dict.fromkeys(clean, row["accuracy"])  # 40 test images are all of them
    # convolutions without what their padding would add: of 5 rows, 26 of 28 rows of neurons miss none, 1 one and 1 two, on both sides
    inside = {28: 5 * 28 - 6, 14: 5 * 14 - 6}
    assert row["synapses"] == 2 * inside[28] ** 2 + 2 * 3 * inside[14] ** 2 + 3 * 7 * 7 * 8 + 8 * 100


def test_runs_of_a_seed_see_the_same_and_differ_by_their_mode(rows):
    stl, sl, tl = rows[:3]
    before = [row["layers"]["conv_1"]["rates"][0] for row in (stl, sl, tl)]
    assert before[0] == before[1] == before[2]
    assert [row["layers"]["conv_1"]["theta_sd"][-1] > 3e-4 for row in (stl, sl, tl)] == [True, False, True]
    assert ["set_back" in row for row in (stl, sl, tl)] == [True, False, False]


def test_thresholds_are_set_back_to_what_they_began_with(rows, folder, small_network, monkeypatch):
    """Without training nothing is learned, and nothing can be set back; with it, something is."""
    monkeypatch.setattr(study, "train", lambda network, *rest: (network.set_mode("STL"), rest[-1](), [0.0])[2])
    row = study.run({"mode": "STL"}, 0, folder, n_images=20)
    assert row["set_back"] == row["noise"]
    assert rows[0]["set_back"] != rows[0]["noise"]


def test_a_case_changes_what_it_says():
    plain = architecture_of({"mode": "STL"})
    assert [stage.name for stage in plain.spiking] == list(LAYERS)
    assert [stage.part.dropout for stage in plain.spiking[2:]] == [0.5, 0.5]
    changed = architecture_of({"mode": "SL", "theta_0": 0.5, "dropout": 0.0, "layers": 8})
    assert changed.neuron.parameters["theta"].initial == Normal(0.5, 1e-4)
    assert [stage.part.dropout for stage in changed.spiking[6:]] == [0.0, 0.0]
    maps = [(stage.part.channels, stage.part.kernel, stage.after[1]) for stage in changed.spiking[:6]]
    assert maps == [(8, 5, 28), (8, 3, 28), (8, 3, 28), (16, 5, 14), (16, 3, 14), (16, 3, 14)]
    assert {frozenset(change.items()) for change in CHANGES.values()} == {frozenset(), *(frozenset(v.items()) for v in study.VARIANTS)}
    assert [start for start in STARTS if start] == [v for v in study.VARIANTS if "theta_0" in v]


def test_all_images_are_all_and_epochs_are_counted(tmp_path, small_network, monkeypatch):
    source, seen = images(tmp_path, 60, 20, noise=0.05), []
    monkeypatch.setattr(study, "_N_TRAIN", 40)
    monkeypatch.setattr(
        study, "train", lambda network, pixels, labels, mode, settings, *rest: (seen.append(settings), rest[-1](), [0.0])[2]
    )
    n_train = [study.run({"mode": "SL"} | changed, 0, source)["n_train"] for changed in ({}, {"images": "all", "epochs": 10})]
    assert (n_train, [settings.epochs for settings in seen]) == ([40, 60], [5, 10])


def test_tables_and_the_figure_are_made_of_rows(rows, every_case):
    text = "\n".join(study.STL.lines(every_case))
    assert re.search(r"^\| test accuracy \(%\) (\| \d+\.\d+ ± \d+\.\d+ ){3}(\| -?\d+\.\d+ ± \d+\.\d+ ){2}\|$", text, re.MULTILINE)
    assert "80 training and 40 test images" in text
    assert f"({2 * len(study.CASES)}) was simulated in Brian2 on five test images: 0 cells of all rasters differ" in text
    assert "| STL | 2 |" in text  # the joint decision
    assert len(re.findall(r"\*\*(reproduced|not: the opposite|undecided)\*\*", text)) == len(CLAIMS)
    assert len(re.findall("in our reading", text)) == len(CLAIMS) - 3
    assert "| 8 layers | 80 | 2 |" in text
    assert png_of(study.STL.draw(every_case))[:4] == b"\x89PNG"

    few = "\n".join(study.STL.lines(rows))  # the cases that were not run are named
    assert "| 8 layers | – | not run |" in few
    assert few.count("**not run**") == sum(not claim.differences(rows) for claim in CLAIMS) > 5
    assert png_of(study.STL.draw(rows))[:4] == b"\x89PNG"
    assert len(list(study.STL.lines([]))) > 10  # nothing was run yet
    assert png_of(study.STL.draw([]))


def test_a_verdict_follows_from_the_side_and_from_p():
    assert verdict([0.1, 0.2, 0.15], 0.04) == "reproduced"
    assert verdict([-0.1, -0.2, -0.15], 0.04) == "not: the opposite"
    assert verdict([0.1, 0.2, 0.15], 0.05) == verdict([0.0, 0.0], 1.0) == "undecided"
    assert verdict([], 1.0) == "not run"


def test_verdicts_are_corrected_for_how_many_claims_are_tested(every_case):
    """Five seeds in which STL gains about as much: by itself far from chance, and still so times the number of claims."""
    seeds = [{**row, "seed": seed} for row in every_case if row["seed"] == 0 for seed in range(5)]
    less = next(row["accuracy"] for row in seeds if row["case"] == {"mode": "SL"})

    def gains(spread):
        return [0.012 + spread * k for k in (-0.002, -0.001, 0.0, 0.001, 0.002)]

    def line(spread):
        gained = [{**row, "accuracy": less + gains(spread)[row["seed"]]} if row["case"] == {"mode": "STL"} else row for row in seeds]
        return next(text for text in claim_lines(gained) if text.startswith("| STL is more accurate than SL |"))

    assert "**reproduced**" in line(1.0)
    assert 0.05 / len(CLAIMS) < ttest_1samp(gains(6.0), 0.0).pvalue < 0.05
    assert "**undecided**" in line(6.0)


def test_measures_are_what_they_say():
    layers = {
        name: {"rate": rate, "rates": [0.5, rate * 0.9, rate], "theta": []} for name, rate in zip(LAYERS, (0.1, 0.1, 0.3, 0.3), strict=True)
    } | {"input": {"rate": 0.9, "rates": [0.9, 0.9]}}
    row = {"seed": 3, "layers": layers, "noise": {"salt": [{"accuracy": a} for a in (0.9, 0.8, 0.4)]}, "operations": 46.0, "synapses": 90}
    assert measures.rate_spread(row) == pytest.approx(0.5)  # sd 0.1 of mean 0.2
    assert measures.mean_rate(row) == pytest.approx(0.2)
    assert measures.rates_in_last_epoch(row) == pytest.approx(0.1)
    assert measures.loss_of_accuracy("salt")(row) == pytest.approx(0.3)
    assert measures.energy(row) == pytest.approx(0.1)
    assert measures.less([row, {**row, "seed": 4}], [{**row, "seed": 4}], measures.rate_spread) == [0.0]
    assert measures.spread([0.0, 0.0]) == 0.0

    numbers = np.array([0, 7, 255])
    assert list(counts_of({"counts": packed(numbers), "n_test": 3}).ravel()) == [0.0, 7.0, 255.0]


def test_claims_compare_what_they_say():
    """Numbers made up so that each comparison has one answer."""

    def run(mode, seed, accuracy, operations=100.0, **changed):
        return row_of({"mode": mode, **changed}, seed, {"accuracy": accuracy, "operations": operations})

    starts = [run("STL", 0, 0.9, **start) for start in STARTS] + [
        run("SL", 0, a, **s) for a, s in zip((0.1, 0.3, 0.1, 0.3), STARTS, strict=True)
    ]
    of = {claim.what: claim.differences for claim in CLAIMS if claim.text.startswith(("stable", "low"))}
    assert of["spread of accuracy over thresholds at the start, SL less STL"](starts) == [pytest.approx(0.5)]
    assert of["spread of accuracy over thresholds at the start, SL less STL"](starts[1:]) == []  # a start that is missing

    costs = [run("STL", 0, 0.9, 90.0), run("SL", 0, 0.9), run("STL", 0, 0.9, 70.0, layers=8), run("SL", 0, 0.9, layers=8)]
    assert of["operations saved for an image, of SL's"](costs) == [pytest.approx(0.1)]
    assert of["the same with 8 layers"](costs) == [pytest.approx(0.3)]
    assert of["share saved with 8 layers, less that with 4"](costs) == [pytest.approx(0.2)]


def test_the_command_writes_rows_table_and_figure(rows, folder, tmp_path, monkeypatch):
    by = {(row["case"]["mode"], row["seed"]): row for row in rows}
    ran = []

    def measure(case, seed, source):
        ran.append(source)
        return {k: v for k, v in by[case["mode"], seed].items() if k not in ("case", "seed", "seconds")}

    monkeypatch.setattr(study, "STL", replace(study.STL, run=measure, cases=[{"mode": mode} for mode in MODES]))
    for _ in range(2):  # the second time, everything is there
        result = CliRunner().invoke(app, ["study", "stl", "--data", str(folder), "--seeds", "2", "--out", str(tmp_path)])
        assert result.exit_code == 0, result.output
    assert ran == [folder] * 6
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stl.json", "stl.md", "stl.png"]

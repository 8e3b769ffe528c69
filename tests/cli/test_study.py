"""``hetsyn study`` and its old names, on studies that cost nothing; and the verbs on corpora and drawn recordings."""

import json
from dataclasses import replace

import pytest

import analysis.studies.hetsyn as of_hetsyn
from analysis.studies import forecasting
from hetsyn_sim.cli import study as command
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.events import SpikeDataset

from ..reliability import material


@pytest.fixture
def studies(monkeypatch):
    """Studies that cost nothing; one of them needs data."""

    def run(case, seed, source):
        return {"accuracy": 0.9 + 0.01 * seed, "curve": [0.5, 0.9], "spikes": 3.0}

    def forecast(case, seed, source):
        return {"mse": 0.1 + 0.01 * seed, "nrmse": 0.3, "rate": 0.01, "duty": 0.1, "parameters": 9}

    few = {name: of_hetsyn.STUDIES[name] for name in ("dms", "smnist")}
    monkeypatch.setattr(of_hetsyn, "STUDIES", {name: replace(study, cases=study.cases[3:5], run=run) for name, study in few.items()})
    for name in ("FORECAST", "TUNING"):
        monkeypatch.setattr(forecasting, name, replace(getattr(forecasting, name), run=forecast))


def test_a_study_prints_its_table_and_writes_rows_table_and_figure(hetsyn, studies, tmp_path):
    result = hetsyn("study", "dms", "--seeds", 2, "--out", tmp_path / "a", "--json", tmp_path / "a.json", "--jobs", 1)
    assert "| HetSynLIF | feed-forward | 2 | 90.50 ± 6.35 % |" in result.stdout
    assert "is called" not in result.stderr
    assert [row["accuracy"] for row in json.loads((tmp_path / "a.json").read_text())["studies"]["dms"]] == [0.9, 0.9, 0.91, 0.91]
    result = hetsyn("study", "forecasting", "--seeds", 2, "--out", tmp_path / "b", "--json", tmp_path / "b.json")
    assert "| LIF | 2 | 0.300 ± 0.000 | 0.1050 ± 0.0635 | 0.0000 ± 0.0000 |" in result.stdout
    rows = json.loads((tmp_path / "b.json").read_text())["rows"]
    assert rows == json.loads((tmp_path / "b" / "forecast.json").read_text())["rows"]
    assert len(rows) == 2 * len(forecasting.FORECAST.cases)
    assert (tmp_path / "b" / "forecast.md").read_text().strip() in result.stdout
    assert all((tmp_path / name).stat().st_size > 1000 for name in ("a/dms.png", "b/forecast.png"))


def test_the_old_names_do_the_same_and_name_the_new_one(hetsyn, studies, tmp_path):
    result = hetsyn("reproduce", "--seeds", 2, "dms", "--out", tmp_path / "a", "--json", tmp_path / "a.json", "--jobs", 1)
    assert result.stderr.startswith("`hetsyn reproduce` is called `hetsyn study NAME` now\n")
    assert "| HetSynLIF | feed-forward | 2 | 90.50 ± 6.35 % |" in result.stdout
    assert list(json.loads((tmp_path / "a.json").read_text())) == ["studies"]
    result = hetsyn("forecast", "--tune", "--seeds", 1, "--out", tmp_path / "b")
    assert result.stderr.startswith("`hetsyn forecast` is called `hetsyn study forecasting` now\n")
    assert "| MTC | **0.1000** | 0.1000 | 0.1000 |" in result.stdout
    assert not list((tmp_path / "b").glob("*.png"))
    shown = hetsyn("--help").stdout
    assert "study" in shown
    assert not any(f"\n│ {old} " in shown for old in ("reproduce", "forecast", "stl", "analyse"))


def test_all_leaves_out_what_has_no_data_and_ends_with_the_budget(hetsyn, studies, tmp_path):
    result = hetsyn("study", "all", "--out", tmp_path, "--jobs", 1, "--budget", "0 s")
    assert "smnist is left out: it needs --data, a folder with MNIST's images" in result.stderr
    assert "dms: 0 of 10 runs are there; run the same again for more" in result.stderr
    assert "| claim |" in result.stdout


def test_forecasts_end_with_the_budget(hetsyn, studies, tmp_path):
    hetsyn("study", "forecasting", "--out", tmp_path, "--budget", "0 s", "--json", tmp_path / "rows.json")
    assert json.loads((tmp_path / "rows.json").read_text())["rows"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("reproduce", "dsm"), "unknown experiment"),
        (("study", "smnist"), "this experiment needs data that do not ship"),
        (("study", "dms", "--budget", "soon"), 'a number with s, m, min or h, such as "2h"'),
        (("study", "shd"), "No such command 'shd'"),
        (("study", "stl"), "Missing option '--data'"),
    ],
)
def test_wrong_studies_and_options(hetsyn, studies, arguments, message):
    assert message in hetsyn(*arguments, exit_code=2).stderr


@pytest.mark.parametrize(("text", "seconds"), [("2h", 7200), ("90 min", 5400), ("2m", 120), (".5h", 1800), ("30s", 30)])
def test_budgets(text, seconds):
    assert command.seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["2", "h", "2 days", "-1h", ""])
def test_budgets_that_are_none(text):
    with pytest.raises(command.ConfigError, match="not a time to spend"):
        command.seconds_of(text)


def test_progress_is_of_this_call_and_ends_with_the_budget(monkeypatch):
    now, shown = [100.0], []
    monkeypatch.setattr(command.time, "monotonic", lambda: now[0])
    for budget, steps in ((None, ((0.5, 0), (0.75, 0), (1.0, 0))), (None, ((1.0, 0),)), (60.0, ((0.0, 0), (0.01, 30), (0.02, 300)))):
        update = command.of_this_call(shown.append, budget)
        for fraction, elapsed in steps:
            now[0] += elapsed
            update(fraction)
    assert shown == [0.0, 0.5, 1.0, 1.0, 0.0, 0.5, 1.0]


def test_an_interruption_says_that_runs_are_stored(hetsyn, monkeypatch, tmp_path):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("analysis.studies.study.run_studies", stopped)
    result = hetsyn("study", "dms", "--out", tmp_path, exit_code=130)
    assert "interrupted: finished runs are in" in result.stderr
    assert "the same command goes on" in result.stderr


def test_images_and_corpora_are_encoded(hetsyn, files):
    folder = material.mnist(files.folder / "mnist")
    hetsyn("encode", folder, files.folder / "rows.h5", "--scan", "row", "--channels", 2)
    data = SpikeDataset.load(files.folder / "rows.h5")
    assert (len(data.train), len(data.test), data.n_channels, data.n_steps[0]) == (10, 10, 56, 28)
    assert "can't be scanned" in hetsyn("encode", folder, files.folder / "x.h5", "--scan", "diagonal", exit_code=2).stderr

    pytest.importorskip("soundfile")
    words = material.tidigits(files.folder / "tidigits")
    for path in words.rglob("1a.wav"):
        path.write_bytes(material.sphere(4000))
    hetsyn("encode", words, files.folder / "words.h5")
    assert SpikeDataset.load(files.folder / "words.h5").n_channels == 496


@pytest.mark.parametrize(("name", "shown"), [("delayed_match_to_sample", "training accuracy"), ("pattern_generation", "training error")])
def test_a_recipe_may_name_recordings_that_are_drawn(hetsyn, files, name, shown):
    plain = {"name": "drawn", "task": {"name": name, "n_train": 6, "n_test": 3}, "network": {"hidden": [4], "recurrent": False}}
    loss = "mean_squared_error" if name == "pattern_generation" else "last_step"
    plain["training"] = {"loss": {"name": loss}, "epochs": 1, "batch_size": 3, "validation": "none"}
    (files.folder / "drawn.yaml").write_text(json.dumps(plain))
    result = hetsyn("train", files.folder / "drawn.yaml", "--seed", 5, "--out", files.folder / "drawn")
    assert shown in result.stdout
    checkpoint = Checkpoint.load(files.folder / "drawn" / "checkpoint.safetensors")
    assert checkpoint.data["name"] == name
    hetsyn("verify", files.folder / "drawn")  # on the recordings of the same seed

"""The report of a training alone: what is measured is what a count by hand gives, and what is not known is said."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.errors import DataError
from hetsyn_sim.report import read_certificate, write_report
from hetsyn_sim.report.measured import measure, splits_of
from hetsyn_sim.training.network import Network
from hetsyn_sim.training.settings import Training

from ..conftest import make_toy_data
from ..refusal import refused
from .test_report import HISTORY


def wilson(right, n, z=1.959963984540054):
    """Wilson's interval from its formula."""
    p = right / n
    middle, half = (p + z**2 / (2 * n)) / (1 + z**2 / n), z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return middle - half, middle + half


def with_recipe(checkpoint, **training):
    return replace(checkpoint, recipe={"name": "toy", "training": Training(**training).model_dump(mode="json")})


def test_splits_are_those_of_the_training(toy_checkpoint, toy_data):
    def names(part):
        return set(part.names.tolist())

    many = make_toy_data(120)
    held_out = splits_of(with_recipe(toy_checkpoint, validation="split"), many)
    assert list(held_out) == ["training", "validation", "test"]
    assert names(held_out["training"]) | names(held_out["validation"]) == names(many.train)
    assert not names(held_out["training"]) & names(held_out["validation"])
    assert list(splits_of(with_recipe(toy_checkpoint, validation="split"), toy_data)) == ["training", "test"]  # too few to hold any out
    for checkpoint in (toy_checkpoint, with_recipe(toy_checkpoint, validation="none"), with_recipe(toy_checkpoint, validation="test")):
        assert list(splits_of(checkpoint, toy_data)) == ["training", "test"]  # what was looked at is the test split, and once is enough
    assert list(splits_of(with_recipe(toy_checkpoint, validation="split"), toy_data.test)) == ["test"]
    unknown = replace(toy_checkpoint, recipe={"training": {"of another": "version"}})
    assert list(splits_of(unknown, toy_data)) == ["training", "test"]


def test_what_is_measured_is_what_is_counted(toy_checkpoint, toy_data):
    seen = []
    training, test = measure(toy_checkpoint, toy_data, progress=seen.append)
    assert (training.split, test.split, seen[-1]) == ("training", "test", 1.0)
    recording = Network.from_checkpoint(toy_checkpoint).record(toy_data.test.rasters())
    counts = recording.rasters["layer_1"].sum(axis=(0, 1))
    np.testing.assert_array_equal(test.evaluation.spikes["layer_1"], counts)
    np.testing.assert_allclose(test.rates_hz("layer_1"), counts / (9 * 12 * 0.01))
    assert test.evaluation.rate_hz == pytest.approx(counts.sum() / (5 * 9 * 12 * 0.01))
    assert test.n_right == np.count_nonzero(test.evaluation.predictions == toy_data.test.labels)
    assert test.interval == pytest.approx(wilson(test.n_right, 9))
    assert [len(part.data) for part in measure(toy_checkpoint, toy_data, 2)] == [2, 2]


@pytest.fixture(scope="module")
def silent(toy_checkpoint):
    """With a neuron that nothing reaches."""
    values = {key: np.array(value) for key, value in toy_checkpoint.values.items()}
    for kind in ("feedforward", "recurrent"):
        values[f"layer_1.{kind}.w"][2] = 0.0
    return replace(toy_checkpoint, values=values, metrics={"epoch": 1, "epochs": 2, "train_accuracy": 0.5}, data={"name": "<toy>.h5"})


def test_the_page_of_a_training_that_was_not_verified(silent, toy_data, tmp_path):
    page = write_report(tmp_path, silent, data=toy_data, initial=silent, history=HISTORY)
    text = (tmp_path / "report.md").read_text()
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"report.html", "report.md", "confusion.png", "learning_curve.png", "time_constants.png"}
    test = measure(silent, toy_data)[1]
    low, high = wilson(test.n_right, 9)
    assert f"| test | 9 | {test.n_right} | {100 * test.n_right / 9:.2f} % | {100 * low:.2f} to {100 * high:.2f} % |" in text
    n_silent = int(np.count_nonzero(test.rates_hz("layer_1") == 0))
    assert n_silent >= 1
    assert f"{n_silent} ({20 * n_silent:.1f} %)" in text
    assert "has not been verified" in text
    assert "| epoch that was kept | 1 of 2 |" in text
    assert "They are" not in text
    assert "&lt;toy>.h5" in text
    assert "<toy>" not in page.read_text()
    before = " / ".join(f"{1e3 * value:.3g}" for value in np.percentile(silent.values["layer_1.feedforward.tau_syn"], [25, 50, 75]))
    assert f"| layer_1.feedforward.tau_syn | 30 | {before} | {before} |" in text


def test_without_recordings_it_says_what_the_training_noted(silent, tmp_path):
    write_report(tmp_path, silent)
    text = (tmp_path / "report.md").read_text()
    assert "recordings were not at hand" in text
    assert "train accuracy 0.5" in text
    assert "## Accuracy" not in text


def test_traces_have_no_accuracy(silent, toy_data, tmp_path):
    traces = replace(silent, data={"name": "patterns", "traces": "0" * 64}, metrics={"epoch": 2, "train_loss": 0.5})
    history = [{"epoch": 1.0, "train_loss": 1.0}, {"epoch": 2.0, "train_loss": 0.5}]
    write_report(tmp_path, traces, data=toy_data, history=history)
    text = (tmp_path / "report.md").read_text()
    assert "## Activity" in text
    assert "## Accuracy" not in text
    assert not (tmp_path / "confusion.png").exists()


def test_a_certificate_counts_for_its_own_network_alone(toy_checkpoint, tmp_path):
    assert read_certificate(tmp_path, toy_checkpoint) is None
    content = {
        "verdict": "PyTorch and Brian2 run the same network.",
        **{"n_recordings": 9, "n_steps": 12, "spike_mismatches": 0, "n_spikes": 77, "max_abs_dv": 1e-15, "device": "numpy"},
        "versions": {"brian2": "2.9.0"},
        "created": "2026-11-30T12:00:00+00:00",
        "network": {"sha256": hashlib.sha256(toy_checkpoint.to_bytes()).hexdigest()},
    }
    file = tmp_path / "certificate" / "certificate.json"
    file.parent.mkdir()
    file.write_text(json.dumps(content))
    found = read_certificate(tmp_path, toy_checkpoint)
    assert found == {name: value for name, value in content.items() if name != "network"}
    write_report(tmp_path / "report", toy_checkpoint, certificate=found)
    assert "| spike mismatches | 0 of 77 spikes |" in (tmp_path / "report" / "report.md").read_text()
    other = Checkpoint(toy_checkpoint.spec, {key: 2.0 * value for key, value in toy_checkpoint.values.items()})
    assert read_certificate(tmp_path, other) is None
    file.write_text(json.dumps({"network": {}}))
    with refused(DataError, "this certificate can't be read", str(file), "sha256", "hetsyn verify", "verify"):
        read_certificate(tmp_path, toy_checkpoint)

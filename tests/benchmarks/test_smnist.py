"""The first iterations of the long trainings on sequential MNIST, on a few images that are made here."""

import json

import pytest

from benchmarks.smnist import main

from ..analysis.studies.images import images


@pytest.mark.parametrize("kind", ["pixel, as published", "pixel, best we can"])
def test_a_training_is_begun_measured_and_told(kind, tmp_path, capsys):
    source, results = images(tmp_path, 90, 10), tmp_path / "rows.json"
    given = ["--iterations", "20", "--kinds", kind, "--json", str(results), "--tables", str(tmp_path)]
    for _ in range(2):  # a kind that is measured again takes its row's place
        assert main([str(source), *given]) == 0
    (row,) = json.loads(results.read_text())["rows"]
    assert (row["kind"], row["iterations"]) == (kind, 20)
    assert 0.0 < row["seconds"] < 60.0
    # of 60,000 images a ninth is held out
    expected = {"pixel, as published": (209, 150), "pixel, best we can": (834, 30)}[kind]
    assert (row["iterations_of_an_epoch"], row["epochs"]) == expected
    hours = row["seconds"] * expected[0] * expected[1] / 3600.0
    assert len(row["losses"]) == len(row["right"]) == 1
    text = (tmp_path / "smnist-start.md").read_text()
    assert text.strip() == capsys.readouterr().out.strip().split("\n\n")[-1].strip()
    assert text.rstrip().endswith(f"| {expected[1]} | {hours:.1f} |")

"""Spikes of one's own in archives and tables: the same dataset as from Python, and what is refused."""

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from hetsyn_sim.cli.app import app
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.errors import DataError

from ..refusal import refused

LABELS = np.array(["left", "right"] * 6)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(1)
    raster = rng.random((30, 12, 5)) < 0.15
    raster[29, :, 0] = True
    return SpikeDataset.from_raster(raster, LABELS, dt="2 ms")


def spikes_of(data):
    """Time in seconds, unit and recording of every spike, in no order."""
    order = np.random.default_rng(2).permutation(data.steps.size)
    return {"times": (data.steps[order] + 0.5) * data.dt, "units": data.units[order], "recordings": data.owners()[order]}


def write_table(path, data, *, header=("recording", "time", "unit", "label"), scale=1.0, separator=",", named=True):
    found = spikes_of(data)
    first = {k: i for i, k in reversed(list(enumerate(found["recordings"])))}  # recordings are numbered as they come
    with path.open("w", newline="") as file:
        table = csv.writer(file, delimiter=separator)
        table.writerow(header)
        for time, unit, recording in zip(*found.values(), strict=True):
            table.writerow([f"cell {recording}" if named else recording, repr(float(time * scale)), unit, LABELS[recording]])
    return sorted(first, key=first.get)


def test_an_archive_of_spikes_and_one_of_rasters(data, tmp_path):
    np.savez(tmp_path / "own.npz", **spikes_of(data), labels=LABELS, split=data.split, names=data.names, n_channels=9, dt=0.002)
    again = SpikeDataset.from_file(tmp_path / "own.npz")
    assert (again.n_channels, again.dt, again.classes, again.names.tolist()) == (9, 0.002, ("left", "right"), data.names.tolist())
    assert np.array_equal(again.rasters()[:, :, :5], data.rasters())
    assert again.split.tolist() == data.split.tolist()
    np.savez(tmp_path / "raster.npz", raster=data.rasters(), labels=data.labels)
    assert np.array_equal(SpikeDataset.from_file(tmp_path / "raster.npz", dt="5 ms").rasters(), data.rasters())


@pytest.mark.parametrize(
    ("header", "scale", "separator"),
    [
        (("recording", "time", "unit", "label"), 1.0, ","),
        (("Recording", "Time [ms]", "Channel", "Label"), 1e3, ";"),
        (("trial", "t [us]", "neuron", "label"), 1e6, "\t"),
    ],
)
def test_a_table_with_a_row_for_each_spike(data, tmp_path, header, scale, separator):
    order = write_table(tmp_path / "own.csv", data, header=header, scale=scale, separator=separator)
    again = SpikeDataset.from_file(tmp_path / "own.csv", dt="2 ms")
    assert np.array_equal(again.rasters(), data[order].rasters())
    assert again.names.tolist() == [f"cell {k}" for k in order]
    assert [again.classes[k] for k in again.labels] == LABELS[order].tolist()


def test_numbers_in_a_table_are_labels_as_they_are(tmp_path):
    (tmp_path / "own.csv").write_text(
        "recording,time,unit,label,split,speaker\n1,0.1,0,10,train,ann\n2,0.1,0,2,test,bob\n1,0.2,1,10,train,ann\n"
    )
    data = SpikeDataset.from_file(tmp_path / "own.csv", dt=0.1)
    assert (data.labels.tolist(), data.split.tolist(), data.speakers.tolist(), data.classes) == (
        [10, 2],
        ["train", "test"],
        ["ann", "bob"],
        (),
    )


def test_the_command_makes_the_same_file(data, tmp_path):
    write_table(tmp_path / "own.csv", data, scale=1e3)
    options = ["--dt", "2 ms", "--time-unit", "ms", "--duration", "40 ms", "--channels", "7", "--json", str(tmp_path / "facts.json")]
    result = CliRunner().invoke(app, ["encode", str(tmp_path / "own.csv"), str(tmp_path / "own.h5"), *options])
    assert result.exit_code == 0, result.output
    facts, made = json.loads((tmp_path / "facts.json").read_text()), SpikeDataset.load(tmp_path / "own.h5")
    python = SpikeDataset.from_file(tmp_path / "own.csv", dt="2 ms", time_unit="ms", duration="40 ms", n_channels=7)
    assert facts["fingerprint"] == made.fingerprint() == python.fingerprint()
    assert "left, right" in result.stdout
    assert made.info["cut_off"] in result.stdout
    without = CliRunner().invoke(app, ["encode", str(tmp_path / "own.csv"), str(tmp_path / "x.h5")])
    assert without.exit_code == 2
    assert '--dt "2 ms"' in without.stderr


HEAD = "recording,time,unit,label\n"


@pytest.mark.parametrize(
    ("text", "what", "got", "remedy"),
    [
        ("", "not have all parts", "no recording, time, unit, label", "first line"),
        ("recording,time,unit\n1,1,1\n", "not have all parts", "no label", "first line"),
        (HEAD + "1,0.1,0\n", "a row has other columns", "row 2 with 3 cells", "complete"),
        (HEAD + "1,soon,0,0\n", "a time is not a number", "soon", "[ms]"),
        (HEAD + "1,0.1,0,0\n1,0.2,0,1\n", "several labels", "row 3: '1'", "the same"),
        ("recording,time [mV],unit,label\n1,0.1,0,0\n", "wrong kind", "volt", "second"),
    ],
)
def test_tables_that_are_refused(tmp_path, text, what, got, remedy):
    (tmp_path / "own.csv").write_text(text)
    with refused(ValueError, what, got=got, remedy=remedy):
        SpikeDataset.from_file(tmp_path / "own.csv", dt="2 ms")


@pytest.mark.parametrize(
    ("parts", "what", "got"),
    [
        ({"times": [0.1]}, "not have all parts", "times; no units, recordings, labels"),
        ({"raster": np.ones((2, 1, 1))}, "not have all parts", "raster; no labels"),
        ({"times": [0.1], "units": [0], "recordings": [2], "labels": [0]}, "parts do not fit together", "from 2 to 2 and 1 labels"),
        ({"times": [0.1], "units": [0], "recordings": [0.5], "labels": [0]}, "parts do not fit together", "from 0.5 to 0.5"),
        ({"times": [0.1, 0.2], "units": [0], "recordings": [0], "labels": [0]}, "parts do not fit together", "2 times, 1 units"),
        ({"times": np.array([[0.1], [0.2, 0.3]], dtype=object), "labels": [0]}, "can't be read", "allow_pickle"),
    ],
)
def test_archives_that_are_refused(tmp_path, parts, what, got):
    np.savez(tmp_path / "own.npz", **{name: np.asarray(part) for name, part in parts.items()})
    with refused(DataError, what, got=got):
        SpikeDataset.from_file(tmp_path / "own.npz", dt="2 ms")

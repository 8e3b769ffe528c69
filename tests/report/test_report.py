"""The report's folder: complete, self-contained, and honest when the networks differ."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from hetsyn_sim.agreement.verify import verify
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.models import HomNeuLIF, HomNeuReadout
from hetsyn_sim.report import read_run, write_report
from hetsyn_sim.report.document import Code, Document, Figure, Grid, Paragraph
from hetsyn_sim.spec import Layer, NetworkSpec

HISTORY = [{"epoch": 1.0, "train_loss": 1.0, "train_accuracy": 0.5}, {"epoch": 2.0, "train_loss": 0.5, "train_accuracy": 0.7}]


@pytest.fixture(scope="module")
def outcome(toy_checkpoint, toy_data):
    return verify(toy_checkpoint, toy_data.test)


@pytest.fixture(scope="module")
def folder(toy_checkpoint, toy_data, outcome, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    page = write_report(folder, toy_checkpoint, outcome, toy_data.test, initial=toy_checkpoint, history=HISTORY)
    assert page == folder / "report.html"
    return folder


def test_all_files_are_there(folder):
    figures = {f"{name}.png" for name in ("raster", "traces", "learning_curve", "time_constants", "confusion")}
    assert {path.name for path in folder.iterdir()} == figures | {"report.html", "report.md", "verification.json", "transfer.txt"}
    assert json.loads((folder / "verification.json").read_text())["agrees"] is True
    assert "NeuronGroup" in (folder / "transfer.txt").read_text()


def test_html_loads_nothing_from_elsewhere_and_markdown_shows_figures_that_exist(folder):
    text = (folder / "report.html").read_text()
    assert len(re.findall('src="data:image/png;base64,', text)) == 5
    assert not re.findall(r'(?:src|href)="(?!data:)', text)
    assert "They are the same network" in text
    shown = re.findall(r"\]\((.+?\.png)\)", (folder / "report.md").read_text())
    assert len(shown) == 5
    assert all((folder / name).read_bytes().startswith(b"\x89PNG") for name in shown)


def test_a_difference_is_said_first(toy_checkpoint, toy_data, outcome, tmp_path):
    wrong = replace(outcome, predictions_brian2=np.roll(outcome.predictions_torch, 1))
    write_report(tmp_path, toy_checkpoint, wrong, toy_data.test)
    text = (tmp_path / "report.md").read_text()
    assert "NOT the same network" in text.split("##")[0]
    assert not (tmp_path / "learning_curve.png").exists()


def test_models_without_synaptic_states_and_trained_time_constants(toy_data, tmp_path):
    spec = NetworkSpec(dt="10 ms", n_input=6, layers=[Layer(HomNeuLIF, 4)], readout=Layer(HomNeuReadout, 3))
    checkpoint = Checkpoint(spec, spec.initial_values(0))
    write_report(tmp_path, checkpoint, verify(checkpoint, toy_data.test), toy_data.test, initial=checkpoint)
    assert "no trained time constants" in (tmp_path / "report.md").read_text()
    assert not (tmp_path / "time_constants.png").exists()


def test_material_of_a_run_and_of_a_lone_checkpoint(toy_checkpoint, tmp_path):
    path = toy_checkpoint.save(tmp_path / "checkpoint")
    assert read_run(path) == (None, [])
    toy_checkpoint.save(tmp_path / "initial")
    (tmp_path / "metrics.csv").write_text("epoch,train_loss\n1,0.5\n")
    for given in (path, tmp_path):
        initial, history = read_run(given)
        assert initial is not None
        assert history == [{"epoch": 1.0, "train_loss": 0.5}]


def test_text_is_escaped_and_rows_are_marked():

    grid = Grid(["a|b"], [["<x>"], ["y"]], [False, True])
    document = Document("<b>", [Paragraph("a < b"), grid, Code("t", "</pre>"), Figure("f.png", '"', b""), Grid.of_pairs({"x|y": "<i>"})])
    html, markdown = document.to_html(), document.to_markdown()
    assert all(part in html for part in ("a &lt; b", "<td>&lt;x&gt;</td>", "&lt;/pre&gt;", '<tr class="failed"><td>y</td>', "&lt;i&gt;"))
    assert markdown.startswith("# &lt;b>")
    assert "a &lt; b" in markdown
    assert "| a\\|b |\n|---|\n| &lt;x> |\n| **y** |" in markdown
    assert r"| x\|y | &lt;i> |" in markdown

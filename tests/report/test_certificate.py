"""The certificate's folder: complete, self-contained, its numbers those of the certificate, and clear when it fails."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from hetsyn_sim.agreement import verify as verification
from hetsyn_sim.agreement.certify import certify
from hetsyn_sim.brian.transfer import to_brian2
from hetsyn_sim.report import write_certificate


@pytest.fixture(scope="module")
def certificate(toy_checkpoint, toy_data):
    return certify(toy_checkpoint, toy_data.test)


@pytest.fixture(scope="module")
def folder(toy_checkpoint, toy_data, certificate, tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    assert write_certificate(folder, certificate, toy_checkpoint, toy_data.test) == folder / "certificate.html"
    return folder


def test_all_files_are_there(folder, certificate):
    figures = {f"{name}.png" for name in ("agreement", "margins", "raster", "refinement")}
    assert {path.name for path in folder.iterdir()} == figures | {"certificate.html", "certificate.md", "certificate.json"}
    written = json.loads((folder / "certificate.json").read_text())
    assert written["verdict"] == certificate.verdict
    assert len(written["checks"]) == 5


def test_page_says_what_was_checked_and_how(folder, toy_checkpoint):
    text = (folder / "certificate.md").read_text()
    assert text.startswith(
        "# Certificate of toy\n\nPyTorch and Brian2 run the same network. 6 inputs, 5 recurrent HetSynLIF, 3 LeakyReadout"
    )
    for expected in ("torch float32", "tied to HomNeuALIF, brian2 numpy", "in open loop", "rounding bounds", "brian2 2", "undecided"):
        assert expected in text
    html = (folder / "certificate.html").read_text()
    assert len(re.findall('src="data:image/png;base64,', html)) == 4
    assert not re.findall(r'(?:src|href)="(?!data:)', html)
    assert 'class="failed"' not in html


def test_a_failure_is_said_first_and_shown(toy_checkpoint, toy_data, tmp_path, monkeypatch):
    values = {**toy_checkpoint.values, "layer_1.feedforward.w": 1.05 * toy_checkpoint.values["layer_1.feedforward.w"]}
    other = replace(toy_checkpoint, values=values)
    monkeypatch.setattr(verification, "to_brian2", lambda checkpoint, device: to_brian2(other, device=device))
    write_certificate(tmp_path, certify(toy_checkpoint, toy_data.test), toy_checkpoint, toy_data.test)
    text = (tmp_path / "certificate.md").read_text()
    head, _, rest = text.partition("## Agreement: FAILED")
    assert "NOT certified: agreement" in head
    assert "First differences\n\n```\ntorch float64: run 0, step" in head
    assert "**torch float64**" in rest
    assert 'class="failed"' in (tmp_path / "certificate.html").read_text()


def test_infinite_numbers_are_texts(toy_checkpoint, toy_data, certificate, tmp_path):
    lost = replace(certificate, margins=np.array([np.inf]))
    write_certificate(tmp_path, lost, toy_checkpoint, toy_data.test)
    assert json.loads((tmp_path / "certificate.json").read_text())["closest_margins"] == ["inf"]

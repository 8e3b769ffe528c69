"""Every verb once, on toy files: what it prints, what it writes, how it ends."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from hetsyn_sim.agreement import verify as verification
from hetsyn_sim.brian.transfer import to_brian2
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.data.recording_file import load_recording


def test_verify_that_agrees(told, files):
    result, written = told("verify", files.checkpoint, "--data", files.data)
    assert "spike mismatches" in result.stdout
    assert "The same network" in result.stdout
    assert written["spike_mismatches"] == 0
    assert written["n_recordings"] == 9
    assert written["accuracy_torch"] == written["accuracy_brian2"]
    assert [check["name"] for check in written["checks"]] == ["agreement", "probes", "reductions", "refinement", "transfer"]
    assert "passed, 6 findings" in result.stdout
    assert "refinement: done" in result.stderr
    assert (files.folder / "certificate" / "certificate.html").is_file()  # beside the checkpoint


def test_verify_that_does_not_agree_ends_with_1(told, files, toy_checkpoint, monkeypatch):
    values = {**toy_checkpoint.values, "layer_1.feedforward.w": 1.05 * toy_checkpoint.values["layer_1.feedforward.w"]}
    other = replace(toy_checkpoint, values=values)
    monkeypatch.setattr(verification, "to_brian2", lambda checkpoint, device: to_brian2(other, device=device))
    result, written = told("verify", files.checkpoint, "--data", files.data, exit_code=1)
    assert "NOT the same network" in result.stdout
    assert "agreement: torch float64 FAILED\nfirst difference: run 0, step" in result.stderr
    assert "NOT certified: agreement" in (files.folder / "certificate" / "certificate.md").read_text()
    assert written["agrees"] is False


def test_verify_with_certificate_report_and_fewer_recordings(told, files):
    report = files.folder / "report"
    options = ("--certificate", files.folder / "proof", "--recordings", 4, "--split", "all", "--report", report)
    _, written = told("verify", files.checkpoint, "--data", files.data, *options)
    assert (written["n_recordings"], written["thorough"]) == (4, False)
    assert (report / "report.html").is_file()
    assert json.loads((files.folder / "proof" / "certificate.json").read_text()) == written
    assert not (files.folder / "certificate").exists()


def test_verify_proves_spike_trains(told, files):
    result, written = told("verify", files.checkpoint, "--data", files.data, "--certify")
    n_cells = 9 * 12 * 5  # recordings, steps, neurons
    assert f"{n_cells} of {n_cells} cells" in result.stdout
    assert [check["name"] for check in written["checks"]][-1] == "proof"
    assert (written["proof"]["n_proved"], written["proof"]["complete"], written["proof"]["refuted"]) == (n_cells, True, [])
    assert written["verdict"] == "PyTorch and Brian2 run the same network, and its spike trains are proved."
    page = (files.folder / "certificate" / "certificate.md").read_text()
    assert f"{n_cells} of {n_cells} cells" in page
    assert "## Proof: passed" in page


def test_simulate_keeps_the_recording(told, files, toy_data):
    kept = files.folder / "kept.npz"
    result, written = told("simulate", files.checkpoint, "--data", files.data, "--out", kept)
    assert "accuracy" in result.stdout
    recording = load_recording(kept)
    assert written["n_spikes"] == {"layer_1": int(recording.rasters["layer_1"].sum())}
    assert written["labels"] == toy_data.test.labels.tolist()
    assert written["accuracy_brian2"] == np.mean(np.array(written["predictions"]) == toy_data.test.labels)
    np.testing.assert_array_equal(recording.rasters["input"], toy_data.test.rasters())


def test_view_writes_a_page_beside_the_checkpoint(told, files):
    result, written = told("view", files.checkpoint, "--data", files.data, "--recordings", 2)
    page = files.folder / "view.html"
    assert written == {"page": str(page), "bytes": page.stat().st_size, "names": ["recording 9", "recording 13"]}
    assert str(page) in result.stdout
    elsewhere = files.folder / "deep" / "page.html"
    told("view", files.checkpoint, "--data", files.data, "--recordings", 2, "--output", elsewhere)
    assert elsewhere.read_bytes() == page.read_bytes()


def test_report_of_a_run_with_and_without_its_recordings(hetsyn, told, files):
    run = files.folder / "run"
    hetsyn("train", files.recipe, "--data", files.data, "--out", run, "--epochs", 1)
    result, written = told("report", run)
    assert written == {"report": str(run / "report" / "report.html"), "epochs": 1, "measured": True, "certificate": None}
    text = (run / "report" / "report.md").read_text()
    assert "| training | 9 |" in text
    assert "| test | 9 |" in text
    hetsyn("verify", run, "--recordings", 3)
    assert told("report", run, "--recordings", 4)[1]["certificate"]["n_recordings"] == 3
    assert "| test | 4 |" in (run / "report" / "report.md").read_text()
    files.data.unlink()
    result, written = told("report", run, "--output", files.folder / "other")
    assert "without the recordings" in result.stderr
    assert written["measured"] is False
    assert "not at hand" in (files.folder / "other" / "report.md").read_text()
    hetsyn("report", run, "--data", files.data, exit_code=2)  # named, and not there


def test_train_writes_a_run_and_finds_it_again(hetsyn, told, files):
    run = files.folder / "run"
    first, written = told("train", files.recipe, "--data", files.data, "--out", run, "--seed", 3)
    assert f"hetsyn verify {run}" in first.stdout
    assert (written["seed"], written["epochs"], written["last_epoch"]["epoch"]) == (3, 2, 2)
    content = (run / "checkpoint.safetensors").read_bytes()
    again = hetsyn("train", files.recipe, "--data", files.data, "--out", run, "--seed", 3)
    assert "finished" in again.stderr
    assert (run / "checkpoint.safetensors").read_bytes() == content
    hetsyn("train", files.recipe, "--data", files.data, "--out", run, "--seed", 4, exit_code=2)
    hetsyn("train", files.recipe, "--data", files.data, "--out", run, "--seed", 4, "--epochs", 1, "--overwrite")
    assert Checkpoint.load(run / "checkpoint").seeds["training"] == 4
    hetsyn("verify", run, "--data", files.data)  # the folder stands for its checkpoint


def test_train_takes_settings_a_start_and_more_epochs(hetsyn, told, files):
    run, options = (
        files.folder / "run",
        ("--data", files.data, "--set", "training.optimizer.lr=1e-3", "--set", "training.schedule.name=constant"),
    )
    hetsyn("train", files.recipe, *options, "--out", run)
    more, written = told("train", files.recipe, *options, "--out", run, "--epochs", 3)
    assert "going on after epoch 2" in more.stderr
    assert written["last_epoch"]["lr"] == pytest.approx(1e-3)
    hetsyn("train", files.recipe, *options, "--out", files.folder / "further", "--start", run, "--epochs", 1)
    first = Checkpoint.load(files.folder / "further" / "initial.safetensors").values["layer_1.feedforward.w"]
    np.testing.assert_array_equal(first, Checkpoint.load(run).values["layer_1.feedforward.w"])


def test_train_chooses_a_folder(hetsyn, files, monkeypatch):
    monkeypatch.chdir(files.folder)
    hetsyn("train", files.recipe, "--data", files.data, "--epochs", 1)
    assert (files.folder / "runs" / "toy-seed0" / "checkpoint.safetensors").is_file()


def test_info_shows_everything(told, files):
    result, written = told("info", files.checkpoint)
    values = "layer_1.recurrent.tau_syn", "training: 1", "brian2"
    for text in ("dt = 10.0 ms", "5 HetSynLIF", "dI/dt = -I/tau_syn : 1", "name: toy", *values):
        assert text in result.stdout
    tau = written["parameters"]["layer_1.feedforward.tau_syn"]
    assert (tau["unit"], tau["shape"], tau["trainable"]) == ("ms", [5, 6], True)
    assert 20 <= tau["lowest"] <= tau["median"] <= tau["highest"] <= 80


def test_info_of_infinite_time_constants(told, files, toy_checkpoint):
    tau = np.full((5, 6), np.inf)
    replace(toy_checkpoint, values={**toy_checkpoint.values, "layer_1.feedforward.tau_syn": tau}).save(files.checkpoint)
    result, written = told("info", files.checkpoint)
    assert "inf" in result.stdout
    assert written["parameters"]["layer_1.feedforward.tau_syn"]["median"] == "inf"


def test_encode(told, files, sounds):
    spikes = files.folder / "new" / "tones.h5"
    result, written = told("encode", sounds, spikes, "--channels", 20)
    data = SpikeDataset.load(spikes)
    assert (len(data), len(data.test), data.n_channels, data.dt) == (3, 1, 20, 0.01)
    assert written["fingerprint"] == data.fingerprint()
    assert "1 test" in result.stdout


def test_demo_does_it_all_and_uses_what_it_finds(hetsyn, told, files, toy_data, monkeypatch):
    import hetsyn_sim.tasks

    monkeypatch.setattr(hetsyn_sim.tasks, "spoken_digits", lambda: toy_data)
    monkeypatch.setattr(sys.modules["hetsyn_sim.cli.demo"], "RECIPE", str(files.recipe))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    folder = files.folder / "demo"
    first, written = told("demo", "--out", folder)
    for text in ("accuracy in PyTorch", "accuracy in Brian2", "spike mismatches", "largest |dv|", "undecided runs", "total", "report.html"):
        assert text in first.stdout
    assert written["agrees"]
    assert {"time_train_s", "time_total_s", "report", "checkpoint"} <= set(written)
    assert (folder / "report" / "learning_curve.png").is_file()
    content = (folder / "run" / "checkpoint.safetensors").read_bytes()
    again = hetsyn("demo", "--out", folder)
    assert "finished" in again.stderr
    fresh = hetsyn("demo", "--out", folder, "--fresh")
    assert "finished" not in fresh.stderr
    assert (folder / "run" / "checkpoint.safetensors").read_bytes() == content


def test_table_values_are_not_cut(hetsyn, files):
    folder = files.folder / ("a long name " * 12).strip()
    result = hetsyn("verify", files.checkpoint, "--data", files.data, "--report", folder)
    assert str(folder / "report.html") in result.stdout


def test_splits(told, files):
    for split, n in {"test": 9, "train": 9, "all": 18}.items():
        assert told("simulate", files.checkpoint, "--data", files.data, "--split", split)[1]["n_recordings"] == n


def test_transfer_reports_what_goes_where(told, files):
    result, written = told("transfer", files.checkpoint)
    assert "layer_1" in result.stdout
    assert {q["name"] for q in written["projections"]} >= {"layer_1.feedforward", "layer_1.recurrent"}
    assert not (files.folder / "ladder").exists()


def test_transfer_climbs_the_ladder_and_goes_on(hetsyn, told, files):
    arguments = ("transfer", files.checkpoint, "--ladder", "--rungs", "1, noise", "--seeds", 2, "--data", files.data, "--recordings", 4)
    first, written = told(*arguments)
    assert [(row["number"], row["name"]) for row in written["rows"]] == [(0, "same grid"), (1, "physical units"), *[(6, "noise")] * 8]
    page = files.folder / "ladder" / "ladder.html"  # beside the checkpoint
    assert written["page"] == str(page)
    assert "noise, deviation 0.5 thresholds" in first.stdout
    seconds = [row["seconds"] for row in written["rows"][1:]]
    assert [row["seconds"] for row in told(*arguments)[1]["rows"][1:]] == seconds  # found, not run
    hetsyn(*arguments, "--out", files.folder / "other", "--jobs", 2, "--device", "numpy")
    assert (files.folder / "other" / "ladder.json").is_file()


def test_export_writes_a_folder_that_runs(told, files, process):
    result, written = told("export", files.checkpoint, files.folder / "exported", "--to", "brian2", "--data", files.data)
    assert f"{written['n_spikes']['layer_1']:,}" in result.stdout
    names = sorted(path.name for path in (files.folder / "exported").iterdir())
    assert names == ["README.md", "network.py", "recordings.npz", "values.npz"]
    done = process([sys.executable, files.folder / "exported" / "network.py"])
    assert f"{written['n_spikes']['layer_1']} spikes, 0 differ" in done.stdout


def test_export_to_nir_and_back(hetsyn, told, files):
    graph, back = files.folder / "toy.nir", files.folder / "back.safetensors"
    result, written = told("export", files.checkpoint, graph, "--to", "nir")
    assert written["loads_in"]["Norse"].startswith('load_nir(graph, "norse")')
    assert "into snnTorch" in result.output
    assert "as they are" in result.stdout
    assert written["nodes"]["Threshold"] == 1
    hetsyn("import", graph, back)
    assert back.read_bytes() == files.checkpoint.read_bytes()
    hetsyn("import", graph, back, "--as-foreign", "--dt", "10 ms")
    assert Checkpoint.load(back).spec.layers[0].model.name == "NIR_Threshold"
    arguments = ("export", files.checkpoint, graph, "--to", "nir", "--data", files.data)
    result, written = told(*arguments, "--groups", 2, "--reading", "norse")
    shown = result.stdout
    assert f"{100 * written['quantised']['errors']['layer_1.feedforward.tau_syn']['largest']:.2g} %" in shown
    assert f"{written['quantised']['effect']['differing']['layer_1']:,} in one only" in shown
    assert told(*arguments, "--per-synapse")[1]["quantised"] is None


def test_export_to_tables(told, files):
    tables = files.folder / "tables"
    _, written = told("export", files.checkpoint, tables, "--to", "csv", "--data", files.data, "--recordings", 3)
    assert written["n_rows"]["recordings.csv"] == 3
    assert (tables / "network.json").is_file()


def test_import_gives_a_checkpoint_that_verifies(hetsyn, told, files):
    import torch

    rng = np.random.default_rng(0)
    shapes = {"layer_hidden1.layer_in": (5, 6), "layer_hidden1.layer_rec": (5, 5), "layer_out": (3, 5)}
    tensors = {f"{name}.w": torch.tensor(rng.normal(0, 1.0, shape)) for name, shape in shapes.items()}
    tensors |= {f"{name}.rho": torch.tensor(np.exp(-1 / rng.uniform(5, 20, shape))) for name, shape in shapes.items()}
    torch.save(tensors, files.folder / "model.pth")
    imported = files.folder / "imported.safetensors"
    result, written = told("import", files.folder / "model.pth", imported, "--layout", "hetsyn-official", "--dt", "10 ms")
    assert "5 HetSynLIF" in result.stdout
    assert written["synapses"] == 70
    hetsyn("verify", imported, "--data", files.data)

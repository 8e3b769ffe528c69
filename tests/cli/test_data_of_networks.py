"""Which recordings a verb takes where none are named: those that the network was trained on, or none at all."""

import os
from dataclasses import replace

import h5py
import numpy as np
import pytest

import hetsyn_sim as hs
from hetsyn_sim.cli.options import load_data
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.errors import CheckpointError, DataError

from ..refusal import refused


def trained_on(checkpoint, name, data):
    return replace(checkpoint, data={"name": str(name), "fingerprint": data.fingerprint(), "dt": "10 ms"})


def test_the_file_that_it_was_trained_on_is_found_by_its_name_and_known_by_its_content(files, toy_checkpoint, toy_data):
    checkpoint = trained_on(toy_checkpoint, files.data, toy_data)
    assert load_data(None, checkpoint).fingerprint() == toy_data.fingerprint()
    toy_data[:3].save(files.data)
    with refused(DataError, "are not here", "--data", "has changed", toy_data.fingerprint(), "--data FILE"):
        load_data(None, checkpoint)
    files.data.unlink()
    with refused(DataError, "are not here", "--data", "toy.h5"):
        load_data(None, checkpoint)


def test_what_ships_is_taken_for_networks_that_were_trained_on_it(toy_checkpoint):
    shipped = hs.tasks.spoken_digits()
    assert load_data(None, trained_on(toy_checkpoint, "spoken digits (FSDD)", shipped)).fingerprint() == shipped.fingerprint()


def test_spike_times_are_binned_as_the_recipe_says_in_training_and_afterwards(hetsyn, files):
    place = files.folder / "one.h5"
    with h5py.File(place, "w") as file:
        # in float16, 64 ms is not the number that it is in float64
        times = np.tile(np.array([0.064, 0.2, 0.5], dtype=np.float16), (20, 1))
        file["spikes/times"], file["spikes/units"], file["labels"] = times, np.tile([[1, 2, 3]], (20, 1)), np.arange(20) % 2
        file["extra/speaker"] = np.arange(20) // 2 % 2
    recipe = files.folder / "published.yaml"
    recipe.write_text(files.recipe.read_text() + "binning: as-published\n")
    hetsyn("train", recipe, "--data", place, "--epochs", 1, "--out", files.folder / "run")
    trained = Checkpoint.load(files.folder / "run")
    found = load_data(None, trained)
    assert found.info["binning"] == "as-published"
    assert found.fingerprint() == trained.data["fingerprint"] == load_data(place, trained).fingerprint()
    assert sorted(set(zip(found.units.tolist(), found.steps.tolist(), strict=True))) == [(697, 125), (698, 50), (699, 16)]
    assert load_data(place).info["binning"] == "clean"
    encoded = hetsyn("encode", place, files.folder / "clean.h5")
    assert "2, all of them in both splits: the test split has no unheard one" in encoded.stdout
    told = hetsyn("train", recipe, "--data", files.folder / "clean.h5", "--epochs", 1, "--out", files.folder / "other")
    assert "published" in told.stderr
    assert "binned as-published, and these are clean" in told.stderr
    with pytest.warns(UserWarning, match=r"binned as-published, and these are clean.*--binning as-published"):
        hs.fit(hs.load_recipe(recipe), load_data(files.folder / "clean.h5"), epochs=1, progress=False)


@pytest.mark.parametrize("name", ["/dev/zero", "nul\0", "x" * 5000, ""])
def test_names_that_lead_nowhere(name, toy_checkpoint, toy_data):
    with refused(DataError, "are not here", "--data"):
        load_data(None, trained_on(toy_checkpoint, name, toy_data))


def test_a_network_that_names_no_data_asks_for_them(hetsyn, files):
    for verb in ("verify", "simulate"):
        result = hetsyn(verb, files.checkpoint, exit_code=2)
        assert "a checkpoint that does not name any" in result.stderr
        assert "--data FILE" in result.stderr


@pytest.mark.slow
def test_what_comes_next_after_a_training_works_as_it_is_printed(hetsyn, files, monkeypatch):
    monkeypatch.chdir(files.folder)
    printed = hetsyn("train", files.recipe, "--data", files.data.name, "--out", "run").stdout
    following = next(line for line in printed.splitlines() if "hetsyn verify" in line).split("hetsyn ")[1].strip(" │").split()
    hetsyn(*following)
    monkeypatch.chdir(os.sep)
    assert "toy.h5" in hetsyn("verify", files.folder / "run", exit_code=2).stderr


def test_the_epoch_that_is_kept_is_the_one_that_is_shown(told, files):
    files.recipe.write_text(files.recipe.read_text().replace("epochs: 2", "epochs: 4").replace("none", "test, keep: best"))
    result, written = told("train", files.recipe, "--data", files.data, "--out", files.folder / "run")
    kept, metrics = written["kept_epoch"], Checkpoint.load(files.folder / "run").metrics
    assert kept == metrics
    assert f"{100 * kept['validation_accuracy']:.2f} %" in result.stdout
    assert (f"epoch {kept['epoch']}, the best" in result.stdout) == (kept["epoch"] != written["last_epoch"]["epoch"])


def test_a_run_is_named_by_its_folder_everywhere(files, toy_checkpoint):
    run = files.folder / "run"
    run.mkdir()
    with refused(CheckpointError, "no such checkpoint", str(run.with_suffix(".safetensors"))):
        Checkpoint.load(run)
    toy_checkpoint.save(run / "checkpoint.safetensors")
    assert Checkpoint.load(run).to_bytes() == toy_checkpoint.to_bytes()
    simulation = hs.to_brian2(run)
    np.testing.assert_array_equal(simulation.values["layer_1.feedforward.w"], toy_checkpoint.values["layer_1.feedforward.w"])

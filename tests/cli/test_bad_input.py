"""Bad input ends with exit code 2, a message that names the remedy, and no file that was not there before.

Files that are damaged or foreign: tests/reliability, which reads them from the command line too.
"""

import re
import sys

import h5py
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file


def edit_checkpoint(path, key, value):
    """Change one number in the file, past all checks."""
    with safe_open(path, framework="numpy") as file:
        about, tensors = file.metadata(), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
    tensors[key].flat[0] = value
    save_file(tensors, path, metadata=about)


def set_attribute(path, name, value):
    with h5py.File(path, "r+") as file:
        file.attrs[name] = value
        del file.attrs["fingerprint"]


TAU = "layer_1.feedforward.tau_syn"
CASES = {
    "wrong dt": (lambda f: set_attribute(f.data, "dt", 0.004), "time steps differ"),
    "wrong number of channels": (lambda f: set_attribute(f.data, "n_channels", 7), "another number of channels"),
    "NaN as time constant": (lambda f: edit_checkpoint(f.checkpoint, TAU, np.nan), "negative or not a number"),
    "no data": (lambda f: f.data.unlink(), "no such file or folder of recordings"),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_files(hetsyn, files, case):
    spoil, message = CASES[case]
    spoil(files)
    for verb in ("verify", "simulate"):
        refused(hetsyn, files, message, verb, files.checkpoint, "--data", files.data)


def refused(hetsyn, files, message, *arguments):
    before = sorted(files.folder.rglob("*"))
    result = hetsyn(*arguments, "--json", files.folder / "out.json", exit_code=2)
    assert result.stdout == ""
    assert re.search(message, result.stderr), result.stderr
    assert "remedy:" in result.stderr
    assert sorted(files.folder.rglob("*")) == before


def test_a_split_without_recordings(hetsyn, files, toy_data):
    toy_data.train.save(files.data)
    refused(hetsyn, files, "no recordings in this split", "verify", files.checkpoint, "--data", files.data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--dt", "10"), "needs its unit"),
        (("--dt", "10 mV"), "wrong kind"),
        (("--dt", "0.1 ms"), "whole number of samples"),
        (("--merge",), "these options are for spikes of your own"),
    ],
)
def test_bad_encodings(hetsyn, files, sounds, options, message):
    refused(hetsyn, files, message, "encode", sounds, files.folder / "x.h5", *options)


@pytest.mark.parametrize("verb", ["encode", "verify"])
def test_folders_without_recordings(hetsyn, files, verb):
    def refuse(message, folder):
        there = ("encode", folder, files.folder / "x.h5") if verb == "encode" else ("verify", files.checkpoint, "--data", folder)
        refused(hetsyn, files, message, *there)

    folder = files.folder / "shd"
    refuse("(?s)no such file or folder of recordings.*nothing by that name.*shd_train.h5 and shd_test.h5", folder)
    folder.mkdir()
    refuse("(?s)no recordings in this folder.*an empty folder.*hetsyn encode --download", folder)
    (folder / "notes.txt").write_text("speech")
    refuse("(?s)no recordings in this folder.*notes.txt.*shd_train.h5", folder)


def test_sound_is_no_data_yet(hetsyn, files, sounds):
    refused(hetsyn, files, "(?s)sound has to be encoded first.*hetsyn encode recordings", "verify", files.checkpoint, "--data", sounds)


def test_encode_replaces_nothing_unasked(hetsyn, files, sounds):
    before = files.data.read_bytes()
    refused(hetsyn, files, "(?s)would be replaced.*add --overwrite", "encode", sounds, files.data)
    refused(hetsyn, files, "nothing to encode in this file", "encode", files.data, files.folder / "x.h5")
    (files.folder / "mine.csv").write_text("recording,time,unit,label\n0,0.1,2,1\n")
    own = ("encode", files.folder / "mine.csv", files.folder / "mine.csv", "--dt", "2 ms")
    refused(hetsyn, files, "(?s)would be replaced.*the source.*name another file", *own, "--overwrite")
    assert files.data.read_bytes() == before
    hetsyn("encode", sounds, files.data, "--overwrite")
    assert files.data.read_bytes() != before


def test_a_silent_recording_leaves_no_file(hetsyn, files, sounds):
    path = sounds / "3_tester_5.wav"
    path.write_bytes(path.read_bytes()[:44] + bytes(len(path.read_bytes()) - 44))
    refused(hetsyn, files, "silent|silence|no sound", "encode", sounds, files.folder / "x.h5")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("verify", "--device", "abacus"), "unknown device"),
        (("simulate", "--device", "abacus"), "unknown device"),
        (("verify", "--split", "best"), "unknown split"),
        (("simulate", "--split", "best"), "unknown split"),
        (("verify", "--certificate", "/dev/null"), "nothing can be written there"),
        (("simulate", "--out", "r.h5"), r"\.npz"),
        (("transfer", "--ladder", "--rungs", "1,9"), "unknown rung"),
        (("transfer", "--ladder", "--device", "abacus"), "unknown device"),
        (("transfer", "--ladder", "--out", "/dev/null/ladder"), "nothing can be written there"),
        (("export", "/dev/null/exported"), "nothing can be exported there"),
        (("export", "exported", "--to", "neuron"), "unknown target"),
        (("export", "exported", "--to", "csv", "--groups", "2"), "these options are for NIR"),
        (("export", "exported", "--to", "nir"), "a NIR graph is a .nir file"),
        (("simulate", "--form", "slow"), "unknown form"),
        (("transfer", "--split", "val"), "(?s)unknown split.*validation recordings are held out of train"),
        (("transfer", "--rungs", "noise"), "(?s)these options are for the ladder.*--rungs, --data.*add --ladder"),
    ],
)
def test_bad_options(hetsyn, files, arguments, message):
    verb, *options = arguments
    refused(hetsyn, files, message, verb, files.checkpoint, *options, "--data", files.data)


def test_grouping_time_constants_leaves_no_graph_where_its_effect_can_not_be_told(hetsyn, files):
    pytest.importorskip("nir")
    arguments = ("export", files.checkpoint, files.folder / "toy.nir", "--to", "nir", "--groups", 2)
    refused(hetsyn, files, "recordings that this network was trained on are not here", *arguments)
    set_attribute(files.data, "dt", 0.004)
    refused(hetsyn, files, "time steps differ", *arguments, "--data", files.data)


@pytest.mark.parametrize(
    ("option", "time", "remedy"), [("--duration", "0.25", '--duration "0.25 s"\n'), ("--dt", "4", '--dt "4 ms", or "4 s"\n')]
)
def test_a_number_without_its_unit(hetsyn, files, option, time, remedy):
    with h5py.File(files.folder / "speech.h5", "w") as file:
        file["spikes/times"], file["spikes/units"], file["labels"] = [[0.1]], [[1]], [0]
    refused(hetsyn, files, re.escape(f"add the unit: {remedy}"), "encode", files.folder / "speech.h5", files.folder / "x.h5", option, time)


def test_a_folder_of_the_user_that_is_called_analysis(files, process):
    (files.folder / "analysis").mkdir()
    (files.folder / "analysis" / "__init__.py").write_text("raise RuntimeError('not this one')\n")
    command = [sys.executable, "-m", "hetsyn_sim.cli.app", "study", "biology", "nowhere"]
    done = process(command, cwd=files.folder, check=False)
    assert done.returncode == 2
    assert "there is no such checkpoint" in done.stderr or "nowhere" in done.stderr
    assert "not this one" not in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--set", "training.optimisr.lr=1"), "unknown setting(.|\n)*--set: training.optimisr(.|\n)*did you mean 'optimiser'"),
        (("--set", "training.epochs=two"), "--set: training.epochs(.|\n)*a valid integer"),
        (("--set", "training.epochs"), "a setting needs its place and its value"),
        (("--set", "training.window=*x"), "the value of a setting can't be read(.|\n)*--set training.window"),
        (("--start", "nowhere"), "nowhere"),
    ],
)
def test_bad_settings_and_starts(hetsyn, files, options, message):
    refused(hetsyn, files, message, "train", files.recipe, "--data", files.data, "--out", files.folder / "run", *options)


@pytest.mark.parametrize("folder", [".", ".."])
def test_a_folder_without_a_checkpoint(hetsyn, files, monkeypatch, folder):
    (files.folder / "inner").mkdir()
    monkeypatch.chdir(files.folder / "inner")
    refused(hetsyn, files, "(?s)no such checkpoint.*checkpoint.safetensors", "info", folder)


@pytest.mark.parametrize("n", ["0", "-5"])
def test_a_number_of_channels_that_is_none(hetsyn, files, sounds, n):
    result = hetsyn("encode", sounds, files.folder / "x.h5", "--channels", n, exit_code=2)
    assert "greater than or equal to 1" in " ".join(result.stderr.split())

"""Bad input ends with exit code 2, a message that names the remedy, and no file that was not there before."""

import re

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


def edit_data(path, place, change):
    with h5py.File(path, "r+") as file:
        content = file[place][()]
        attributes = dict(compression="gzip", shuffle=True)
        del file[place], file.attrs["fingerprint"]  # as another program would write it
        file.create_dataset(place, data=change(content), **attributes)


def set_attribute(path, name, value):
    with h5py.File(path, "r+") as file:
        file.attrs[name] = value
        del file.attrs["fingerprint"]


def later(steps):
    steps[-1] = 200
    return steps


def silent(n_steps):
    n_steps[:] = 0
    return n_steps


def doubled(steps):
    return np.full_like(steps, steps[0])


TAU = "layer_1.feedforward.tau_syn"
CASES = {
    "wrong dt": (lambda f: set_attribute(f.data, "dt", 0.004), "time steps differ"),
    "wrong number of channels": (lambda f: set_attribute(f.data, "n_channels", 7), "another number of channels"),
    "dt of zero": (lambda f: set_attribute(f.data, "dt", 0.0), "dt must be a positive time"),
    "spike after the end": (lambda f: edit_data(f.data, "spikes/steps", later), "outside|out of range|order"),
    "empty recordings": (lambda f: edit_data(f.data, "n_steps", silent), "no steps|empty|positive|outside|out of range"),
    "second spike in a bin": (lambda f: edit_data(f.data, "spikes/steps", doubled), "twice|order"),
    "NaN as time constant": (lambda f: edit_checkpoint(f.checkpoint, TAU, np.nan), "negative or not a number"),
    "negative time constant": (lambda f: edit_checkpoint(f.checkpoint, TAU, -0.01), "negative or not a number"),
    "NaN as weight": (lambda f: edit_checkpoint(f.checkpoint, "layer_1.feedforward.w", np.nan), "not finite"),
    "truncated checkpoint": (lambda f: f.checkpoint.write_bytes(f.checkpoint.read_bytes()[:-50]), "truncated"),
    "foreign checkpoint": (lambda f: save_file({"a": np.zeros(3)}, f.checkpoint), "not written by hetsyn-sim"),
    "no checkpoint": (lambda f: f.checkpoint.unlink(), "no such checkpoint"),
    "truncated data": (lambda f: f.data.write_bytes(f.data.read_bytes()[:-200]), "damaged"),
    "no data": (lambda f: f.data.unlink(), "no such spike file"),
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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--device", "abacus"), "unknown device"),
        (("--split", "best"), "unknown split"),
        (("--json", "/dev/null/out.json"), "nothing can be written there"),
    ],
)
def test_bad_options(hetsyn, files, options, message):
    for verb in ("verify", "simulate"):
        result = hetsyn(verb, files.checkpoint, "--data", files.data, *options, exit_code=2)
        assert message in result.stderr
        assert "remedy:" in result.stderr


def test_a_certificate_where_a_file_is(hetsyn, files):
    (files.folder / "taken").write_text("")
    arguments = ("verify", files.checkpoint, "--input", files.data, "--certificate", files.folder / "taken")
    refused(hetsyn, files, "nothing can be written there", *arguments)


def test_name_of_a_recording(hetsyn, files):
    refused(hetsyn, files, r"\.npz", "simulate", files.checkpoint, "--data", files.data, "--out", files.folder / "r.h5")


def test_a_split_without_recordings(hetsyn, files, toy_data):
    toy_data.train.save(files.data)
    refused(hetsyn, files, "no recordings in this split", "verify", files.checkpoint, "--data", files.data)


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("network: {model: HalfSynLIF}", "unknown model"),
        ("network: {hiden: [4]}", "unknown setting"),
        ("training: {epochs: -1}", "a setting is wrong"),
        ("training: [", "can't be read"),
    ],
)
def test_bad_recipes(hetsyn, files, recipe, message):
    files.recipe.write_text(recipe)
    refused(hetsyn, files, message, "train", files.recipe, "--data", files.data, "--out", files.folder / "run")


def test_unknown_recipe(hetsyn, files):
    refused(hetsyn, files, "unknown recipe", "train", "fsdd-hetsym", "--data", files.data, "--out", files.folder / "run")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "no wav files"),
        (("--dt", "10"), "needs its unit"),
        (("--dt", "10 mV"), "wrong kind"),
        (("--dt", "0.1 ms"), "whole number of samples"),
    ],
)
def test_bad_encodings(hetsyn, files, options, message):
    (files.folder / "empty").mkdir()
    refused(hetsyn, files, message, "encode", files.folder / "empty", files.folder / "x.h5", *options)


def test_a_silent_recording_leaves_no_file(hetsyn, files, sounds):
    path = sounds / "3_tester_5.wav"
    path.write_bytes(path.read_bytes()[:44] + bytes(len(path.read_bytes()) - 44))
    refused(hetsyn, files, "silent|silence|no sound", "encode", sounds, files.folder / "x.h5")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("transfer", "--ladder", "--rungs", "1,9"), "unknown rung"),
        (("transfer", "--ladder", "--device", "abacus"), "unknown device"),
        (("transfer", "--ladder", "--out", "/dev/null/ladder"), "nothing can be written there"),
        (("export", "/dev/null/exported"), "nothing can be exported there"),
        (("export", "exported", "--to", "neuron"), "unknown target"),
        (("export", "exported", "--to", "csv", "--groups", "2"), "these options are for NIR"),
        (("export", "exported", "--to", "nir"), "a NIR graph is a .nir file"),
        (("simulate", "--form", "slow"), "unknown form"),
    ],
)
def test_bad_options_of_other_verbs(hetsyn, files, arguments, message):
    verb, *options = arguments
    refused(hetsyn, files, message, verb, files.checkpoint, *options, "--data", files.data)

"""Files that version 0.1.0 wrote: they load, to the same bytes of values. ``expected.json`` holds what 0.1.0 itself read from them."""

import hashlib
import json
from pathlib import Path

import numpy as np

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.decoding import Decoder
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.data.recording_file import load_recording
from hetsyn_sim.spec import NetworkSpec
from hetsyn_sim.training import load_recipe

FILES = Path(__file__).with_name("files_of_0_1_0")
EXPECTED = json.loads((FILES / "expected.json").read_text(encoding="utf-8"))


def entry(array):
    array = np.asarray(array)
    content = array.astype(array.dtype.newbyteorder("<")).tobytes()
    return {"dtype": array.dtype.name, "shape": list(array.shape), "sha256": hashlib.sha256(content).hexdigest()}


def facts_of(spec):
    parts = ("name", "synapse", "on_pre", "neuron", "threshold", "reset")
    return {
        "dt_s": spec.dt_s,
        "n_input": spec.n_input,
        "step_order": list(spec.step_order.phases),
        "slots": {key: list(slot.shape) for key, slot in spec.slots.items()},
        "equations": {p.name: [getattr(p.model, part) for part in parts] for p in spec.populations},
    }


def test_checkpoint():
    checkpoint, expected = Checkpoint.load(FILES / "checkpoint.safetensors"), EXPECTED["checkpoint.safetensors"]
    assert {key: entry(value) for key, value in checkpoint.values.items()} == expected["values"]
    assert checkpoint.metrics == expected["metrics"]
    assert hashlib.sha256(checkpoint.to_bytes()).hexdigest() == expected["sha256_of_the_file"]  # written again, it is the same file
    assert facts_of(checkpoint.spec) == EXPECTED["network.yaml"]
    assert Decoder.of(checkpoint) == Decoder("sum_of_softmax", burn_in=2, window=7)


def test_recording():
    recording, expected = load_recording(FILES / "recording.npz"), EXPECTED["recording.npz"]
    assert (recording.dt, recording.simulator) == (expected["dt"], expected["simulator"])
    arrays = {**recording.rasters, **recording.traces}
    assert {name: entry(array) for name, array in arrays.items()} == expected["arrays"]


def test_spikes():
    data, expected = SpikeDataset.load(FILES / "spikes.h5"), EXPECTED["spikes.h5"]
    assert data.fingerprint() == expected["fingerprint"]
    assert {name: entry(getattr(data, name)) for name in expected["arrays"]} == expected["arrays"]


def test_recipe_and_network():
    recipe = load_recipe(FILES / "recipe.yaml").to_dict()
    optimiser = recipe["training"]["optimiser"]
    assert (optimiser.pop("name"), optimiser.pop("settings")) == ("adamw", {})  # 0.1.0 had no other
    assert recipe["training"]["schedule"].pop("span_epochs") is None
    assert {name: recipe[name] for name in EXPECTED["recipe.yaml"]} == EXPECTED["recipe.yaml"]
    spec = NetworkSpec.from_text((FILES / "network.yaml").read_text(encoding="utf-8"))
    assert facts_of(spec) == EXPECTED["network.yaml"]

"""A checkpoint's bytes depend on its content alone, and what is wrong in one is named. That it comes back as it was: equivalence/."""

import json
import os
import sys
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load as from_safetensors
from safetensors.numpy import save as to_safetensors

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.files import remove_leftovers
from hetsyn_sim.errors import CheckpointError
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec

from ..reliability.damage import edited_tensors, header_of

TAU = "layer_1.feedforward.tau_syn"
WEIGHT = "layer_1.recurrent.w"
FORWARD = "layer_1.feedforward.w"


@pytest.fixture
def checkpoint():
    spec = NetworkSpec(dt="8 ms", n_input=3, layers=[Layer(HetSynLIF, 4, recurrent=True)], readout=Layer(LeakyReadout, 2))
    return Checkpoint(
        spec,
        spec.initial_values(0),
        recipe={"training": {"epochs": 3, "loss": "sum_of_softmax"}},
        seeds={"training": 0},
        data={"name": "digits", "fingerprint": "ab12", "dt": "8 ms"},
        metrics={"validation_accuracy": 0.9, "train_loss": float("nan")},
    )


def test_a_name_may_be_without_its_ending_and_folders_are_made(checkpoint, tmp_path):
    path = checkpoint.save(tmp_path / "folder" / "digits")
    assert path == tmp_path / "folder" / "digits.safetensors"
    for name in (path, path.with_suffix("")):
        assert Checkpoint.load(name).to_bytes() == checkpoint.to_bytes()


def test_bytes_depend_on_content_alone(checkpoint):
    shuffled = {name: dict(reversed(list(getattr(checkpoint, name).items()))) for name in ("values", "data")}
    assert replace(checkpoint, **shuffled).to_bytes() == checkpoint.to_bytes()
    transposed = {k: np.asfortranarray(v) if np.ndim(v) == 2 else v for k, v in checkpoint.values.items()}
    assert replace(checkpoint, values=transposed).to_bytes() == checkpoint.to_bytes()


def test_the_file_explains_itself_to_other_readers(checkpoint):
    about = json.loads(header_of(checkpoint.to_bytes())["__metadata__"]["hetsyn_sim"])
    assert about["dt"] == {"seconds": 0.008, "text": "8.0 ms"}
    assert about["scheme"] == "exact"
    assert about["units"][TAU] == "second"
    assert about["units"][WEIGHT] == "1"
    assert set(about["versions"]) == {"hetsyn-sim", "torch", "brian2", "numpy"}
    assert about["metrics"]["train_loss"] == "nan"


def test_needs_no_torch(checkpoint, tmp_path, process):
    code = "import sys; from hetsyn_sim.data.checkpoint import Checkpoint; Checkpoint.load(sys.argv[1]); assert 'torch' not in sys.modules"
    process([sys.executable, "-c", code, checkpoint.save(tmp_path / "digits")])


@pytest.mark.parametrize("value", [0.0, np.inf, 5.0])
def test_a_time_constant_may_be_zero_infinite_or_out_of_bounds(checkpoint, tmp_path, value):
    tau = checkpoint.values[TAU].copy()
    tau[1, 2] = value
    path = replace(checkpoint, values=checkpoint.values | {TAU: tau}).save(tmp_path / "edited")
    assert Checkpoint.load(path).values[TAU][1, 2] == value


def one(value):
    """Values of a feedforward slot, of which a single one is this."""
    array = np.ones((4, 3))
    array[1, 2] = value
    return array


@pytest.mark.parametrize(
    ("tensors", "about", "what", "shown"),
    [
        ({TAU: one(np.nan)}, {}, "a time constant is negative or not a number", (f"{TAU}[1, 2]", "nan s")),
        ({TAU: one(-0.02)}, {}, "a time constant is negative or not a number", (f"{TAU}[1, 2]", "-0.02 s")),
        ({FORWARD: one(np.nan)}, {}, "a value is not finite", (f"{FORWARD}[1, 2]", "nan in SI units (1 of")),
        ({FORWARD: one(np.inf)}, {}, "a value is not finite", (f"{FORWARD}[1, 2]", "inf in SI units (1 of")),
        ({TAU: np.ones((3, 4))}, {}, "the wrong shape", ("shape (3, 4)", "shape (4, 3) (post pre)")),
        ({TAU: np.ones((4, 3), np.int64)}, {}, "the wrong dtype", (TAU, "I64")),
        ({WEIGHT: ..., "layer_9.w": np.ones(3)}, {}, "do not belong to this network", (f"{WEIGHT} missing, layer_9.w unknown",)),
        ({}, {"version": 2}, "a format that this version", ("format version 2", "update hetsyn-sim")),
    ],
)
def test_what_is_wrong_in_a_file_is_named(checkpoint, tmp_path, tensors, about, what, shown):
    path = tmp_path / "bad.safetensors"
    path.write_bytes(edited_tensors(checkpoint.to_bytes(), tensors=tensors, **about))
    with pytest.raises(CheckpointError, match=what) as excinfo:
        Checkpoint.load(path)
    assert all(part in str(excinfo.value) for part in ("bad.safetensors", *shown))


def test_values_that_have_changed_places_are_noticed(tmp_path):
    spec = NetworkSpec(dt="8 ms", n_input=4, layers=[Layer(HetSynLIF, 4, recurrent=True)])  # both weights are 4 x 4
    content = Checkpoint(spec, spec.initial_values(0)).to_bytes()
    tensors = from_safetensors(content)
    tensors[FORWARD], tensors[WEIGHT] = tensors[WEIGHT], tensors[FORWARD]
    (tmp_path / "swapped.safetensors").write_bytes(to_safetensors(tensors, metadata=header_of(content)["__metadata__"]))
    with pytest.raises(CheckpointError, match="damaged: it does not say what it said"):
        Checkpoint.load(tmp_path / "swapped")


def test_files_of_others(checkpoint, tmp_path):
    checkpoint.save(tmp_path / "other")
    with pytest.raises(CheckpointError, match=r"(?s)there is no such checkpoint.*that folder has other\.safetensors"):
        Checkpoint.load(tmp_path / "digits")
    (tmp_path / "foreign.safetensors").write_bytes(to_safetensors({"encoder.weight": np.zeros(3)}))
    with pytest.raises(CheckpointError, match=r"(?s)not written by hetsyn-sim.*encoder\.weight"):
        Checkpoint.load(tmp_path / "foreign")


@pytest.mark.parametrize(
    ("change", "what", "where"),
    [
        ({"values": {"layer_1.neuron.tau_reset": np.array(-1.0)}}, "negative", "Checkpoint: layer_1.neuron.tau_reset"),  # without an index
        ({"recipe": {"training": {"loss": object()}}}, "can't be written down as plain data", "Checkpoint.recipe.training.loss"),
    ],
)
def test_what_is_wrong_in_memory_is_named(checkpoint, change, what, where):
    with pytest.raises(CheckpointError, match=what) as excinfo:
        replace(checkpoint, **{part: getattr(checkpoint, part) | value for part, value in change.items()})
    assert excinfo.value.where == where


def test_what_killed_writers_left_is_removed(tmp_path, process):
    dead = process.start([sys.executable, "-c", ""])
    dead.wait()
    kept = [tmp_path / name for name in ("file", ".hidden", ".notes.tmp", f".file.{os.getpid()}.tmp")]
    for path in (*kept, tmp_path / f".file.{dead.pid}.tmp"):
        path.write_text("half")
    remove_leftovers(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(kept)
    remove_leftovers(tmp_path / "no such folder")

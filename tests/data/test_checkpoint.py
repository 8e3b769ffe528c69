"""A checkpoint comes back as it was, its bytes depend on its content alone, and everything that can be wrong with a file has its error."""

import json
import os
import sys

import numpy as np
import pytest
from safetensors.numpy import save as to_safetensors

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.checkpoint_file import PARTS
from hetsyn_sim.data.files import remove_leftovers, write_atomically
from hetsyn_sim.errors import CheckpointError
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec

TAU = "layer_1.feedforward.tau_syn"
WEIGHT = "layer_1.recurrent.w"


@pytest.fixture
def spec():
    return NetworkSpec(dt="8 ms", n_input=3, layers=[Layer(HetSynLIF, 4, recurrent=True)], readout=Layer(LeakyReadout, 2))


@pytest.fixture
def checkpoint(spec):
    return Checkpoint(
        spec,
        spec.initial_values(0),
        recipe={"training": {"epochs": 3, "loss": "sum_of_softmax"}},
        seeds={"training": 0},
        data={"name": "digits", "fingerprint": "ab12", "dt": "8 ms"},
        metrics={"validation_accuracy": 0.9, "train_loss": float("nan")},
    )


def edited(checkpoint, path, *, tensors=None, **about):
    """Write the file of a checkpoint with other tensors or another JSON part."""
    plain = checkpoint.to_bytes()
    length = int.from_bytes(plain[:8], "little")
    facts = json.loads(json.loads(plain[8 : 8 + length])["__metadata__"]["hetsyn_sim"]) | about
    values = {key: np.array(value) for key, value in checkpoint.values.items()} | (tensors or {})
    path.write_bytes(to_safetensors(values, metadata={"hetsyn_sim": json.dumps(facts)}))
    return path


def message(excinfo):
    return str(excinfo.value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_load_gives_back_what_was_saved(checkpoint, spec, tmp_path, dtype):
    before = Checkpoint(spec, {k: v.astype(dtype) for k, v in checkpoint.values.items()}, checkpoint.recipe, checkpoint.seeds)
    path = before.save(tmp_path / "folder" / "digits")
    assert path == tmp_path / "folder" / "digits.safetensors"
    for name in (path, path.with_suffix("")):
        after = Checkpoint.load(name)
        assert after.spec == spec
        assert list(after.spec.slots) == list(spec.slots)
        for key, value in before.values.items():
            assert after.values[key].dtype == dtype
            assert after.values[key].shape == value.shape
            assert np.array_equal(after.values[key], value)
        for part in PARTS:
            assert getattr(after, part) == getattr(before, part)


def test_bytes_depend_on_content_alone(checkpoint, spec):
    shuffled = Checkpoint(
        spec,
        dict(reversed(list(checkpoint.values.items()))),
        recipe=checkpoint.recipe,
        seeds=checkpoint.seeds,
        data=dict(reversed(list(checkpoint.data.items()))),
        metrics=checkpoint.metrics,
    )
    assert shuffled.to_bytes() == checkpoint.to_bytes()
    transposed = {k: np.asfortranarray(v) if np.ndim(v) == 2 else v for k, v in checkpoint.values.items()}
    again = Checkpoint(spec, transposed, checkpoint.recipe, checkpoint.seeds, checkpoint.data, checkpoint.metrics)
    assert again.to_bytes() == checkpoint.to_bytes()


def test_the_file_explains_itself_to_other_readers(checkpoint):
    plain = checkpoint.to_bytes()
    about = json.loads(json.loads(plain[8 : 8 + int.from_bytes(plain[:8], "little")])["__metadata__"]["hetsyn_sim"])
    assert about["dt"] == {"seconds": 0.008, "text": "8.0 ms"}
    assert about["scheme"] == "exact"
    assert about["units"][TAU] == "second"
    assert about["units"][WEIGHT] == "1"
    assert set(about["versions"]) == {"hetsyn-sim", "torch", "brian2", "numpy"}
    assert about["metrics"]["train_loss"] == "nan"


def test_needs_no_torch(checkpoint, tmp_path, process):
    path = checkpoint.save(tmp_path / "digits")
    code = (
        f"import sys; from hetsyn_sim.data.checkpoint import Checkpoint; Checkpoint.load({str(path)!r}); assert 'torch' not in sys.modules"
    )
    process([sys.executable, "-c", code])


@pytest.mark.parametrize("value", [0.0, np.inf, 5.0])
def test_a_time_constant_may_be_zero_infinite_or_out_of_bounds(checkpoint, tmp_path, value):
    tau = checkpoint.values[TAU].copy()
    tau[1, 2] = value
    path = Checkpoint(checkpoint.spec, {**checkpoint.values, TAU: tau}).save(tmp_path / "edited")
    assert Checkpoint.load(path).values[TAU][1, 2] == value


@pytest.mark.parametrize(
    ("key", "value", "what", "shown"),
    [
        (TAU, np.nan, "a time constant is negative or not a number", "nan s"),
        (TAU, -0.02, "a time constant is negative or not a number", "-0.02 s"),
        (WEIGHT, np.nan, "a value is not finite", "nan in SI units (1 of"),
        (WEIGHT, np.inf, "a value is not finite", "inf in SI units (1 of"),
    ],
)
def test_a_value_that_can_not_be_simulated_is_named(checkpoint, tmp_path, key, value, what, shown):
    array = checkpoint.values[key].copy()
    array[1, 2] = value
    with pytest.raises(CheckpointError, match=what) as excinfo:
        Checkpoint.load(edited(checkpoint, tmp_path / "bad.safetensors", tensors={key: array}))
    assert "bad.safetensors" in message(excinfo)
    assert f"{key}[1, 2]" in message(excinfo)
    assert shown in message(excinfo)


def test_a_single_value_is_named_without_index(checkpoint):
    with pytest.raises(CheckpointError) as excinfo:
        Checkpoint(checkpoint.spec, {**checkpoint.values, "layer_1.neuron.tau_reset": np.array(-1.0)})
    assert excinfo.value.where == "Checkpoint: layer_1.neuron.tau_reset"


def test_missing_file(checkpoint, tmp_path):
    checkpoint.save(tmp_path / "other")
    with pytest.raises(CheckpointError, match="there is no such checkpoint") as excinfo:
        Checkpoint.load(tmp_path / "digits")
    assert "that folder has other.safetensors" in message(excinfo)


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_truncated_file(checkpoint, tmp_path, keep):
    path = tmp_path / "cut.safetensors"
    path.write_bytes(checkpoint.to_bytes()[:keep])
    with pytest.raises(CheckpointError, match="truncated, damaged, or not safetensors"):
        Checkpoint.load(path)


def test_foreign_safetensors(tmp_path):
    path = tmp_path / "foreign.safetensors"
    path.write_bytes(to_safetensors({"encoder.weight": np.zeros(3)}))
    with pytest.raises(CheckpointError, match="not written by hetsyn-sim") as excinfo:
        Checkpoint.load(path)
    assert "encoder.weight" in message(excinfo)


def test_newer_format(checkpoint, tmp_path):
    with pytest.raises(CheckpointError, match="a format that this version") as excinfo:
        Checkpoint.load(edited(checkpoint, tmp_path / "new.safetensors", version=2))
    assert "format version 2" in message(excinfo)
    assert "update hetsyn-sim" in message(excinfo)


def test_missing_and_unknown_slots(checkpoint):
    values = dict(checkpoint.values)
    values["layer_9.w"] = values.pop(WEIGHT)
    with pytest.raises(CheckpointError, match="do not belong to this network") as excinfo:
        Checkpoint(checkpoint.spec, values)
    assert f"{WEIGHT} missing, layer_9.w unknown" in message(excinfo)


def test_wrong_shape(checkpoint, tmp_path):
    with pytest.raises(CheckpointError, match="the wrong shape") as excinfo:
        Checkpoint.load(edited(checkpoint, tmp_path / "bad.safetensors", tensors={TAU: np.ones((3, 4))}))
    assert "shape (3, 4)" in message(excinfo)
    assert "shape (4, 3) (post pre)" in message(excinfo)


@pytest.mark.parametrize(("dtype", "shown"), [(np.int64, "I64"), (np.float16, "F16")])
def test_wrong_dtype_in_a_file(checkpoint, tmp_path, dtype, shown):
    with pytest.raises(CheckpointError, match="the wrong dtype") as excinfo:
        Checkpoint.load(edited(checkpoint, tmp_path / "bad.safetensors", tensors={TAU: np.ones((4, 3), dtype)}))
    assert TAU in message(excinfo)
    assert shown in message(excinfo)


def test_wrong_dtype_in_memory(checkpoint):
    with pytest.raises(CheckpointError, match="the wrong dtype"):
        Checkpoint(checkpoint.spec, {**checkpoint.values, TAU: np.ones((4, 3), np.int64)})


@pytest.mark.parametrize(
    ("about", "what"),
    [
        ({"spec": "dt: 8 ms"}, "the spec in this checkpoint can't be read"),
        ({"spec": "{"}, "the spec in this checkpoint can't be read"),
        ({"units": None}, "the spec in this checkpoint can't be read"),
        ({"dt": {"seconds": 0.004}}, "contradicts its own spec"),
        ({"units": {TAU: "ms"}}, "contradicts its own spec"),
    ],
)
def test_metadata_that_does_not_hold_together(checkpoint, tmp_path, about, what):
    with pytest.raises(CheckpointError, match=what):
        Checkpoint.load(edited(checkpoint, tmp_path / "bad.safetensors", **about))


def test_only_plain_data_is_written(spec):
    with pytest.raises(CheckpointError, match="can't be written down as plain data") as excinfo:
        Checkpoint(spec, spec.initial_values(0), recipe={"training": {"loss": object()}})
    assert excinfo.value.where == "Checkpoint.recipe.training.loss"


def test_a_folder_that_can_not_be_written_to(checkpoint, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(CheckpointError, match="can't be written"):
        checkpoint.save(tmp_path / "file" / "digits")


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = write_atomically(tmp_path / "file", "old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_killed_writers_left_is_removed(tmp_path, process):
    dead = process.start([sys.executable, "-c", ""])
    dead.wait()
    kept = [tmp_path / name for name in ("file", ".hidden", ".notes.tmp", f".file.{os.getpid()}.tmp")]
    for path in (*kept, tmp_path / f".file.{dead.pid}.tmp"):
        path.write_text("half")
    remove_leftovers(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(kept)
    remove_leftovers(tmp_path / "no such folder")

"""From training to Brian2 through a file, and nothing is lost on the way.

values -> what is trained -> values:   the same values, to 1e-9 of their bounds
train some random steps -> checkpoint -> file -> Brian2:   the raster and the voltages of the trained network
save, load:        the same values, bit for bit, the same spec, the same file
save, load:        the same for recordings, whatever numbers they hold
an old file:       a checkpoint of format version 1 loads, and runs as it did when it was written
"""

import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save_file

from equivalence.comparing import agree, run
from equivalence.corners import corner
from equivalence.gradients import trained
from equivalence.ledger import LEDGER, off_the_record
from equivalence.properties import holds
from equivalence.strategies import Case, checkpoints, networks, recordings
from hetsyn_sim.brian.transfer import to_brian2
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.checkpoint_file import FORMAT_VERSION, KEY
from hetsyn_sim.data.recording import Recording
from hetsyn_sim.data.recording_file import load_recording, save_recording
from hetsyn_sim.discrete import is_time_constant
from hetsyn_sim.errors import CheckpointError
from hetsyn_sim.training.bijections import TimeConstants
from hetsyn_sim.training.modules import default_dtype
from hetsyn_sim.training.network import Network

FIXTURES = Path(__file__).parent / "fixtures"


def altered(how, values):
    """Values as they would come out of a careless file."""
    if how == "half precision":
        return {key: value.astype(np.float16).astype(value.dtype) for key, value in values.items()}
    if how == "transposed":
        return {key: value.T.reshape(value.shape).copy() for key, value in values.items()}
    if how == "one value forgotten":
        key = next(iter(values))
        return {**values, key: np.zeros_like(values[key])}
    return values


def through_a_file(checkpoint, how="as it is"):
    with tempfile.TemporaryDirectory() as folder:
        return Checkpoint.load(replace(checkpoint, values=altered(how, checkpoint.values)).save(Path(folder) / "network"))


@st.composite
def trainings(draw):
    """A network, how its time constants are trained, a number of steps, a learning rate and a seed for the loss."""
    case = draw(networks(max_steps=20, moderate=True))
    how = draw(st.sampled_from(("rho_clamped", "log_tau", "tau")))
    return case, how, draw(st.integers(1, 4)), draw(st.sampled_from((0.01, 0.1, 0.5))), draw(st.integers(0, 99))


def within_bounds(case, low=1e-2, high=1e4):
    """The network with everything trainable, time constants within bounds in steps; and weights."""
    most = 10 * max(1.0, *(float(np.abs(value).max()) for key, value in case.values.items() if key.endswith(".w")))
    return trained(case.spec, (low * case.spec.dt_s, high * case.spec.dt_s), (-most, most))


def train(case, how, n_steps, rate, seed, dtype):
    """Adam towards a random target; decays that are trained as they are, clamped, may reach 0 and 1."""
    with default_dtype(dtype):
        network = Network(within_bounds(case), values=case.values, time_constants=how)
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    x = torch.as_tensor(case.inputs.copy())
    for step in range(n_steps):
        out = network(x)[0]
        target = torch.randn(out.shape, generator=torch.Generator().manual_seed(seed + step), dtype=dtype)
        optimizer.zero_grad()
        ((out - target) ** 2).sum().backward()
        optimizer.step()
        network.clamp_()
    return network


@holds(trainings(), near_misses=("half precision", "transposed", "one value forgotten"), subjects=["float64", "float32"], fast=0.12)
def test_a_trained_network_is_the_same_in_brian2(how, training):
    """In either precision of training; the network of the checkpoint then runs in float64 on both sides."""
    case, time_constants, n_steps, rate, seed = training
    dtype = torch.float32 if how == "float32" else torch.float64
    network = train(case, time_constants, n_steps, rate, seed, dtype)
    checkpoint = Checkpoint(network.spec, network.values())
    theirs = to_brian2(through_a_file(checkpoint, how)).run(case.inputs)
    LEDGER.note_network(theirs)
    values = {key: value.astype(np.float64) for key, value in checkpoint.values.items()}
    done = Case(network.spec, values, case.inputs)
    agree(done, Network.from_checkpoint(checkpoint).record(case.inputs), theirs, "float64")
    agree(done, network.record(case.inputs), theirs, "float32" if how == "float32" else "float64")


@holds(
    networks(moderate=True),
    near_misses=("half precision", "transposed", "one value forgotten"),
    subjects=["log_tau in wide bounds", "log_tau in tight bounds", "rho_clamped", "tau"],
)
def test_what_is_made_trainable_keeps_its_values(how, case):
    """From values to what the optimiser moves and back.

    A value on its bound is moved inwards by 1e-9 of the range, as it could not be trained from there; log(high/low) is at most 14. The
    roundings of the maps are far below: 1e-16 times the ratio of tau to dt, at most 100, or of the bounds of a weight to its size.
    """
    times = [float(t) for key, v in case.values.items() if is_time_constant(case.spec.slots[key]) for t in (np.min(v), np.max(v))]
    dt = case.spec.dt_s
    spec = within_bounds(case, min(times) / dt, 2 * max(times) / dt) if "tight" in how else within_bounds(case)
    kinds: dict[str, TimeConstants] = {"rho_clamped": "rho_clamped", "tau": "tau"}
    with default_dtype(torch.float64):
        values = altered(how, Network(spec, values=case.values, time_constants=kinds.get(how, "log_tau")).values())
    for key, value in case.values.items():
        largest = float(np.abs(value).max(initial=1e-300))
        np.testing.assert_allclose(values[key], value, rtol=2e-8, atol=2e-8 * largest, err_msg=f"{key}\n{case!r}")


@holds(checkpoints(), near_misses=("half precision", "transposed", "one value forgotten"), subjects=["as it is"], fast=1.0)
def test_saving_and_loading_a_checkpoint_is_the_identity(how, made):
    checkpoint, _ = made
    loaded = through_a_file(checkpoint, how)
    assert loaded.spec == checkpoint.spec
    assert loaded.to_bytes() == checkpoint.to_bytes()
    for key, value in checkpoint.values.items():
        assert loaded.values[key].dtype == value.dtype
        np.testing.assert_array_equal(loaded.values[key], value)
    for part in ("recipe", "seeds", "data", "metrics", "versions"):
        assert getattr(loaded, part) == getattr(checkpoint, part)


@pytest.mark.parametrize(("number", "text"), [(np.inf, "inf"), (-np.inf, "-inf"), (np.nan, "nan")])
def test_numbers_that_json_does_not_have_come_back_as_their_names(number, text):
    """What is no number in JSON must not become something else in each file."""
    spec = corner("nothing special").spec
    told = {"loss": number, "each": [number, 1.0]}
    assert through_a_file(Checkpoint(spec, spec.initial_values(0), metrics=told)).metrics == {"loss": text, "each": [text, 1.0]}


@pytest.mark.parametrize(
    "said", [{"dt": {"seconds": 2e-3, "text": "2 ms"}}, {"units": {"layer_1.neuron.theta": "volt"}}], ids=["dt", "units"]
)
def test_a_file_that_contradicts_its_spec_is_refused(said, tmp_path):
    """Spikes on one grid mean nothing on another, and neither do volts among pure numbers."""
    spec = corner("nothing special").spec
    path = Checkpoint(spec, spec.initial_values(0)).save(tmp_path / "network")
    with safe_open(path, framework="numpy") as file:
        tensors, about = {key: file.get_tensor(key) for key in file.keys()}, json.loads(file.metadata()[KEY])  # noqa: SIM118
    for part, told in said.items():
        about[part] = {**about[part], **told}
    save_file(tensors, path, metadata={KEY: json.dumps(about)})
    with pytest.raises(CheckpointError, match="contradicts its own spec"):
        Checkpoint.load(path)


#: A name that Python and NumPy hold, and that UTF-8 has no bytes for.
LONE_SURROGATE = {"lone surrogate": Recording(1e-3, {"input": np.zeros((1, 1, 1), dtype=bool)}, {}, "\ud800")}


@holds(recordings(), near_misses=("one value forgotten",), always=LONE_SURROGATE, subjects=["as it is"], fast=0.5)
def test_saving_and_loading_a_recording_is_the_identity(how, recording):
    with tempfile.TemporaryDirectory() as folder:
        stored = replace(recording, traces=altered(how, recording.traces) if recording.traces else {})
        loaded = load_recording(save_recording(stored, Path(folder) / "recording.npz"))
    assert (loaded.dt, loaded.simulator) == (recording.dt, recording.simulator)
    for mine, theirs in ((recording.rasters, loaded.rasters), (recording.traces, loaded.traces)):
        assert list(mine) == list(theirs)
        for name, array in mine.items():
            assert theirs[name].dtype == array.dtype
            np.testing.assert_array_equal(theirs[name].view(np.uint8), array.view(np.uint8))  # every bit, NaN and -0.0 too


def old_version(path):
    """Load an old checkpoint and hold it to what it recorded when it was written, in PyTorch, the reference and Brian2."""
    checkpoint, then = Checkpoint.load(path), load_recording(path.with_suffix(".npz"))
    values = {key: value.astype(np.float64) for key, value in checkpoint.values.items()}
    case = Case(checkpoint.spec, values, then.rasters["input"])
    for now in (Network.from_checkpoint(checkpoint).record(case.inputs), run("reference", case), to_brian2(checkpoint).run(case.inputs)):
        agree(case, then, now, "float64")
    return checkpoint, then


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.safetensors")), ids=lambda path: path.stem)
def test_a_checkpoint_of_an_old_version_still_runs_as_it_did(path):
    checkpoint, then = old_version(path)
    assert [p.model.name for p in checkpoint.spec.populations] == ["HetSynLIF", "HomNeuALIF", "LeakyReadout"]
    assert checkpoint.recipe == {"name": "fixture"}
    assert checkpoint.seeds == {"training": 7}
    assert all(0.05 < then.rasters[name].mean() < 0.9 for name in ("layer_1", "layer_2"))


def test_there_is_a_fixture_of_every_version():
    assert {path.stem for path in FIXTURES.glob("*.safetensors")} == {f"version_{n}" for n in range(1, FORMAT_VERSION + 1)}


def test_a_fixture_with_one_changed_weight_is_noticed(tmp_path):
    original = FIXTURES / "version_1.safetensors"
    checkpoint = Checkpoint.load(original)
    weights = checkpoint.values["layer_1.feedforward.w"].copy()
    weights[0, 0] *= 1.01
    replace(checkpoint, values={**checkpoint.values, "layer_1.feedforward.w": weights}).save(tmp_path / "version_1")
    shutil.copy(original.with_suffix(".npz"), tmp_path)
    with off_the_record(), pytest.raises(AssertionError, match="NOT the same network"):
        old_version(tmp_path / "version_1.safetensors")

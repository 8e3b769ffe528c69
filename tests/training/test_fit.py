"""What ``fit`` promises: equal bytes for equal trainings, a run folder that explains itself, and no run silently turned into another."""

import csv

import numpy as np
import pytest
import torch
import yaml

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.errors import ConfigError
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training import Recipe, Training, evaluate, fit
from hetsyn_sim.training.module import TrainingModule

from ..refusal import refused


@pytest.fixture
def step(monkeypatch):
    """Count training steps, and fail in the one that the test names."""
    original = TrainingModule.training_step
    counter = {"steps": 0, "fail_at": None, "error": RuntimeError("the power went out")}

    def counted(self, *arguments):
        counter["steps"] += 1
        if counter["steps"] == counter["fail_at"]:
            raise counter["error"]
        return original(self, *arguments)

    monkeypatch.setattr(TrainingModule, "training_step", counted)
    return counter


def same_run(recipe, data, folder, **options):
    """The call that made the finished run, once more."""
    return fit(recipe, data, out=folder, data_name="toy", **{"progress": False, **options})


def test_the_run_folder(data, recipe, finished):
    result, tmp_path = finished
    tensors = {f"{name}.safetensors" for name in ("initial", "resume", "time_constants", "checkpoint")}
    names = {"recipe.yaml", "metrics.csv", *tensors}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert Recipe.from_yaml(tmp_path / "recipe.yaml") == recipe
    initial, checkpoint = (Checkpoint.load(tmp_path / f"{name}.safetensors") for name in ("initial", "checkpoint"))
    assert initial.to_bytes() == result.initial.to_bytes()
    assert checkpoint.to_bytes() == result.checkpoint.to_bytes()
    assert checkpoint.recipe == recipe.to_dict()
    assert checkpoint.seeds == {"training": 0}
    assert checkpoint.data == {"name": "toy", "fingerprint": data.fingerprint(), "dt": "10.0 ms"}
    moved = {key for key, value in initial.values.items() if not np.array_equal(value, checkpoint.values[key])}
    trainable = {key for key, slot in result.checkpoint.spec.slots.items() if slot.parameter.trainable}
    assert moved == trainable
    assert {key for key, value in checkpoint.values.items() if value.dtype == np.float32} == trainable  # the others are as they were given


def test_metrics_are_those_of_the_epochs(data, recipe, finished):
    result, folder = finished
    with open(folder / "metrics.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert [float(row["train_loss"]) for row in rows] == [row["train_loss"] for row in result.history]
    last = result.checkpoint.metrics
    assert "seconds" not in last
    assert last["epochs"] == last["epoch"] == 4
    # the last row's validation figures are those of the checkpoint, computed anew
    _, held_out = data.validation_split()
    again = evaluate(result.network, held_out, recipe.training.loss.make())
    assert again.accuracy == pytest.approx(last["validation_accuracy"])
    assert again.scores.shape == (len(held_out), 3)
    assert not np.isnan(again.rate_hz)


def test_another_seed_is_another_training_and_torch_is_left_as_it_was(data, recipe):
    torch.manual_seed(5)
    before = torch.get_rng_state(), torch.get_num_threads(), torch.get_default_dtype()
    short = recipe.changed(epochs=1, num_threads=1, precision="float64")
    one, other = (fit(short, data, seed=seed, progress=False).checkpoint for seed in (0, 1))
    assert other.seeds == {"training": 1}
    assert not np.array_equal(one.values["layer_1.feedforward.w"], other.values["layer_1.feedforward.w"])
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1:] == (torch.get_num_threads(), torch.get_default_dtype())
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize(
    ("fail_at", "changes"),
    [(1, {}), (4, {"keep": "best"}), (8, {"validation": "none"}), (11, {"time_constants": "rho_clamped"})],
)
def test_an_interrupted_run_ends_with_the_same_bytes(data, recipe, tmp_path, step, fail_at, changes):
    recipe = recipe.changed(**changes)
    whole = fit(recipe, data, out=tmp_path / "whole", progress=False)
    step |= {"steps": 0, "fail_at": fail_at}
    with pytest.raises(RuntimeError, match="the power went out"):
        fit(recipe, data, out=tmp_path / "broken", progress=False)
    assert not (tmp_path / "broken" / "checkpoint.safetensors").exists()
    fit(recipe, data, out=tmp_path / "broken", progress=False)
    assert (tmp_path / "broken" / "checkpoint.safetensors").read_bytes() == whole.checkpoint.to_bytes()
    finished = (fail_at - 1) // 3  # epochs, of three steps each; they are not done again
    assert step["steps"] == fail_at + 12 - 3 * finished


def test_control_c_says_how_to_go_on(data, recipe, tmp_path, step, capsys):
    step |= {"fail_at": 4, "error": KeyboardInterrupt()}
    with pytest.raises(SystemExit) as excinfo:
        fit(recipe, data, out=tmp_path, progress=False)
    assert excinfo.value.code == 130
    assert capsys.readouterr().err.splitlines()[-1] == f"interrupted: run the same again to go on in {tmp_path}"
    assert (tmp_path / "resume.safetensors").exists()


@pytest.mark.parametrize("lost", [[], ["checkpoint.safetensors", "metrics.csv"]], ids=["finished", "killed before its checkpoint"])
def test_a_finished_run_is_not_trained_again(data, recipe, finished_run, step, capsys, lost):
    first, folder = finished_run
    for name in lost:
        (folder / name).unlink()
    again = same_run(recipe, data, folder, progress=True)
    assert step["steps"] == 0
    assert again.checkpoint.to_bytes() == first.checkpoint.to_bytes()
    assert again.history == first.history
    assert ("finished; nothing to do" in capsys.readouterr().err) == (not lost)


def test_overwrite_begins_anew(data, recipe, finished_run, step):
    result = same_run(recipe.changed(epochs=1), data, finished_run[1], overwrite=True)
    assert step["steps"] == 3
    assert len(result.history) == 1


@pytest.mark.parametrize(
    ("change", "place", "got", "expected"),
    [
        ({"epochs": 3}, "recipe.training.epochs", "3", "4, as in the run that is there"),
        ({"seed": 1}, "seeds.training", "1", "0"),
        ({"dropout": 0.0}, "recipe.training.dropout", "0.0", "0.2"),
        ("other data", "data.fingerprint", "", ""),
        ("a wider network", "recipe.network.hidden", "[6]", "[5]"),
    ],
)
def test_another_training_does_not_go_on_here(data, recipe, finished, change, place, got, expected):
    folder = finished[1]
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    if change == "other data":
        data = data[:59]
    else:
        wider = Recipe.from_dict({**recipe.to_dict(), "network": {"hidden": [6]}})
        recipe = wider if change == "a wider network" else recipe.changed(**change)
    with refused(ConfigError, "this folder holds another training", f"{folder}: {place}", got, expected):
        same_run(recipe, data, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_resume_can_be_switched_off(data, recipe, finished):
    with pytest.raises(ConfigError, match="this training was begun before"):
        same_run(recipe, data, finished[1], resume=False)


def test_early_stopping(data, recipe, monkeypatch):
    monkeypatch.setattr(TrainingModule, "configure_optimizers", lambda self: torch.optim.SGD(self.parameters(), lr=0.0))
    result = fit(recipe.changed(epochs=9, patience=2), data, progress=False)
    # nothing is learned, so the first epoch stays the best and two more do not better it
    assert len(result.history) == 3
    assert result.checkpoint.metrics["epochs"] == 3


def test_the_best_epoch_is_kept(data, recipe, monkeypatch):
    accuracies = iter([0.2, 0.6, 0.6, 0.4])
    original = TrainingModule.on_train_epoch_end
    states = []

    def given(self):
        self._sums["validation_correct"] = self._sums["validation_n"] * next(accuracies)
        original(self)
        states.append(self.network.values())

    monkeypatch.setattr(TrainingModule, "on_train_epoch_end", given)
    best = fit(recipe.changed(keep="best"), data, progress=False).checkpoint
    assert best.metrics["epoch"] == 2
    assert best.metrics["epochs"] == 4
    assert all(np.array_equal(best.values[key], value) for key, value in states[1].items())


def test_a_spec_with_settings_of_its_own(data, tmp_path):
    spec = NetworkSpec(dt=data.dt, n_input=6, layers=[Layer(HetSynLIF, 4)], readout=Layer(LeakyReadout, 3))
    training = Training(batch_size=16, precision="float64", validation="none")
    result = fit(spec, data, training=training, epochs=1, seed=3, out=tmp_path, progress=False)
    assert result.checkpoint.spec == spec
    assert {value.dtype.name for value in result.checkpoint.values.values()} == {"float64"}
    assert set(result.checkpoint.recipe) == {"training"}
    assert yaml.safe_load((tmp_path / "recipe.yaml").read_text())["training"]["seed"] == 3
    assert "validation_accuracy" not in result.history[0]
    initial = spec.initial_values(3)
    assert all(np.allclose(result.initial.values[key], initial[key], rtol=1e-12) for key in initial)
    with pytest.raises(ConfigError, match="the training is described twice"):
        fit(Recipe(), data, training=training)


def test_a_rate_regulariser_moves_the_rate(data, recipe, finished):
    free = finished[0].history[-1]["rate_hz"]
    held = fit(recipe.changed(rate_regulariser={"target_hz": 40.0, "strength": 10.0}), data, progress=False).history[-1]["rate_hz"]
    assert abs(held - 40.0) < abs(free - 40.0)


def test_a_training_that_diverges(data, recipe, monkeypatch):
    original = TrainingModule.training_step

    def with_nan(self, *arguments):
        loss = original(self, *arguments)
        self._sums["train_loss"] = self._sums["train_loss"] * float("nan")
        return loss

    monkeypatch.setattr(TrainingModule, "training_step", with_nan)
    with refused(ConfigError, "the training has diverged", "epoch 1"):
        fit(recipe, data, progress=False)


def test_a_line_per_epoch_and_nothing_else(data, recipe, capfd, monkeypatch):
    monkeypatch.setattr("hetsyn_sim.training.progress.Status.show", lambda self, text: None)  # however slow the machine is
    fit(recipe.changed(epochs=2), data)
    out, err = capfd.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert [line[:9] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    assert "validation" in lines[0]

"""A run with more epochs: the rest of one longer run where the schedule allows it, and a run that says so where not."""

import numpy as np
import pytest

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.errors import ConfigError
from hetsyn_sim.training import fit
from hetsyn_sim.training.run_folder import RunFolder

from ..refusal import refused


def files(folder):
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.name in ("checkpoint.safetensors", "initial.safetensors", "recipe.yaml")
    }


BY_STEPS = {"schedule": {"name": "step_decay", "every": 4}, "keep": "best"}


@pytest.mark.parametrize("changes", [{"schedule": "constant"}, pytest.param(BY_STEPS, marks=pytest.mark.slow)])
def test_it_ends_with_the_bytes_of_one_longer_run(data, recipe, tmp_path, changes, recwarn):
    recipe = recipe.changed(**changes)
    for epochs in (1, 3):
        pieces = fit(recipe, data, epochs=epochs, out=tmp_path / "pieces", progress=False)
    fit(recipe, data, epochs=3, out=tmp_path / "whole", progress=False)
    assert [row["epoch"] for row in pieces.history] == [1, 2, 3]
    assert files(tmp_path / "pieces") == files(tmp_path / "whole")
    assert not [w for w in recwarn if "at once" in str(w.message)]


def test_where_the_schedule_depends_on_the_number_it_is_said(data, recipe, tmp_path, capsys):
    fit(recipe, data, epochs=2, out=tmp_path / "pieces", progress=False)
    with pytest.warns(UserWarning, match=r"not what 3 epochs at once give: the schedule warmup_cosine.*2 before epoch 3"):
        fit(recipe, data, epochs=3, out=tmp_path / "pieces", progress=False)
    result = fit(recipe, data, epochs=4, out=tmp_path / "pieces", progress=True)
    printed = capsys.readouterr().err
    assert "going on after epoch 3" in printed
    assert "2 before epoch 3 and 3 before epoch 4" in printed
    extended = [{"after": 2, "epochs": 2}, {"after": 3, "epochs": 3}]
    assert result.checkpoint.data["extended"] == result.initial.data["extended"] == extended
    assert Checkpoint.load(tmp_path / "pieces").data["extended"] == extended
    again = fit(recipe, data, epochs=4, out=tmp_path / "pieces", progress=False)
    assert again.checkpoint.to_bytes() == result.checkpoint.to_bytes()
    whole = fit(recipe, data, epochs=4, progress=False)
    assert not np.array_equal(whole.checkpoint.values["layer_1.feedforward.w"], result.checkpoint.values["layer_1.feedforward.w"])


def test_a_kill_while_a_run_is_extended_loses_nothing(data, recipe, finished_run, monkeypatch):
    first, folder = finished_run
    with monkeypatch.context() as m:
        m.setattr("hetsyn_sim.training.run_folder.write_atomically", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(SystemExit):
            fit(recipe, data, epochs=5, out=folder, data_name="toy", progress=False)
    assert not RunFolder(folder).checkpoint.exists()
    again = fit(recipe, data, out=folder, data_name="toy", progress=False)
    assert again.checkpoint.to_bytes() == first.checkpoint.to_bytes()


def test_more_epochs_of_another_training_are_refused(data, recipe, finished):
    with refused(ConfigError, "this folder holds another training", None, "and 1 more differences"):
        fit(recipe.changed(epochs=5, dropout=0.0), data, out=finished[1], data_name="toy", progress=False)


@pytest.mark.filterwarnings("ignore:.*did not move in the first epoch")  # nor shall they
def test_patience_that_is_used_up_stays_so(data, recipe, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("hetsyn_sim.training.module.TrainingModule.lr_scheduler_step", lambda self, *_: None)
    settings = {"patience": 1, "optimiser": {"lr": 1e-12}, "schedule": "constant"}
    first = fit(recipe.changed(epochs=3, **settings), data, out=tmp_path, progress=False)
    assert len(first.history) == 2
    more = fit(recipe.changed(epochs=9, **settings), data, out=tmp_path, progress=True)
    assert more.history == first.history
    assert "ended by itself after epoch 2" in capsys.readouterr().err

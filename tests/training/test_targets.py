"""Traces as targets, callbacks and clipped gradients in fit."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import Callback

from hetsyn_sim.errors import ConfigError, DataError
from hetsyn_sim.models import get_model
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training import Training, fit

T = 20
SPEC = NetworkSpec("10 ms", 6, [Layer(get_model("HetSynLIF"), 5)], Layer(get_model("LeakyReadout"), 2))


@pytest.fixture
def data(data):
    return data[:12]


@pytest.fixture
def traces():
    return np.random.default_rng(1).normal(size=(3, T, 2))


def training(**changes):
    plain = {"loss": {"name": "mean_squared_error"}, "validation": "none", "epochs": 2, "batch_size": 5, "dropout": 0.0} | changes
    return Training.model_validate(plain)


class Outputs(Callback):
    def __init__(self):
        self.seen = []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        self.seen.append((float(outputs["task_loss"]), set(outputs), tuple(batch[1].shape)))


def test_the_loss_is_the_distance_from_the_trace_of_the_label(data, traces):
    outputs = Outputs()
    result = fit(SPEC, data, training=training(optimiser={"lr": 1e-9}), traces=traces, progress=False, callbacks=[outputs])
    out = result.network.record(data.rasters()).traces["readout.v"]  # (time, recording, unit); hardly trained
    expected = np.mean((out - traces[data.labels].transpose(1, 0, 2)) ** 2)
    assert result.history[-1]["train_loss"] == pytest.approx(expected, rel=1e-5)
    assert "train_accuracy" not in result.history[0]
    assert [seen[2] for seen in outputs.seen[:3]] == [(T, 5, 2), (T, 5, 2), (T, 2, 2)]
    assert outputs.seen[0][1] == {"loss", "task_loss"}


def test_learning_brings_it_down_and_the_metrics_say_so(data, traces, tmp_path):
    result = fit(SPEC, data, training=training(epochs=30, optimiser={"lr": 5e-2}), traces=traces, progress=True, out=tmp_path / "run")
    assert result.history[-1]["train_loss"] < 0.95 * result.history[0]["train_loss"]
    with open(tmp_path / "run" / "metrics.csv", encoding="utf-8") as file:
        assert next(csv.reader(file)) == ["epoch", "train_loss", "rate_hz", "lr", "seconds"]


def test_another_target_is_another_run(data, traces, tmp_path):
    fit(SPEC, data, training=training(), traces=traces, progress=False, out=tmp_path / "run")
    with pytest.raises(ConfigError, match="traces"):
        fit(SPEC, data, training=training(), traces=traces + 1.0, progress=False, out=tmp_path / "run")


def test_labels_hand_out_how_many_were_right(data):
    outputs = Outputs()
    spec = replace(SPEC, readout=Layer(get_model("LeakyReadout"), 3))
    fit(spec, data, training=training(loss={"name": "last_step"}), progress=False, callbacks=[outputs])
    assert outputs.seen[0][1] == {"loss", "task_loss", "correct"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[:, :, :1], "no targets of this network"),
        (lambda t: t[0], "no targets of this network"),
        (lambda t: np.where(t > 1, np.nan, t), "no targets of this network"),
        (lambda t: t[:2], "labels do not fit"),
        (lambda t: t[:, :-1], "not as long as the recordings"),
    ],
)
def test_traces_that_do_not_fit(data, traces, change, message):
    with pytest.raises(DataError, match=message):
        fit(SPEC, data, training=training(), traces=change(traces), progress=False)


@pytest.mark.parametrize(
    "changes", [{"loss": {"name": "last_step"}}, {"validation": "split", "keep": "best"}, {"validation": "split", "patience": 3}]
)
def test_trainings_that_need_classes(data, traces, changes):
    with pytest.raises(ConfigError, match="traces can't be learned like this"):
        fit(SPEC, data, training=training(**changes), traces=traces, progress=False)


def test_clipped_gradients_have_the_norm_asked_for(data, traces):
    class Norm(Callback):
        norms = ()

        def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
            gradients = [p.grad for p in pl_module.network.parameters() if p.grad is not None]
            self.norms = (*self.norms, float(torch.stack([g.norm() for g in gradients]).norm()))

    free, clipped = Norm(), Norm()
    fit(SPEC, data, training=training(), traces=10 * traces, progress=False, callbacks=[free])
    fit(SPEC, data, training=training(optimiser={"clip_norm": 0.01}), traces=10 * traces, progress=False, callbacks=[clipped])
    assert min(free.norms) > 0.02
    assert clipped.norms == pytest.approx([0.01] * len(clipped.norms), rel=1e-3)

"""Losses, surrogates, optimisers, loggers and callbacks of one's own in ``fit``, and the metrics that they go by."""

import csv
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import EarlyStopping, LearningRateFinder, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from torch import nn
from torch.nn import functional

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.errors import ConfigError, DataError
from hetsyn_sim.training import ArcTan, SpikeCount, Training, evaluate, fit
from hetsyn_sim.training.module import TrainingModule

from ..refusal import refused


def at_the_end(out, target):
    return functional.cross_entropy(out[-1], target)


at_the_end.decoder = "last_step"


class Half(nn.Module):
    """A loss as a module, with a buffer that has to be where the output is."""

    def __init__(self):
        super().__init__()
        self.register_buffer("factor", torch.tensor(0.5))

    def forward(self, out, target):
        return self.factor * functional.cross_entropy(out[-1], target)


@dataclass(frozen=True)
class MySurrogate:
    """The fast sigmoid, written by somebody else: without the name of a kernel."""

    slope: float = 10.0

    def derivative(self, distance, theta):
        return (1.0 + self.slope * distance.abs()) ** -2


def trained(recipe, data, **options):
    return fit(recipe.changed(epochs=1, precision="float64"), data, progress=False, **options)


@pytest.mark.parametrize(
    ("own", "named"),
    [
        ({"loss": at_the_end}, {"loss": "last_step"}),
        ({"surrogate": MySurrogate()}, {"surrogate": {"name": "fast_sigmoid", "slope": 10.0}}),
        ({"optimizer": torch.optim.Adam}, {"optimiser": "adam"}),
        (
            {"optimiser": lambda groups: torch.optim.SGD(groups, momentum=0.9)},
            {"optimiser": {"name": "sgd", "settings": {"momentum": 0.9}}},
        ),
        ({"optimizer": {"lr": 0.5}}, {"optimiser": {"name": "adamw", "lr": 0.5}}),
    ],
    ids=["function", "surrogate", "class", "factory", "spelling"],
)
def test_an_own_object_trains_as_the_same_thing_by_its_name(data, recipe, own, named):
    one, other = trained(recipe, data, **own), trained(recipe, data, **named)
    assert any(not np.array_equal(one.initial.values[key], value) for key, value in one.checkpoint.values.items())
    for key, value in one.checkpoint.values.items():
        # a surrogate in torch's operations and in a kernel's differ in rounding; three steps of an optimiser make little of that
        np.testing.assert_allclose(value, other.checkpoint.values[key], rtol=1e-9, atol=1e-12)
    assert one.checkpoint.decoder == other.checkpoint.decoder
    assert one.history[0]["validation_accuracy"] == other.history[0]["validation_accuracy"]


def test_another_loss_optimiser_or_surrogate_is_another_training(data, recipe):
    ends = [
        trained(recipe, data, **options).checkpoint.values["layer_1.feedforward.w"]
        for options in ({}, {"loss": SpikeCount()}, {"surrogate": ArcTan()}, {"optimiser": "sgd"}, {"loss": Half()})
    ]
    assert all(not np.array_equal(a, b) for k, a in enumerate(ends) for b in ends[k + 1 :])


def test_the_checkpoint_says_what_was_the_users_own(data, recipe, tmp_path):
    result = trained(recipe, data, loss=at_the_end, surrogate=MySurrogate(3.0), optimizer=torch.optim.Adam, out=tmp_path)
    expected = {"loss": f"{__name__}.at_the_end", "surrogate": "MySurrogate(slope=3.0)", "optimiser": "torch.optim.adam.Adam"}
    assert Checkpoint.load(tmp_path).data["own"] == expected
    assert result.checkpoint.decoder["name"] == "last_step"
    with refused(ConfigError, "this folder holds another training", f"{tmp_path}: data.own.loss", "None", "at_the_end"):
        trained(recipe, data, surrogate=MySurrogate(3.0), optimizer=torch.optim.Adam, out=tmp_path)


def test_the_test_split_is_evaluated_by_the_decoder_of_the_training(data, recipe):
    loss = {"name": "sum_of_softmax", "burn_in": 7}
    result = trained(recipe.changed(loss=loss, window=15), data)
    found, expected = result.evaluate(data.test), evaluate(result.network, data.test, Training(loss=loss).loss.make(), window=15)
    np.testing.assert_allclose(found.scores, expected.scores, rtol=1e-12)
    assert found.accuracy == expected.accuracy
    assert not np.allclose(evaluate(result.network, data.test).scores, found.scores)
    with refused(DataError, "there are no recordings", "FitResult.evaluate"):
        result.evaluate(data[:0])


def test_a_network_of_traces_predicts_no_classes(data):
    traces = np.zeros((3, 20, 3))
    training = {"batch_size": 64, "validation": "none", "epochs": 1}
    spec = trained_spec(data)
    result = fit(
        spec, data, training=Training(**training), traces=traces, loss=lambda out, target: (out - target).abs().mean(), progress=False
    )
    with refused(ConfigError, "predicts no classes", "FitResult.evaluate"):
        result.evaluate(data.test)


def trained_spec(data):
    from hetsyn_sim.models import HetSynLIF, LeakyReadout
    from hetsyn_sim.spec import Layer, NetworkSpec

    return NetworkSpec(data.dt, 6, [Layer(HetSynLIF, 4)], Layer(LeakyReadout, 3))


# -- loggers and callbacks ------------------------------------------------------------------------------------------------------------


def test_metrics_are_logged_and_callbacks_go_by_them(data, recipe, tmp_path):
    stop = EarlyStopping("train_loss", patience=1, mode="max", min_delta=100.0)  # nothing is better by 100
    best = ModelCheckpoint(dirpath=tmp_path / "kept", monitor="validation_accuracy", mode="max")
    logger = CSVLogger(tmp_path, name="log", version=0)
    result = fit(recipe, data, logger=logger, callbacks=[stop, best], out=tmp_path / "run", progress=False)
    assert len(result.history) == 2  # of four
    lines = (tmp_path / "log" / "version_0" / "metrics.csv").read_text().splitlines()
    rows = [row for row in csv.DictReader(lines) if row["train_loss"]]
    for name in ("train_loss", "validation_accuracy", "rate_hz", "lr"):
        logged = [float(row[name]) for row in rows]
        np.testing.assert_allclose(logged, [row[name] for row in result.history], rtol=1e-6, err_msg=name)  # logged in float32
    assert float(best.best_model_score) == pytest.approx(max(row["validation_accuracy"] for row in result.history))
    assert "batch_size: 16" in (tmp_path / "log" / "version_0" / "hparams.yaml").read_text()


def test_a_run_that_a_callback_ended_is_finished(data, recipe, tmp_path, capsys):
    stop = EarlyStopping("train_loss", patience=1, mode="max", min_delta=100.0)
    first = fit(recipe, data, callbacks=[stop], out=tmp_path, progress=False)
    (tmp_path / "checkpoint.safetensors").unlink()  # killed before it was written
    again = fit(recipe, data, out=tmp_path)
    assert again.checkpoint.to_bytes() == first.checkpoint.to_bytes()
    assert "ended by itself after epoch 2" in capsys.readouterr().err


@pytest.mark.slow
def test_a_found_learning_rate_is_trained_with_and_kept(data, recipe, tmp_path, monkeypatch):
    def run(out, fail_at=None):
        def step(self, *arguments):
            if self.history and self.global_step == fail_at:
                raise RuntimeError("the power went out")
            return original(self, *arguments)

        finder = LearningRateFinder(min_lr=1e-4, num_training_steps=15, early_stop_threshold=None)
        with monkeypatch.context() as m:
            m.setattr(TrainingModule, "training_step", step)
            return fit(recipe, data, callbacks=[finder], out=out, progress=False), finder

    original, recipe = TrainingModule.training_step, recipe.changed(schedule="constant", epochs=5, precision="float64")
    whole, finder = run(tmp_path / "whole")
    found = finder.optimal_lr.suggestion()
    assert found != recipe.training.optimiser.lr
    assert [row["lr"] for row in whole.history] == pytest.approx([found] * 5)
    assert whole.checkpoint.metrics["found_lr"] == found
    named = fit(recipe, data, optimiser={"lr": found}, progress=False)
    for key, value in named.checkpoint.values.items():  # the factor for time constants stays: the search left nothing else behind
        np.testing.assert_array_equal(value, whole.checkpoint.values[key], err_msg=key)
    with pytest.raises(RuntimeError, match="the power went out"):
        run(tmp_path / "broken", fail_at=7)
    again, _ = run(tmp_path / "broken")
    assert again.checkpoint.to_bytes() == whole.checkpoint.to_bytes()


# -- refusals -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "what", "remedy"),
    [
        ({"epoch": 3}, "no keyword 'epoch'", "did you mean 'epochs'"),
        ({"optimizr": "sgd"}, "no keyword 'optimizr'", "did you mean 'optimizer'"),
        ({"learning_rate": 0.1}, "no keyword 'learning_rate'", "optimiser={'lr': ...}"),
        ({"batch_size": 4}, "no keyword 'batch_size'", "recipe.changed(batch_size=...)"),
        ({"optimizer": "sgd", "optimiser": "sgd"}, "given twice", "leave one of them out"),
        ({"loss": 3}, "can't be the loss", "cross_entropy"),
        ({"loss": nn.CrossEntropyLoss}, "can't be the loss", "cross_entropy"),
        ({"loss": nn.Linear(1, 1)}, "parameters of its own", "requires_grad_(False)"),
        ({"loss": "last_stp"}, "unknown loss", "did you mean 'last_step'"),
        ({"loss": lambda out, target: out}, "not one number", "mean over the batch"),
        ({"loss": lambda out, target: 0.5}, "not one number", "mean over the batch"),
        ({"surrogate": lambda x: x}, "can't be the surrogate", "give the object"),
        ({"surrogate": MySurrogate}, "can't be the surrogate", "give the object"),
        ({"optimiser": torch.optim.SGD([torch.zeros(1, requires_grad=True)])}, "can't be the optimiser", "lambda groups"),
        ({"optimiser": lambda groups: None}, "no optimiser of torch", "lambda groups"),
        ({"optimiser": {"name": "sgd", "settings": {"momentun": 0.9}}}, "unknown argument of SGD", "did you mean 'momentum'"),
        ({"optimiser": {"name": "sgd", "settings": {"nesterov": True}}}, "SGD does not take these settings", "correct them"),
        ({"logger": "tensorboard"}, "no logger of Lightning", "CSVLogger"),
        ({"callbacks": EarlyStopping}, "no callback of Lightning", "EarlyStopping('validation_loss')"),
        ({"callbacks": EarlyStopping("val_loss")}, "unknown metric", "did you mean 'validation_loss'"),
    ],
)
def test_what_fit_does_not_take(data, recipe, given, what, remedy):
    with refused(ConfigError, what, remedy=remedy):
        fit(recipe, data, progress=False, **given)

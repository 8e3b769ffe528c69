"""What one epoch has to do with the next: their order, what is drawn in them, the rate of each step, sums, and which of them is kept."""

import numpy as np
import pytest
import torch
from lightning.pytorch import Callback

from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training import Training, build_network, evaluate, fit, module
from hetsyn_sim.training.network import Network
from hetsyn_sim.training.optimisers import parameter_groups

SPEC = NetworkSpec("10 ms", 6, [Layer(HetSynLIF, 5)], Layer(LeakyReadout, 3))
#: A rate at which no number of float32 moves in a step.
STILL = {"lr": 1e-30, "weight_decay": 0.0, "weight_decay_time_constants": 0.0}


@pytest.fixture
def seen(monkeypatch):
    """What augmentation gets and gives in each step; the first recordings of all are those of no training step."""
    steps = []
    original = module.augment

    def watched(x, **settings):
        after = original(x, **settings)
        steps.append((x.clone(), after.clone()))
        return after

    monkeypatch.setattr(module, "augment", watched)
    return steps


def recordings(batch):
    """Every recording of (time, batch, channel) as bytes."""
    return [x.numpy().tobytes() for x in batch.unbind(1)]


def test_every_epoch_has_all_recordings_in_an_order_of_its_own(data, seen):
    fit(SPEC, data, training=Training(epochs=3, batch_size=16, validation="none", num_threads=1), progress=False)
    epochs = [[r for x, _ in seen[k : k + 3] for r in recordings(x)] for k in (0, 3, 6)]  # of 48 recordings in 3 batches
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(epochs[2])
    assert len({tuple(order) for order in epochs}) == 3


def test_no_two_epochs_draw_the_same_disturbances(seen):
    """Recordings that are all alike, in one batch: whatever the order is, only what is drawn can make two epochs differ."""
    one = np.random.default_rng(0).random((20, 6)) < 0.3
    steps, units = np.nonzero(one)
    alike = SpikeDataset.from_lists([steps] * 12, [units] * 12, dt=0.01, n_channels=6, n_steps=[20] * 12, labels=np.arange(12) % 3)
    shaken = {
        "epochs": 4,
        "batch_size": 12,
        "validation": "none",
        "num_threads": 1,
        "augmentation": {"time_shift": 3, "spike_dropout": 0.2},
    }
    fit(SPEC, alike, training=Training(**shaken), progress=False)
    disturbed = [recordings(after) for _, after in seen]
    assert len(disturbed) == 4
    assert len({r for epoch in disturbed for r in epoch}) > 40  # of 48; that two of 7 shifts and 35 losses agree is next to impossible


class Rates(Callback):
    """The learning rates that each step is taken with."""

    def __init__(self):
        self.rates = []

    def on_before_optimizer_step(self, trainer, pl_module, optimizer):
        self.rates.append([group["lr"] for group in optimizer.param_groups])


@pytest.mark.parametrize("schedule", [{"name": "step_decay", "every": 2, "factor": 0.5}, {"name": "warmup_cosine", "warmup": 0.25}])
def test_the_rate_of_each_step_is_the_schedules(data, schedule):
    optimiser = {"lr": 0.01, "lr_factor_time_constants": 3.0}
    settings = Training(epochs=3, batch_size=16, validation="none", num_threads=1, schedule=schedule, optimiser=optimiser)
    watch = Rates()
    fit(SPEC, data, training=settings, progress=False, callbacks=[watch])
    factor = settings.schedule.make(9, 3)  # 3 epochs of 3 steps
    expected = [[0.01 * factor(step), 0.03 * factor(step)] for step in range(9)]
    np.testing.assert_allclose(watch.rates, expected, rtol=1e-12)


@pytest.mark.filterwarnings("ignore:.*did not move in the first epoch")
def test_an_epochs_figures_are_means_over_recordings(data):
    """Nothing moves, nothing is drawn: each figure is that of all recordings at once, though the last of three batches is smaller."""
    settings = Training(epochs=2, batch_size=20, validation="none", num_threads=1, dropout=0.0, optimiser=STILL, precision="float64")
    done = fit(SPEC, data, training=settings, progress=False)
    loss, train = settings.loss.make(), data.train
    network = Network.from_checkpoint(done.initial)
    out, _ = network(torch.from_numpy(train.rasters()))
    labels = torch.tensor(train.labels, dtype=torch.int64)
    alone = evaluate(network, train, loss)
    for row in done.history:
        assert row["train_loss"] == pytest.approx(float(loss(out, labels)), rel=1e-6)
        assert row["train_accuracy"] == pytest.approx(alone.accuracy)
        assert row["rate_hz"] == pytest.approx(alone.rate_hz, rel=1e-6)
        assert row["rate_hz"] == pytest.approx(float(network.last_spikes[0].double().mean()) / 0.01, rel=1e-6)


class Values(Callback):
    """The network's values after each epoch."""

    def __init__(self):
        self.after = []

    def on_train_epoch_end(self, trainer, pl_module):
        self.after.append({key: value.copy() for key, value in pl_module.network.values().items()})


def test_what_is_kept_is_the_first_of_the_best_epochs_as_it_was(data):
    watch = Values()
    settings = Training(epochs=6, batch_size=8, validation="split", keep="best", num_threads=1, optimiser={"lr": 0.05})
    done = fit(SPEC, data, training=settings, progress=False, callbacks=[watch])
    accuracies = [row["validation_accuracy"] for row in done.history]
    best = accuracies.index(max(accuracies))
    assert best < 5  # or nothing was trained on after it
    assert done.checkpoint.metrics["epoch"] == best + 1
    for key, value in done.checkpoint.values.items():
        np.testing.assert_array_equal(value, watch.after[best][key], err_msg=key)
    assert any((value != watch.after[-1][key]).any() for key, value in done.checkpoint.values.items())


@pytest.mark.filterwarnings("ignore:.*did not move in the first epoch")
def test_of_equally_good_epochs_the_first_is_kept(data):
    settings = Training(epochs=3, batch_size=16, validation="split", keep="best", num_threads=1, optimiser=STILL)
    done = fit(SPEC, data, training=settings, progress=False)
    assert len({row["validation_accuracy"] for row in done.history}) == 1
    assert done.checkpoint.metrics["epoch"] == 1


def test_weights_time_constants_and_delays_have_their_own_rates_and_decays(recipe):
    late = NetworkSpec("10 ms", 6, [Layer(HetSynLIF.with_delay(bounds=("0 ms", "50 ms")), 5)], Layer(LeakyReadout, 3))
    optimiser = {"lr": 0.01, "lr_factor_time_constants": 3.0, "weight_decay": 0.1, "weight_decay_time_constants": 0.2}
    settings = recipe.changed(optimiser=optimiser).training
    groups = parameter_groups(build_network(late, settings), settings.optimiser)
    assert [(group["lr"], group["weight_decay"], len(group["params"])) for group in groups] == [
        (0.01, 0.1, 2),
        (0.03, 0.2, 2),
        (0.01, 0.0, 1),
    ]

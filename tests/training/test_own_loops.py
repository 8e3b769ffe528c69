"""Without our trainer: a LightningModule of one's own with the callback, and a loop in plain PyTorch."""

import re

import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.errors import ConfigError
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training import MultiGaussian, Network, OnlyOutput, SpikingLayer
from hetsyn_sim.training.callbacks import KeepCheckpoint

from ..refusal import refused

SPEC = NetworkSpec("10 ms", 6, [Layer(HetSynLIF, 5, recurrent=True)], Layer(LeakyReadout, 3))
SCORES = [0.2, 0.6, float("nan"), 0.6, 0.1]


class Mine(pl.LightningModule):
    """A spiking network and a dense layer; it logs scores that are given."""

    def __init__(self, networks=1):
        super().__init__()
        self.spiking = nn.ModuleList([Network(SPEC, seed=seed) for seed in range(networks)])
        self.dense = nn.Linear(3, 3)
        self.seen = []

    def training_step(self, batch, i):
        return nn.functional.cross_entropy(self.dense(self.spiking[0](batch[0].transpose(0, 1))[0].mean(0)), batch[1])

    def on_train_epoch_end(self):
        self.log("score", SCORES[self.current_epoch])
        self.seen.append(self.spiking[0].values())

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.05)


def train(tmp_path, *callbacks, epochs=4, module=None, **options):
    module = Mine() if module is None else module
    x = torch.rand(8, 12, 6, generator=torch.Generator().manual_seed(0)) < 0.4  # (recording, time, channel)
    loader = DataLoader(TensorDataset(x, torch.arange(8) % 3), batch_size=4)
    trainer = pl.Trainer(
        max_epochs=epochs, accelerator="cpu", devices=1, logger=False, enable_progress_bar=False, enable_model_summary=False,
        callbacks=list(callbacks), default_root_dir=tmp_path,
    )  # fmt: skip
    trainer.fit(module, loader, **options)
    return module, trainer


def same(checkpoint, values):
    return all(np.array_equal(checkpoint.values[key], values[key]) for key in values)


def test_the_best_and_the_last(tmp_path):
    best = KeepCheckpoint(tmp_path / "best", monitor="score", data={"name": "noise"})
    module, _ = train(tmp_path, best, KeepCheckpoint(tmp_path / "last.safetensors"))
    found = Checkpoint.load(tmp_path / "best.safetensors")
    assert same(found, module.seen[1])  # the first of equals; not a number is never better
    assert found.metrics == {"score": pytest.approx(0.6), "epoch": 2, "steps": 4}
    assert found.data == {"name": "noise"}
    assert found.spec == SPEC
    assert "torch" in found.versions
    last = Checkpoint.load(tmp_path / "last.safetensors")
    assert same(last, module.spiking[0].values())
    assert last.metrics["epoch"] == 4
    assert not same(last, found.values)


def test_resumed_it_remembers_the_best(tmp_path):
    def kept():
        return KeepCheckpoint(tmp_path / "best", monitor="score")

    _, trainer = train(tmp_path, kept(), epochs=2)
    trainer.save_checkpoint(tmp_path / "state.ckpt")
    before = (tmp_path / "best.safetensors").read_bytes()
    train(tmp_path, kept(), epochs=5, ckpt_path=tmp_path / "state.ckpt")  # epochs 3 to 5 are no better
    assert (tmp_path / "best.safetensors").read_bytes() == before


def test_the_smallest_may_be_the_best_and_a_network_has_a_name_among_several(tmp_path):
    smallest = KeepCheckpoint(tmp_path / "best", network="spiking.0", monitor="score", mode="min")
    module, _ = train(tmp_path, smallest, KeepCheckpoint(tmp_path / "other", network="spiking.1"), module=Mine(2))
    assert same(Checkpoint.load(tmp_path / "best.safetensors"), module.seen[0])
    assert same(Checkpoint.load(tmp_path / "other.safetensors"), module.spiking[1].values())
    with pytest.raises(ConfigError, match="unknown mode"):
        KeepCheckpoint("x", mode="most")


@pytest.mark.parametrize(
    ("options", "networks", "what", "expected"),
    [
        ({}, 2, "which of these networks?", "'spiking.0' or 'spiking.1'"),
        ({}, 0, "there is no such network in this module", "a hetsyn_sim Network among the attributes of the module"),
        ({"network": "spiking.7"}, 1, "there is no such network in this module", "'spiking.0'"),
        ({"monitor": "f1"}, 1, "the metric to go by is not there", "score"),
    ],
)
def test_what_is_refused(tmp_path, options, networks, what, expected):
    with refused(ConfigError, re.escape(what), expected=expected):
        train(tmp_path, KeepCheckpoint(tmp_path / "x", **options), module=Mine(networks), epochs=1)
    assert not (tmp_path / "x.safetensors").exists()


# -- plain PyTorch -----------------------------------------------------------------------------------------------------------------------


def sequential(seed):
    torch.manual_seed(seed)  # of `nn.Linear`, which has no seed of its own
    layer = SpikingLayer(SPEC, "layer_1", SPEC.initial_values(0), MultiGaussian())
    second = Network(NetworkSpec("10 ms", 4, [Layer(HetSynLIF, 5)], Layer(LeakyReadout, 3)))
    return nn.Sequential(OnlyOutput(layer), nn.Linear(5, 4), OnlyOutput(second))


def test_layers_between_modules_of_others():
    """The state dict goes to another model, the gradient through all parts, and the layer is that of the network."""
    model, x = sequential(3), (torch.rand(12, 4, 6, generator=torch.Generator().manual_seed(0)) < 0.4).float()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(10):
        loss = nn.functional.cross_entropy(model(x).mean(0), torch.tensor([0, 1, 2, 0]))
        optimiser.zero_grad()
        loss.backward()
        assert all(p.grad is not None and torch.all(torch.isfinite(p.grad)) for p in model.parameters())
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    other = sequential(1)
    assert not torch.equal(other(x), model(x))
    other.load_state_dict(model.state_dict())
    assert torch.equal(other(x), model(x))
    network = Network(SPEC, seed=0)
    spikes = network.layers["layer_1"](x)[0]
    assert torch.equal(sequential(0)[0](x.bool()), spikes)
    assert spikes.sum() > 0

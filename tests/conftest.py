"""A toy that needs no training: three classes of short recordings, and a network of five neurons with random values that spikes."""

import numpy as np
import pytest

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec


def make_toy_data(n=18, n_channels=6, n_steps=12, dt=0.01):
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 3
    rasters = rng.random((n, n_steps, n_channels)) < np.where(np.arange(n_channels) % 3 == labels[:, None, None], 0.6, 0.15)
    rasters[:, 0, 0] = True
    steps, units = zip(*(np.nonzero(raster) for raster in rasters), strict=True)
    split = np.where(np.arange(n) < n // 2, "train", "test")
    return SpikeDataset.from_lists(steps, units, dt=dt, n_channels=n_channels, n_steps=np.full(n, n_steps), labels=labels, split=split)


@pytest.fixture(scope="session")
def toy_data():
    return make_toy_data()


@pytest.fixture(scope="session")
def toy_checkpoint():
    spec = NetworkSpec(dt="10 ms", n_input=6, layers=[Layer(HetSynLIF, 5, recurrent=True)], readout=Layer(LeakyReadout, 3))
    values = spec.initial_values(1)
    values["layer_1.feedforward.w"] *= 2.0
    return Checkpoint(spec, values, recipe={"name": "toy"}, seeds={"training": 1})

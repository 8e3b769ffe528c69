"""Sixty short recordings of three classes that a network of five neurons can learn something from in no time."""

import numpy as np
import pytest

from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.training import Recipe


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    steps, units = [], []
    for label in labels:
        raster = rng.random((20, 6)) < np.where(np.arange(6) // 2 == label, 0.5, 0.1)  # (time, channel)
        raster[0, 0] = True
        step, unit = np.nonzero(raster)
        steps.append(step)
        units.append(unit)
    split = np.where(np.arange(60) < 48, "train", "test")
    return SpikeDataset.from_lists(steps, units, dt=0.01, n_channels=6, n_steps=np.full(60, 20), labels=labels, split=split)


@pytest.fixture
def recipe():
    shake = {"time_shift": 2, "channel_shift": 1, "spike_dropout": 0.1}
    training = {"epochs": 4, "batch_size": 16, "dropout": 0.2, "augmentation": shake, "optimiser": {"lr": 0.02}}
    return Recipe.from_dict({"name": "toy", "network": {"hidden": [5]}, "training": training})

"""Sixty short recordings of three classes that a network of five neurons can learn something from in no time."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import yaml

from hetsyn_sim.training import Recipe, fit

from ..conftest import make_toy_data


@pytest.fixture(scope="session")
def data():
    data = make_toy_data(60, n_steps=20)
    return replace(data, split=np.where(np.arange(60) < 48, "train", "test"))


@pytest.fixture(scope="session")
def recipe():
    shake = {"time_shift": 2, "channel_shift": 1, "spike_dropout": 0.1}
    training = {"epochs": 4, "batch_size": 16, "dropout": 0.2, "augmentation": shake, "optimiser": {"lr": 0.02}}
    return Recipe.from_dict({"name": "toy", "network": {"hidden": [5]}, "training": training})


@pytest.fixture(scope="session")
def finished(data, recipe, tmp_path_factory):
    """The training of ``recipe`` and the folder of its run; not to be written to."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    return fit(recipe, data, out=folder, progress=False, data_name="toy"), folder


@pytest.fixture
def finished_run(finished, tmp_path):
    """A copy of the folder of a finished run, and its result."""
    result, folder = finished
    return result, shutil.copytree(folder, tmp_path / "finished")


class Recordings:
    """The same recordings for every seed; it can be pickled."""

    def __init__(self, data):
        self.data = data

    def __call__(self, seed):
        return self.data, None, "toy"


@pytest.fixture
def recordings(data):
    return Recordings(data)


@pytest.fixture
def write_plan(recipe, tmp_path):
    def write(**sections):
        (tmp_path / "toy.yaml").write_text(recipe.changed(epochs=2).to_yaml())
        plan = {"recipe": str(tmp_path / "toy.yaml"), "vary": {"training.optimiser.lr": [0.001, 0.02]}, **sections}
        (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan))
        return tmp_path / "plan.yaml"

    return write

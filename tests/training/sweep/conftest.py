"""A small recipe and sixty short recordings, as for the tests of the training."""

import importlib.util
from pathlib import Path

import pytest
import yaml

_SPEC = importlib.util.spec_from_file_location("training_conftest", Path(__file__).parents[1] / "conftest.py")
_TRAINING = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_TRAINING)
data, recipe = _TRAINING.data, _TRAINING.recipe


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

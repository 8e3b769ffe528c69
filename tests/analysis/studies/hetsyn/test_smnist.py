"""Sequential MNIST as a study, on a few images that are made here."""

import pytest

from analysis.studies.hetsyn import smnist
from analysis.studies.hetsyn.neurons import NEURONS
from hetsyn_sim.tasks.mnist import sequential_mnist
from hetsyn_sim.training import fit, load_recipe

from ..images import images


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return images(tmp_path_factory.mktemp("mnist"), 180, 60)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A test image of every class: Brian2 takes seconds for each, pixel by pixel."""
    return images(tmp_path_factory.mktemp("few"), 180, 10)


def test_rows_are_learned(folder):
    row = smnist.run({"model": "HetSynLIF", "scan": "row"}, 0, folder, epochs=60)
    assert (row["mismatches"], row["n_train"], row["n_test"]) == (0, 180, 60)
    assert row["accuracy"] >= 14 / 60  # by chance in 2 of 1,000 cases; what 180 images teach differs between processors, in rounding
    assert row["parameters"] == 2 * (112 * 64 + 64 * 64 + 64 * 64 + 64 * 64 + 64 * 10)


@pytest.mark.parametrize("model", NEURONS)
def test_pixels_run(few, model):
    row = smnist.run({"model": model, "scan": "pixel"}, 0, few, n_train=90, epochs=1)
    assert (row["mismatches"], row["n_train"], row["n_test"]) == (0, 90, 10)


def test_an_image_that_is_held_out_has_no_copy_in_the_training(folder, monkeypatch):
    seen = []
    monkeypatch.setattr(smnist, "fit", lambda recipe, data, **_: (seen.append((recipe, data)), fit(recipe, data, progress=False))[1])
    row = smnist.run({"model": "HetSynLIF", "scan": "row", "copies": 2}, 0, folder, epochs=1)
    recipe, data = seen[0]
    held_out = set(sequential_mnist(folder, scan="row").validation_split()[1].names)
    assert len(held_out) == 20
    assert not held_out & {name.partition(" copy")[0] for name in data.train.names}
    assert (len(data.train), recipe.training.validation, row["n_train"]) == (3 * 160, "none", 180)
    assert 0.0 <= row["validation_accuracy"] <= 1.0


def test_more_images_get_fewer_epochs():
    plain, more = (smnist.recipe_for({"model": "HetSynLIF", "scan": "pixel"} | extra, 0) for extra in ({}, {"copies": 6}))
    assert (plain.training.epochs, more.training.epochs) == (56, 8)


def test_the_recipe_that_ships_is_that_of_the_study():

    shipped, study = load_recipe("smnist-rows-hetsyn"), smnist.recipe_for({"model": "HetSynLIF", "scan": "row"}, 0)
    assert shipped.network == study.network
    assert shipped.training == study.training.model_copy(update={"num_threads": None})

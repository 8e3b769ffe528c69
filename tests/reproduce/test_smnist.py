"""Sequential MNIST as a study, on a few images that are made here."""

import gzip
import struct

import numpy as np
import pytest

from hetsyn_sim.reproduce import STUDIES, smnist
from hetsyn_sim.reproduce.neurons import NEURONS
from hetsyn_sim.training import load_recipe


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Images whose class is the row that is lit."""
    path = tmp_path_factory.mktemp("mnist")
    rng = np.random.default_rng(0)
    for part, n in (("train", 180), ("t10k", 60)):
        y = (np.arange(n) % 10).astype(np.uint8)
        x = (rng.random((n, 28, 28)) < 0.02).astype(np.uint8) * 255
        x[np.arange(n), 4 + 2 * y] = 255
        for name, array in ((f"{part}-images-idx3-ubyte.gz", x), (f"{part}-labels-idx1-ubyte.gz", y)):
            (path / name).write_bytes(gzip.compress(struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()))
    return path


def test_rows_are_learned(folder):
    row = smnist.run({"model": "HetSynLIF", "scan": "row"}, 0, folder, epochs=60)
    assert (row["mismatches"], row["n_train"], row["n_test"]) == (0, 180, 60)
    assert row["accuracy"] > 0.3
    assert row["parameters"] == 2 * (112 * 64 + 64 * 64 + 64 * 64 + 64 * 64 + 64 * 10)


@pytest.mark.parametrize("model", NEURONS)
def test_pixels_run(folder, model):
    row = smnist.run({"model": model, "scan": "pixel"}, 0, folder, n_train=90, epochs=1)
    assert (row["mismatches"], row["n_train"]) == (0, 90)


def test_the_recipe_that_ships_is_that_of_the_study():
    shipped, study = load_recipe("smnist-rows-hetsyn"), smnist.recipe_for({"model": "HetSynLIF", "scan": "row"}, 0)
    assert shipped.network == study.network
    assert shipped.training == study.training.model_copy(update={"num_threads": None})


def test_the_table_says_what_the_rows_say():
    measured = {"validation_accuracy": 0.9, "train_accuracy": 0.95, "spikes": 1000.0, "training_s": 60.0, "n_train": 10000, "n_test": 10000}
    rows = [
        {"case": {"model": model, "scan": "row"}, "seed": k, "accuracy": accuracy + 0.01 * k, **measured}
        for model, accuracy in (("HetSynLIF", 0.92), ("HetNeuLIF", 0.9))
        for k in range(2)
    ]
    text = "\n".join(STUDIES["smnist"].lines(rows))
    assert "| row | HetNeuLIF | 2 | 90.50 ± 6.35 % | 2.00 ± 0.00 | 90.00 ± 0.00 % | 95.00 ± 0.00 % | 1,000 | 60 |" in text
    assert "10,000 training and 10,000 test images; 4 grey levels by row, 16 grey levels by pixel." in text

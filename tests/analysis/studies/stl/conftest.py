"""A small network that was trained a little on noise with a spot in it, and images to look at."""

import numpy as np
import pytest
import torch

from analysis.studies.stl.architecture import Architecture, Conv, Dense, Pool
from analysis.studies.stl.network import STLNetwork
from analysis.studies.stl.train import Settings, train
from hetsyn_sim.models import STLLIF, STLLIFSoft

NEURONS = {"hard": STLLIF, "soft": STLLIFSoft}


def small(neuron=STLLIF, dropout=0.0):
    # 7 rows: pooling cuts a rest off; 2 channels and voters, so that a mixed-up order of axes shows
    return Architecture((2, 10, 7), [Conv(4, 3), Pool(), Conv(5, 3), Dense(12, dropout)], n_classes=3, voters=2, neuron=neuron)


def make_images(n, seed=0):
    """Class k has its k-th third of rows lit."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    pixels = 0.3 * rng.random((n, 2, 10, 7), dtype=np.float32)
    for image, label in zip(pixels, labels, strict=True):
        image[:, 3 * label : 3 * label + 3] += 0.6
    return pixels, labels


@pytest.fixture(scope="session", params=NEURONS)
def trained(request):
    network = STLNetwork(small(NEURONS[request.param]), seed=1)
    train(network, *make_images(120), "STL", Settings(epochs=4, batch_size=10, lr=1e-2), seed=1)
    return network


@pytest.fixture
def float64():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)

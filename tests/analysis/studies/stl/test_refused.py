"""What makes no sense is refused, by name: parts and their places, pixels, votes, settings, what Brian2 is given."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from analysis.studies.stl.architecture import Architecture, Conv, Dense, Pool
from analysis.studies.stl.brian import simulate
from analysis.studies.stl.coding import bernoulli, pixels_of, with_deleted_spikes, with_gaussian_noise, with_salt_and_pepper
from analysis.studies.stl.decision import decide, sub_populations
from analysis.studies.stl.evaluate import evaluate
from analysis.studies.stl.folded import FoldedNetwork
from analysis.studies.stl.folding import fold
from analysis.studies.stl.network import STLNetwork
from analysis.studies.stl.train import Settings, train
from hetsyn_sim.errors import BackendError, ConfigError, DataError, SpecError, UnknownNameError
from hetsyn_sim.models import AdLIF, HetSynLIF, Izhikevich

from .conftest import make_images, small

GREY, RATES, VOTES = np.zeros((1, 1, 2, 2), dtype=np.float32), np.ones((3, 1, 3)), np.zeros((2, 3, 6))
PIXELS, LABELS = make_images(6)
SPIKES = bernoulli(PIXELS[:2], 2, 0)


@cache
def network():
    return STLNetwork(small(), seed=0).eval()


@cache
def folded():
    return fold(network())


def of_parts(*parts, **facts):
    return Architecture(**{"input_shape": (1, 8, 8), "parts": parts} | facts)


def with_labels(labels):
    train(network(), PIXELS, labels, "STL", Settings(epochs=2, batch_size=10, lr=1e-2), 0)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: of_parts(Conv(0)), SpecError, "no convolution"),
        (lambda: of_parts(Conv(3, 4)), SpecError, "odd kernel"),
        (lambda: of_parts(Pool(3), Pool(3)), SpecError, "nothing is left to pool"),
        (lambda: of_parts(Dense(0)), SpecError, "no dense layer"),
        (lambda: of_parts(Dense(3, dropout=1.0)), SpecError, "dropout from 0 to below 1"),
        (lambda: of_parts(Dense(3), Conv(2)), SpecError, "a map of neurons was lost"),
        (lambda: of_parts(input_shape=(8, 8)), SpecError, "no network"),
        (lambda: of_parts(n_classes=0), SpecError, "no network"),
        (lambda: of_parts(voters=0), SpecError, "no network"),
        *((lambda m=m: of_parts(Dense(3), neuron=m), SpecError, "no place in a convolution") for m in (HetSynLIF, Izhikevich, AdLIF)),
        (lambda: pixels_of(np.zeros((2, 3, 3))), DataError, "not images in grey values"),
        (lambda: bernoulli(GREY + 1.5, 4, 0), DataError, "can't be coded"),
        (lambda: bernoulli(GREY * np.nan, 4, 0), DataError, "can't be coded"),
        (lambda: bernoulli(GREY[0], 4, 0), DataError, "can't be coded"),
        (lambda: bernoulli(GREY, 0, 0), DataError, "at least one step"),
        (lambda: with_salt_and_pepper(GREY, 1.1, 0), ConfigError, "share"),
        (lambda: with_gaussian_noise(GREY, -1.0, 0), ConfigError, "sd"),
        (lambda: with_deleted_spikes(np.zeros((1, 1), dtype=np.bool_), np.nan, 0), ConfigError, "probability"),
        (lambda: decide(RATES, "median"), UnknownNameError, "unknown rule"),
        (lambda: decide(RATES[0]), DataError, "nothing can be decided"),
        (lambda: decide(RATES[:0]), DataError, "at least one member"),
        (lambda: decide(RATES * np.nan), DataError, "finite"),
        (lambda: sub_populations(VOTES, 4), DataError, "can't be divided"),
        (lambda: sub_populations(VOTES, 0), DataError, "can't be divided"),
        (lambda: network()(torch.zeros(4, 3, 2, 10, 8)), DataError, "does not fit the network"),
        (lambda: network()(torch.zeros(4, 3, 140)), DataError, "does not fit the network"),
        (lambda: network()(torch.zeros(0, 3, 2, 10, 7)), DataError, "does not fit the network"),
        (lambda: network()(torch.zeros(4, 0, 2, 10, 7)), DataError, "does not fit the network"),
        (lambda: network().set_mode("LTS"), UnknownNameError, "STL, SL, TL"),
        (lambda: with_labels(LABELS[:5]), DataError, "labels and images do not fit"),
        (lambda: with_labels(LABELS + 1), DataError, "labels and images do not fit"),
        (lambda: with_labels(LABELS - 1), DataError, "labels and images do not fit"),
        (lambda: evaluate(network(), PIXELS[:0], 4, 0), DataError, "nothing to evaluate"),
        (lambda: Settings(epochs=0), ConfigError, "epochs"),
        (lambda: Settings(epochs=1.5), ConfigError, "epochs"),
        (lambda: Settings(lr=0.0), ConfigError, "lr"),
        (lambda: Settings(weight_decay=-1.0), ConfigError, "weight_decay"),
        (lambda: Settings(lr_factor=float("nan")), ConfigError, "lr_factor"),
        (lambda: simulate(folded(), SPIKES[..., :-1]), DataError, "does not fit the network"),
        (lambda: simulate(folded(), SPIKES * 2), DataError, "0 or 1"),
        (lambda: simulate(folded(), SPIKES[:, :0]), DataError, "does not fit the network"),
        (lambda: simulate(folded(), SPIKES, device="cpp_standalone"), BackendError, "runtime only"),
        (lambda: FoldedNetwork(folded().architecture, folded().stages[:-1]), SpecError, "not the stages"),
        (lambda: replace(folded().stages[0], w=folded().stages[0].w[1:]), SpecError, "do not fit the stage"),
        (lambda: replace(folded().stages[0], drive=folded().stages[0].drive * np.nan), SpecError, "finite"),
    ],
)
def test_what_makes_no_sense_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()

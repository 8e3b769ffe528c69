"""Parts and their places; and synapses of convolutions and pooling, against torch."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from analysis.studies.stl.architecture import Architecture, Conv, Dense, Pool, Stage
from analysis.studies.stl.connections import fan_out, synapses_of
from hetsyn_sim.errors import SpecError

from .conftest import small


def test_stages_have_names_and_shapes():
    found = {stage.name: stage.after for stage in small().stages}
    assert found == {"conv_1": (4, 10, 7), "pool_1": (4, 5, 3), "conv_2": (5, 5, 3), "dense_1": (12, 1, 1), "output": (6, 1, 1)}
    assert [stage.name for stage in small().spiking] == ["conv_1", "conv_2", "dense_1", "output"]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([Conv(0)], "no convolution"),
        ([Conv(3, 4)], "odd kernel"),
        ([Pool(3), Pool(3)], "nothing is left to pool"),
        ([Dense(0)], "no dense layer"),
        ([Dense(3, dropout=1.0)], "dropout from 0 to below 1"),
        ([Dense(3), Conv(2)], "a map of neurons was lost"),
    ],
)
def test_parts_that_do_not_fit_are_refused(parts, words):
    with pytest.raises(SpecError, match=words):
        Architecture((1, 8, 8), parts)


@pytest.mark.parametrize("facts", [{"input_shape": (8, 8)}, {"n_classes": 0}, {"voters": 0}])
def test_a_network_without_size_is_refused(facts):
    with pytest.raises(SpecError, match="no network"):
        Architecture(**{"input_shape": (1, 8, 8), "parts": []} | facts)


def matrix(stage, weights):
    """(post, pre)"""
    synapses = synapses_of(stage)
    found = np.zeros((stage.n_post, stage.n_pre))
    np.add.at(found, (synapses.post, synapses.pre), weights.ravel()[synapses.weight])
    return found


def test_a_convolution_is_the_synapses_that_are_listed():
    rng = np.random.default_rng(0)
    stage = Stage("conv", Conv(4, 5), (3, 6, 7), (4, 6, 7))
    w, x = rng.integers(-9, 9, (4, 3, 5, 5)), rng.integers(-9, 9, (3, 6, 7))  # whole numbers: sums are exact in any order
    expected = functional.conv2d(torch.tensor(x[None], dtype=torch.float64), torch.tensor(w, dtype=torch.float64), padding=2)
    assert np.array_equal(matrix(stage, w) @ x.ravel(), expected.numpy().ravel())
    assert np.array_equal(fan_out(stage), (matrix(stage, np.ones_like(w)) > 0).sum(axis=0))
    assert fan_out(stage)[:1] == 4 * 3 * 3  # a corner reaches 3 x 3 neurons of each map
    assert fan_out(stage)[2 * 7 + 3] == 4 * 5 * 5


def test_pooling_is_the_synapses_that_are_listed_and_leaves_the_rest_alone():
    rng = np.random.default_rng(0)
    stage = Stage("pool", Pool(2), (3, 6, 7), (3, 3, 3))
    x = rng.random((3, 6, 7)) < 0.2
    expected = functional.max_pool2d(torch.tensor(x[None].astype(float)), 2).numpy().ravel() > 0
    assert np.array_equal(matrix(stage, np.ones(1)) @ x.ravel() > 0, expected)
    assert set(fan_out(stage)) == {0, 1}

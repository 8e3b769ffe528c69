"""Synapses are those of torch, folding is exact within rounding, and Brian2 spikes as torch does, spike for spike."""

import sys

import numpy as np
import torch
from torch.nn import functional

from analysis.studies.stl.architecture import Conv, Pool, Stage
from analysis.studies.stl.brian import simulate
from analysis.studies.stl.coding import bernoulli
from analysis.studies.stl.connections import fan_out, synapses_of
from analysis.studies.stl.evaluate import count_mismatches
from analysis.studies.stl.folding import fold

from .conftest import make_images, small


def test_stages_have_names_and_shapes():
    found = {stage.name: stage.after for stage in small().stages}
    assert found == {"conv_1": (4, 10, 7), "pool_1": (4, 5, 3), "conv_2": (5, 5, 3), "dense_1": (12, 1, 1), "output": (6, 1, 1)}
    assert [stage.name for stage in small().spiking] == ["conv_1", "conv_2", "dense_1", "output"]


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


def test_folded_weights_and_drive_give_the_same_currents(trained):
    network, x = trained.double(), torch.tensor(bernoulli(make_images(5, seed=3)[0], 4, 0), dtype=torch.float64)
    with torch.no_grad():
        spikes = network.spikes(x)
    sources = dict(zip((s.name for s in network.architecture.stages), spikes, strict=False))
    for folded in fold(network).stages:
        if isinstance(folded.stage.part, Pool):
            continue
        w = np.zeros((folded.stage.n_post, folded.stage.n_pre))
        np.add.at(w, (folded.synapses.post, folded.synapses.pre), folded.w)
        arriving = spikes[sources[folded.stage.name]].flatten(2).numpy()
        with torch.no_grad():
            expected = network.currents(folded.stage.name, spikes[sources[folded.stage.name]]).flatten(2).numpy()
        # sums of n numbers in another order, and before or after a scale: n + 4 roundings of what the summands amount to
        scale = np.abs(w).sum(axis=1).max() + np.abs(folded.drive).max() + 1.0
        bound = (folded.stage.n_pre + 4) * np.finfo(np.float64).eps * scale
        assert np.max(np.abs(arriving @ w.T + folded.drive - expected)) < bound
    assert any(np.any(folded.drive != 0) for folded in fold(network).stages)


def test_brian2_spikes_as_torch_does(trained):
    x = bernoulli(make_images(12, seed=4)[0], 6, 1)
    mismatches, spikes = count_mismatches(trained, x)
    assert mismatches == 0
    assert spikes >= 1000


def test_every_stage_is_recorded_and_decides_alike(trained):
    pixels, _ = make_images(4, seed=5)
    x = bernoulli(pixels, 4, 1)
    folded = fold(trained)
    recording = simulate(folded, x)
    assert list(recording.rasters) == ["input", "conv_1", "pool_1", "conv_2", "dense_1", "output"]
    assert np.array_equal(recording.rasters["input"], x.reshape(4, 4, -1))
    with torch.no_grad():
        here = trained.double()(torch.tensor(x, dtype=torch.float64)).numpy()
    assert np.allclose(folded.class_rates(recording.rasters["output"]), here)


def test_an_image_does_not_know_the_one_before(trained):
    x = bernoulli(make_images(3, seed=6)[0], 4, 1)
    folded = fold(trained)
    together = simulate(folded, x).rasters["output"]
    alone = simulate(folded, x[:, 2:]).rasters["output"]
    assert np.array_equal(together[:, 2:], alone)


def test_the_brian2_side_does_without_torch(process):
    code = "import sys, analysis.studies.stl.brian; sys.exit('torch' in sys.modules)"
    assert process([sys.executable, "-c", code], check=False).returncode == 0

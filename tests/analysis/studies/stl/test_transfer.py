"""Folding is exact within rounding, and Brian2 spikes as torch does, spike for spike."""

import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.studies.stl.architecture import Pool
from analysis.studies.stl.brian import simulate
from analysis.studies.stl.coding import bernoulli
from analysis.studies.stl.evaluate import count_mismatches
from analysis.studies.stl.folded import FoldedNetwork
from analysis.studies.stl.folding import fold
from hetsyn_sim.errors import BackendError, DataError, SpecError

from .conftest import make_images


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


def test_what_does_not_fit_is_refused(trained):
    folded = fold(trained)
    x = bernoulli(make_images(2)[0], 2, 0)
    with pytest.raises(DataError, match="do not fit the network"):
        simulate(folded, x[..., :-1])
    with pytest.raises(DataError, match="0 or 1"):
        simulate(folded, x * 2)
    with pytest.raises(DataError, match="nothing to simulate"):
        simulate(folded, x[:, :0])
    with pytest.raises(BackendError, match="runtime only"):
        simulate(folded, x, device="cpp_standalone")
    with pytest.raises(SpecError, match="not the stages"):
        FoldedNetwork(folded.architecture, folded.stages[:-1])
    with pytest.raises(SpecError, match="do not fit the stage"):
        replace(folded.stages[0], w=folded.stages[0].w[1:])
    with pytest.raises(SpecError, match="finite"):
        replace(folded.stages[0], drive=folded.stages[0].drive * np.nan)

"""Networks of other libraries against ours: what is counted, and that spyx's neuron is HetNeuLIF. The libraries are not needed here."""

import numpy as np

from benchmarks.elsewhere import differing, from_spyx
from hetsyn_sim.data.recording import Recording
from hetsyn_sim.discrete import simulate_reference

RNG = np.random.default_rng(1)


def test_the_neuron_of_spyx_is_ours_a_step_later():
    """Its step by hand: the spike is looked for in the v of the step before, and the threshold goes with it."""
    values = {"w": RNG.normal(0.2, 0.5, (10, 6)), "beta": np.append(RNG.uniform(0.5, 0.99, 5), 1.2)}  # clipped to 1 where it is used
    values |= {"w_out": RNG.normal(0, 0.5, (6, 3)), "beta_out": np.float64(0.9)}
    x = RNG.random((60, 1, 10)) < 0.2
    v, out, spikes, readout = np.zeros(6), np.zeros(3), [], []
    for now in x[:, 0].astype(float):
        s = (v > 1.0).astype(float)
        v = np.clip(values["beta"], 0, 1) * v + now @ values["w"] - s
        out = values["beta_out"] * out + s @ values["w_out"]
        spikes.append([s > 0])
        readout.append([out])
    theirs = {"layer_1": np.array(spikes), "readout": np.array(readout)}
    checkpoint = from_spyx(values)
    ours = simulate_reference(checkpoint.spec, checkpoint.values, x)
    assert 20 < theirs["layer_1"].sum() < theirs["layer_1"].size / 2
    found = differing(ours, theirs, late=1)
    assert (found["differing_cells"], found["recordings_identical"]) == (0, 1)
    assert found["largest_dv"] < 1e-12  # 60 steps of a few roundings, in units of the readout's deviation
    assert differing(ours, theirs, late=0)["differing_cells"] > 10


def test_what_differs_is_counted_by_cells_and_recordings():
    raster = RNG.random((5, 3, 2)) < 0.5
    theirs = raster.copy()
    theirs[2, 1, 0] ^= True
    found = differing(Recording(0.01, {"layer_1": raster}), {"layer_1": theirs}, late=0)
    assert found == {"differing_cells": 1, "recordings_identical": 2}

"""What is counted between a library and us, and the tables of it. The libraries themselves are an extra, and not needed here."""

import numpy as np

from benchmarks.nir_peers import compare, hidden_layers
from hetsyn_sim.data.recording import Recording


def test_what_differs_is_counted():
    raster = np.zeros((5, 3, 2), dtype=bool)
    raster[2] = True
    v = np.zeros((5, 3, 4))
    v[:, :, 1] = 1.0
    ours = Recording(0.01, {"layer_1": raster}, {"readout.v": v})
    theirs, out = raster.copy(), v.copy()
    theirs[2, 0, 1], theirs[4, 0, 0] = False, True
    out[:, 2, 3] = 1.5
    row = compare(ours, theirs, out)
    assert (row["spikes_ours"], row["spikes_reader"], row["differing_cells"], row["recordings_identical"]) == (6, 6, 2, 2)
    assert (row["largest_dv"], row["decisions_changed"]) == (1.5, 1)
    assert compare(ours, raster, v)["differing_cells"] == 0


def test_a_network_without_its_readout(toy_checkpoint):
    bare = hidden_layers(toy_checkpoint)
    assert bare.spec.readout is None
    np.testing.assert_array_equal(bare.values["layer_1.feedforward.w"], toy_checkpoint.values["layer_1.feedforward.w"])

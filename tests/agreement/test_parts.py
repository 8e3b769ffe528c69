"""The parts that certificates are made of, on cases that can be checked by hand."""

import numpy as np
import pytest

from hetsyn_sim.agreement.backends import RATES, probes
from hetsyn_sim.agreement.refinement import coincidence, open_loop
from hetsyn_sim.agreement.subject import evenly
from hetsyn_sim.data.recording import Recording, on_finer_grid
from hetsyn_sim.models import MODELS
from hetsyn_sim.spec import Layer, NetworkSpec


def raster(n_steps, *steps):
    found = np.zeros((n_steps, 1, 1), dtype=bool)
    found[list(steps)] = True
    return found


def recording(dt, hidden):
    return Recording(dt, {"input": np.zeros_like(hidden), "layer_1": hidden}, {}, "by hand")


@pytest.mark.parametrize(
    ("coarse", "fine", "share"),
    [
        ((2, 5), (4, 10), 1.0),  # at the same times
        ((2, 5), (3, 9), 1.0),  # between the grid points: seen at the next one
        ((2,), (2,), 1.0),  # one coarse step early
        ((2,), (7,), 0.0),  # two coarse steps late
        ((2, 5), (4,), 2 / 3),  # one is missing
        ((), (), 1.0),
        ((), (4,), 0.0),
    ],
)
def test_coincidence_by_hand(coarse, fine, share):
    found = coincidence(recording(0.002, raster(8, *coarse)), recording(0.001, raster(16, *fine)), 2)
    assert found == pytest.approx(share)


def test_a_finer_grid_keeps_the_times():
    found = on_finer_grid(raster(3, 0, 2), 4)
    assert found.shape == (12, 1, 1)
    assert np.flatnonzero(found).tolist() == [0, 8]


def test_probes_are_what_they_are_called():
    named = probes(50, 30)
    counts = {name: int(x.sum()) for name, x in named.items()}
    assert counts["silence"] == 0
    assert counts["a volley in the first step"] == counts["a volley in the last step"] == 30
    assert named["a volley in the first step"][0].all()
    assert named["a volley in the last step"][-1].all()
    for rate in RATES:
        assert named[f"noise, {rate:g} spikes per step"].mean() == pytest.approx(rate, abs=5 * np.sqrt(rate * (1 - rate) / 1500))
    np.testing.assert_array_equal(probes(50, 30)["noise, 0.2 spikes per step"], named["noise, 0.2 spikes per step"])


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_open_loops_never_spike_and_keep_the_synapses(model):
    layers, readout = ([Layer(model, 3, recurrent=True)], None) if model.spiking else ([Layer(MODELS["HetSynLIF"], 3)], Layer(model, 3))
    spec = NetworkSpec("1 ms", 3, layers, readout)
    for projection in spec.projections_to("layer_1" if model.spiking else "readout"):
        alone = open_loop(spec, projection)
        assert alone.n_input == projection.n_pre
        assert alone.populations[0].model.threshold == "v > out_of_reach"
        own = {key.rsplit(".", 1)[1] for key in spec.slots if key.startswith(projection.name)}
        assert {key.rsplit(".", 1)[1] for key in alone.slots if ".feedforward." in key} == own


def test_evenly_spread(toy_data):
    assert evenly(toy_data, 100) is toy_data
    assert len(evenly(toy_data, 6)) == 6
    assert set(evenly(toy_data, 6).labels.tolist()) == {0}  # every third of three classes in turn: spread, not chosen

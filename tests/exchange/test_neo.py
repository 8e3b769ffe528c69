"""Recordings as Neo objects: the same spikes at the same times, what elephant would compute of them, and back to the last bit."""

import sys

import neo
import numpy as np
import pytest
import quantities as pq

from hetsyn_sim.data.recording import Recording
from hetsyn_sim.errors import BackendError, DataError
from hetsyn_sim.exchange.neo import from_neo, to_neo


def recording(dt=0.004, n_steps=200, n_runs=2):
    rng = np.random.default_rng(0)
    rasters = {"input": rng.random((n_steps, n_runs, 3)) < 0.2, "layer_1": rng.random((n_steps, n_runs, 4)) < 0.1}
    rasters["layer_1"][:, :, 1] = False  # a silent neuron is a spike train too
    rasters["layer_1"][-1, 0, 0] = True  # a spike in the last step
    return Recording(dt, rasters, {"layer_1.v": rng.normal(size=(n_steps, n_runs, 4))}, "torch float64")


@pytest.mark.parametrize("dt", [0.004, 0.001, 1e-4, 0.003 / 7])
def test_there_and_back_to_the_last_bit(dt):
    before = recording(dt)
    after = from_neo(to_neo(before))
    assert (after.dt, after.simulator) == (before.dt, before.simulator)
    for name, raster in before.rasters.items():
        np.testing.assert_array_equal(after.rasters[name], raster)
        assert after.rasters[name].dtype == np.bool_
    np.testing.assert_array_equal(after.traces["layer_1.v"], before.traces["layer_1.v"])


def test_what_a_block_holds():
    before = recording()
    block = to_neo(before, units={"layer_1.v": "mV"}, name="digits")
    assert (block.name, len(block.segments), block.annotations["n_steps"]) == ("digits", 2, 200)
    segment = block.segments[1]
    trains = [train for train in segment.spiketrains if train.annotations["population"] == "layer_1"]
    assert [train.annotations["neuron"] for train in trains] == [0, 1, 2, 3]
    assert isinstance(trains[0], neo.SpikeTrain)
    times, neurons = before.spikes("layer_1", run=1)
    for neuron, train in enumerate(trains):
        assert train.units == pq.ms
        assert (float(train.t_start), float(train.t_stop.rescale(pq.s))) == (0.0, pytest.approx(0.8))
        assert float(train.sampling_period.rescale(pq.ms)) == pytest.approx(4.0)
        np.testing.assert_allclose(train.rescale(pq.s).magnitude, times[neurons == neuron], rtol=1e-15)
    (signal,) = segment.analogsignals
    assert (signal.name, signal.units, signal.shape) == ("layer_1.v", pq.mV, (200, 4))
    assert float(signal.sampling_rate.rescale(pq.Hz)) == pytest.approx(250.0)


def test_an_empty_recording_and_one_without_spikes():
    nothing = Recording(0.001, {"layer_1": np.zeros((5, 1, 2), dtype=bool)})
    np.testing.assert_array_equal(from_neo(to_neo(nothing)).rasters["layer_1"], nothing.rasters["layer_1"])
    assert len(to_neo(Recording(0.001, {})).segments) == 0


BROKEN = {
    r"block.*no 'dt_s'.*dt_s and n_steps": lambda block, segment: block.annotations.pop("dt_s"),
    r"block.*dt_s = -1": lambda block, segment: block.annotations.update(dt_s=-1.0),
    r"segment 1.*without 'population'": lambda block, segment: segment.spiketrains[0].annotations.pop("population"),
    r"segment 1.*neurons 1, 2, 7.*also for those that are silent": lambda block, segment: segment.spiketrains[0].annotations.update(
        neuron=7
    ),
    r"segment 1: input": lambda block, segment: segment.spiketrains.__setitem__(0, segment.spiketrains[0] + 1.0 * pq.ms),
    r"layer_1.v.*1 of shape .* in 2 segments": lambda block, segment: segment.analogsignals.clear(),
}


@pytest.mark.parametrize("message", BROKEN)
def test_blocks_that_are_no_recordings(message):
    block = to_neo(recording())
    BROKEN[message](block, block.segments[1])
    with pytest.raises(DataError, match=f"(?s){message}"):
        from_neo(block)


def test_units_have_to_be_units_of_traces():
    with pytest.raises(DataError, match=r"(?s)traces that are not there.*layer_2.v.*layer_1.v"):
        to_neo(recording(), units={"layer_2.v": "mV"})
    with pytest.raises(DataError, match=r"(?s)does not know.*layer_1.v.*'parsnip'"):
        to_neo(recording(), units={"layer_1.v": "parsnip"})


def test_without_neo_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "neo", None)
    with pytest.raises(BackendError, match=r"(?s)needs the package neo.*hetsyn-sim\[neo\]"):
        to_neo(recording())

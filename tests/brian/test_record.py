"""Traces beyond v: states, sums, and single synapses, in the shapes they are promised in."""

import numpy as np
import pytest

from hetsyn_sim.brian import simulate
from hetsyn_sim.brian.inputs import split_recordings

from .conftest import random_spikes


def test_nothing_but_spikes(spec, values):
    recording = simulate(spec, values, random_spikes((10, 2, 6)), record=())
    assert not recording.traces
    assert set(recording.rasters) == {"input", "layer_1", "layer_2"}
    assert recording.simulator == "brian2 numpy"
    assert recording.dt == spec.dt_s


def test_v_of_every_population_is_the_default(spec, values):
    recording = simulate(spec, values, random_spikes((10, 2, 6)))
    assert {name: trace.shape for name, trace in recording.traces.items()} == {
        "layer_1.v": (10, 2, 7),
        "layer_2.v": (10, 2, 5),
        "readout.v": (10, 2, 2),
    }


def test_what_v_is_made_of(spec, values):
    """v = I_syn - R, and I_syn is the sum over the single synapses of both projections."""
    inputs = random_spikes((30, 3, 6))
    synapses = ["layer_1.feedforward.I[2]", "layer_1.recurrent.I[2]"]
    traces = simulate(spec, values, inputs, record=["v", "layer_1.R", "layer_1.I_syn", *synapses]).traces
    np.testing.assert_allclose(traces["layer_1.v"], traces["layer_1.I_syn"] - traces["layer_1.R"], atol=1e-15)
    feedforward, recurrent = (traces[name] for name in synapses)
    assert feedforward.shape == (30, 3, 6)
    assert recurrent.shape == (30, 3, 7)
    assert not recurrent[..., 2].any(), "there is no synapse of a neuron onto itself"
    assert recurrent.any()
    np.testing.assert_allclose(feedforward.sum(-1) + recurrent.sum(-1), traces["layer_1.I_syn"][..., 2], atol=1e-13)


def test_the_trace_of_a_synapse_is_that_of_its_source(spec, values):
    """A single input spike of channel 4 moves the current of channel 4's synapse, by w, in the same step."""
    inputs = np.zeros((5, 1, 6), dtype=bool)
    inputs[2, 0, 4] = True
    trace = simulate(spec, values, inputs, record="layer_1.feedforward.I[3]").traces["layer_1.feedforward.I[3]"]
    assert np.flatnonzero(trace[2, 0]).tolist() == [4]
    assert trace[2, 0, 4] == values["layer_1.feedforward.w"][3, 4]
    decay = np.exp(-spec.dt_s / values["layer_1.feedforward.tau_syn"][3, 4])
    np.testing.assert_allclose(trace[3, 0, 4], trace[2, 0, 4] * decay, rtol=1e-15)
    assert not trace[:2].any()


@pytest.mark.parametrize(("n_runs", "n_steps"), [(1, 6), (6, 1), (2, 3)])
def test_a_recording_holds_its_own_memory(n_runs, n_steps):
    """From Brian2 2.10 on, what a monitor hands out is a window onto memory that is freed with it."""
    window = np.arange(24.0).reshape(6, 4)
    held = split_recordings(window, n_runs)
    assert not np.shares_memory(held, window)
    np.testing.assert_array_equal(held, window.reshape(n_runs, n_steps, 4).swapaxes(0, 1))

"""Files of amplifiers on the command line of a fit: a segment is a trial, a channel has a name or a number, units are the file's."""

import numpy as np
import pytest

from hetsyn_sim.errors import DataError
from hetsyn_sim.exchange.trial_files import read_times, read_traces
from hetsyn_sim.training.fitting.reading import read_trials

from ..refusal import refused
from ..training.fitting.conftest import MEMBRANE

neo, pq = pytest.importorskip("neo"), pytest.importorskip("quantities")
V, CURRENT = np.random.default_rng(0).random((2, 2, 20))


@pytest.fixture
def file(tmp_path):
    """Two sweeps of a voltage and a current, which begin at 3 ms, with a spike train."""
    block = neo.Block()
    for v, current in zip(V, CURRENT, strict=True):
        segment = neo.Segment()
        kept = {"sampling_period": 0.1 * pq.ms, "t_start": 3 * pq.ms}
        segment.analogsignals.append(neo.AnalogSignal(v[:, None], units="mV", name="Vm", **kept))
        segment.analogsignals.append(neo.AnalogSignal(current[:, None], units="pA", name="Im", **kept))
        segment.spiketrains.append(neo.SpikeTrain([3.2, 4.1] * pq.ms, t_start=3 * pq.ms, t_stop=5 * pq.ms, name="unit"))
        block.segments.append(segment)
    neo.io.NeoMatlabIO(str(tmp_path / "cell.mat")).write_block(block)
    return tmp_path / "cell.mat"


def test_channels_are_read_with_their_units_and_period(file):
    for channel in ("Vm", "0"):
        v = read_traces(f"{file}:{channel}", "--voltage")
        np.testing.assert_allclose(np.hstack(v).T.magnitude, V)
    spikes = read_times(str(file), "--spikes", 2)
    trials = read_trials(MEMBRANE, {"I": read_traces(f"{file}:Im", "--input")}, v=v, spikes=spikes)
    assert trials.dt == pytest.approx(1e-4)
    np.testing.assert_allclose(trials.inputs["I"], 1e-12 * CURRENT.T)
    np.testing.assert_allclose(trials.v, 1e-3 * V.T)
    np.testing.assert_array_equal(np.flatnonzero(trials.spikes[:, 0]), [3, 12])  # in the sample after 0.2 ms, and after 1.1 ms


def test_which_channel_has_to_be_said(file):
    with refused(DataError, "which channel is not said", f"--voltage: {file}", "2 channels", "Vm, Im", "cell.mat:Vm"):
        read_traces(str(file), "--voltage")
    with refused(DataError, "no such channel", got="'Vx'", expected="Vm, Im"):
        read_traces(f"{file}:Vx", "--voltage")

"""A checkpoint goes to Brian2, takes recordings with their own dt, and says what became of it."""

import numpy as np
import pytest

from hetsyn_sim.brian import BrianSimulation
from hetsyn_sim.brian.transfer import to_brian2
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import DtMismatchError
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import FanInNormal, Layer, NetworkSpec

N_STEPS = [12, 20, 17]


@pytest.fixture
def checkpoint():
    model = HetSynLIF.with_parameters(w={"initial": FanInNormal(2.0)})
    spec = NetworkSpec(dt="4 ms", n_input=5, layers=[Layer(model, 6, recurrent=True)], readout=Layer(LeakyReadout, 2))
    values = {key: value.astype(np.float32) for key, value in spec.initial_values(0).items()}
    return Checkpoint(spec, values)


def recordings(dt=0.004, n_channels=5):
    rng = np.random.default_rng(0)
    pairs = [np.nonzero(rng.random((n, n_channels)) < 0.4) for n in N_STEPS]
    steps, units = zip(*pairs, strict=True)
    return SpikeDataset.from_lists(steps, units, dt=dt, n_channels=n_channels, n_steps=N_STEPS, labels=[0, 1, 0])


def test_the_checkpoint_and_its_file_give_the_same_network(checkpoint, tmp_path):
    path = checkpoint.save(tmp_path / "digits")
    inputs = np.random.default_rng(1).random((20, 3, 5)) < 0.4
    reference = simulate_reference(checkpoint.spec, {k: v.astype(float) for k, v in checkpoint.values.items()}, inputs)
    for source in (checkpoint, path, str(tmp_path / "digits")):
        simulation = to_brian2(source)
        assert isinstance(simulation, BrianSimulation)
        recording = simulation.run(inputs)
        np.testing.assert_array_equal(recording.rasters["layer_1"], reference.rasters["layer_1"])
        np.testing.assert_allclose(recording.traces["readout.v"], reference.traces["readout.v"], rtol=0, atol=1e-12)
    assert reference.rasters["layer_1"].any()


def test_recordings_are_run_for_as_long_as_the_longest_of_them(checkpoint):
    data = recordings()
    simulation = to_brian2(checkpoint)
    recording = simulation.run(data)
    assert recording.rasters["layer_1"].shape == (20, 3, 6)
    np.testing.assert_array_equal(recording.rasters["input"], data.rasters())
    one = simulation.run(data[:1])
    np.testing.assert_array_equal(one.traces["readout.v"][:, 0], recording.traces["readout.v"][:12, 0])


def test_recordings_of_another_dt(checkpoint):
    with pytest.raises(DtMismatchError, match=r"(?s)dt = 0.001 s.*dt = 0.004 s"):
        to_brian2(checkpoint).run(recordings(dt=0.001))


def test_options_are_handed_on(checkpoint):
    assert set(to_brian2(checkpoint, record="R").run(recordings()).traces) == {"layer_1.R"}

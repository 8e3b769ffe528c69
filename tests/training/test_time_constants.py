"""Histograms of time constants: counted as by hand, kept by a run, and the same after an interruption."""

import numpy as np
import pytest

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.errors import DataError
from hetsyn_sim.models import HomNeuLIF
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training.fit import fit
from hetsyn_sim.training.module import TrainingModule
from hetsyn_sim.training.network import Network
from hetsyn_sim.training.settings import Training
from hetsyn_sim.training.time_constants import EDGES_S, Histograms, histogram

from ..refusal import refused


def by_hand(values):
    """Counted one by one, without NumPy's histogram."""
    counts = np.zeros(EDGES_S.size - 1, dtype=np.int64)
    for value in np.ravel(values):
        inside = [k for k in range(counts.size) if EDGES_S[k] <= value < EDGES_S[k + 1]]
        counts[inside[0] if inside else (0 if value < EDGES_S[0] else -1)] += 1
    return counts


def test_every_value_is_counted_once():
    values = np.array([0.0, 1e-9, 2e-3, 2.1e-3, 0.04, 0.5, 1e4, np.inf])
    np.testing.assert_array_equal(histogram(values), by_hand(values))
    assert histogram(values).sum() == values.size


def test_a_run_keeps_them_from_the_start_to_the_last_epoch(toy_checkpoint, toy_data, tmp_path, monkeypatch):
    def train(folder, epochs=3, **options):
        settings = Training(validation="none", batch_size=3, num_threads=1, epochs=epochs)
        return fit(toy_checkpoint.spec, toy_data, training=settings, out=folder, progress=False, **options)

    result = train(tmp_path / "whole")
    kept = Histograms.load(tmp_path / "whole" / "time_constants.safetensors")
    assert kept.epochs == [0, 1, 2, 3]
    assert set(kept.counts) == {f"{name}.tau_syn" for name in ("layer_1.feedforward", "layer_1.recurrent", "readout.feedforward")}
    for row, checkpoint in ((0, result.initial), (-1, result.checkpoint)):
        values = checkpoint.values["layer_1.feedforward.tau_syn"]
        np.testing.assert_array_equal(kept.counts["layer_1.feedforward.tau_syn"][row], by_hand(values))
    recurrent = kept.counts["layer_1.recurrent.tau_syn"]
    assert set(recurrent.sum(axis=1)) == {5 * 5}

    begin = TrainingModule.on_train_epoch_start

    def killed(self):
        if len(self.history) == 2:
            raise InterruptedError
        begin(self)

    monkeypatch.setattr(TrainingModule, "on_train_epoch_start", killed)
    with pytest.raises(InterruptedError):
        train(tmp_path / "killed")
    monkeypatch.undo()
    train(tmp_path / "killed")
    name = "time_constants.safetensors"
    assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_file_of_other_bins_is_refused(tmp_path):
    path = tmp_path / "time_constants.safetensors"
    Histograms([0, 1], {"layer_1.tau_mem": np.zeros((1, 7), dtype=np.int64)}).save(path)
    with refused(DataError, "time constants over the epochs can't be read", str(path), "2 epochs", "histograms", "remove"):
        Histograms.load(path)


def test_a_network_without_trained_time_constants_leaves_no_file(tmp_path):
    spec = NetworkSpec(dt="10 ms", n_input=6, layers=[Layer(HomNeuLIF, 4)])
    network = Network.from_checkpoint(Checkpoint(spec, spec.initial_values(0)))
    kept = Histograms()
    kept.add(0, network)
    kept.save(tmp_path / "none.safetensors")
    assert list(tmp_path.iterdir()) == []

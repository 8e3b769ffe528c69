"""What ``verify`` and ``compare`` say of networks that are the same, that are not, and of recordings that do not fit."""

from dataclasses import replace

import numpy as np
import pytest

from hetsyn_sim.agreement import verify as verification
from hetsyn_sim.agreement.verify import compare, verify
from hetsyn_sim.brian.transfer import to_brian2
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.recording import Recording
from hetsyn_sim.errors import DataError
from hetsyn_sim.models import HetNeuLIF
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training.network import Network


@pytest.fixture(scope="module")
def outcome(toy_checkpoint, toy_data):
    return verify(toy_checkpoint, toy_data.test)


@pytest.fixture
def other_brian2(monkeypatch):
    """Let Brian2 simulate another network than the one that is verified."""

    def use(changed):
        monkeypatch.setattr(verification, "to_brian2", lambda checkpoint, device: to_brian2(changed, device=device))

    return use


def changed(checkpoint, **factors):
    values = {key: value.copy() for key, value in checkpoint.values.items()}
    for key, factor in factors.items():
        values[key.replace("__", ".")] *= factor
    return replace(checkpoint, values=values)


def test_a_network_agrees_with_itself(outcome):
    assert outcome.agrees
    assert "the same network" in str(outcome)
    assert "accuracy" in str(outcome)
    assert outcome.comparison.spike_mismatches == 0
    assert outcome.comparison.n_spikes > 50
    assert 0 <= outcome.comparison.max_abs_dv <= 1e-9
    assert outcome.accuracy_torch == outcome.accuracy_brian2


def test_float32_is_held_against_its_own_bounds(toy_checkpoint, toy_data, outcome):
    single = verify(toy_checkpoint, toy_data.test, precision="float32")
    assert single.agrees
    assert single.precision == "float32"
    assert outcome.comparison.max_abs_dv < 1e-12 < single.comparison.max_abs_dv < 1e-4


def test_batches_change_nothing(toy_checkpoint, toy_data, outcome, monkeypatch):
    monkeypatch.setattr(verification, "_BATCH_BYTES", 4 * verification._ARRAYS * 8 * 12 * 8)  # four recordings of twelve steps
    seen = []
    batched = verify(toy_checkpoint, toy_data.test, progress=seen.append)
    share = batched.comparison.max_dv_over_bound
    assert share >= outcome.comparison.max_dv_over_bound  # a batch's bound is that of its own spikes: no larger
    assert replace(batched.comparison, max_dv_over_bound=outcome.comparison.max_dv_over_bound) == outcome.comparison
    np.testing.assert_array_equal(batched.predictions_brian2, outcome.predictions_brian2)
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 1.0)


def test_another_weight_is_noticed(toy_checkpoint, toy_data, other_brian2, monkeypatch):
    other_brian2(changed(toy_checkpoint, layer_1__feedforward__w=1.05))
    monkeypatch.setattr(verification, "_BATCH_BYTES", 4 * verification._ARRAYS * 8 * 12 * 8)
    outcome = verify(toy_checkpoint, toy_data.test)
    assert not outcome.agrees
    assert outcome.comparison.max_dv_over_bound > 1e6
    # runs are counted through, over the batches
    runs = [d.run for d in outcome.comparison.diverged]
    assert runs == sorted(set(runs))
    assert max(runs) > 4
    assert outcome.to_dict()["diverged_runs"] == runs


@pytest.mark.parametrize("fault", [{"layer_1__feedforward__w": 1 + 1e-9}, {"readout__feedforward__tau_syn": 1.01}])
def test_a_fault_that_moves_no_spike_is_noticed(toy_checkpoint, toy_data, other_brian2, fault):
    other_brian2(changed(toy_checkpoint, **fault))
    outcome = verify(toy_checkpoint, toy_data.test)
    assert outcome.comparison.spike_mismatches == 0
    assert not outcome.agrees


@pytest.mark.parametrize(("precision", "n_undecided", "agrees"), [("float64", 1, False), ("float32", 1, True), ("float32", 2, False)])
def test_many_undecided_runs_are_no_agreement(outcome, precision, n_undecided, agrees):
    comparison = replace(outcome.comparison, undecided=tuple(range(n_undecided)), precision=precision)
    assert replace(outcome, comparison=comparison).agrees is agrees


def test_without_readout_the_last_layer_predicts(toy_data):
    spec = NetworkSpec(dt="10 ms", n_input=6, layers=[Layer(HetNeuLIF, 3)])
    values = spec.initial_values(0)
    values["layer_1.feedforward.w"] = np.where(np.arange(6) % 3 == np.arange(3)[:, None], 1.0, -0.5)
    outcome = verify(Checkpoint(spec, values), toy_data.test)
    assert outcome.agrees
    assert outcome.accuracy_brian2 > 0.8


def test_compare_takes_the_input_out_of_the_recording(toy_checkpoint, toy_data):
    recording = to_brian2(toy_checkpoint).run(toy_data.test[:3])
    assert compare(Network.from_checkpoint(toy_checkpoint), recording).agrees
    assert not compare(Network.from_checkpoint(changed(toy_checkpoint, layer_1__recurrent__w=1.1)), recording).agrees


def test_compare_refuses_a_recording_without_input(toy_checkpoint):
    with pytest.raises(DataError, match="not one of the network"):
        compare(Network.from_checkpoint(toy_checkpoint), Recording(0.01, {"layer_1": np.zeros((3, 1, 5), dtype=bool)}))

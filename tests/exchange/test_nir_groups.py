"""Grouping: no other groups are better, equal values stay, and the effect on a network is what its own simulation says."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.decoding import Decoder
from hetsyn_sim.errors import TransferError
from hetsyn_sim.exchange.nir.quantisation import effect_of, quantise
from hetsyn_sim.exchange.nir.synapses import cluster, distinct, groups_of, quantised_row
from hetsyn_sim.training.network import Network


def cost(points, weights, bounds):
    total = 0.0
    for begin, end in bounds:
        x, w = points[begin:end], weights[begin:end]
        total += np.sum(w * (x - np.average(x, weights=w)) ** 2)
    return total


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_no_other_groups_are_better(n):
    """All ways to cut nine sorted points into n runs: in one dimension the best groups are runs."""
    rng = np.random.default_rng(n)
    for _ in range(10):
        points, weights = np.sort(rng.normal(size=9)), rng.uniform(0.1, 3.0, size=9)
        every = [[*zip((0, *cuts), (*cuts, 9), strict=True)] for cuts in combinations(range(1, 9), n - 1)]
        best = min(cost(points, weights, bounds) for bounds in every)
        assert cost(points, weights, cluster(points, weights, n)) == pytest.approx(best, rel=1e-12)


def test_equal_values_stay_to_the_last_bit():
    tau, weight = np.array([0.02, 0.03, 0.02, 0.0717]), np.ones(4)
    np.testing.assert_array_equal(quantised_row(tau, weight, 3), tau)
    np.testing.assert_array_equal(quantised_row(np.array([0.02, 0.0201, 0.0717]), np.ones(3), 2)[2], 0.0717)
    assert distinct(np.array([[0.02, 0.03, 0.02], [0.01, 0.01, 0.01]])) == 2
    groups = groups_of(np.array([[0.03, 0.02, 0.03], [0.01, 0.01, 0.01]]))
    np.testing.assert_array_equal(groups.tau, [[0.02, 0.01], [0.03, 0.01]])
    np.testing.assert_array_equal(groups.member, [[1, 0, 1], [0, 0, 0]])


def test_strong_synapses_count_more_and_weights_of_0_do_no_harm():
    tau = np.array([0.02, 0.04])
    assert quantised_row(tau, np.array([100.0, 0.1]), 1)[0] == pytest.approx(0.02, rel=1e-5)
    assert quantised_row(tau, np.zeros(2), 1)[0] == pytest.approx(np.sqrt(0.02 * 0.04))


def test_more_groups_are_nearer_and_enough_groups_are_the_network(toy_data, toy_checkpoint):
    effects = [effect_of(toy_checkpoint, quantise(toy_checkpoint, n).checkpoint, toy_data) for n in (1, 3, 6)]
    assert effects[0].mean_dv > effects[1].mean_dv > effects[2].mean_dv == 0.0
    assert effects[2].differing == {"layer_1": 0}
    assert quantise(toy_checkpoint, 6).errors == {}


def test_the_errors_and_the_effect_are_what_they_say(toy_data, toy_checkpoint):
    done = quantise(toy_checkpoint, 2)
    key = "layer_1.feedforward.tau_syn"
    before, after = toy_checkpoint.values[key], done.checkpoint.values[key]
    assert max(len(set(row)) for row in after) == 2
    off, squares = np.abs(after - before) / before, toy_checkpoint.values["layer_1.feedforward.w"] ** 2
    assert done.errors[key]["largest"] == pytest.approx(off.max())
    assert done.errors[key]["mean"] == pytest.approx(off.mean())
    assert done.errors[key]["weighted"] == pytest.approx(np.sqrt((squares * off**2).sum() / squares.sum()))
    assert done.largest == max(error["largest"] for error in done.errors.values())
    raster = toy_data.rasters()
    one, two = (Network.from_checkpoint(c).record(raster) for c in (toy_checkpoint, done.checkpoint))
    effect = effect_of(toy_checkpoint, done.checkpoint, toy_data)
    assert effect.differing["layer_1"] == (one.rasters["layer_1"] ^ two.rasters["layer_1"]).sum() > 0
    v = one.traces["readout.v"]
    assert effect.mean_dv == pytest.approx(np.sqrt(np.mean((two.traces["readout.v"] - v) ** 2)) / v.std())
    assert "in one only" in effect.rows()["spikes of layer_1"]
    decided = [Decoder.of(toy_checkpoint).predictions(done, toy_checkpoint.spec) for done in (one, two)]
    assert effect.accuracy == tuple(np.mean(d == toy_data.labels) for d in decided)
    assert effect.changed == np.sum(decided[0] != decided[1])
    relabelled = replace(toy_data, labels=decided[1])  # what was decided is no matter of the labels
    assert effect_of(toy_checkpoint, done.checkpoint, relabelled).changed == effect.changed


def test_0_and_infinity_have_no_logarithm(toy_checkpoint):
    values = {key: np.array(value) for key, value in toy_checkpoint.values.items()}
    values["layer_1.feedforward.tau_syn"][0, :2] = 0.0, np.inf
    broken = Checkpoint(toy_checkpoint.spec, values)
    with pytest.raises(TransferError, match=r"(?s)of 0 or infinity can't be grouped.*1 of 0 and 1 infinite"):
        quantise(broken, 2)
    assert quantise(broken, 6).errors == {}

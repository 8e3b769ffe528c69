"""The control of a lesion: as many other synapses, each as heavy as the one that it stands for; and what a lesion does to a network."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.biology import activity
from analysis.biology.activity import lesion, rates_of
from analysis.biology.extraction import Run
from analysis.studies.hetsyn.lesions import as_heavy, most_of, set_back
from hetsyn_sim.training import Network, evaluate

from ....conftest import make_toy_data


@given(seed=st.integers(0, 10**6), n=st.integers(1, 12), extra=st.integers(0, 20))
def test_where_every_chosen_synapse_has_a_twin_the_twins_are_the_control(seed, n, extra):
    """Twins of the same |w|, of either sign, among others that lie between them."""
    rng = np.random.default_rng(seed)
    size = rng.permutation(np.arange(1, 2 * (n + extra) + 1))  # all different
    w = np.concatenate([size[:n], -size[:n], size[n : n + extra] + 0.4]).astype(float)
    chosen = np.arange(w.size) < n
    order = rng.permutation(w.size)
    control = as_heavy(chosen[order], w[order], np.random.default_rng(seed))
    np.testing.assert_array_equal(np.flatnonzero(control), np.flatnonzero((order >= n) & (order < 2 * n)))


@given(seed=st.integers(0, 10**6), share=st.floats(0.05, 0.9))
def test_the_control_are_as_many_others_each_the_nearest_that_was_free(seed, share):
    """Against a search through all that are free, in the same random order."""
    rng = np.random.default_rng(seed)
    w, chosen = rng.normal(size=(6, 7)), rng.random((6, 7)) < share
    control = as_heavy(chosen, w, np.random.default_rng(1))
    assert not (control & chosen).any()
    assert control.sum() == min(chosen.sum(), (~chosen).sum())
    free, expected = set(np.flatnonzero(~chosen).tolist()), set()
    for synapse in np.random.default_rng(1).permutation(np.flatnonzero(chosen)):
        if not free:
            break
        nearest = min(free, key=lambda k: abs(abs(w.flat[k]) - abs(w.flat[synapse])))
        free.discard(nearest)
        expected.add(nearest)
    assert set(np.flatnonzero(control).tolist()) == expected


def test_the_most_are_chosen_among_those_that_may_be():
    amount = np.array([[5.0, np.inf, 3.0], [-1.0, 4.0, np.inf]])
    among = np.array([[True, False, True], [True, True, True]])
    np.testing.assert_array_equal(most_of(2, amount, among), [[True, False, False], [False, False, True]])
    np.testing.assert_array_equal(most_of(9, amount, among), among)
    assert not most_of(0, amount, among).any()


@pytest.fixture(scope="module")
def run(toy_checkpoint):
    """A network whose neurons were taught a long time constant each, and shorter ones elsewhere; and the one before."""
    values = {key: np.array(value, dtype=np.float64) for key, value in toy_checkpoint.values.items()}
    for key in (key for key in values if key.endswith("tau_syn")):
        values[key] *= 0.9
    values["layer_1.feedforward.tau_syn"][:, 0] = 2.0
    return Run("toy", replace(toy_checkpoint, values=values), toy_checkpoint)


def test_a_lesion_sets_back_what_was_chosen_and_nothing_else(run):
    key = "layer_1.feedforward.tau_syn"
    mask = np.zeros((5, 6), dtype=bool)
    mask[2, 0] = mask[3, 4] = True
    back = set_back(run.trained, run.initial, {key: mask})
    np.testing.assert_array_equal(back.values[key][mask], run.initial.values[key][mask])
    np.testing.assert_array_equal(back.values[key][~mask], run.trained.values[key][~mask])
    others = [name for name in back.values if name != key]
    assert all(np.array_equal(back.values[name], run.trained.values[name]) for name in others)


def test_the_three_accuracies_of_a_lesion_are_those_of_three_networks(run, monkeypatch):
    data, tested = make_toy_data(60).test, []
    original = activity._accuracy

    def watched(checkpoint, recordings):
        tested.append(checkpoint)
        return original(checkpoint, recordings)

    monkeypatch.setattr(activity, "_accuracy", watched)
    found = lesion(run, data, seed=4)
    slots = {key: run.trained.values[key] for key in run.trained.values if key.endswith("tau_syn")}
    assert found.longer_than == max(float(run.initial.values[key].max()) for key in slots)
    assert found.share == pytest.approx(5 / sum(value.size for value in slots.values()))
    long = {key: value > found.longer_than for key, value in slots.items()}
    assert sum(mask.sum() for mask in long.values()) == 5
    rng = np.random.default_rng(4)
    control = {key: as_heavy(mask, run.trained.values[key.replace("tau_syn", "w")], rng) for key, mask in long.items()}
    networks = (run.trained, set_back(run.trained, run.initial, long), set_back(run.trained, run.initial, control))
    expected = [evaluate(Network.from_checkpoint(checkpoint), data).accuracy for checkpoint in networks]
    assert [found.whole, found.without_long, found.without_control] == pytest.approx(expected)
    assert [checkpoint.to_bytes() for checkpoint in tested] == [checkpoint.to_bytes() for checkpoint in networks]  # accuracies may be equal
    assert len({checkpoint.to_bytes() for checkpoint in tested}) == 3


def test_rates_are_counts_over_time(run):
    data = make_toy_data(60).test
    found = rates_of(run, data)
    seconds = data.n_steps.sum() * data.dt
    np.testing.assert_allclose(found["input"], np.bincount(data.units, minlength=6) / seconds, rtol=1e-12)
    spikes = Network.from_checkpoint(run.trained).record(data.rasters()).rasters["layer_1"]
    np.testing.assert_allclose(found["layer_1"], spikes.sum(axis=(0, 1)) / seconds, rtol=1e-12)

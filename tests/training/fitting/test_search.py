"""The search on losses that are written down: it needs their values, gradients and second derivatives, and no neuron."""

import numpy as np
import pytest

from hetsyn_sim.training.fitting.questions import without_refractory
from hetsyn_sim.training.fitting.search import search
from hetsyn_sim.training.fitting.trials import Trials

from .conftest import MEMBRANE


class Squares:
    """Half the squares of residuals of places; ``pull`` bends them."""

    def __init__(self, residuals, slopes):
        self.residuals, self.slopes, self.calls = residuals, slopes, []

    def cost(self, places, pull):
        self.calls.append((len(places), pull))
        return 0.5 * sum(r**2 for r in self.residuals(*places.T))

    def curvature(self, places, pull):
        r = np.stack(self.residuals(*places.T), axis=1)  # (set, residual)
        J = np.stack([np.stack(np.broadcast_arrays(*row, places[:, 0])[:-1], axis=1) for row in self.slopes(*places.T)], axis=1)
        return np.einsum("srp,sr->sp", J, r), np.einsum("srp,srq->spq", J, J)


def curved(to=(0.7, 0.5)):
    """Rosenbrock's valley, with its end in the box."""
    return Squares(
        lambda x, y: (10 * (y - to[1] - (x - to[0]) ** 2), x - to[0]),
        lambda x, y: ((-20 * (x - to[0]), 10.0 + 0 * x), (1.0 + 0 * x, 0.0 * x)),
    )


STARTS = np.random.default_rng(0).random((6, 2))


def test_all_starts_reach_the_end_of_a_valley_and_go_on_as_one():
    found = search(curved(), STARTS, (0.0,), most=50, watch=lambda state: None)
    assert len(found.places) == 1
    assert found.path_of.tolist() == [0] * 6
    np.testing.assert_allclose(found.places[0], [0.7, 0.5], atol=1e-4)


def test_an_end_outside_of_the_box_is_sought_on_its_edge():
    found = search(curved((1.4, -0.1)), STARTS, (0.0,), most=50, watch=lambda state: None)
    assert (found.places >= 0).all()
    assert (found.places <= 1).all()
    grid = np.stack(np.meshgrid(np.linspace(0, 1, 401), np.linspace(0, 1, 401)), axis=-1).reshape(-1, 2)
    assert found.costs.min() <= curved((1.4, -0.1)).cost(grid, 0.0).min() * 1.001


def test_two_valleys_are_two_ends():
    two = Squares(lambda x, y: ((x - 0.2) * (x - 0.8), y - 0.5), lambda x, y: ((2 * x - 1.0, 0.0 * x), (0.0 * x, 1.0 + 0 * x)))
    found = search(two, np.array([[0.1, 0.1], [0.9, 0.9], [0.3, 0.2]]), (0.0,), most=50, watch=lambda state: None)
    assert len(found.places) == 2
    assert found.path_of[0] == found.path_of[2] != found.path_of[1]


def test_stages_go_from_pull_to_pull_and_a_path_that_met_another_costs_nothing():
    loss, seen = curved(), []
    found = search(loss, STARTS, (0.9, 0.3, 0.0), most=50, watch=lambda state: seen.append(state.stage))
    assert found.stage == 3
    assert [pull for _, pull in loss.calls] == sorted((pull for _, pull in loss.calls), reverse=True)
    assert {pull for _, pull in loss.calls} == {0.9, 0.3, 0.0}
    assert max(n for n, pull in loss.calls if pull == 0.0) == 3  # one path, three dampings
    assert seen == sorted(seen)


def test_a_start_that_leaves_the_numbers_stays_where_it_is():
    loss = curved()
    whole = loss.cost
    loss.cost = lambda places, pull: np.where(places[:, 0] < 0.3, np.inf, whole(places, pull))
    found = search(loss, np.array([[0.1, 0.5], [0.5, 0.5]]), (0.0,), most=50, watch=lambda state: None)
    assert np.isfinite(found.costs).tolist() == [True, False]
    np.testing.assert_allclose(found.places[found.path_of[1]], [0.7, 0.5], atol=1e-4)


@pytest.mark.parametrize(("t_ref", "first"), [(0.0, 11), (0.5e-3, 11), (1e-3, 12), (2e-3, 14)])
def test_spikes_are_watched_for_from_the_step_in_which_the_neuron_is_ready(t_ref, first):
    every = np.ones((30, 1), dtype=bool)
    spikes = np.zeros((30, 1), dtype=bool)
    spikes[10] = True
    watched = without_refractory(MEMBRANE, Trials(5e-4, {}, None, spikes, None, every, every), {"t_ref": t_ref})
    assert watched[10, 0]
    assert np.flatnonzero(watched[11:, 0])[0] + 11 == first

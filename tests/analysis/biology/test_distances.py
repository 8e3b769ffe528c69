"""Distances and intervals on samples whose truth is known."""

import numpy as np
import pytest

from analysis.biology.distances import distance
from analysis.biology.table import TauTable
from analysis.biology.uncertainty import Estimate, bootstrap, clustering, resamples
from hetsyn_sim.errors import UnknownNameError


def lognormal(n, median=10e-3, sigma=0.5, seed=0):
    return TauTable(np.random.default_rng(seed).lognormal(np.log(median), sigma, n), "sample")


def test_wasserstein_of_a_scale_is_its_logarithm_and_is_gone_where_scale_is_apart():
    one = lognormal(500)
    twice = one.with_tau(2.0 * one.tau, "twice")
    assert distance(one, twice) == pytest.approx(np.log(2.0))
    assert distance(one, twice, aspect="spread") == pytest.approx(0.0, abs=1e-12)
    wider = one.with_tau(np.median(one.tau) * (one.tau / np.median(one.tau)) ** 2, "wider")
    assert distance(one, wider, aspect="spread") > 0.3
    assert distance(one, wider, aspect="shape") == pytest.approx(0.0, abs=1e-12)


def test_wasserstein_and_energy_are_those_of_the_quantiles():
    """Another route: W1 is the area between the quantile functions, the energy distance the squared one between distribution functions."""
    one, other = lognormal(400, seed=1), lognormal(400, median=15e-3, sigma=0.8, seed=2)
    a, b = np.sort(np.log(one.tau)), np.sort(np.log(other.tau))
    assert distance(one, other) == pytest.approx(np.abs(a - b).mean())
    x = np.sort(np.concatenate([a, b]))
    gap = np.searchsorted(a, x[:-1], "right") / 400 - np.searchsorted(b, x[:-1], "right") / 400
    assert distance(one, other, "energy") == pytest.approx(np.sqrt(2.0 * np.sum(gap**2 * np.diff(x))))
    assert distance(one, other, "ks") == pytest.approx(np.abs(gap).max())


def test_what_is_censored_is_at_its_limit():
    one = lognormal(300).with_limits(8e-3, 12e-3)
    assert np.isfinite(distance(one, lognormal(300, seed=3).with_limits(8e-3, 12e-3)))
    beyond = TauTable(np.array([0.0, 5e-3, np.inf, 7e-3]), "ends")
    assert distance(beyond, TauTable(np.array([5e-3, 7e-3]), "inside")) == 0.0  # 0 and infinity have no logarithm


def test_an_unknown_distance_is_refused():
    with pytest.raises(UnknownNameError, match="unknown distance or aspect"):
        distance(lognormal(5), lognormal(5), "hellinger")


def clustered(rng, n_seeds, n_neurons, n_synapses, between_seeds, between_neurons, within):
    shape = (n_seeds, n_neurons, n_synapses)
    logs = (
        rng.normal(0, between_seeds, (n_seeds, 1, 1))
        + rng.normal(0, between_neurons, (n_seeds, n_neurons, 1))
        + rng.normal(0, within, shape)
    )
    seed, post, pre = (index.ravel() for index in np.indices(shape))
    columns = {"seed": seed, "layer": np.full(seed.size, "layer_1"), "post": post, "pre": pre}
    return TauTable(10e-3 * np.exp(logs.ravel()), "clustered", columns=columns)


@pytest.mark.thorough
def test_90_percent_cluster_intervals_hold_the_median_in_85_to_95_percent_of_200_samples():
    rng = np.random.default_rng(0)
    inside = 0
    for k in range(200):
        table = clustered(rng, 20, 5, 8, 0.3, 0.2, 0.5)
        found = bootstrap(table, lambda t: float(np.median(t.tau)), n=100, level=0.9, seed=k)
        inside += found.low <= 10e-3 <= found.high
    assert 170 <= inside <= 190, inside


@pytest.mark.parametrize("n", [2, 3, 20])
def test_an_interval_holds_its_estimate_however_few_the_resamples(n):
    table = clustered(np.random.default_rng(2), 5, 3, 4, 0.3, 0.2, 0.5)
    raw = [[float(np.median(table.rows(i).tau)) for i in resamples(table, n, seed)] for seed in range(40)]
    median = float(np.median(table.tau))
    assert n == 20 or any(min(values) > median or max(values) < median for values in raw), "the resamples would have left it out"
    for seed in range(40):
        found = bootstrap(table, lambda t: float(np.median(t.tau)), n=n, seed=seed)
        assert found.low <= found.value <= found.high
    assert Estimate.of(1.0, [2.0, 3.0]) == Estimate(1.0, 1.0, pytest.approx(2.975))


def test_resampling_rows_alone_would_be_too_sure():
    table = clustered(np.random.default_rng(1), 10, 5, 40, 0.5, 0.0, 0.3)
    ours = bootstrap(table, lambda t: float(np.median(t.tau)), seed=0)
    bare = TauTable(table.tau, "bare")
    naive = bootstrap(bare, lambda t: float(np.median(t.tau)), seed=0)
    assert (ours.high - ours.low) > 3.0 * (naive.high - naive.low)


def test_resamples_keep_networks_and_neurons_whole():
    table = clustered(np.random.default_rng(2), 3, 4, 5, 0.1, 0.1, 0.1)
    for indices in resamples(table, 5, seed=0):
        assert indices.size == len(table)
        drawn = table.rows(indices)
        assert len(set(drawn.column("seed"))) <= 3
    assert [i.tolist() for i in resamples(table, 2, seed=7)] == [i.tolist() for i in resamples(table, 2, seed=7)]


@pytest.mark.parametrize("shape", [(300, 1, 1), (1, 300, 1), (1, 1, 300)], ids=["networks", "neurons", "synapses"])
def test_what_is_resampled_is_drawn_with_replacement_at_each_level(shape):
    """Where the other levels have one member each: of n, 1 - 1/e are drawn at least once."""
    table = clustered(np.random.default_rng(4), *shape, 0.1, 0.1, 0.1)
    drawn = [len(set(indices.tolist())) / 300 for indices in resamples(table, 20, seed=0)]
    assert np.mean(drawn) == pytest.approx(1.0 - np.exp(-1.0), abs=0.02)


def test_the_design_effect_is_that_of_the_components_of_variance():
    table = clustered(np.random.default_rng(3), 400, 1, 10, 0.5, 0.0, 1.0)
    found = clustering(table, "seed")
    assert found.n_clusters == 400
    assert found.correlation == pytest.approx(0.2, abs=0.04)  # 0.25 / 1.25; its standard error here is near 0.02
    assert found.design_effect == pytest.approx(1.0 + 9.0 * found.correlation)
    assert found.effective_n == pytest.approx(4000 / found.design_effect)
    assert clustering(table.rows(np.arange(10)), "seed").design_effect == 1.0

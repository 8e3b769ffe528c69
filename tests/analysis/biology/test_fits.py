"""Formulas of the families against SciPy; censored fits on samples whose truth is known: intervals, a choice, goodness, tails."""

import numpy as np
import pytest

from analysis.biology.families import FAMILIES
from analysis.biology.fits import Fit, akaike_weights, fit_families, fit_family, goodness_of_fit, parameter_intervals, thinned
from analysis.biology.likelihood import log_likelihood
from analysis.biology.table import TauTable
from analysis.biology.tails import heavy_tail
from hetsyn_sim.errors import DataError, UnknownNameError

SHAPES = {
    "lognormal": [(7e-3, 1.1), (0.1, 0.05)],
    "gamma": [(0.4, 30e-3), (50.0, 2e-4)],
    "weibull": [(0.6, 9e-3), (5.0, 20e-3)],
    "inverse_gaussian": [(12e-3, 9e-3), (12e-3, 50.0)],
    "exponential": [(9e-3,)],
    "two_lognormals": [(0.3, 5e-3, 0.4, 60e-3, 0.5)],
    "truncated_normal": [(10e-3, 4e-3), (1e-3, 20e-3)],
    "uniform": [(1e-3, 99e-3)],
}


@pytest.mark.parametrize("name", FAMILIES)
def test_formulas_are_scipys(name):
    family, x = FAMILIES[name], np.geomspace(2e-3, 90e-3, 50)
    for shape in SHAPES[name]:
        scipys = family.frozen(*shape)
        density, (below, above) = family.log_density(x, *shape), family.log_tails(x, *shape)
        assert np.exp(density) == pytest.approx(np.exp(scipys.logpdf(x)), rel=1e-9, abs=1e-12)
        assert np.exp(below) == pytest.approx(scipys.cdf(x), rel=1e-9, abs=1e-12)
        assert np.exp(above) == pytest.approx(1.0 - scipys.cdf(x), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", FAMILIES)
def test_searches_go_there_and_back(name):
    family = FAMILIES[name]
    for shape in SHAPES[name]:
        assert family.transform(family.inverse(np.array(shape))) == pytest.approx(shape)
    tau = np.random.default_rng(0).lognormal(np.log(7e-3), 0.5, 200)
    assert all(value > 0 for value in family.start(tau))


TRUTH = {"lognormal": (7e-3, 1.1), "gamma": (2.0, 5e-3), "weibull": (1.4, 9e-3), "inverse_gaussian": (12e-3, 9e-3)}
FOUR = tuple(TRUTH)
#: Every family but the uniform, whose likelihood has no curvature at its maximum.
INTERVALS = TRUTH | {"exponential": (9e-3,), "truncated_normal": (12e-3, 5e-3), "two_lognormals": (0.6, 5e-3, 0.4, 30e-3, 0.4)}


def sample(family, n, seed, low=0.0, high=np.inf):
    return TauTable(FAMILIES[family].frozen(*TRUTH[family]).rvs(n, random_state=np.random.default_rng(seed)), family, low, high)


@pytest.mark.parametrize(
    ("family", "n"),
    [
        *((family, 300) for family in INTERVALS if family != "two_lognormals"),
        pytest.param("two_lognormals", 1000, marks=pytest.mark.thorough),
    ],
)
def test_90_percent_intervals_hold_the_truth_in_85_to_95_percent_of_200_censored_samples(family, n):
    truth, frozen = INTERVALS[family], FAMILIES[family].frozen(*INTERVALS[family])
    inside = np.zeros(len(truth))
    for seed in range(200):
        tau = frozen.rvs(n, random_state=np.random.default_rng([1, seed]))
        table = TauTable(tau, family, 3e-3, 40e-3)
        found = parameter_intervals(table, fit_family(table, family))
        inside += [found[name].low <= true <= found[name].high for name, true in zip(found, truth, strict=True)]
    assert np.all((inside >= 170) & (inside <= 190)), inside


@pytest.mark.parametrize(
    ("family", "parameters"),
    # shapes at which the families differ: near a shape of 1, gamma and Weibull are both almost exponential
    [
        ("lognormal", (7e-3, 1.1)),
        pytest.param("gamma", (5.0, 2e-3), marks=pytest.mark.thorough),
        pytest.param("weibull", (3.0, 9e-3), marks=pytest.mark.thorough),
        ("inverse_gaussian", (12e-3, 9e-3)),
    ],
)
def test_the_right_family_is_chosen_from_500(family, parameters):
    right, censored_away = 0, 0
    for seed in range(50):
        tau = FAMILIES[family].frozen(*parameters).rvs(500, random_state=np.random.default_rng([4, seed]))
        right += fit_families(TauTable(tau, family), FOUR)[0].family == family
        hidden = fit_families(TauTable(tau, family, 3e-3, 40e-3), FOUR)
        # without its ends a log-normal may look like an inverse Gaussian, but the truth is not ruled out
        censored_away += next(fit.aic for fit in hidden if fit.family == family) - hidden[0].aic > 10.0
    assert right >= 45, right
    assert censored_away == 0


@pytest.mark.parametrize("limits", [(0.0, np.inf), (7e-3, np.inf), (0.0, 17e-3), (7e-3, 17e-3)])
def test_a_censored_uniform_has_its_ends_back_and_nothing_near_is_likelier(limits):
    """The initial family of many networks; its likelihood has corners, so the maximum is in closed form."""
    rng = np.random.default_rng(14)
    table = TauTable(rng.uniform(5e-3, 20e-3, 1000), "uniform", *limits)
    fit = fit_family(table, "uniform")
    assert [fit.parameters["low"], fit.parameters["low"] + fit.parameters["width"]] == pytest.approx([5e-3, 20e-3], rel=0.05)
    value = log_likelihood(table, FAMILIES["uniform"])
    ends = np.array(list(fit.parameters.values()))
    assert max(value(ends * factors) for factors in np.exp(rng.normal(0, 0.02, (500, 2)))) <= fit.log_likelihood + 1e-9


def test_one_and_two_populations_are_told_apart():
    rng = np.random.default_rng(5)
    two = TauTable(np.concatenate([rng.lognormal(np.log(5e-3), 0.4, 300), rng.lognormal(np.log(60e-3), 0.4, 200)]), "two")
    best = fit_families(two, ("lognormal", "two_lognormals"))[0]
    assert best.family == "two_lognormals"
    medians = sorted(best.parameters[name] for name in ("median_1", "median_2"))
    assert medians == pytest.approx([5e-3, 60e-3], rel=0.15)
    bic = {fit.family: fit.bic for fit in fit_families(sample("lognormal", 500, 6), ("lognormal", "two_lognormals"))}
    assert bic["lognormal"] < bic["two_lognormals"]


def test_criteria_are_what_they_are_called():
    fits = fit_families(sample("gamma", 200, 7), FOUR)
    best = fits[0]
    assert best.aic == pytest.approx(4.0 - 2.0 * best.log_likelihood)
    assert best.bic == pytest.approx(2.0 * np.log(200) - 2.0 * best.log_likelihood)
    weights = akaike_weights(fits)
    assert sum(weights.values()) == pytest.approx(1.0)
    assert weights[fits[1].family] / weights[best.family] == pytest.approx(np.exp(-0.5 * (fits[1].aic - best.aic)))


def test_a_fit_that_is_wrong_is_seen_and_one_that_is_right_is_not():
    right = sample("lognormal", 300, 8, low=2e-3)
    assert goodness_of_fit(right, fit_family(right, "lognormal"), n_samples=49) > 0.05
    wrong = TauTable(np.concatenate([sample("lognormal", 200, 9).tau, np.full(100, 5e-3)]), "heaped")
    assert goodness_of_fit(wrong, fit_family(wrong, "lognormal"), n_samples=49) == 1 / 50


def test_too_little_is_refused():
    even = TauTable(np.random.default_rng(0).uniform(5e-3, 20e-3, 200), "uniform")
    nowhere = Fit("truncated_normal", {"mean": 1e-12, "sd": 1e-3}, 0.0, 400)
    for call, words in (
        (lambda: fit_family(TauTable(np.array([1e-3, 2e-3]), "two"), "gamma"), "too little to fit"),
        (lambda: fit_family(TauTable(np.full(10, 1e-3), "same"), "gamma"), "all the same"),
        (lambda: fit_family(TauTable(np.full(10, 1e-3), "low", low=2e-3), "gamma"), "all time constants are censored"),
        (lambda: heavy_tail(sample("gamma", 30, 0)), "tail is too short"),
        (lambda: parameter_intervals(sample("gamma", 400, 0), nowhere), "have no interval"),
        (lambda: parameter_intervals(even, fit_family(even, "uniform")), "have no interval"),  # from curvature
    ):
        with pytest.raises(DataError, match=words):
            call()
    with pytest.raises(UnknownNameError, match="unknown family"):
        fit_family(sample("gamma", 10, 0), "cauchy")


def test_thinning_keeps_rows_whole():
    table = TauTable(np.arange(1.0, 101.0), "n", columns={"k": np.arange(1, 101)})
    few = thinned(table, 10, seed=1)
    assert len(few) == 10
    assert np.array_equal(few.tau, few.column("k"))
    assert thinned(table, 200) is table

"""What censoring must not change: a limit hides where values lie beyond it, and nothing else. Recounts by other routes."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from analysis.biology import fits
from analysis.biology.families import FAMILIES
from analysis.biology.fits import CANDIDATES, Fit, fit_family, goodness_of_fit, ks_distance
from analysis.biology.likelihood import log_likelihood
from analysis.biology.loaders import reference
from analysis.biology.table import TauTable
from analysis.biology.tails import heavy_tail

LOGNORMAL = Fit("lognormal", {"median": 8e-3, "sigma": 0.9}, 0.0, 1)


def sample(n, seed=0, median=8e-3, sigma=0.9):
    return np.random.default_rng(seed).lognormal(np.log(median), sigma, n)


def counted(tau, fit, low, high):
    """The largest difference between the limits, by counting at many points on both sides of every value."""
    inside = np.sort(tau[(tau > low) & (tau < high)])
    points = np.concatenate([inside, inside * (1 - 1e-12)])
    share = np.array([np.mean(tau <= x) for x in points])
    return float(np.abs(share - fit.distribution.cdf(points)).max())


@given(seed=st.integers(0, 10**6), low=st.floats(0.0, 0.4), high=st.floats(0.6, 1.0))
def test_the_distance_counts_what_lies_beyond_the_limits(seed, low, high):
    tau = sample(60, seed)
    ends = np.quantile(tau, low), np.quantile(tau, high) * (1.0 + 1e-9)
    table = TauTable(tau, "censored", *ends)
    assert ks_distance(table, LOGNORMAL) == pytest.approx(counted(tau, LOGNORMAL, *ends), abs=1e-9)


@pytest.mark.parametrize("name", CANDIDATES)
@given(seed=st.integers(0, 10**6), low=st.floats(1e-3, 6e-3), width=st.floats(5e-3, 50e-3))
def test_the_likelihood_is_that_of_a_count_in_three_parts(name, seed, low, width):
    """By SciPy's distribution functions: the product of densities between the limits, and of the shares beyond them."""
    tau, high = sample(80, seed), low + width
    family = FAMILIES[name]
    parameters = family.start(tau)
    scipys = family.frozen(*parameters)
    inside = tau[(tau > low) & (tau < high)]
    expected = float(scipys.logpdf(inside).sum())
    for count, share in ((np.sum(tau <= low), scipys.cdf(low)), (np.sum(tau >= high), scipys.sf(high))):
        expected += count * np.log(share) if count else 0.0
    table = TauTable(tau, name, low, high)
    assert log_likelihood(table, family)(parameters) == pytest.approx(expected, rel=1e-9)


def test_samples_of_the_bootstrap_are_as_censored_as_the_data(monkeypatch):
    table = TauTable(sample(400), "half of them are hidden", 6e-3, 15e-3)
    fit, drawn = fit_family(table, "lognormal"), []
    original = fits.fit_family

    def watched(sample, name, **options):
        drawn.append((sample, original(sample, name, **options)))
        return drawn[-1][1]

    monkeypatch.setattr(fits, "fit_family", watched)
    p = goodness_of_fit(table, fit, n_samples=30, seed=1)
    assert len(drawn) == 30
    assert {(s.low, s.high, len(s)) for s, _ in drawn} == {(6e-3, 15e-3, 400)}
    shares = np.array([s.censored for s, _ in drawn]).mean(axis=0)
    np.testing.assert_allclose(shares, table.censored, atol=5 * np.sqrt(0.25 / (400 * 30)) + 0.03)  # those of the fit
    further = sum(ks_distance(s, f) >= ks_distance(table, fit) for s, f in drawn)
    assert p == (further + 1) / 31


@pytest.mark.parametrize("law", ["pareto", "lognormal"])
def test_a_tail_is_fitted_with_its_censored_values(law):
    """Both laws by another search and SciPy's own distributions: values at the limit count as the share beyond it."""
    rng = np.random.default_rng(2)
    tau = stats.pareto(1.2, scale=5e-3).rvs(3000, random_state=rng) if law == "pareto" else sample(3000, 2, 5e-3, 0.8)
    low, high = 6e-3, 20e-3
    found = heavy_tail(TauTable(tau, law, 0.0, high), above=low)
    tail = tau[tau > low]
    inside, n_high = tail[tail < high], int(np.sum(tail >= high))
    assert n_high > 50
    assert found.n == tail.size

    def power(exponent):
        part = stats.pareto(exponent - 1.0, scale=low)
        return np.concatenate([part.logpdf(inside), np.full(n_high, part.logsf(high))])

    def normal(x):
        part = stats.lognorm(np.exp(x[1]), scale=low * np.exp(x[0]))
        beyond = part.logsf(low)
        return np.concatenate([part.logpdf(inside) - beyond, np.full(n_high, part.logsf(high) - beyond)])

    best = optimize.minimize_scalar(lambda a: -power(a).sum(), bounds=(1.01, 20.0), method="bounded", options={"xatol": 1e-9})
    assert found.exponent == pytest.approx(best.x, rel=1e-5)
    found_by_scipy = optimize.minimize(
        lambda x: -normal(x).sum(), [0.0, 0.0], method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-8}
    )
    ratio = 2.0 * (best.fun - found_by_scipy.fun)
    if law == "lognormal":
        assert found.ratio == pytest.approx(ratio, abs=1e-4)
        assert found.verdict == "log-normal"
    else:  # log-normals come near a power law and never reach it, and no search ends there
        assert max(0.0, ratio) <= found.ratio + 1e-6
        assert found.verdict == "not told apart"


def test_a_power_law_is_ruled_out_as_often_as_it_should_be():
    """Of 120 samples of a power law, 5 % by a log-normal, half of them with a ratio of 0; as many with a fit in the lowest tenth."""
    rng = np.random.default_rng(4)
    found = [
        heavy_tail(TauTable(stats.pareto(1.5, scale=5e-3).rvs(200, random_state=rng), "pareto", 0.0, 0.1), 5e-3, n_samples=40)
        for _ in range(120)
    ]
    for share, expected in ((np.mean([f.p < 0.05 for f in found]), 0.05), (np.mean([f.ratio < 1e-6 for f in found]), 0.5)):
        assert share == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / 120))
    assert np.mean([f.p_fit <= 0.1 for f in found]) == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / 120))


def test_what_is_no_power_law_is_not_called_one():
    """Two log-normals, and a law with a step: the first is ruled out by a log-normal, the second by its fit."""
    rng = np.random.default_rng(5)
    mixed = np.concatenate([rng.lognormal(np.log(5e-3), 0.4, 3200), rng.lognormal(np.log(60e-3), 0.4, 800)])
    assert heavy_tail(TauTable(mixed, "two", 0.0, 1.0)).verdict == "log-normal"
    heaped = np.concatenate([5e-3 * np.exp(rng.exponential(0.2, 500)), 5e-3 * np.exp(rng.exponential(2.0, 500))])
    found = heavy_tail(TauTable(heaped, "two power laws"), above=5e-3)
    assert (found.verdict, found.p) == ("neither", pytest.approx(0.5, abs=1e-3))


def test_a_tail_without_a_limit_has_hills_exponent():
    """Hill 1975: the mean of log(tau / threshold)."""
    tau = stats.pareto(1.5, scale=5e-3).rvs(2000, random_state=np.random.default_rng(3))
    tail = tau[tau > 7e-3]
    assert heavy_tail(TauTable(tau, "pareto"), above=7e-3).exponent == pytest.approx(1.0 + 1.0 / np.log(tail / 7e-3).mean(), rel=1e-12)


def test_the_hippocampus_is_as_the_page_on_biology_says():
    """docs/biology.md: a power law is not ruled out for its longest time constants."""
    found = heavy_tail(reference("hippocampome"))
    page = (Path(__file__).parents[3] / "docs" / "biology.md").read_text(encoding="utf-8")
    assert f"{found.n} longest time constants of the hippocampus it is not (p = {found.p:.2f}" in page
    assert found.verdict == "not told apart"

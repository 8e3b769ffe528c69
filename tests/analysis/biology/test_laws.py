"""The formulas of the families against SciPy, and the tails against the integrals of the densities."""

import numpy as np
import pytest
from scipy import integrate

from analysis.biology.families import FAMILIES

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


def test_every_family_has_shapes_to_be_tested_at():
    assert set(SHAPES) == set(FAMILIES)


@pytest.mark.parametrize(("name", "shape"), [(name, shape) for name, shapes in SHAPES.items() for shape in shapes])
def test_formulas_are_scipys(name, shape):
    family, scipys = FAMILIES[name], FAMILIES[name].frozen(*shape)
    x = np.geomspace(2e-3, 90e-3, 50)
    density, (below, above) = family.log_density(x, *shape), family.log_tails(x, *shape)
    assert np.exp(density) == pytest.approx(np.exp(scipys.logpdf(x)), rel=1e-9, abs=1e-12)
    assert np.exp(below) == pytest.approx(scipys.cdf(x), rel=1e-9, abs=1e-12)
    assert np.exp(above) == pytest.approx(1.0 - scipys.cdf(x), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", FAMILIES)
def test_tails_are_what_is_left_of_the_density(name):
    """Another route: no distribution function, only the density, summed up between two limits."""
    family, shape, (low, high) = FAMILIES[name], SHAPES[name][0], (4e-3, 30e-3)
    between = integrate.quad(lambda x: float(np.exp(family.log_density(np.float64(x), *shape))), low, high)[0]
    below = np.exp(family.log_tails(np.float64(low), *shape)[0])
    above = np.exp(family.log_tails(np.float64(high), *shape)[1])
    assert below + between + above == pytest.approx(1.0, abs=1e-7)


@pytest.mark.parametrize("name", FAMILIES)
def test_searches_go_there_and_back(name):
    family = FAMILIES[name]
    for shape in SHAPES[name]:
        assert family.transform(family.inverse(np.array(shape))) == pytest.approx(shape)
    tau = np.random.default_rng(0).lognormal(np.log(7e-3), 0.5, 200)
    assert all(value > 0 for value in family.start(tau))

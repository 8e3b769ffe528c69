"""Van Rossum's distance against its closed forms and against the integral."""

import numpy as np
import pytest
from scipy.integrate import trapezoid

from hetsyn_sim.ladder import van_rossum

DT, TAU = 1e-3, 7e-3


def train(*steps, n=60):
    raster = np.zeros((n, 1, 1), dtype=bool)
    raster[list(steps)] = True
    return raster


def test_equal_trains_and_silence_are_at_no_distance():
    assert van_rossum(train(3, 9), train(3, 9), DT, TAU) == 0.0
    assert van_rossum(train(), train(), DT, TAU) == 0.0


@pytest.mark.parametrize("at", [0, 30, 59])
def test_a_spike_without_a_partner_is_at_a_distance_of_1(at):
    assert van_rossum(train(at), train(), DT, TAU) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("gap", [1, 5, 40])
def test_a_pair_is_at_one_minus_an_exponential(gap):
    """Van Rossum 2001, after eq. 2.3."""
    assert van_rossum(train(10), train(10 + gap), DT, TAU) == pytest.approx(1 - np.exp(-gap * DT / TAU), rel=1e-12)


def test_many_trains_against_the_integral():
    rng = np.random.default_rng(0)
    one, other = (rng.random((40, 3, 4)) < 0.2 for _ in range(2))
    fine = 50  # the exponentials on a grid fine enough for the trapezoidal rule: h^2/12 (2/tau)^2 = 3e-7 relative
    t = np.arange(0, 40 * fine + 20 * 7 * fine) * DT / fine
    total = 0.0
    for run in range(3):
        for neuron in range(4):
            f = np.zeros_like(t)
            for raster, sign in ((one, 1.0), (other, -1.0)):
                for step in np.flatnonzero(raster[:, run, neuron]):
                    f[step * fine :] += sign * np.exp(-(t[step * fine :] - t[step * fine]) / TAU)
            g = f**2
            jumps = np.arange(0, 40 * fine, fine)  # the value just before a jump is the continuation of the piece before
            whole = trapezoid(g, t)
            for k in jumps[1:]:
                before = f[k - 1] * np.exp(-DT / fine / TAU)
                whole += 0.5 * (before**2 - g[k]) * DT / fine
            total += whole / TAU
    assert van_rossum(one, other, DT, TAU) == pytest.approx(2 * total / (one.sum() + other.sum()), rel=1e-5)

"""Van Rossum's distance against its closed forms."""

import numpy as np
import pytest

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


def test_many_trains_are_a_sum_over_pairs_of_spikes():
    """The integral of two exponentials that begin at a distance T is tau/2 exp(-T/tau): each pair counts, with the sign of its trains."""
    rng = np.random.default_rng(0)
    one, other = (rng.random((40, 3, 4)) < 0.2 for _ in range(2))
    steps = np.arange(40)
    kernel = np.exp(-np.abs(steps[:, None] - steps) * DT / TAU)
    sign = one.astype(float) - other
    total = np.einsum("irn,ij,jrn->", sign, kernel, sign)
    assert van_rossum(one, other, DT, TAU) == pytest.approx(total / (one.sum() + other.sum()), rel=1e-12)

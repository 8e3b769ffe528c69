"""Initial distributions: text both ways, checked arguments, and the moments they promise."""

import math

import numpy as np
import pytest
from brian2 import ms
from hypothesis import given
from hypothesis import strategies as st

from hetsyn_sim.errors import SpecError
from hetsyn_sim.spec.initial import Constant, FanInNormal, FanInUniform, Initial, Normal, Uniform, as_initial

from ..refusal import refused

N = 40_000


def sample(initial, shape=(200, 200)):
    return initial.sample(np.random.default_rng(1), shape)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("constant(20 ms)", Constant(20 * 1e-3)),
        ("uniform(5 ms, 20 ms)", Uniform(5 * 1e-3, 20 * 1e-3)),
        (" normal( 20 ms , 5 ms ) ", Normal(20 * 1e-3, 5 * 1e-3)),
        ("20 ms", Constant(20 * 1e-3)),
        (20 * ms, Constant(20 * 1e-3)),
        (Uniform(5 * ms, 20 * ms), Uniform(5 * 1e-3, 20 * 1e-3)),
    ],
)
def test_text_quantities_and_objects_are_read(text, expected):
    assert as_initial(text, "ms", where="x") == expected


positive = st.floats(1e-9, 1e9)
distributions = st.one_of(
    st.builds(Constant, st.floats(allow_nan=False)),
    st.builds(lambda a, b: Uniform(min(a, b), max(a, b)), positive, positive),
    st.builds(Normal, st.floats(-1e9, 1e9), positive),
    st.builds(FanInNormal, positive),
    st.builds(FanInUniform, positive),
)


@given(distributions, st.sampled_from(["1", "ms"]))
def test_text_gives_back_an_equal_distribution(initial, unit):
    assert isinstance(initial, Initial)
    assert as_initial(initial.to_text(unit), unit, where="x") == initial


@pytest.mark.parametrize("text", ["triangular(1, 2)", "uniform(1)", "uniform(1, 2, 3)", "constant()", "normal(,)"])
def test_an_unknown_distribution_is_refused(text):
    with refused(SpecError, "unknown initial distribution", "Parameter.initial", repr(text), "uniform(low, high)", "all its arguments"):
        as_initial(text, "1", where="Parameter.initial")


@pytest.mark.parametrize(
    ("initial", "expected"),
    [
        (Constant(math.nan), "a number"),
        (Uniform(2.0, 1.0), "low <= high"),
        (Uniform(0.0, math.inf), "finite"),
        (Normal(0.0, -1.0), "sd >= 0"),
        (Normal(math.inf, 1.0), "finite"),
        (Normal(0.0, math.nan), "finite"),
        (FanInNormal(-1.0), ">= 0"),
        (FanInNormal(math.nan), ">= 0"),
        (FanInUniform(-1.0), ">= 0"),
        ("constant(nan)", "a number"),
    ],
)
def test_impossible_arguments_are_refused(initial, expected):
    with refused(SpecError, "impossible arguments", "Parameter.initial", "(", expected):
        as_initial(initial, "1", where="Parameter.initial")
    with pytest.raises(SpecError, match="wrong kind"):
        as_initial("uniform(5 mV, 20 ms)", "ms", where="x")


@pytest.mark.parametrize("initial", [Uniform(1.0, 1.0), Normal(1.0, 0.0), Constant(math.inf), FanInNormal(0.0)])
def test_the_limits_of_the_arguments_are_possible(initial):
    assert as_initial(initial, "1", where="x") == initial


def test_constant_is_the_same_everywhere():
    np.testing.assert_array_equal(sample(Constant(0.02), (2, 3)), np.full((2, 3), 0.02))
    assert sample(Constant(0.02), ()).shape == ()


# Means of N samples are within 5 standard errors (one seed, fixed: the outcome does not vary); variances have a standard error of
# var * sqrt(kurtosis_factor / N), with a factor of 2 for the normal and 0.8 for the uniform distribution.
@pytest.mark.parametrize(
    ("initial", "mean", "sd", "factor", "low", "high"),
    [
        (Uniform(5.0, 20.0), 12.5, 15 / math.sqrt(12), 0.8, 5.0, 20.0),
        (Normal(20.0, 5.0), 20.0, 5.0, 2.0, -math.inf, math.inf),
        (FanInNormal(3.0), 0.0, 3.0 / math.sqrt(200), 2.0, -math.inf, math.inf),
        (FanInUniform(3.0), 0.0, 3.0 / math.sqrt(3 * 200), 0.8, -3.0 / math.sqrt(200), 3.0 / math.sqrt(200)),
    ],
)
def test_samples_have_their_mean_sd_and_support(initial, mean, sd, factor, low, high):
    values = sample(initial)
    assert abs(values.mean() - mean) < 5 * sd / math.sqrt(N)
    assert abs(values.var() / sd**2 - 1) < 5 * math.sqrt(factor / N)
    assert low <= values.min() < values.max() < high


@pytest.mark.parametrize("kind", [FanInNormal, FanInUniform])
def test_the_fan_in_is_the_last_axis(kind):
    few, many = (sample(kind(1.0), shape) for shape in ((100, 4), (4, 100)))
    # equal draws: only the divisor differs, sqrt(4) against sqrt(100); equal to the rounding of one division, or, between two bounds of
    # size 1, of their difference, of its product and of one sum
    np.testing.assert_allclose(few.ravel() * 2, many.ravel() * 10, rtol=4e-16 * 2, atol=4 * 2.3e-16 if kind is FanInUniform else 0.0)

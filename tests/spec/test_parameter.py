"""A parameter: the smallest valid one, everything that makes it invalid, and its plain form."""

import math

import pytest
from brian2 import ms, mV

from hetsyn_sim.errors import SpecError
from hetsyn_sim.spec import UNBOUNDED, Constant, FanInNormal, Normal, Parameter, Uniform

from ..refusal import refused


def test_axes_are_enough():
    parameter = Parameter(axes="layer")
    assert parameter.unit == "1"
    assert parameter.distribution == Constant(0.0)
    assert parameter.si_bounds == UNBOUNDED
    assert not parameter.trainable


def test_every_number_is_si_after_construction():
    parameter = Parameter(axes="post", unit=ms, initial="uniform(5 ms, 20 ms)", bounds=(1 * ms, "1 second"), trainable=True)
    assert parameter.unit == "ms"
    assert parameter.distribution == Uniform(5 * 1e-3, 20 * 1e-3)
    assert parameter.si_bounds == (1e-3, 1.0)


@pytest.mark.parametrize(("axes", "shape"), [("post pre", (3, 2)), ("post", (3,)), ("layer", ())])
def test_axes_say_the_shape(axes, shape):
    assert Parameter(axes=axes).shape(n_post=3, n_pre=2) == shape


@pytest.mark.parametrize("axes", [None, "", "pre", "pre post", "neuron"])
def test_axes_are_required_and_known(axes):
    with refused(SpecError, "needs axes", "Parameter", repr(axes), "'post pre' or 'post' or 'layer'", 'axes="post pre"'):
        Parameter(axes=axes)


def test_a_unit_is_known_and_is_that_of_the_initial_value_and_of_the_bounds():
    with refused(SpecError, "unknown unit", got="'parsec'"):
        Parameter(axes="layer", unit="parsec")
    with refused(SpecError, "wrong kind", "Parameter.initial"):
        Parameter(axes="layer", unit="ms", initial=5 * mV)
    with refused(SpecError, "wrong kind", "Parameter.bounds"):
        Parameter(axes="layer", unit="ms", bounds=(1 * mV, 2 * mV))


def test_a_trainable_parameter_says_how_far_it_may_go():
    with refused(SpecError, "trainable parameter needs bounds", remedy="UNBOUNDED"):
        Parameter(axes="layer", trainable=True)
    assert Parameter(axes="layer", trainable=True, bounds=UNBOUNDED).si_bounds == (-math.inf, math.inf)


@pytest.mark.parametrize("bounds", [(2.0, 1.0), (1.0, 1.0), (math.nan, 1.0), (0.0, math.nan)])
def test_bounds_are_in_order(bounds):
    with refused(SpecError, "reversed, equal or not a number", expected="lowest < highest", remedy="swap them"):
        Parameter(axes="layer", bounds=bounds)


@pytest.mark.parametrize("initial", [Constant("5 second"), Uniform("0 ms", "5 ms"), Uniform("5 ms", "5 second")])
def test_it_starts_inside_its_bounds(initial):
    remedy = "change the initial value or the bounds"
    with refused(SpecError, "starts outside of its bounds", expected="1.0 ms to 1000.0 ms", remedy=remedy):
        Parameter(axes="layer", unit="ms", initial=initial, bounds=("1 ms", "1 second"))


@pytest.mark.parametrize("initial", [Constant("1 ms"), Uniform("1 ms", "1 second"), Normal("1 ms", "5 ms")])
def test_it_may_start_on_its_bounds_and_a_normal_is_cut_there(initial):
    assert Parameter(axes="layer", unit="ms", initial=initial, bounds=("1 ms", "1 second")).si_bounds == (1e-3, 1.0)


@pytest.mark.parametrize("axes", ["post", "layer"])
def test_only_a_synapse_has_a_fan_in(axes):
    with refused(SpecError, "only a synapse has a fan-in", got=repr(axes), remedy="normal(mean, sd)"):
        Parameter(axes=axes, initial=FanInNormal(1.0))


@pytest.mark.parametrize(
    "parameter",
    [
        Parameter(axes="layer"),
        Parameter(axes="post pre", initial=FanInNormal(1.0), bounds=UNBOUNDED, trainable=True),
        Parameter(axes="post", unit=ms, initial=Uniform(5 * ms, 20 * ms), bounds=(1 * ms, 1000 * ms), trainable=True),
        Parameter(axes="layer", unit=ms, initial=1 / 3),
    ],
)
def test_plain_data_gives_back_an_equal_parameter(parameter):
    assert Parameter.from_dict(parameter.to_dict()) == parameter


def test_an_unknown_property_is_refused():
    with refused(SpecError, "unknown property of a parameter", "tau_syn", "'trained'", "trainable", "correct its name"):
        Parameter.from_dict({"axes": "layer", "trained": True}, where="tau_syn")

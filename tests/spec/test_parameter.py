"""A parameter: the smallest valid one, everything that makes it invalid, and its plain form."""

import math

import pytest
from brian2 import ms, mV

from hetsyn_sim.errors import SpecError
from hetsyn_sim.spec import UNBOUNDED, Constant, FanInNormal, Normal, Parameter, Uniform


def refused(what, **facts):
    with pytest.raises(SpecError, match=what) as excinfo:
        Parameter(**facts)
    error = excinfo.value
    assert error.where.startswith("Parameter")
    assert error.got is not None
    assert error.expected
    assert error.remedy
    return error


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
    error = refused("needs axes", axes=axes)
    assert error.got == repr(axes)
    assert "'post pre' or 'post' or 'layer'" in error.expected
    assert 'axes="post pre"' in error.remedy


def test_a_unit_is_known():
    assert refused("unknown unit", axes="layer", unit="parsec").got == "'parsec'"


def test_an_initial_value_has_the_unit():
    assert refused("wrong kind", axes="layer", unit="ms", initial=5 * mV).where == "Parameter.initial"


def test_bounds_have_the_unit():
    assert refused("wrong kind", axes="layer", unit="ms", bounds=(1 * mV, 2 * mV)).where == "Parameter.bounds"


def test_a_trainable_parameter_says_how_far_it_may_go():
    error = refused("trainable parameter needs bounds", axes="layer", trainable=True)
    assert "UNBOUNDED" in error.remedy
    assert Parameter(axes="layer", trainable=True, bounds=UNBOUNDED).si_bounds == (-math.inf, math.inf)


@pytest.mark.parametrize("bounds", [(2.0, 1.0), (1.0, 1.0), (math.nan, 1.0), (0.0, math.nan)])
def test_bounds_are_in_order(bounds):
    error = refused("reversed, equal or not a number", axes="layer", bounds=bounds)
    assert error.expected == "lowest < highest"
    assert "swap them" in error.remedy


@pytest.mark.parametrize("initial", [Constant("5 second"), Uniform("0 ms", "5 ms"), Uniform("5 ms", "5 second")])
def test_it_starts_inside_its_bounds(initial):
    error = refused("starts outside of its bounds", axes="layer", unit="ms", initial=initial, bounds=("1 ms", "1 second"))
    assert error.expected == "1.0 ms to 1000.0 ms"
    assert "change the initial value or the bounds" in error.remedy


@pytest.mark.parametrize("initial", [Constant("1 ms"), Uniform("1 ms", "1 second"), Normal("1 ms", "5 ms")])
def test_it_may_start_on_its_bounds_and_a_normal_is_cut_there(initial):
    assert Parameter(axes="layer", unit="ms", initial=initial, bounds=("1 ms", "1 second")).si_bounds == (1e-3, 1.0)


@pytest.mark.parametrize("axes", ["post", "layer"])
def test_only_a_synapse_has_a_fan_in(axes):
    error = refused("only a synapse has a fan-in", axes=axes, initial=FanInNormal(1.0))
    assert repr(axes) in error.got
    assert "normal(mean, sd)" in error.remedy


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
    with pytest.raises(SpecError, match="unknown property of a parameter") as excinfo:
        Parameter.from_dict({"axes": "layer", "trained": True}, where="tau_syn")
    assert excinfo.value.where == "tau_syn"
    assert excinfo.value.got == "'trained'"
    assert "trainable" in excinfo.value.expected
    assert "correct its name" in excinfo.value.remedy

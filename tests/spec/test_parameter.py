"""A parameter: the smallest valid one, everything that makes it invalid, and its plain form."""

import math

import pytest
from brian2 import ms, mV

from hetsyn_sim.errors import SpecError
from hetsyn_sim.spec import UNBOUNDED, Constant, FanInNormal, FanInUniform, Normal, Parameter, Uniform

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


BOUNDED = {"unit": "ms", "bounds": ("1 ms", "1 second")}
OUTSIDE, IN_MS, CHANGE = "starts outside of its bounds", "1.0 ms to 1000.0 ms", "change the initial value or the bounds"
ORDER, FAN_IN = "reversed, equal or not a number", "only a synapse has a fan-in"


@pytest.mark.parametrize(
    ("facts", "what", "where", "expected", "remedy"),
    [
        *(({"axes": a}, "needs axes", "Parameter", "'post pre' or 'post'", 'axes="post') for a in (None, "", "pre", "pre post", "neuron")),
        ({"unit": "parsec"}, "unknown unit", None, "", ""),
        ({"unit": "ms", "initial": 5 * mV}, "wrong kind", "Parameter.initial", "", ""),
        ({"unit": "ms", "bounds": (1 * mV, 2 * mV)}, "wrong kind", "Parameter.bounds", "", ""),
        ({"trainable": True}, "trainable parameter needs bounds", None, "", "UNBOUNDED"),
        *(({"bounds": b}, ORDER, None, "lowest < highest", "swap") for b in ((2.0, 1.0), (1.0, 1.0), (math.nan, 1.0), (0.0, math.nan))),
        ({**BOUNDED, "initial": Constant("5 second")}, OUTSIDE, None, IN_MS, CHANGE),
        ({**BOUNDED, "initial": Uniform("0 ms", "5 ms")}, OUTSIDE, None, IN_MS, CHANGE),
        ({**BOUNDED, "initial": Uniform("5 ms", "5 second")}, OUTSIDE, None, IN_MS, CHANGE),
        *(({"axes": axes, "initial": FanInNormal(1.0)}, FAN_IN, None, "", "normal(mean, sd)") for axes in ("post", "layer")),
        ({"axes": "post", "initial": FanInUniform(1.0)}, FAN_IN, None, "", "normal(mean, sd)"),
    ],
)
def test_what_is_no_parameter_is_refused(facts, what, where, expected, remedy):
    with refused(SpecError, what, where, expected=expected, remedy=remedy):
        Parameter(**({"axes": "layer"} | facts))


@pytest.mark.parametrize("initial", [Constant("1 ms"), Uniform("1 ms", "1 second"), Normal("1 ms", "5 ms")])
def test_it_may_start_on_its_bounds_and_a_normal_is_cut_there(initial):
    assert Parameter(axes="layer", initial=initial, **BOUNDED).si_bounds == (1e-3, 1.0)
    assert Parameter(axes="layer", trainable=True, bounds=UNBOUNDED).si_bounds == (-math.inf, math.inf)


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

"""The maps of bounded parameters: there and back, inside the bounds, with the derivative they should have."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hetsyn_sim.spec import UNBOUNDED, Parameter, ParameterSlot
from hetsyn_sim.training.bijections import HalfLine, Identity, Interval, LogInterval, RhoClamped, Tau, choose_bijection, clamp_range

MAPS = {"identity": Identity(), "interval": Interval(-2.0, 3.0), "log": LogInterval(1e-3, 1.0), "clamped": RhoClamped(4e-3)}
MAPS |= {"above": HalfLine(0.0, 2.0), "below": HalfLine(1.0, -0.5)}


def raw_tensor(array):
    return torch.tensor(np.asarray(array), dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize(
    ("name", "values", "slope"),  # of the value by the raw number; s = s (1 - s) of the sigmoid
    [
        ("identity", [-1e3, 0.0, 2.5], lambda values, s: np.ones(3)),
        ("interval", [-1.999, 0.0, 2.9], lambda values, s: 5.0 * s),
        ("log", [1.0001e-3, 0.02, 0.999], lambda values, s: values * math.log(1e3) * s),
        ("above", [1e-3, 1.0, 40.0], lambda values, s: -2.0 * np.expm1(-values / 2.0)),
        ("below", [-3.0, 0.5, 0.999], lambda values, s: 0.5 * np.expm1(-2.0 * (1.0 - values))),
        ("clamped", [1e-3, 0.02, 1.0], lambda values, s: values**2 / (4e-3 * np.exp(-4e-3 / values))),  # tau = -dt/log rho
    ],
)
def test_there_and_back_with_the_derivative_of_the_formula(name, values, slope):
    raw = raw_tensor(MAPS[name].raw(np.array(values)))
    back = MAPS[name].value(raw)
    # a logit of up to 9 and its sigmoid near 1 lose 2^-53 * 10^4; -dt/log(rho) near rho = 1 loses 2^-53 * tau/dt
    np.testing.assert_allclose(back.detach().numpy(), values, rtol=1e-12)
    (found,) = torch.autograd.grad(back.sum(), raw)
    at = raw.detach().numpy()
    s = np.exp(-np.logaddexp(0, at) - np.logaddexp(0, -at))
    np.testing.assert_allclose(found.numpy(), slope(np.array(values), s), rtol=1e-11)


@given(st.floats(-1e6, 1e6), st.sampled_from(["interval", "log"]))
def test_no_raw_number_leaves_the_bounds(raw, name):
    bijection = MAPS[name]
    value = bijection.value(torch.tensor(raw, dtype=torch.float64)).item()
    slack = 1e-15 * max(abs(bijection.low), abs(bijection.high))
    assert bijection.low - slack <= value <= bijection.high + slack


@pytest.mark.parametrize("name", ["interval", "log"])
def test_a_value_on_its_bound_can_be_moved_by_training(name):
    bijection = MAPS[name]
    raw = raw_tensor(bijection.raw(np.array([bijection.low, bijection.high])))
    assert torch.isfinite(raw).all()
    value = bijection.value(raw)
    assert torch.all(torch.autograd.grad(value.sum(), raw)[0] > 0)
    # 1e-9 of the range in raw units away from the bound
    np.testing.assert_allclose(value.detach().numpy(), [bijection.low, bijection.high], rtol=1e-8)


def test_the_limits_of_a_clamped_decay_are_time_constants_of_zero_and_infinity():
    clamped = RhoClamped(4e-3)
    assert clamped.value(torch.tensor([0.0, 1.0], dtype=torch.float64)).tolist() == [0.0, math.inf]
    np.testing.assert_array_equal(clamped.raw(np.array([0.0, math.inf])), [0.0, 1.0])


def slot(unit="ms", bounds=("1 ms", "1 second"), initial="20 ms"):
    parameter = Parameter(axes="post", unit=unit, initial=initial, bounds=bounds, trainable=True)
    return ParameterSlot("layer_1.neuron.tau", "layer_1.neuron", "tau", parameter, (3,))


@pytest.mark.parametrize(
    ("made", "time_constants", "expected"),
    [
        (slot(), "log_tau", LogInterval(1e-3, 1.0)),
        (slot(), "rho_clamped", RhoClamped(4e-3)),
        (slot(), "tau", Tau(1e-3)),
        (slot(bounds=("0 ms", "1 second")), "tau", Tau(4e-5)),  # a hundredth of dt: from 0 there is no gradient
        (slot(bounds=("2 ms", "inf ms")), "tau", Tau(2e-3)),
        (slot("1", (0.5, 2.0), 1.0), "rho_clamped", LogInterval(0.5, 2.0)),  # no time: nothing to clamp
        (slot("1", (0.5, 2.0), 1.0), "tau", LogInterval(0.5, 2.0)),
        (slot("1", (-1.0, 2.0), 1.0), "log_tau", Interval(-1.0, 2.0)),
        (slot("1", (0.0, 2.0), 1.0), "log_tau", Interval(0.0, 2.0)),  # log 0 is no number
        (slot("1", UNBOUNDED, 1.0), "log_tau", Identity()),
        (slot("1", (0.0, math.inf), 1.0), "log_tau", HalfLine(0.0)),
        (slot("mV", ("-inf mV", "0 mV"), "-3 mV"), "log_tau", HalfLine(0.0, -1e-3)),
    ],
)
def test_bounds_and_unit_choose_the_map(made, time_constants, expected):
    assert choose_bijection(made, dt=4e-3, time_constants=time_constants) == expected


def test_only_clamped_maps_have_a_range_to_be_brought_back_to():
    ranges = [clamp_range(of) for of in (Tau(1e-3), RhoClamped(4e-3), LogInterval(1e-3, 1.0), Interval(-2.0, 3.0), Identity())]
    assert ranges == [(1e-3, math.inf), (0.0, 1.0), None, None, None]


@pytest.mark.parametrize("name", ["above", "below"])
def test_no_raw_number_passes_the_edge_and_large_values_move_as_they_are(name):
    bijection = MAPS[name]
    raw = raw_tensor([-700.0, -5.0, 0.0, 700.0])
    value = bijection.value(raw)
    away = (value - bijection.edge) / bijection.unit
    assert torch.all(away >= 0)
    np.testing.assert_allclose(torch.autograd.grad(away.sum(), raw)[0].numpy(), 1 / (1 + np.exp(-raw.detach().numpy())), rtol=1e-12)

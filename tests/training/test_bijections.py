"""The maps of bounded parameters: there and back, inside the bounds, with the derivative they should have."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hetsyn_sim.errors import SpecError
from hetsyn_sim.spec import UNBOUNDED, Parameter, ParameterSlot
from hetsyn_sim.training.bijections import Identity, Interval, LogInterval, RhoClamped, choose_bijection

MAPS = {"identity": Identity(), "interval": Interval(-2.0, 3.0), "log": LogInterval(1e-3, 1.0), "clamped": RhoClamped(4e-3)}
INSIDE = {
    "identity": np.array([-1e3, 0.0, 2.5]),
    "interval": np.array([-1.999, 0.0, 2.9]),
    "log": np.array([1.0001e-3, 0.02, 0.999]),
    "clamped": np.array([1e-3, 0.02, 1.0]),
}


def raw_tensor(array):
    return torch.tensor(np.asarray(array), dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("name", MAPS)
def test_there_and_back(name):
    values = INSIDE[name]
    back = MAPS[name].value(raw_tensor(MAPS[name].raw(values))).detach().numpy()
    # a logit of up to 9 and its sigmoid near 1 lose 2^-53 * 10^4; -dt/log(rho) near rho = 1 loses 2^-53 * tau/dt
    np.testing.assert_allclose(back, values, rtol=1e-12)


@pytest.mark.parametrize("name", MAPS)
def test_the_derivative_is_that_of_the_formula(name):
    values = INSIDE[name]
    raw = raw_tensor(MAPS[name].raw(values))
    (found,) = torch.autograd.grad(MAPS[name].value(raw).sum(), raw)
    at = raw.detach().numpy()
    slope = np.exp(-np.logaddexp(0, at) - np.logaddexp(0, -at))  # s (1 - s) of the sigmoid s
    expected = {
        "identity": lambda: np.ones(3),
        "interval": lambda: 5.0 * slope,
        "log": lambda: values * math.log(1e3) * slope,  # d tau / d raw = tau log(high/low) s (1 - s)
        "clamped": lambda: values**2 / (4e-3 * np.exp(-4e-3 / values)),  # tau = -dt/log rho, so d tau / d rho = tau^2 / (dt rho)
    }[name]()
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-11)


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
    (gradient,) = torch.autograd.grad(value.sum(), raw)
    assert torch.all(gradient > 0)
    # 1e-9 of the range in raw units away from the bound
    np.testing.assert_allclose(value.detach().numpy(), [bijection.low, bijection.high], rtol=1e-8)


def test_equal_steps_of_a_time_constant_are_equal_ratios():
    middle = LogInterval(1e-3, 1.0).value(torch.zeros((), dtype=torch.float64)).item()
    assert middle == pytest.approx(math.sqrt(1e-3 * 1.0), rel=1e-14)


def test_the_limits_of_a_clamped_decay_are_time_constants_of_zero_and_infinity():
    clamped = RhoClamped(4e-3)
    assert clamped.value(torch.tensor([0.0, 1.0], dtype=torch.float64)).tolist() == [0.0, math.inf]
    np.testing.assert_array_equal(clamped.raw(np.array([0.0, math.inf])), [0.0, 1.0])


def slot(unit="ms", bounds=("1 ms", "1 second"), initial="20 ms"):
    parameter = Parameter(axes="post", unit=unit, initial=initial, bounds=bounds, trainable=True)
    return ParameterSlot("layer_1.neuron.tau", "layer_1.neuron", "tau", parameter, (3,))


@pytest.mark.parametrize(
    ("made", "rho_clamped", "expected"),
    [
        (slot(), False, LogInterval(1e-3, 1.0)),
        (slot(), True, RhoClamped(4e-3)),
        (slot("1", (0.5, 2.0), 1.0), True, LogInterval(0.5, 2.0)),  # no time: nothing to clamp
        (slot("1", (-1.0, 2.0), 1.0), False, Interval(-1.0, 2.0)),
        (slot("1", (0.0, 2.0), 1.0), False, Interval(0.0, 2.0)),  # log 0 is no number
        (slot("1", UNBOUNDED, 1.0), False, Identity()),
    ],
)
def test_bounds_and_unit_choose_the_map(made, rho_clamped, expected):
    assert choose_bijection(made, dt=4e-3, rho_clamped=rho_clamped) == expected


@pytest.mark.parametrize("bounds", [(0.0, math.inf), (-math.inf, 0.0)])
def test_one_sided_bounds_are_refused(bounds):
    with pytest.raises(SpecError, match="bounded on one side only") as excinfo:
        choose_bijection(slot("1", bounds, 0.0), dt=4e-3, rho_clamped=False)
    assert excinfo.value.where == "layer_1.neuron.tau"
    assert str(bounds) in excinfo.value.got
    assert "UNBOUNDED" in excinfo.value.expected
    assert "both a lowest and a highest" in excinfo.value.remedy

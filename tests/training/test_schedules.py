"""What multiplies the learning rate in each step, and what it is for weights and for time constants."""

import numpy as np
import pytest

from hetsyn_sim.training import Recipe, build_network
from hetsyn_sim.training.module import parameter_groups
from hetsyn_sim.training.schedules import constant, step_decay, warmup_cosine


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        (constant(), {0: 1.0, 10**6: 1.0}),
        (step_decay(100, 0.8), {0: 1.0, 99: 1.0, 100: 0.8, 250: 0.8**2}),
        (warmup_cosine(10, warmup=0.0), {0: 1.0, 11: 0.0}),  # past the end
    ],
)
def test_factors_of_steps(factor, expected):
    assert {step: factor(step) for step in expected} == expected


def test_warmup_is_a_line_and_the_rest_half_a_cosine():
    factors = [warmup_cosine(100, warmup=0.04)(step) for step in range(101)]
    assert np.allclose(factors[:5], [0.2, 0.4, 0.6, 0.8, 1.0])
    assert np.isclose(factors[52], 0.5)  # half way between step 4 and step 100
    assert np.isclose(factors[28], 0.5 * (1 + np.cos(np.pi / 4)))
    assert factors[100] == 0.0
    assert min(factors[:100]) > 0.0


def test_a_span_that_is_held_is_the_published_one():
    """40 of 100 epochs, held from 95 % of them on: the published code's constant factor, by its own formula."""
    factor = warmup_cosine(1000, 0.05, span=0.4, hold=0.95)
    assert factor(19) == 20 / 21
    assert [factor(step) for step in (380, 500, 999)] == [factor(380)] * 3
    assert np.isclose(factor(380), 0.00682, atol=5e-6)
    assert np.isclose(factor(210), 0.5)  # half way between step 20 and step 400
    assert warmup_cosine(1000, 0.05, span=0.4)(400) == 0.0


def test_weights_and_time_constants_have_their_own_terms(recipe):
    settings = recipe.changed(
        optimiser={"lr": 0.01, "lr_factor_time_constants": 3.0, "weight_decay": 0.1, "weight_decay_time_constants": 0.2}
    ).training
    network = build_network(recipe.spec(0.01, 6, 3), settings)
    weights, times = parameter_groups(network, settings)
    assert (weights["lr"], weights["weight_decay"], len(weights["params"])) == (0.01, 0.1, 3)
    assert (times["lr"], times["weight_decay"], len(times["params"])) == (0.03, 0.2, 3)
    homogeneous = Recipe.from_dict({"network": {"model": "HomNeuLIF", "readout": "HomNeuReadout"}})
    assert len(parameter_groups(build_network(homogeneous.spec(0.01, 6, 3), settings), settings)) == 1

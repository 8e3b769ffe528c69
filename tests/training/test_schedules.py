"""What multiplies the learning rate in each step, and what it is for weights and for time constants."""

import pytest

from hetsyn_sim.training import Recipe, build_network, load_recipe
from hetsyn_sim.training.optimisers import parameter_groups
from hetsyn_sim.training.schedules import constant, step_decay, warmup_cosine


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        (constant(), {0: 1.0, 10**6: 1.0}),
        (step_decay(100, 0.8), {0: 1.0, 99: 1.0, 100: 0.8, 250: 0.8**2}),
        (warmup_cosine(10, warmup=0.0), {0: 1.0, 11: 0.0}),  # past the end
        # a line, and half a cosine: half way between step 4 and step 100
        (warmup_cosine(100, warmup=0.04), {0: 0.2, 3: 0.8, 4: 1.0, 28: 0.5 + 0.5**1.5, 52: 0.5, 99: 2.7e-4, 100: 0.0}),
        (warmup_cosine(1000, 0.05, span=0.4), {400: 0.0}),
        # 40 of 100 epochs, held from 95 % of them on: the published code's constant factor, by its own formula
        (warmup_cosine(1000, 0.05, span=0.4, hold=0.95), {19: 20 / 21, 210: 0.5, 380: 0.00682, 500: 0.00682, 999: 0.00682}),
    ],
)
def test_factors_of_steps(factor, expected):
    assert [factor(step) for step in expected] == pytest.approx([*expected.values()], rel=1e-12, abs=5e-6)


def test_a_schedule_of_so_many_epochs_is_the_same_however_long_the_training():
    published = load_recipe("shd-hetsyn-as-published").training
    assert (published.epochs, published.schedule.span_epochs, published.schedule.depends_on_length) == (100, 40, False)
    of_100, of_10, of_200 = (published.schedule.make(25 * epochs, epochs) for epochs in (100, 10, 200))
    assert [of_100(step) for step in range(2500)] == [warmup_cosine(2500, 0.05, span=0.4, hold=0.95)(step) for step in range(2500)]
    assert [of_100(step) for step in range(250)] == [of_10(step) for step in range(250)]  # --epochs 10 does not shrink it
    assert [of_200(step) for step in range(2500)] == [of_100(step) for step in range(2500)]


def test_weights_and_time_constants_have_their_own_terms(recipe):
    settings = recipe.changed(
        optimiser={"lr": 0.01, "lr_factor_time_constants": 3.0, "weight_decay": 0.1, "weight_decay_time_constants": 0.2}
    ).training
    network = build_network(recipe.spec(0.01, 6, 3), settings)
    weights, times = parameter_groups(network, settings.optimiser)
    assert (weights["lr"], weights["weight_decay"], len(weights["params"])) == (0.01, 0.1, 3)
    assert (times["lr"], times["weight_decay"], len(times["params"])) == (0.03, 0.2, 3)
    homogeneous = Recipe.from_dict({"network": {"model": "HomNeuLIF", "readout": "HomNeuReadout"}})
    assert len(parameter_groups(build_network(homogeneous.spec(0.01, 6, 3), settings), settings.optimiser)) == 1

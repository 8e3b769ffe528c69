import numpy as np
import torch

from hetsyn_sim.training.schedules import constant, step_decay, warmup_cosine


def test_constant():
    assert [constant()(step) for step in (0, 10**6)] == [1.0, 1.0]


def test_warmup_is_a_line_and_the_rest_half_a_cosine():
    factors = [warmup_cosine(100, warmup=0.04)(step) for step in range(101)]
    assert np.allclose(factors[:5], [0.2, 0.4, 0.6, 0.8, 1.0])
    assert np.isclose(factors[52], 0.5)  # half way between step 4 and step 100
    assert np.isclose(factors[28], 0.5 * (1 + np.cos(np.pi / 4)))
    assert factors[100] == 0.0
    assert min(factors[:100]) > 0.0


def test_no_warmup_and_steps_past_the_end():
    factor = warmup_cosine(10, warmup=0.0)
    assert factor(0) == 1.0
    assert factor(11) == 0.0


def test_a_span_that_is_held_is_the_published_one():
    """40 of 100 epochs, held from 95 % of them on: the published code's constant factor, by its own formula."""
    factor = warmup_cosine(1000, 0.05, span=0.4, hold=0.95)
    assert factor(19) == 20 / 21
    assert [factor(step) for step in (380, 500, 999)] == [factor(380)] * 3
    assert np.isclose(factor(380), 0.00682, atol=5e-6)
    assert np.isclose(factor(210), 0.5)  # half way between step 20 and step 400
    assert warmup_cosine(1000, 0.05, span=0.4)(400) == 0.0


def test_step_decay():
    assert [step_decay(100, 0.8)(step) for step in (0, 99, 100, 250)] == [1.0, 1.0, 0.8, 0.8**2]


def test_torch_takes_them():
    optimiser = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimiser, warmup_cosine(10, warmup=0.0))
    rates = []
    for _ in range(10):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    assert np.allclose(rates, 0.05 * (1 + np.cos(np.pi * np.arange(10) / 10)))

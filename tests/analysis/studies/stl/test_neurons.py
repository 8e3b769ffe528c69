"""The published recursion, and its gradients, against loops of a few lines."""

import numpy as np
import pytest
import torch

from analysis.studies.stl.neurons import NeuronMap
from hetsyn_sim.models import STLLIF, STLLIFSoft
from hetsyn_sim.spec import Normal
from hetsyn_sim.training.surrogates import ArcTan

SHAPE = (3, 4, 5)


def make(model, surrogate=None, seed=0):
    wide = model.with_parameters(theta={"initial": Normal(2.0, 0.3)})  # so that a threshold in the wrong place shows
    return NeuronMap(wide, SHAPE, np.random.default_rng(seed), surrogate or ArcTan())


def currents(n_steps=8, seed=1):
    return torch.tensor(np.random.default_rng(seed).normal(1.0, 1.5, (n_steps, 6, *SHAPE)))


@pytest.mark.parametrize("model", [STLLIF, STLLIFSoft], ids=["hard", "soft"])
def test_the_recursion_is_the_published_one_to_the_last_bit(model, float64):
    neurons, x = make(model), currents()
    theta, u, s = neurons.theta.detach().numpy(), np.zeros(x.shape[1:]), np.zeros(x.shape[1:])
    result = neurons.run(x)
    n_spikes = 0
    for t, arrived in enumerate(x.numpy()):
        u = 0.5 * (u * (1 - s) if model is STLLIF else u - theta * s) + arrived
        s = (u > theta).astype(float)
        assert np.array_equal(result.v[t].detach().unflatten(-1, SHAPE).numpy(), u)
        assert np.array_equal(neurons(x)[t].detach().numpy(), s)
        n_spikes += int(s.sum())
    assert n_spikes > 300


class _Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx, y):
        ctx.save_for_backward(y)
        return (y > 0).to(y.dtype)

    @staticmethod
    def backward(ctx, gradient):
        return gradient / (1 + (torch.pi * ctx.saved_tensors[0]) ** 2)  # arctan with alpha = 2, as published


@pytest.mark.parametrize("model", [STLLIF, STLLIFSoft], ids=["hard", "soft"])
def test_gradients_are_those_of_the_plain_loop_with_a_reset_that_is_not_detached(model, float64):
    neurons, x = make(model), currents().requires_grad_()
    weights = torch.tensor(np.random.default_rng(2).normal(size=x.shape))
    (neurons(x) * weights).sum().backward()
    theta, y = neurons.theta.detach().clone().requires_grad_(), x.detach().clone().requires_grad_()
    u = s = torch.zeros(x.shape[1:])
    total = 0.0
    for t in range(len(y)):
        # the amount of a soft reset is a value that the choice of who is reset is multiplied with: both have gradients
        u = 0.5 * (u * (1 - s) if model is STLLIF else u - theta * s) + y[t]
        s = _Step.apply(u - theta)
        total = total + (s * weights[t]).sum()
    total.backward()
    for ours, theirs in ((x.grad, y.grad), (neurons.theta.grad, theta.grad)):
        assert float(theirs.abs().max()) > 0.1
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-13)  # eight steps of a few roundings each


def test_thresholds_are_one_for_each_neuron_and_begin_almost_alike():
    neurons = NeuronMap(STLLIF, (8, 28, 28), np.random.default_rng(0), ArcTan())
    theta = neurons.theta.detach().numpy()
    assert (theta.shape, neurons.learned, float(neurons.leak)) == ((8, 28, 28), ("theta",), 0.5)
    assert abs(theta.mean() - 2.0) < 6e-6  # 5 standard errors of 6,272 numbers
    assert theta.std() == pytest.approx(1e-4, rel=0.05)

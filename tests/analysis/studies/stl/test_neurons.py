"""The published recursion, and its gradients, against loops of a few lines."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.studies.stl.architecture import DT
from analysis.studies.stl.network import STLNetwork
from hetsyn_sim.models import STLLIF, STLLIFSoft
from hetsyn_sim.spec import Normal
from hetsyn_sim.training.nn import Elementwise

from .conftest import small

SHAPE = (3, 4, 5)


def make(model):
    torch.manual_seed(0)
    wide = model.with_parameters(theta={"initial": Normal(2.0, 0.3)})  # so that a threshold in the wrong place shows
    return Elementwise(wide, *SHAPE, dt=DT)


def theta_of(neurons):
    return neurons.values()["neuron.theta"].detach()


def currents(n_steps=8, seed=1):
    return torch.tensor(np.random.default_rng(seed).normal(1.0, 1.5, (n_steps, 6, *SHAPE)))


@pytest.mark.parametrize("model", [STLLIF, STLLIFSoft], ids=["hard", "soft"])
def test_the_recursion_is_the_published_one(model, float64):
    """To the last bit; the soft one, a sum of inputs and resets that are halved in every step, but for how sums are rounded."""
    neurons, x = make(model), currents()
    theta, u, s = theta_of(neurons).numpy(), np.zeros(x.shape[1:]), np.zeros(x.shape[1:])
    result = neurons.run(x)
    bound = 0.0 if model is STLLIF else 2 * len(x) * np.finfo(np.float64).eps * float(x.abs().max() + theta.max())
    n_spikes = 0
    for t, arrived in enumerate(x.numpy()):
        u = 0.5 * (u * (1 - s) if model is STLLIF else u - theta * s) + arrived
        s = (u > theta).astype(float)
        assert np.abs(result.v[t].detach().numpy() - u).max() <= bound
        assert np.array_equal(neurons(x)[0][t].detach().numpy(), s)
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
    (neurons(x)[0] * weights).sum().backward()
    theta, y = theta_of(neurons).clone().requires_grad_(), x.detach().clone().requires_grad_()
    u = s = torch.zeros(x.shape[1:])
    total = 0.0
    for t in range(len(y)):
        # the amount of a soft reset is a value that the choice of who is reset is multiplied with: both have gradients
        u = 0.5 * (u * (1 - s) if model is STLLIF else u - theta * s) + y[t]
        s = _Step.apply(u - theta)
        total = total + (s * weights[t]).sum()
    total.backward()
    (trained,) = neurons.parameters()
    for ours, theirs in ((x.grad, y.grad), (trained.grad.reshape(SHAPE), theta.grad)):
        assert float(theirs.abs().max()) > 0.1
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-13)  # eight steps of a few roundings each


def test_thresholds_are_one_for_each_neuron_and_begin_almost_alike():
    network = STLNetwork(replace(small(), input_shape=(1, 28, 28)), seed=0)
    neurons = network.neurons("conv_1")
    theta = theta_of(neurons).double().numpy()
    assert (theta.shape, float(neurons.values()["neuron.leak"])) == ((4, 28, 28), 0.5)
    assert [name for name, _ in neurons.named_parameters()] == ["neurons.neuron_theta"]
    assert abs(theta.mean() - 2.0) < 9e-6  # 5 standard errors of 3,136 numbers
    assert theta.std() == pytest.approx(1e-4, rel=0.07)

"""A second derivative: refused wherever a backward is written by hand, and the first one as without the wish for it."""

import pytest
import torch

from hetsyn_sim.errors import BackendError
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.kernels.first_order import once_differentiable
from hetsyn_sim.kernels.library import best_library
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training import Network

from ..refusal import refused

LOSSES = {"squares": lambda v: v.square().sum(), "a sum": lambda v: v.sum()}


class Scaled(torch.autograd.Function):
    """w x, whose backward uses what was saved: torch's decorator does not notice a second derivative of a sum."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x * w

    @staticmethod
    @once_differentiable
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return None, g * x * w / w


@pytest.mark.parametrize("loss", LOSSES)
def test_the_decorator_refuses_also_where_the_incoming_gradient_is_constant(loss):
    x, w = torch.arange(1.0, 4.0), torch.full((3,), 2.0, requires_grad=True)
    (once,) = torch.autograd.grad(LOSSES[loss](Scaled.apply(x, w)), w)
    (again,) = torch.autograd.grad(LOSSES[loss](Scaled.apply(x, w)), w, create_graph=True)
    assert torch.equal(once, again)
    with refused(BackendError, "there is no second derivative", got="create_graph=True", remedy="penalty on gradients"):
        again.sum().backward()


@pytest.mark.skipif(best_library() is None, reason="the kernels were not compiled here")
@pytest.mark.parametrize("loss", LOSSES)
def test_a_network_on_compiled_kernels(loss):
    spec = NetworkSpec(dt="1 ms", n_input=6, layers=[Layer(HetSynLIF, 4, recurrent=True)], readout=Layer(LeakyReadout, 3))
    network = Network(spec, seed=0)
    x = (torch.rand(20, 2, 6, generator=torch.Generator().manual_seed(0)) < 0.5).float()
    trained = list(network.trained().values())
    with use_backend("fused"):
        first = torch.autograd.grad(LOSSES[loss](network(x)[0]), trained)
        again = torch.autograd.grad(LOSSES[loss](network(x)[0]), trained, create_graph=True)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    with refused(BackendError, "there is no second derivative", where="backward of a spiking layer"):
        sum(g.square().sum() for g in again).backward()

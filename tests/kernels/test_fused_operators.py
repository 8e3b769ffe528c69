"""The operators as torch sees them: opcheck, torch.compile, autocast, memory."""

import sys
import textwrap

import pytest
import torch
from torch.autograd import forward_ad
from torch.utils._python_dispatch import TorchDispatchMode

from hetsyn_sim.errors import BackendError
from hetsyn_sim.kernels import DecayPath, exponential_filter, spiking_scan
from hetsyn_sim.kernels.library import library
from hetsyn_sim.training.surrogates import MultiGaussian

from ..refusal import refused

pytestmark = pytest.mark.skipif(library() is None, reason="the kernels were not built")
T, B, I, J = 12, 3, 4, 5
MULTI_GAUSSIAN = [0.5, 0.5, 0.15, 6.0]


def make(dtype=torch.float64):
    """x, w, rho; w_rec, rho_rec; theta; amplitude and rho of the reset."""
    g = torch.Generator().manual_seed(0)
    shapes = [(T, B, I), (J, I), (J, I), (J, J), (J, J), (J,), (J,), (J,)]
    tensors = [torch.rand(shape, generator=g, dtype=torch.float64) * 0.7 + 0.1 for shape in shapes]
    tensors[6] = -tensors[6]
    return [t.to(dtype).requires_grad_() for t in tensors]


def network(x, w, rho, w_rec, rho_rec, theta, a, rho_reset):
    v = exponential_filter(x, w, rho)
    z, v = spiking_scan(v, [DecayPath(w_rec, rho_rec)], [DecayPath(a, rho_reset)], theta, MultiGaussian())
    return z, v


def gradients(function, leaves, scale=1.0):
    z, v = function(*leaves)
    return torch.autograd.grad((z.sum() + v.square().sum()) * scale, leaves)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_opcheck(dtype):
    x, w, rho, w_rec, rho_rec, theta, a, rho_reset = make(dtype)
    ops = torch.ops.hetsyn
    torch.library.opcheck(ops.filter.default, (x, w, rho))
    torch.library.opcheck(ops.leaky_scan.default, (x, rho_reset.detach()[:I].clone().requires_grad_(), False))
    v_in = torch.rand(T, B, J, dtype=dtype, requires_grad=True)
    paths = ([w_rec, w_rec, a], [rho_rec, rho_reset, rho_reset])
    for tolerance in (0.0, 1e-6):
        torch.library.opcheck(ops.spiking_scan.default, (v_in, *paths, theta, "multi_gaussian", MULTI_GAUSSIAN, tolerance))


class Seen(TorchDispatchMode):
    """The operators of ours that torch has dispatched."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function.namespace == "hetsyn":
            self.names.add(function.__name__.removesuffix(".default"))
        return function(*args, **(kwargs or {}))


def test_the_short_way_gives_the_operators_bits():
    """Nothing is dispatched unless somebody looks, and then all of it is."""
    leaves, dispatched = make(torch.float32), Seen()
    found = gradients(network, leaves)
    with dispatched:
        expected = gradients(network, leaves)
    assert dispatched.names == {"filter", "filter_backward", "spiking_scan", "spiking_scan_backward"}
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
    (w,) = torch.autograd.grad(network(*leaves)[1].square().sum(), leaves[1:2], create_graph=True)
    with pytest.raises(BackendError, match="no second derivative"):
        w.sum().backward()


def test_a_forward_derivative_is_refused_and_not_0():
    x, w, rho = (torch.rand(shape, dtype=torch.float64) for shape in ((5, 2, 3), (4, 3), (4, 3)))
    one = torch.ones_like(w)

    def filtered(weights):
        return exponential_filter(x, weights, rho)

    for leaf in (w, w.clone().requires_grad_()):
        with forward_ad.dual_level(), refused(BackendError, "no forward derivative", None, "tangent", remedy="torch.autograd.grad"):
            filtered(forward_ad.make_dual(leaf, one))
        with forward_ad.dual_level():
            assert filtered(leaf).shape == (5, 2, 4)  # nothing has a tangent
    with refused(BackendError, "no forward derivative", None, "tangent", remedy="torch.autograd.grad"):
        torch.func.jvp(filtered, (w,), (one,))


@pytest.mark.parametrize("backend", ["aot_eager", pytest.param("inductor", marks=pytest.mark.compiled)])
def test_compiled_as_one_graph(backend):
    leaves = make()
    expected = gradients(network, leaves)
    torch._dynamo.reset()
    found = gradients(torch.compile(network, fullgraph=True, backend=backend), leaves)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_autocast_keeps_to_single_precision():
    leaves = make(torch.float32)
    expected = network(*leaves)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = network(*leaves)
        z, v = torch.ops.hetsyn.spiking_scan(leaves[0].bfloat16(), [], [], torch.ones(I), "arctan", [2.0], 0.0)
        tied = exponential_filter(leaves[0], leaves[1], leaves[2][:, :1])
    assert z.dtype == v.dtype == tied.dtype == torch.float32
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
    for one, other in zip(gradients(network, leaves), gradients(lambda *_: found, leaves), strict=True):
        torch.testing.assert_close(one, other)


def test_memory_grows_with_the_steps_by_inputs_and_outputs_alone(process):
    """In a process of its own: the peak of 100,000 steps forwards and backwards, in units of what goes in and comes out."""
    program = """
        import resource, torch
        from hetsyn_sim.kernels import DecayPath, exponential_filter, spiking_scan
        from hetsyn_sim.training.surrogates import MultiGaussian
        def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        def step(T):
            x = (torch.rand(T, 1, 30) < 0.05).float().requires_grad_()
            w, rho = torch.randn(20, 30, requires_grad=True), torch.rand(20, 30).requires_grad_()
            rec = DecayPath((0.1 * torch.randn(20, 20)).requires_grad_(), torch.rand(20, 20).requires_grad_())
            reset = DecayPath(-torch.ones(()), torch.tensor(0.5))
            z, v = spiking_scan(exponential_filter(x, w, rho), [rec], [reset], torch.ones(()), MultiGaussian())
            z.sum().backward()
        step(100)
        before = peak()
        step(100_000)
        # x twice (its random numbers), dx, v_in, z, v, dz, d
        print((peak() - before) / (100_000 * (3 * 30 + 6 * 20) * 4))
    """
    out = process([sys.executable, "-c", textwrap.dedent(program)])
    assert float(out.stdout) < 1.1

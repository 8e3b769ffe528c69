"""The fused kernels as torch operators: schema, autograd, fake tensors, finite differences, graphs, autocast."""

import pytest
import torch

from hetsyn_sim.kernels import DecayPath, available_backends, exponential_filter, fused, spiking_scan
from hetsyn_sim.training.surrogates import MultiGaussian

pytestmark = pytest.mark.skipif("fused" not in available_backends(), reason="the compiled kernels were not built")
F64 = torch.float64
T, B, I, J = 9, 2, 5, 4


def rand(*shape, low=0.0, high=1.0):
    return (low + (high - low) * torch.rand(*shape, dtype=F64)).requires_grad_()


@pytest.fixture
def leaves():
    torch.manual_seed(0)
    return {
        "x": torch.randn(T, B, I, dtype=F64, requires_grad=True),
        "w": torch.randn(J, I, dtype=F64, requires_grad=True),
        "rho": rand(J, I, low=0.1, high=0.9),
        "w_rec": torch.randn(J, J, dtype=F64, requires_grad=True),
        "rho_rec": rand(J, J, low=0.1, high=0.9),
        "decay": rand(J, low=0.1, high=0.9),
        "theta": torch.ones(J, dtype=F64, requires_grad=True),
        "drive": torch.randn(T, B, J, dtype=F64, requires_grad=True),
    }


def arguments(leaves, operator):
    if operator == "filter":
        return leaves["x"], leaves["w"], leaves["rho"]
    if operator == "leaky_scan":
        return leaves["drive"], leaves["decay"], True
    amplitudes, rhos = [leaves["w_rec"], leaves["w_rec"], leaves["theta"]], [leaves["rho_rec"], leaves["decay"], leaves["decay"]]
    return leaves["drive"], amplitudes, rhos, leaves["theta"], "multi_gaussian", [0.5, 0.5, 0.15, 6.0]


@pytest.mark.parametrize("operator", ["filter", "leaky_scan", "spiking_scan"])
def test_the_operator_keeps_torchs_contract(operator, leaves):
    outcome = torch.library.opcheck(getattr(torch.ops.hetsyn, operator).default, arguments(leaves, operator))
    assert set(outcome.values()) == {"SUCCESS"}


def test_gradients_by_finite_differences(leaves):
    assert torch.autograd.gradcheck(fused.filter_synapses, (leaves["x"], leaves["w"], leaves["rho"]))
    for reverse in (False, True):
        assert torch.autograd.gradcheck(lambda d, r, reverse=reverse: fused.leaky_scan(d, r, reverse), (leaves["drive"], leaves["decay"]))


def network(x, w, rho, w_rec, rho_rec, decay, theta):
    v_in = exponential_filter(x, w, rho)
    z, v = spiking_scan(v_in, [DecayPath(w_rec, rho_rec)], [DecayPath(-theta, decay)], theta, MultiGaussian())
    return exponential_filter(z, w_rec, decay[:, None]) + v


@pytest.mark.parametrize("compiler", ["aot_eager", pytest.param("inductor", marks=[pytest.mark.slow, pytest.mark.compiled])])
def test_a_compiled_graph_is_whole_and_gives_the_same(compiler, leaves):
    given = [leaves[name] for name in ("x", "w", "rho", "w_rec", "rho_rec", "decay", "theta")]
    torch.compiler.reset()
    compiled = torch.compile(network, fullgraph=True, backend=compiler)
    found, expected = compiled(*given), network(*given)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    g = torch.randn(expected.shape, dtype=F64)
    for one, other in zip(torch.autograd.grad(found, given, g), torch.autograd.grad(expected, given, g), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def test_under_autocast_states_stay_in_single_precision(leaves):
    given = [leaves[name].detach().float() for name in ("x", "w", "rho", "w_rec", "rho_rec", "decay", "theta")]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = network(*given)
        low = exponential_filter(given[0].bfloat16(), given[1].bfloat16(), given[2].bfloat16())
    assert out.dtype == torch.float32
    # what depends on the products' order alone is the same; the tied filter's product is in bfloat16, so 2^-8 of its size
    torch.testing.assert_close(out, network(*given), rtol=2**-7, atol=2**-5)
    assert low.dtype in (torch.float32, torch.bfloat16)

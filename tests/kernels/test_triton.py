"""The Triton kernels in Triton's interpreter at toy sizes, against the obvious implementation. No GPU, no claim on speed."""

import pytest
import torch

from hetsyn_sim.kernels import DecayPath, available_backends, exponential_filter, spiking_scan, use_backend
from hetsyn_sim.training.surrogates import Triangular

pytest.importorskip("triton", reason="needs the extra [triton]")
if "triton" not in available_backends():
    pytest.skip("needs a CUDA device, or TRITON_INTERPRET=1 set before Python starts", allow_module_level=True)

F64 = torch.float64
B, I, J, T = 2, 70, 19, 6  # more channels and neurons than a tile, and no multiple of it


@pytest.fixture(autouse=True)
def on_triton():
    with use_backend("triton"):
        yield


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_the_filter_and_its_gradients(dtype, naive):
    x, w, rho, g = (random(T, B, I) > 0.5).to(dtype), random(J, I).to(dtype), random(J, I, seed=1).sigmoid().to(dtype), random(T, B, J)
    rho[0, 0], rho[1, 1] = 0.0, 1.0
    results = []
    for run, leaves in ((exponential_filter, (x, w, rho)), (naive["filter"], (x.double(), w.double(), rho.double()))):
        leaves = [leaf.clone().requires_grad_() for leaf in leaves]
        v = run(*leaves)
        results.append((v, *torch.autograd.grad((v * g.to(v)).sum(), leaves)))
    for found, expected in zip(*results, strict=True):
        assert found.dtype == dtype
        # sums of at most 70 synapses or 12 items, over 6 steps, of products below 20 (hetsyn_sim.agreement's bound)
        torch.testing.assert_close(found.double(), expected, rtol=0, atol=torch.finfo(dtype).eps / 2 * (I + 3 * T + 32) * 100)


def test_a_carried_state_is_added(naive):
    x, w, rho, carried = random(T, B, I), random(J, I), random(J, I, seed=1).sigmoid(), random(B, J, I, seed=2)
    torch.testing.assert_close(exponential_filter(x, w, rho, carried), naive["filter"](x, w, rho, carried), rtol=0, atol=1e-11)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize(("recurrent", "resets"), [(1, 1), (0, 1), (1, 0), (0, 0), (2, 1)])
def test_the_scan_and_its_gradients(tied, recurrent, resets, naive):
    n = 5
    leaves = [random(12, B, n) + 0.5, torch.full((n,), 0.8, dtype=F64)]
    for k in range(recurrent):
        leaves += [random(n, n, seed=k) * 0.5, random(n, 1 if tied else n, seed=k + 5).sigmoid()]
    leaves += [torch.tensor(-0.8, dtype=F64), torch.tensor(0.7, dtype=F64)] * resets
    dz, dv = random(12, B, n, seed=3), random(12, B, n, seed=4)
    results = []
    for run in (spiking_scan, naive["scan"]):
        v_in, theta, *flat = copies = [leaf.clone().requires_grad_() for leaf in leaves]
        paths = [DecayPath(*pair) for pair in zip(flat[::2], flat[1::2], strict=True)]
        z, v = run(v_in, paths[:recurrent], paths[recurrent:], theta, Triangular())
        results.append((z, v, *torch.autograd.grad((z * dz).sum() + (v * dv).sum(), copies)))
    assert results[0][0].any()
    for found, expected in zip(*results, strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)  # sums of 12 steps, 2 items, 5 neurons, each below 100

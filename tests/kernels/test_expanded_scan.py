"""Recurrent synapses through shared decays: errors within the tolerance where spikes are given, and the same network otherwise."""

import pytest
import torch

from hetsyn_sim.errors import DataError
from hetsyn_sim.kernels import DecayPath, spiking_scan
from hetsyn_sim.training.surrogates import MultiGaussian

from .expansion_bounds import F32, F64, allowed
from .levels import KERNELS, same_for_any_threads, use_level

pytestmark = pytest.mark.skipif(len(KERNELS) == 1, reason="the compiled kernels were not built")
TOLERANCE = 1e-6


@pytest.fixture(params=KERNELS[1:])
def level(request):
    with use_level(request.param):
        yield request.param


def make(n_steps=60, n_batch=3, n=37, dtype=F64, limits=False):
    """v_in drives every spike, so that recurrence changes v and no raster; weights, decays of 1 to 40 steps, and a reset."""
    rng = torch.Generator().manual_seed(0)

    def rand(*shape):
        return torch.rand(shape, generator=rng, dtype=F64)

    v_in = torch.where(rand(n_steps, n_batch, n) < 0.1, 100.0, -100.0)
    w, rho = 0.3 * (rand(n, n) - 0.5), torch.exp(-1 / (1 + 39 * rand(n, n)))
    if limits:
        rho[0, :5], rho[1, :5] = 0.0, 1.0
    leaves = [leaf.to(dtype).requires_grad_() for leaf in (v_in, w, rho, -rand(n), rand(n))]
    return leaves, rand(n_steps, n_batch, n).to(dtype)


def run(leaves, tolerance, recurrent=1):
    v_in, w, rho, a, decay = leaves
    paths = [DecayPath(w, rho), DecayPath(0.5 * w, rho[:, :1])][:recurrent]
    return spiking_scan(v_in, paths, [DecayPath(a, decay)], torch.ones((), dtype=w.dtype), MultiGaussian(), None, tolerance)


@pytest.mark.parametrize("limits", [False, True])
def test_errors_are_within_the_tolerance(level, limits):
    leaves, g = make(limits=limits)
    (z, v), (z_exact, v_exact) = run(leaves, TOLERANCE), run(leaves, None)
    assert torch.equal(z, z_exact)
    assert z.any()
    w, rho = leaves[1].detach(), leaves[2].detach()
    of_v, _, of_w, of_rho = allowed(z[:-1], w, rho.clamp(1e-9, 1 - 1e-9), g[1:], TOLERANCE)
    assert not torch.equal(v, v_exact)
    assert ((v - v_exact).abs()[1:] <= of_v + 1e-12 * 100).all()
    found, exact = (torch.autograd.grad((each * g).sum(), leaves[1:3]) for each in (v, v_exact))
    inner = (rho > 0) & (rho < 1)
    for one, other, bound in zip(found, exact, (of_w, of_rho), strict=True):
        assert ((one - other).abs()[inner] <= (bound + 1e-10 * other.abs().max())[inner]).all()
        torch.testing.assert_close(one[~inner], other[~inner], rtol=1e-9, atol=1e-9)


def test_in_float32_the_error_is_that_of_rounding(level):
    leaves, _ = make(dtype=F32)
    (_, v), (_, exact) = run(leaves, TOLERANCE), run([leaf.double() for leaf in leaves], None)
    unit, n_terms = torch.finfo(F32).eps / 2, leaves[1].shape[1] + 1
    # of the drive, 100, and of at most 3 w events; coefficients that add up to 3 in absolute value
    size = 100 + 60 * leaves[3].abs().max() + 3 * leaves[1].abs().sum(1).max() * 40
    assert ((v - exact).abs() <= unit * (n_terms + 3 * 60 + 32) * size).all()


@pytest.mark.parametrize("dtype", [F32, F64])
def test_bits_do_not_depend_on_the_number_of_threads(level, dtype):
    leaves, g = make(n=70, n_batch=20, dtype=dtype)

    def every_number():
        z, v = run(leaves, TOLERANCE, 2)
        return z, v, *torch.autograd.grad((v * g).sum(), leaves[1:])

    same_for_any_threads(every_number, (1, 2, 5))


def test_paths_of_other_kinds_are_exact(level):
    leaves, _ = make()
    found, expected = ([v for _, v in (run(leaves, tolerance, recurrent=n) for n in (1, 2))] for tolerance in (TOLERANCE, None))
    torch.testing.assert_close(found[1] - found[0], expected[1] - expected[0], rtol=0, atol=1e-12 * 200)


def test_not_a_number_is_refused(level):
    leaves, _ = make()
    leaves[0].data[3, 1, 30] = torch.nan
    with pytest.raises(DataError, match="not finite"):
        run(leaves, TOLERANCE)

"""Scans of a state per neuron and node: plain torch and, interpreted, Triton's kernels against SciPy; no tensor on another device."""

import os
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from hetsyn_sim.kernels import backends, exponential_filter, use_backend
from hetsyn_sim.kernels.expansion_plain import SharedBank, _ExpandedFilter, backwards, nodes_for
from hetsyn_sim.kernels.filters import leaky_filter
from hetsyn_sim.kernels.node_scans import adjoint, has_triton, scan
from hetsyn_sim.training.surrogates import Triangular

from . import test_scan as scans

INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
#: Time, batch, nodes, neurons: neither nodes nor neurons fill a block.
SIZES = [(9, 2, 3, 5), (4, 1, 1, 1), (3, 2, 11, 131)]


@pytest.fixture
def made():
    def make(sizes, dtype):
        generator = torch.Generator().manual_seed(sum(sizes))
        n_steps, n_batch, n_nodes, n_post = sizes
        drive = torch.randn(sizes, generator=generator, dtype=torch.float64).to(dtype)
        decays = torch.rand(n_nodes, n_post, generator=generator, dtype=torch.float64).to(dtype)
        begin = torch.randn(n_batch, n_nodes, n_post, generator=generator, dtype=torch.float64).to(dtype)
        g = torch.randn(n_steps, n_batch, n_post, generator=generator, dtype=torch.float64).to(dtype)
        return drive, decays, begin, g

    return make


def filtered(drive, decay, begin):
    """One state through time, by SciPy in float64."""
    return lfilter([1.0], [1.0, -decay], drive, zi=[decay * begin])[0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("sizes", SIZES)
def test_the_scan_and_its_adjoint_are_scipys_filter(sizes, dtype, made):
    drive, decays, begin, g = made(sizes, dtype)
    n_steps, n_batch, n_nodes, n_post = sizes
    v, a = torch.empty_like(g), torch.empty_like(drive)
    end, first = scan(drive, decays, begin, v), adjoint(g, decays, (), begin, a)
    one, both, bound = decays.double(), np.empty((2, *sizes)), 4 * n_steps * n_nodes * torch.finfo(dtype).eps
    for b, k, j in np.ndindex(n_batch, n_nodes, n_post):
        decay, start = one[k, j].item(), begin[b, k, j].item()
        both[0, :, b, k, j] = filtered(drive[:, b, k, j].double(), decay, start)
        both[1, :, b, k, j] = filtered(g[:, b, j].double().flip(0), decay, start)[::-1]
    scale = np.abs(both).max()
    np.testing.assert_allclose(v.double(), both[0].sum(axis=2), rtol=0, atol=bound * scale)
    np.testing.assert_allclose(end.double(), both[0][-1], rtol=0, atol=bound * scale)
    np.testing.assert_allclose(a.double(), both[1], rtol=0, atol=bound * scale)
    np.testing.assert_allclose(first.double(), both[1][0], rtol=0, atol=bound * scale)


def test_a_chained_node_is_the_slope_of_the_one_before(made):
    """D = dA/drho by a difference of two scans, in two pieces of time: what one hands to the other is whole."""
    _, decays, begin, g = made((12, 2, 2, 5), torch.float64)
    decays[1] = decays[0]
    found, state = torch.empty(12, 2, 2, 5, dtype=torch.float64), torch.zeros_like(begin)
    for piece in (slice(7, 12), slice(0, 7)):
        state = adjoint(g[piece], decays, [1], state, found[piece])
    h, moved = 1e-6, []
    for sign in (1, -1):
        a = torch.empty_like(found)
        adjoint(g, decays + sign * h, (), torch.zeros_like(begin), a)
        moved.append(a[:, :, 0])
    torch.testing.assert_close(found[:, :, 1], (moved[0] - moved[1]) / (2 * h), rtol=1e-7, atol=1e-8)


def arguments(n_pre=6, n_post=4, n_steps=30, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = (torch.rand(n_steps, 2, n_pre, generator=generator) < 0.3).double()
    w = torch.randn(n_post, n_pre, generator=generator, dtype=torch.float64)
    rho = 0.6 + 0.35 * torch.rand(n_post, n_pre, generator=generator, dtype=torch.float64)
    rho[0, :2] = torch.tensor([0.0, 1.0])
    return x.requires_grad_(), w.requires_grad_(), rho.requires_grad_()


@pytest.fixture
def plain(monkeypatch):
    monkeypatch.setattr(backends, "has_library", lambda: False)


def test_the_filter_through_shared_decays_is_the_exact_one(plain):
    g = torch.randn(30, 2, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = []
    for name in ("expansion", "plain"):
        leaves = arguments()
        with use_backend(name, tolerance=1e-10):
            v = exponential_filter(*leaves)
            v.backward(g)
        found.append([v.detach(), *(leaf.grad for leaf in leaves)])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-8)  # tau / rho of the slopes, 30 events of a size of 1


def test_a_leaky_filter_is_the_same_scan(plain):
    drive, _, _ = arguments(2, n_steps=5)
    decay = torch.linspace(0.1, 0.9, 2, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(leaky_filter, (drive, decay))


@pytest.mark.parametrize("resets", [0, 1])
@pytest.mark.parametrize("kind", ["synapse", "neuron"])
def test_a_recurrent_scan_through_shared_decays_spikes_as_the_exact_one(kind, resets, naive, plain, monkeypatch):
    monkeypatch.setattr(SharedBank, "pull", counted := Counted(SharedBank.pull))
    with use_backend("expansion", tolerance=1e-11):
        assert scans.compare(scans.make((12, 2, 5), (kind,), resets), Triangular(), naive, relative=1e-8).any()
    assert (counted.calls > 0) == (kind == "synapse")


class Counted:
    """A method that counts its calls."""

    def __init__(self, method):
        self.method, self.calls = method, 0

    def __get__(self, owner, kind):
        return lambda *given: self(owner, *given)

    def __call__(self, *given):
        self.calls += 1
        return self.method(*given)


@pytest.fixture
def square():
    """A recurrent path with decays of 0 and 1, and its nodes, found on the CPU."""
    x, w, rho = (leaf.detach().float() for leaf in arguments(5, 5))
    with torch.enable_grad():
        return x, w, rho, nodes_for(rho, len(x), 1e-6)


@pytest.mark.skipif(INTERPRETED, reason="has no numbers to compute with")
def test_nothing_leaves_the_device_it_is_on(square):
    """On a device without numbers: one that is read by the host, or a tensor of the CPU in between, is an error."""
    x, w, rho, nodes = square
    x, w, rho = (tensor.to("meta") for tensor in (x, w, rho))
    forward, backward = (replace(n, s=n.s.to("meta")) for n in nodes)
    assert backward.nodes.chained
    v = _ExpandedFilter.apply(x, w, rho, forward, backward)
    dx, z = torch.empty_like(x), torch.empty(2, 30, 5, device="meta")
    bank = SharedBank(w, rho, forward, backward)
    found = [
        v,
        dx,
        *backwards(v, x, w, rho, backward, dx),
        *(bank.pull(z, t) for t in (1, 2)),
        *(bank.pull_adjoint(z, t) for t in (28, 27)),
    ]
    assert {tensor.device.type for tensor in (*found, *bank.gradients(v[1:], x[1:]))} == {"meta"}
    with pytest.raises(RuntimeError, match="device"):
        _ = v + torch.ones(30, 2, 5)
    with pytest.raises(RuntimeError, match="meta"):
        v.sum().item()


def test_single_precision_goes_through_shared_decays_where_there_is_no_exact_kernel():
    for device, dtype, expected in [("meta", torch.float32, True), ("meta", torch.float64, False), ("cpu", torch.float32, False)]:
        assert (backends.expansion_tolerance(torch.empty(3, 1, 2, device=device, dtype=dtype)) is not None) == expected
        with use_backend("plain"):
            assert backends.expansion_tolerance(torch.empty(3, 1, 2, device=device, dtype=dtype)) is None


@pytest.mark.skipif(INTERPRETED or not has_triton(), reason="needs Triton")
def test_the_triton_kernels_in_the_interpreter(process):
    """This file once more, with every scan by Triton."""
    done = process([sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", __file__], env={"TRITON_INTERPRET": "1"})
    assert "passed" in done.stdout

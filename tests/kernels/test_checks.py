"""What the kernels refuse, with what they say, and what happens where they were not built."""

import subprocess
import sys

import pytest
import torch

from hetsyn_sim.errors import DataError, UnknownNameError
from hetsyn_sim.kernels import DecayPath, available_backends, exponential_filter, spiking_scan, use_backend
from hetsyn_sim.training.surrogates import MultiGaussian, Triangular

needs_fused = pytest.mark.skipif("fused" not in available_backends(), reason="the compiled kernels were not built")
X, W, RHO = torch.ones(5, 2, 3), torch.ones(4, 3), torch.full((4, 3), 0.5)
V, W_REC, THETA = torch.ones(5, 2, 4), torch.ones(4, 4), torch.ones(4)


def scan(v_in=V, w=W_REC, rho=None, a=None, theta=THETA):
    recurrent = [DecayPath(w, torch.full((4, 4), 0.5) if rho is None else rho)]
    resets = [DecayPath(-THETA if a is None else a, torch.tensor(0.5))]
    return spiking_scan(v_in, recurrent, resets, theta, MultiGaussian())


@pytest.mark.parametrize(
    "call",
    [
        lambda: exponential_filter(torch.ones(5, 3), W, RHO),
        lambda: exponential_filter(torch.ones(5, 2, 4), W, RHO),
        lambda: exponential_filter(X, W, torch.full((3, 4), 0.5)),
        lambda: exponential_filter(X, W[0], RHO),
        lambda: scan(torch.ones(5, 4)),
        lambda: scan(w=torch.ones(4, 3)),
        lambda: scan(rho=torch.ones(3)),
        lambda: scan(a=torch.ones(3)),
        lambda: scan(theta=torch.ones(4, 1)),
    ],
)
def test_shapes_that_do_not_fit(call):
    with pytest.raises(DataError, match="the shapes do not fit") as excinfo:
        call()
    assert "(" in excinfo.value.got
    assert "time" in excinfo.value.expected
    assert excinfo.value.remedy == "time comes first, and matrices are post x pre"


@pytest.mark.parametrize("shape", [(0, 2, 3), (5, 0, 3)])
def test_nothing_to_run(shape):
    with pytest.raises(DataError, match="the shapes do not fit") as excinfo:
        exponential_filter(torch.ones(shape), W, RHO)
    assert excinfo.value.expected == "at least one step, one batch item and one neuron"


@pytest.mark.parametrize(
    "call", [lambda: exponential_filter(X.double(), W, RHO), lambda: exponential_filter(X.long(), W.long(), RHO.long())]
)
def test_types_that_differ(call):
    with pytest.raises(DataError, match="tensors of different types or devices") as excinfo:
        call()
    assert "on cpu" in excinfo.value.got
    assert excinfo.value.remedy == "convert the input with x.to(w)"


@needs_fused
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("busy", [True, False])
def test_input_that_is_not_finite(value, busy):
    x = torch.ones(40, 2, 3) if busy else torch.zeros(40, 2, 3)
    x[7, 1, 2] = value
    with pytest.raises(DataError, match="the input is not finite") as excinfo:
        exponential_filter(x, W, RHO)
    assert excinfo.value.where == "hetsyn::filter"
    assert excinfo.value.remedy


@needs_fused
@pytest.mark.parametrize(
    "call",
    [
        lambda w: exponential_filter(X, w.expand(4, 3), RHO),
        lambda w: scan(w=w.expand(4, 4)),
        lambda w: scan(a=w.expand(4)),
        lambda w: scan(theta=w.expand(4)),
    ],
)
def test_parameters_that_are_not_finite(call):
    with pytest.raises(DataError, match="a parameter is not finite") as excinfo:
        call(torch.tensor(float("nan")))
    assert "NaN or infinite" in excinfo.value.got
    assert "training has diverged" in excinfo.value.remedy


@needs_fused
@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan")])
@pytest.mark.parametrize(
    "call",
    [
        lambda rho: exponential_filter(X, W, rho.expand(4, 3)),
        lambda rho: exponential_filter(X, W, rho),
        lambda rho: scan(rho=rho.expand(4, 4)),
    ],
)
def test_decays_out_of_range(call, value):
    with pytest.raises(DataError, match=r"a decay is outside of \[0, 1\]") as excinfo:
        call(torch.tensor(value))
    assert excinfo.value.expected == "rho = exp(-dt/tau) with tau >= 0"
    assert "clamp" in excinfo.value.remedy


def test_an_unknown_back_end():
    with pytest.raises(UnknownNameError, match="unknown back end") as excinfo:
        use_backend("cudnn")
    assert excinfo.value.got == "'cudnn'"
    assert "plain, fused" in excinfo.value.expected


def test_the_choice_ends_with_the_block():
    with use_backend("plain"), use_backend(None):
        pass
    assert exponential_filter(X, W, RHO).shape == (5, 2, 4)


class Steeper(Triangular):
    """A user's own: another formula under an inherited name."""

    def derivative(self, distance, theta):
        return 3.0 * super().derivative(distance, theta)


@needs_fused
def test_a_surrogate_of_ones_own_is_used_and_not_its_parents():
    def gradient(surrogate):
        v_in = torch.full((3, 1, 4), 0.7, requires_grad=True)
        z, _ = spiking_scan(v_in, [], [], THETA, surrogate)
        return torch.autograd.grad(z.sum(), v_in)[0]

    torch.testing.assert_close(gradient(Steeper()), 3.0 * gradient(Triangular()))


def test_without_the_library_one_warning_and_plain_torch(tmp_path):
    script = f"""
import pathlib, warnings
import hetsyn_sim.kernels.library as library
library.best_library.__wrapped__.__defaults__ = (pathlib.Path({str(tmp_path)!r}),)
import torch
from hetsyn_sim.kernels import available_backends, exponential_filter
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for _ in range(3):
        v = exponential_filter(torch.ones(5, 2, 3), torch.ones(4, 3), torch.full((4, 3), 0.5))
(warning,) = [w for w in caught if w.category.__name__ == "BackendWarning"]
print(warning.message)
print(available_backends(), float(v[1, 0, 0]))
"""
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.splitlines()
    assert "_baseline.so was not built" in printed[0]
    assert "Install a C++ compiler and reinstall" in printed[0]
    assert printed[1].startswith("['plain'")
    assert printed[1].endswith("4.5")

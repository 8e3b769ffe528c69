"""Choosing the back ends expansion and triton, and what is said when they can't be."""

import math

import pytest
import torch

from hetsyn_sim.errors import BackendError, ConfigError
from hetsyn_sim.kernels import BACKENDS, available_backends, backends, exponential_filter, use_backend


@pytest.fixture(autouse=True)
def _as_before():
    with use_backend(None):
        yield


def test_the_expansion_works_everywhere():
    assert set(available_backends()) <= set(BACKENDS)
    assert {"plain", "expansion"} <= set(available_backends())


def test_the_tolerance_holds_inside_and_is_given_back():
    assert backends.expansion_tolerance(torch.float32) is None
    with use_backend("expansion", tolerance=1e-3):
        assert backends.expansion_tolerance(torch.float32) == 1e-3
        with use_backend("plain"):
            assert backends.expansion_tolerance(torch.float32) is None
        assert backends.expansion_tolerance(torch.float64) == 1e-3
        assert backends.expansion_tolerance(torch.bfloat16) is None
    assert backends.expansion_tolerance(torch.float32) is None


@pytest.mark.parametrize("tolerance", [0.0, -1e-6, math.nan, 1.0, 1e-13])
def test_a_tolerance_that_no_dtype_holds_is_refused_at_once(tolerance):
    with pytest.raises(ConfigError, match="tolerance of the shared-decay expansion is out of range") as error:
        use_backend("expansion", tolerance=tolerance)
    assert error.value.expected == "at least 1e-12 and below 1"
    assert backends.expansion_tolerance(torch.float64) is None


def test_without_compiled_kernels_the_expansion_runs_in_plain_torch(monkeypatch):
    rng = torch.Generator().manual_seed(0)
    x, w, rho = torch.rand(9, 2, 4, generator=rng), torch.randn(3, 4, generator=rng), torch.rand(3, 4, generator=rng)
    exact = exponential_filter(x, w, rho)
    monkeypatch.setattr(backends, "has_library", lambda: False)
    with use_backend("expansion"):
        v = exponential_filter(x, w, rho)
    assert not torch.equal(v, exact)
    torch.testing.assert_close(v, exact, rtol=0, atol=1e-6 * 36 * 2 + 1e-5)  # 36 terms below 2; float32


def test_why_triton_does_not_work_is_said(monkeypatch):
    monkeypatch.setattr(backends, "find_spec", lambda name: None)
    with pytest.raises(BackendError, match="Triton is not installed") as error:
        use_backend("triton")
    assert error.value.remedy == 'pip install "hetsyn-sim[triton]"'
    monkeypatch.setattr(backends, "find_spec", lambda name: object())
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    with pytest.raises(BackendError, match="Triton has nothing to run on"):
        use_backend("triton")
    assert "triton" not in available_backends()

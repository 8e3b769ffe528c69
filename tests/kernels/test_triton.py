"""The Triton kernels in Triton's interpreter at toy sizes, against the obvious implementation. No GPU, no claim on speed."""

import pytest
import torch

from hetsyn_sim.kernels import available_backends, exponential_filter, use_backend
from hetsyn_sim.training.surrogates import Triangular

from . import test_filters as filters
from . import test_scan as scan

pytest.importorskip("triton", reason="needs the extra [triton]")
if "triton" not in available_backends():
    pytest.skip("needs a CUDA device, or TRITON_INTERPRET=1 set before Python starts", allow_module_level=True)

SIZES = 6, 2, 70, 19  # more channels and neurons than a tile, and no multiple of it


@pytest.fixture(autouse=True)
def on_triton():
    with use_backend("triton"):
        yield


@pytest.mark.parametrize(("dtype", "relative"), [(torch.float32, 1e-5), (torch.float64, 5e-14)])
@pytest.mark.parametrize("limit", [None, 0.0, 1.0])
def test_the_filter_and_its_gradients(limit, dtype, relative, naive):
    leaves = filters.make(sizes=SIZES, limit=limit, dtype=dtype)
    doubles = [leaf.detach().double().requires_grad_() for leaf in leaves]
    found = filters.run(leaves)
    assert {one.dtype for one in found} == {dtype}
    filters.check_close(found, filters.run(doubles, naive["filter"]), filters.sums_of_sizes(leaves, naive["filter"]), relative)


def test_a_carried_state_is_added(naive):
    x, w, rho = filters.make(sizes=SIZES)
    carried = torch.randn(2, 19, 70, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    torch.testing.assert_close(exponential_filter(x, w, rho, carried), naive["filter"](x, w, rho, carried), rtol=0, atol=1e-11)


@pytest.mark.parametrize("kind", ["synapse", "neuron"])
@pytest.mark.parametrize(("recurrent", "resets"), [(1, 1), (0, 1), (1, 0), (0, 0), (2, 1)])
def test_the_scan_and_its_gradients(kind, recurrent, resets, naive):
    assert scan.compare(scan.make((12, 2, 5), (kind,) * recurrent, resets), Triangular(), naive, relative=1e-12).any()

"""Plain kernels for what is stepped: those that are generated need a compiler; and spikes to run on."""

import pytest
import torch

from hetsyn_sim.kernels import use_backend


@pytest.fixture(autouse=True)
def plain_and_double():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    with use_backend("plain"):
        yield
    torch.set_default_dtype(before)


def spikes(*shape, rate=0.3, seed=1):
    return (torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < rate).double()

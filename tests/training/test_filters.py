"""Filters of a float32 network: their forms are chosen once, go with the network, and are within rounding of the exact ones."""

import pytest
import torch

import hetsyn_sim as hs
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.kernels import forms, use_backend
from hetsyn_sim.kernels.costs import Costs
from hetsyn_sim.kernels.library import library
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.training import Network

from ..conftest import make_toy_data

pytestmark = pytest.mark.skipif(library() is None, reason="the compiled kernels were not built")


@pytest.fixture(scope="module")
def spec():
    layers = [hs.Layer(HetSynLIF, 60, recurrent=True)]
    return hs.NetworkSpec("1 ms", 120, layers, hs.Layer(LeakyReadout, 3))


@pytest.fixture(scope="module")
def x():
    return (torch.rand(200, 4, 120, generator=torch.Generator().manual_seed(0)) < 0.02).float()


def trained(spec, x, n_steps=2):
    network = Network(spec, seed=1)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(n_steps):
        optimiser.zero_grad()
        network(x)[0].square().sum().backward()
        optimiser.step()
    return network


def output(network, x):
    with torch.no_grad():
        return network(x)[0]


def test_forms_are_chosen_by_the_first_call_and_stay(spec, x, monkeypatch):
    network = trained(spec, x, 1)
    chosen = network.filters()
    assert chosen["layer_1.feedforward"]["form"] == "shared decays"
    assert set(chosen) == {"layer_1.feedforward", "layer_1.recurrent", "readout.feedforward"}
    monkeypatch.setattr(forms, "costs", lambda kind: Costs(0.0, 1.0, 1.0, 1.0))  # of a machine on which exact filters cost nothing
    network(x.flip(0))
    assert network.filters() == chosen
    assert {plain["form"] for plain in trained(spec, x, 1).filters().values()} == {"exact"}


def test_a_network_taken_elsewhere_computes_the_same_bits(spec, x, monkeypatch, tmp_path):
    network = trained(spec, x)
    expected, path = output(network, x), network.to_checkpoint().save(tmp_path / "network")
    monkeypatch.setattr(forms, "costs", lambda kind: Costs(0.0, 1.0, 1.0, 1.0))
    read = Checkpoint.load(path)
    assert read.filters == network.filters()
    again = Network(spec, seed=2)
    again.load_state_dict(network.state_dict())
    assert torch.equal(output(again, x), expected)
    by_checkpoint = Network.from_checkpoint(read, torch.float32)
    assert by_checkpoint.filters() == read.filters
    # values in SI units and back again: decays differ by a rounding
    torch.testing.assert_close(output(by_checkpoint, x), expected, rtol=1e-3, atol=1e-4)
    bare = Network.from_checkpoint(Checkpoint(spec, network.values()), torch.float32)
    assert not torch.equal(output(bare, x), expected)  # exact filters: other roundings


def test_the_exact_form_is_that_of_the_fused_kernels_and_float64_has_no_other(spec, x, monkeypatch):
    with use_backend("fused"):
        network = trained(spec, x, 1)
        assert network.filters() == {}
        expected = output(network, x)
    double = Network(spec, seed=1).double()
    double(x.double())
    assert double.filters() == {}
    assert Network.from_checkpoint(network.to_checkpoint()).filters() == {}
    monkeypatch.setattr(forms, "costs", lambda kind: Costs(0.0, 1.0, 1.0, 1.0))
    assert torch.equal(output(network, x), expected)
    assert {plain["form"] for plain in network.filters().values()} == {"exact"}


def test_choosing_draws_nothing_and_changes_nothing(spec, x):
    network = Network(spec, seed=1, dropout=0.5)
    before = torch.get_rng_state()
    network.choose_filters(x.bool())
    assert network.training
    assert torch.equal(torch.get_rng_state(), before)
    assert len(network.filters()) == 3
    assert all(p.grad is None for p in network.parameters())


@pytest.mark.slow
def test_compiled_it_computes_what_was_chosen_before(spec, x):
    network = Network(spec, seed=1).eval()
    torch._dynamo.reset()
    assert output(torch.compile(network, backend="eager"), x[:40]).shape == (40, 4, 3)
    assert network.filters() == {}  # what is measured is not traced
    network.choose_filters(x)
    expected = output(network, x)
    torch._dynamo.reset()
    # to a rounding of decays, as with exact filters
    torch.testing.assert_close(output(torch.compile(network, backend="eager"), x), expected, rtol=1e-4, atol=1e-5)


def test_a_training_writes_the_forms_down(tmp_path, monkeypatch):
    data = make_toy_data(60, n_steps=60)
    monkeypatch.setattr(forms, "costs", lambda kind: Costs(1.0, 0.0, 0.0, 0.0))  # shared decays cost nothing
    spec = hs.NetworkSpec("10 ms", data.n_channels, [hs.Layer(HetSynLIF, 7)], hs.Layer(LeakyReadout, 3))
    result = hs.fit(spec, data, epochs=1, seed=0, out=tmp_path / "run", progress=False)
    assert {plain["form"] for plain in result.checkpoint.filters.values()} == {"shared decays"}
    assert Checkpoint.load(tmp_path / "run").filters == result.checkpoint.filters

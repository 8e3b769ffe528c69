"""From a net of layers to a spec: the same network, in Brian2 too, and a refusal by name where there is none."""

import numpy as np
import pytest
import torch
from torch import nn

import hetsyn_sim as hs
from hetsyn_sim.errors import DataError, DtMismatchError, SpecError, TransferError
from hetsyn_sim.training import Network, OnlyOutput

from ...refusal import refused
from .conftest import spikes

T, B = 30, 3


def dense():
    return hs.nn.Sequential(hs.nn.HetSynLIF(16, 10, recurrent=True), nn.Dropout(0.5), hs.nn.HetSynLIF(10, 8), hs.nn.LeakyReadout(8, 3))


def folded():
    net = hs.nn.Sequential(
        nn.Linear(16, 10, bias=False),
        hs.nn.HetSynLIF.elementwise(10),
        nn.Linear(10, 8, bias=False),
        hs.nn.HomNeuLIF.elementwise(8, w=0.5, tau_mem="20 ms", theta=0.3),
        hs.nn.LeakyReadout(8, 3),
    )
    nn.init.normal_(net[0].weight, std=0.6)
    nn.init.normal_(net[2].weight, std=0.6)
    return net


def convolutional():
    net = hs.nn.Sequential(
        hs.nn.HetSynLIF.conv2d(1, 3, 3, padding=1),
        nn.AvgPool2d(2),
        nn.Conv2d(3, 4, 2, bias=False),
        hs.nn.HetNeuLIF.elementwise(4, 1, 1, theta=0.2),
        nn.Flatten(),
        hs.nn.LeakyReadout(4, 2),
    )
    nn.init.normal_(net[2].weight)
    return net


NETS = {"dense": (dense, (16,)), "folded": (folded, (16,)), "convolutional": (convolutional, (1, 4, 4))}


@pytest.fixture(params=NETS)
def net_and_input(request):
    torch.manual_seed(3)
    make, shape = NETS[request.param]
    return make().eval(), spikes(T, B, *shape)


def rasters(net, x):
    """What spikes in a net, layer by layer."""
    found = []
    with torch.no_grad():
        for module in net:
            if isinstance(module, hs.nn.NeuronLayer):
                run = module.run(x)
                x = run.out
                found += [] if run.z is None else [run.z.flatten(2).numpy() > 0]
            else:
                x = module(x.flatten(0, 1)).unflatten(0, x.shape[:2])
    return found, x.numpy()


def test_a_net_is_compared_with_its_recording_as_it_is(tmp_path):
    """A net of layers, its checkpoint, the path of that: each with what it did in Brian2."""
    torch.manual_seed(3)
    net = dense().eval()
    recording = hs.to_brian2(net).run(spikes(T, B, 16).numpy() > 0)
    checkpoint = net.to_checkpoint()
    checkpoint.save(tmp_path / "net.safetensors")
    for network in (net, checkpoint, tmp_path / "net.safetensors", Network.from_checkpoint(checkpoint)):
        found = hs.compare(network, recording)
        assert found.agrees
        assert found.spike_mismatches == 0 < found.n_spikes
    with refused(DataError, "these can't be compared", got="Recording and Recording"):
        hs.compare(recording, recording)


def test_the_network_of_the_spec_is_the_net(net_and_input):
    net, x = net_and_input
    checkpoint = net.to_checkpoint(input_shape=x.shape[2:], metrics={"loss": 0.5})
    recording = Network.from_checkpoint(checkpoint).record(x.flatten(2))
    spiking, out = rasters(net, x)
    assert checkpoint.metrics == {"loss": 0.5}
    for name, z in zip(("layer_1", "layer_2"), spiking, strict=True):
        assert np.array_equal(recording.rasters[name], z)
        assert 20 < z.sum() < z.size
    # sums of at most 30 x 16 numbers below 10, in another order
    np.testing.assert_allclose(recording.traces["readout.v"], out, rtol=0, atol=480 * 10 * np.finfo(float).eps)


def test_brian2_spikes_as_the_net_does(net_and_input):
    net, x = net_and_input
    simulation = hs.to_brian2(net.to_checkpoint(input_shape=x.shape[2:]), record=[])
    recording = simulation.run(x.flatten(2).numpy() > 0)
    for name, z in zip(("layer_1", "layer_2"), rasters(net, x)[0], strict=True):
        assert np.array_equal(recording.rasters[name], z)


def test_what_makes_a_checkpoint_goes_to_brian2_as_it_is():
    net = hs.nn.Sequential(hs.nn.HetSynLIF(3, 2))
    for own in (net, Network(hs.nn.HetSynLIF(3, 2).spec)):
        assert hs.to_brian2(own).checkpoint.spec == own.to_checkpoint().spec


def test_any_order_that_is_said_and_nets_of_torch():
    net = dense()
    expected = net.to_checkpoint().to_bytes()
    assert hs.nn.to_checkpoint(list(net)).to_bytes() == expected
    assert hs.nn.to_checkpoint(nn.Sequential(*(m if isinstance(m, nn.Dropout) else OnlyOutput(m) for m in net))).to_bytes() == expected
    assert hs.nn.to_checkpoint([net[:2], *net[2:]]).to_bytes() == expected
    assert hs.nn.to_checkpoint(net[0]).spec == net[0].spec


def test_there_and_back(tmp_path):
    net = dense().eval()
    path = net.to_checkpoint().save(tmp_path / "net")
    again = hs.nn.from_checkpoint(path, surrogate="slayer", batch_first=True)
    x = spikes(T, B, 16)
    torch.testing.assert_close(again(x.transpose(0, 1))[0].transpose(0, 1), net(x)[0], rtol=1e-9, atol=1e-9)
    assert str(again[0]) == "HetSynLIF(16, 10, dt=1 ms, recurrent=True, surrogate=Slayer(alpha=5.0, c=0.4), batch_first=True)"
    assert again.to_checkpoint().spec == net.to_checkpoint().spec


def test_the_step_order_of_a_network_stays_with_its_layers():
    own = hs.NetworkSpec("1 ms", 3, [hs.Layer(hs.models.HomNeuLIF, 2)], step_order=hs.models.RESET_FIRST)
    net = hs.nn.from_checkpoint(hs.Checkpoint(own, own.initial_values(0)))
    assert net[0].spec.population("layer_1").step_order == hs.models.RESET_FIRST == net.to_checkpoint().spec.step_order


def test_spikes_beside_a_graded_output_have_no_net():
    own = hs.NetworkSpec("1 ms", 3, [hs.Layer(hs.models.MTC, 2), hs.Layer(hs.models.HetSynLIF, 2)])
    with refused(TransferError, "can't be said exactly", where="layer_2", remedy="hs.Network"):
        hs.nn.from_checkpoint(hs.Checkpoint(own, own.initial_values(0)))


class OwnForward(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = hs.nn.HetSynLIF(3, 2)


class Doubled(nn.Linear):
    def forward(self, x):
        return super().forward(x).abs()


class Twice(nn.Sequential):
    def forward(self, x):
        return super().forward(super().forward(x))


LIF = hs.nn.HomNeuLIF


@pytest.mark.parametrize(
    ("modules", "where", "words"),
    [
        ([nn.Linear(3, 2), LIF.elementwise(2)], "0", "adds a constant in every step"),
        ([nn.Linear(3, 2, bias=False), hs.nn.HetSynLIF(2, 2)], "1", "weights of 0 before synapses that have each their own tau_syn"),
        ([LIF(3, 2), nn.ReLU(), LIF(2, 2)], "1", "ReLU"),
        ([LIF(3, 2), nn.Linear(2, 2, bias=False)], "1", "the end of the net"),
        ([hs.nn.LeakyReadout(3, 2), LIF(2, 2)], "1", "keep the readout for the end"),
        ([hs.nn.MTC(3, 2), LIF(2, 2)], "1", "graded output"),
        ([nn.Linear(3, 2, bias=False), hs.nn.MTC.elementwise(2)], "1", "in proportion to w"),
        ([LIF.conv2d(1, 2, 3), LIF(2, 2)], "0", "input_shape"),
        ([LIF(3, 4), LIF(3, 2)], "1", "correct the sizes"),
        ([LIF(1, 5000), LIF.elementwise(5000)], "1", "25,000,000 synapses"),
        ([3], "0", "modules of torch"),
        ([nn.Flatten()], "the net", "no layer of hs.nn"),
        ([Doubled(3, 2, bias=False), LIF.elementwise(2)], "0", "not linear"),
        ([Twice(OnlyOutput(LIF(3, 3)))], "0", "Twice, with a forward of its own"),
        ([OwnForward()], "0", "OwnForward"),
    ],
)
def test_what_can_not_be_said_is_refused_by_name(modules, where, words):
    with pytest.raises(TransferError) as said:
        hs.nn.to_checkpoint(modules)
    assert said.value.where == where
    assert words in str(said.value)


def test_other_refusals():
    with refused(TransferError, "can't be said exactly", where="OwnForward", remedy="hs.nn.to_checkpoint([net.hidden, net.out])"):
        hs.nn.to_checkpoint(OwnForward())
    with pytest.raises(DtMismatchError, match="one time step"):
        hs.nn.to_checkpoint([LIF(3, 2), LIF(2, 2, dt="2 ms")])
    with pytest.raises(SpecError, match="needs a layer"):
        hs.nn.to_checkpoint(hs.nn.LeakyReadout(3, 2))

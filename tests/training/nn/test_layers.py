"""Layers of hs.nn: every neuron has one, in one step or many, and the forms are the same neuron."""

import copy
import pickle
import re
import warnings

import numpy as np
import pytest
import torch
from torch import nn

import hetsyn_sim as hs
from hetsyn_sim.errors import AxesWarning, DataError, SpecError, UnknownNameError
from hetsyn_sim.models import REGISTRY, HetSynLIF, TsodyksMarkramLIF
from hetsyn_sim.training import OnlyOutput, Triangular

from ...refusal import refused
from .conftest import spikes

T, B, N_IN, N_OUT = 24, 3, 8, 6
#: How much stronger synapses are made than they begin, so that some of the neurons spike and some do not.
STRONGER = {
    "FitzHughNagumo": 0.5,
    "HodgkinHuxley": 5.0,
    "HetSynMTC": 6.0,
    "AdEx": 4.0,
    "HetSynAdEx": 4.0,
    "Izhikevich": 8.0,
    "QIF": 3.0,
    "TsodyksMarkramLIF": 4.0,
}


def make(name, **options):
    layer = getattr(hs.nn, name)(N_IN, N_OUT, **options)
    factor = STRONGER.get(name, 2.0)
    weights = {key: factor * value for key, value in layer.values().items() if re.search(r"feedforward\.w", key)}
    layer.set_values(weights)
    return layer


def bits(*tensors):
    return [tensor.detach().numpy() for tensor in tensors]


def test_the_registry_has_its_layers_and_another_neuron_can_have_one():
    assert set(REGISTRY) < set(hs.nn.__all__)
    assert all(getattr(hs.nn, name).of is model for name, model in REGISTRY.items())
    own = hs.nn.layer_of(hs.NeuronModel.from_dict(HetSynLIF.to_dict() | {"name": "Own"}))(3, 2)
    assert repr(own) == "Own(3, 2, dt=1 ms, surrogate=ArcTan(alpha=2.0))"
    again = pickle.loads(pickle.dumps(own))
    assert torch.equal(again(spikes(T, B, 3))[0], own(spikes(T, B, 3))[0])


@pytest.mark.parametrize("way", ["tau", "rho_clamped"])
def test_time_constants_are_trained_as_a_layer_is_told_in_every_form_and_brought_back(way):
    forms = (hs.nn.HetSynLIF(3, 2, time_constants=way), hs.nn.HetNeuLIF.elementwise(4, time_constants=way))
    net = hs.nn.Sequential(*forms, hs.nn.HetSynLIF.conv2d(1, 2, 3, time_constants=way))
    default = [hs.nn.HetSynLIF(3, 2), hs.nn.HetNeuLIF.elementwise(4), hs.nn.HetSynLIF.conv2d(1, 2, 3)]
    for layer, other in zip(net, default, strict=True):
        key = next(key for key in layer.values() if "tau_syn" in key or "tau_mem" in key)
        layer.load_state_dict(other.state_dict())  # the same values, whatever moves them
        torch.testing.assert_close(layer.values()[key], other.values()[key], rtol=1e-12, atol=0)
        raw, tau = layer.neurons.raw(f"layer_1.{key}").detach(), other.values()[key].flatten()
        torch.testing.assert_close(raw.flatten(), tau if way == "tau" else torch.exp(-1e-3 / tau))
        raw.fill_(-1.0)
    net.clamp_()
    for layer in net:
        key = next(key for key in layer.values() if "tau_syn" in key or "tau_mem" in key)
        assert torch.all(layer.values()[key] == {"tau": 1e-3, "rho_clamped": 0.0}[way])


@pytest.mark.parametrize("name", REGISTRY)
def test_in_two_halves_and_step_by_step_as_at_once(name):
    """Exactly the same spikes; v to within the rounding of sums in another order."""
    recurrent = {} if REGISTRY[name].takes_values or not REGISTRY[name].spiking else {"recurrent": True}
    layer, x = make(name, dt="0.5 ms", **recurrent), spikes(T, B, N_IN)
    with torch.no_grad():
        whole = layer.run(x)
        first = layer.run(x[:10])
        second = layer.run(x[10:], first.state)
        state, steps = None, []
        for now in x:
            run = layer.run(now, state)
            state = run.state
            steps.append(run)
    v_halves, v_steps = torch.cat([first.v, second.v]), torch.stack([run.v for run in steps])
    scale = whole.v.abs().max()
    # what is summed up in another order is T events of N_IN synapses at most
    bound = 4 * T * N_IN * torch.finfo(torch.float64).eps * (scale + 1.0)
    assert (v_halves - whole.v).abs().max() < bound
    assert (v_steps - whole.v).abs().max() < bound
    if whole.z is not None:
        assert torch.equal(torch.cat([first.z, second.z]), whole.z)
        assert torch.equal(torch.stack([run.z for run in steps]), whole.z)
        assert 0 < whole.z.sum() < whole.z.numel()


@pytest.mark.parametrize("make_layer", [lambda: hs.nn.HetSynLIF(N_IN, 5, recurrent=True), lambda: hs.nn.HetNeuLIF.elementwise(N_IN)])
def test_gradients_go_from_the_second_half_into_the_first(make_layer):
    layer, x = make_layer(), spikes(T, B, N_IN)
    weights = torch.rand(T, B, layer.shape_after((N_IN,))[0], generator=torch.Generator().manual_seed(2))
    found = []
    for pieces in ([x], x.split(9)):
        layer.zero_grad()
        own, state, outs = x.clone().requires_grad_(), None, []
        for piece in [own] if len(pieces) == 1 else own.split(9):
            out, state = layer(piece, state)
            outs.append(out)
        (torch.cat(outs) * weights).sum().backward()
        found.append([own.grad, *(p.grad.clone() for p in layer.parameters())])
    for one, other in zip(*found, strict=True):
        assert one.abs().max() > 0
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)


def test_batch_first_and_one_step():
    torch.manual_seed(5)
    layer = hs.nn.HetSynLIF(N_IN, N_OUT, recurrent=True)
    torch.manual_seed(5)
    turned = hs.nn.HetSynLIF(N_IN, N_OUT, recurrent=True, batch_first=True)
    x = spikes(T, B, N_IN)
    assert torch.equal(turned(x.transpose(0, 1))[0].transpose(0, 1), layer(x)[0])
    assert turned(x[0])[0].shape == (B, N_OUT)
    assert torch.equal(turned(x[0])[0], layer(x)[0][0])
    assert torch.equal(layer(x.bool())[0], layer(x)[0])
    assert layer(x)[0].sum() > 0


def test_a_seed_of_torch_says_how_layers_begin():
    def begun():
        torch.manual_seed(3)
        return [hs.nn.HetSynLIF(4, 4).values()["feedforward.w"] for _ in range(2)]

    (one, two), (again, _) = begun(), begun()
    assert torch.equal(one, again)
    assert not torch.equal(one, two)


# -- the forms ---------------------------------------------------------------------------------------------------------------------------


def test_elementwise_is_dense_with_one_synapse_each():
    """Also of values: what a module before it has summed up."""
    x = torch.randn(T, B, 2, 3, generator=torch.Generator().manual_seed(0)) + 0.4
    for name in ("HetSynLIF", "HomNeuALIF", "STLLIF", "LIF", "AdLIF", "LeakyReadout"):
        layer = getattr(hs.nn, name).elementwise(2, 3, **({"w": "2 nA"} if name == "LIF" else {}))
        values = layer.values()
        dense = hs.nn.layer_of(layer.synaptic)(6, 6)
        w = values["feedforward.w"]
        dense.set_values({k: v.flatten() if v.dim() else v for k, v in values.items()} | {"feedforward.w": w * torch.eye(6)})
        ours, theirs = layer.run(x), dense.run(x.flatten(2))
        torch.testing.assert_close(ours.v.flatten(2), theirs.v, rtol=1e-12, atol=1e-12)
        if ours.z is not None:
            assert torch.equal(ours.z.flatten(2), theirs.z)
            assert ours.z.sum() > 0
        assert ours.v.shape == x.shape
    assert "feedforward.w" not in dict(layer.named_parameters())


def test_a_neuron_of_a_map_has_values_of_its_own():
    layer = hs.nn.HetNeuLIF.elementwise((2, 3))
    taus = torch.linspace(0.01, 0.06, 6).reshape(2, 3)
    layer.set_values({"neuron.tau_mem": taus})
    torch.testing.assert_close(layer.values()["neuron.tau_mem"], taus)
    layer.set_values({"neuron.tau_mem": "20 ms", "neuron.theta": 9.0})
    v = layer.run(torch.ones(2, 1, 2, 3)).v
    torch.testing.assert_close(v[1, 0], torch.full((2, 3), 1 + np.exp(-0.05)))


def test_a_kernel_has_a_time_constant_for_each_weight():
    """Against the definition, written out for each synapse of the kernel at each place."""
    layer = hs.nn.HetSynLIF.conv2d(2, 3, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), dt="2 ms")
    layer.set_values({"feedforward.w": 3 * layer.values()["feedforward.w"]})
    x = spikes(T, B, 2, 5, 6)
    w, tau = bits(*(layer.values()[f"feedforward.{name}"] for name in ("w", "tau_syn")))
    assert w.shape == tau.shape == (3, 2, 3, 2)
    rho, padded = np.exp(-2e-3 / tau), np.pad(x.numpy(), ((0, 0), (0, 0), (0, 0), (1, 1), (0, 0)))
    z, v = bits(*(getattr(layer.run(x), part) for part in ("z", "v")))
    assert z.shape == (T, B, 3, 3, 4)
    I = np.zeros((B, 3, 2, 3, 2, 3, 4))  # (batch, post, pre, kernel row, kernel column, row, column)
    R, before = np.zeros((B, 3, 3, 4)), np.zeros((B, 3, 3, 4))
    for t in range(T):
        I *= rho[..., None, None]
        for dy, dx in np.ndindex(3, 2):
            I[:, :, :, dy, dx] += w[:, :, dy, dx, None, None] * padded[t][:, None, :, dy : dy + 5 : 2, 2 * dx : 2 * dx + 4]
        R = np.exp(-2e-3 / 80e-3) * R + before
        expected = I.sum(axis=(2, 3, 4)) - R
        np.testing.assert_allclose(v[t], expected, rtol=0, atol=1e-12)  # sums of T x 12 numbers below 10
        before = (expected > 1.0).astype(float)
        assert np.array_equal(z[t], before)
    assert 100 < z.sum() < z.size / 2


def test_convolutions_of_neurons_that_are_stepped():
    layer = hs.nn.TsodyksMarkramLIF.conv2d(1, 2, 3)
    dense = hs.nn.layer_of(TsodyksMarkramLIF)(9, 2)
    dense.set_values({key: value.reshape(dense.values()[key].shape) for key, value in layer.values().items()})
    x = spikes(T, 1, 1, 3, 3)
    torch.testing.assert_close(layer.run(x).v[..., 0, 0], dense.run(x.flatten(2)).v, rtol=1e-12, atol=0)


# -- as modules --------------------------------------------------------------------------------------------------------------------------


def test_how_layers_look():
    assert str(hs.nn.HetSynLIF(700, 128, dt="4 ms", recurrent=True, surrogate=Triangular())) == (
        "HetSynLIF(700, 128, dt=4 ms, recurrent=True, surrogate=Triangular(gamma=1.0, zeta=1.0))"
    )
    assert str(hs.nn.LeakyReadout(128, 10, batch_first=True)) == "LeakyReadout(128, 10, dt=1 ms, batch_first=True)"
    assert str(hs.nn.LIF.elementwise(8, 4, 4)).startswith("LIF.elementwise(8, 4, 4, dt=1 ms")
    assert str(hs.nn.LIF.conv2d(1, 8, 3, padding=1)).startswith("LIF.conv2d(1, 8, kernel_size=(3, 3), padding=(1, 1), dt=1 ms")
    names = [name for name, _ in hs.nn.HetSynLIF(3, 2, recurrent=True).named_parameters()]
    assert names == ["neurons.feedforward_w", "neurons.feedforward_tau_syn", "neurons.recurrent_w", "neurons.recurrent_tau_syn"]


def test_parameters_are_facts_that_can_be_given():
    trained = {"initial": "20 ms", "bounds": ("1 ms", "1 s"), "trainable": True}
    layer = hs.nn.HomNeuLIF(3, 2, tau_mem=trained, theta=0.5)
    assert layer.values()["neuron.tau_mem"].item() == pytest.approx(0.02)
    assert layer.values()["neuron.theta"].item() == 0.5
    assert [name for name, _ in layer.named_parameters()] == ["neurons.feedforward_w", "neurons.neuron_tau_mem"]


def replica(module):
    """What nn.DataParallel gives to another device: tensors in place of parameters."""
    modules = list(module.modules())
    copies = {each: each._replicate_for_data_parallel() for each in modules}
    for each, made in copies.items():
        for name, child in each._modules.items():
            setattr(made, name, copies[child])
        for name, tensor in (*each._parameters.items(), *each._buffers.items()):
            setattr(made, name, tensor.clone())
    return copies[module]


@pytest.mark.parametrize("name", ["HetSynLIF", "STLLIF", "LeakyReadout"])
def test_copies_are_the_same_layer(name):
    layer, x = make(name), spikes(T, B, N_IN)
    expected = layer(x)[0]
    assert expected.abs().sum() > 0
    torch.manual_seed(9)
    loaded = make(name)
    assert not torch.equal(loaded(x)[0], expected)
    loaded.load_state_dict(layer.state_dict())
    for other in (loaded, copy.deepcopy(layer), pickle.loads(pickle.dumps(layer)), replica(layer)):
        assert torch.equal(other(x)[0], expected)
    assert layer.float()(x)[0].dtype == torch.float32


def test_what_a_state_dict_means_stays_the_same_elsewhere():
    narrow = {"tau_syn": {"initial": "uniform(20 ms, 40 ms)", "bounds": ("10 ms", "100 ms")}}
    layer, other = hs.nn.HetSynLIF(4, 3, **narrow), hs.nn.HetSynLIF(4, 3, dt="3 ms")
    other.load_state_dict(layer.state_dict())
    torch.testing.assert_close(other.values()["feedforward.tau_syn"], layer.values()["feedforward.tau_syn"])
    other.set_values({"feedforward.tau_syn": "0.5 s"})
    with refused(SpecError, "outside of its bounds"):
        layer.load_state_dict(other.state_dict())


@pytest.mark.slow
def test_torch_compile_takes_what_lies_between():
    net = OnlyOutput(hs.nn.Sequential(nn.Linear(N_IN, 5), nn.ReLU(), hs.nn.HetSynLIF(5, N_OUT), nn.Linear(N_OUT, 2)))
    x = spikes(T, B, N_IN)
    found = torch.compile(net, backend="aot_eager")(x)
    torch.testing.assert_close(found, net(x), rtol=1e-12, atol=1e-12)


def test_a_batch_that_seems_to_come_first_is_said_once_and_not_where_the_order_is_given():
    x = spikes(2, 9, N_IN)  # 2 ms of 9 recordings
    with pytest.warns(AxesWarning, match="say batch_first=True"):
        hs.nn.HetSynLIF(N_IN, 2)(x)
    with warnings.catch_warnings():
        warnings.simplefilter("error", AxesWarning)
        _, state = hs.nn.HetSynLIF(N_IN, 2, batch_first=False)(x)
        layer = hs.nn.HetSynLIF(N_IN, 2)
        layer(x, state)  # in pieces
        layer(x[0])
        layer(spikes(9, 2, N_IN))


# -- what is refused ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: hs.nn.HetSynLIF(3, 2)(spikes(5, 2, 4)), DataError, "does not fit the layer"),
        (lambda: hs.nn.HetSynLIF(3, 2)(spikes(4, 5, 3).numpy()), DataError, "no tensor"),
        (lambda: hs.nn.HetSynLIF(3, 2)(spikes(9, 5, 3), hs.nn.HetSynLIF(3, 2)(spikes(4, 1, 3))[1]), DataError, "not of the same"),
        (lambda: hs.nn.HetSynLIF(3, 2)(spikes(3)), DataError, "give a batch axis"),
        (lambda: hs.nn.HetSynLIF(3, 2)(spikes(0, 2, 3)), DataError, "none of them 0"),
        (lambda: hs.nn.HetSynLIF.conv2d(1, 2, 3)(spikes(5, 2, 2, 8, 8)), DataError, r"\(time, batch, 1, any, any\)"),
        (lambda: hs.nn.HetSynLIF.conv2d(1, 2, 5)(spikes(5, 2, 1, 4, 8)), SpecError, "kernel is larger than the map"),
        (lambda: hs.nn.layer_of("HetSynLIF"), SpecError, "a layer needs a neuron"),
        (lambda: hs.nn.HetSynLIF(3, 2, surrogate=Triangular), UnknownNameError, "unknown surrogate"),
        (lambda: hs.nn.Dense(3, 2), SpecError, "a layer needs a neuron"),
        (lambda: hs.nn.HetSynLIF(0, 2), SpecError, "positive integer"),
        (lambda: hs.nn.HetSynLIF(3, 2, dt="0 ms"), SpecError, "positive time"),
        (lambda: hs.nn.HetSynLIF(3, 2, surrogate="arctn"), UnknownNameError, "unknown surrogate"),
        (lambda: hs.nn.HetSynLIF(3, 2, tau="20 ms"), UnknownNameError, "unknown parameter"),
        (lambda: hs.nn.HetSynLIF(3, 2, tau_syn="20 mV"), SpecError, "unit"),
        (lambda: hs.nn.LeakyReadout(3, 2, recurrent=True), SpecError, "a readout can't be recurrent"),
        (lambda: hs.nn.MTC(3, 2, recurrent=True), SpecError, "can't be recurrent"),
        (lambda: hs.nn.HetSynLIF.elementwise(), SpecError, "no shape of neurons"),
        (lambda: hs.nn.HetSynLIF.elementwise(3, 0), SpecError, "no shape of neurons"),
        (lambda: hs.nn.CobaLIF.elementwise(3), SpecError, "can't be driven elementwise"),
        (lambda: hs.nn.TsodyksMarkramLIF.elementwise(3), SpecError, "can't be driven elementwise"),
        (lambda: hs.nn.layer_of(HetSynLIF.with_delay("2 ms")).elementwise(3), SpecError, "can't be driven elementwise"),
        (lambda: hs.nn.HetSynLIF.conv2d(1, 2, (3, 3, 3)), SpecError, "no convolution"),
        (lambda: hs.nn.HetSynLIF.conv2d(1, 2, 3, stride=0), SpecError, "no convolution"),
        (lambda: hs.nn.HetSynLIF(3, 2).set_values({"w": 1.0}), UnknownNameError, "feedforward.w"),
        (lambda: hs.nn.HetSynLIF(3, 2).set_values({"feedforward.w": np.ones((3, 3))}), DataError, "do not fit the parameter"),
        (lambda: hs.nn.HetSynLIF(3, 2).set_values({"feedforward.w": float("nan")}), DataError, "not finite"),
        (lambda: hs.nn.HetSynLIF(3, 2).set_values({"feedforward.tau_syn": 2.0}), SpecError, "outside of its bounds"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()

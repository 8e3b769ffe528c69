"""The whole network: states, pieces of time, precision, evaluation, recordings, and what it refuses.

That every model has the values and gradients of a plain loop, in every step order, is said in ``equivalence/``.
"""

import copy
from itertools import permutations

import numpy as np
import pytest
import torch

from equivalence.loop import run_loop
from hetsyn_sim.agreement.compare import compare_recordings
from hetsyn_sim.discrete import is_time_constant, simulate_reference
from hetsyn_sim.errors import DataError, UnknownNameError
from hetsyn_sim.kernels import filters
from hetsyn_sim.models import MODELS
from hetsyn_sim.spec import UNBOUNDED, FanInNormal, Layer, NetworkSpec, StepOrder
from hetsyn_sim.training import layer as layer_module
from hetsyn_sim.training.network import Network

from ..refusal import refused

DT, T, B, I, J, K = 4e-3, 25, 2, 6, 5, 3
F64 = torch.float64
SPIKING = [name for name, model in MODELS.items() if model.spiking]
ORDERS = [(*first, "feedforward", "threshold") for first in permutations(("decay", "reset", "recurrent"))]


def lively(name):
    """The model with every parameter trainable, and weights that make it spike."""
    parameters = MODELS[name].parameters.items()
    changes = {key: {"trainable": True, "bounds": (1e-3, 1.0) if p.unit == "ms" else UNBOUNDED} for key, p in parameters}
    changes["w"]["initial"] = FanInNormal(2.5)
    return MODELS[name].with_parameters(**changes)


def network_of(model="HetSynLIF", order=ORDERS[0]):
    layers = [Layer(lively(model), J, recurrent=True), Layer(lively(model), J)]
    return NetworkSpec(DT, I, layers, Layer(lively("LeakyReadout"), K), StepOrder(order))


def spikes(rate=0.4, seed=0):
    return (torch.rand(T, B, I, generator=torch.Generator().manual_seed(seed), dtype=F64) < rate).to(F64)


@pytest.fixture(autouse=True)
def _double_precision():
    torch.set_default_dtype(F64)
    yield
    torch.set_default_dtype(torch.float32)


def gradients(network, out):
    g = torch.randn(out.shape, generator=torch.Generator().manual_seed(1))
    return torch.autograd.grad((out * g).sum(), list(network.parameters()))


def assert_same_gradients(found, expected):
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-10 * max(1.0, other.abs().max().item()))


@pytest.mark.parametrize("chunk", [1, 7, T - 1])
@pytest.mark.parametrize("model", ["HetSynLIF", "HetNeuLIF", "HomNeuALIFNormalised"])
def test_chunks_change_neither_values_nor_gradients(monkeypatch, model, chunk):
    """Values only up to rounding; gradients are those of backpropagation through the whole recording, chunks or not."""
    network = Network(network_of(model), seed=3)
    whole, _ = network(spikes())
    expected = gradients(network, whole)
    monkeypatch.setattr(filters, "CHUNK", chunk)
    monkeypatch.setattr(layer_module, "CHUNK", chunk)
    in_pieces, _ = network(spikes())
    torch.testing.assert_close(in_pieces, whole, rtol=0, atol=1e-12)
    assert_same_gradients(gradients(network, in_pieces), expected)


@pytest.mark.parametrize("cut", [1, 11, T - 1])
@pytest.mark.parametrize("order", [ORDERS[0], ORDERS[-1]])
@pytest.mark.parametrize("model", SPIKING)
def test_a_state_passed_on_is_as_if_nothing_had_been_cut(model, order, cut):
    network, x = Network(network_of(model, order=order), seed=3), spikes()
    whole, _ = network(x)
    first, state = network(x[:cut])
    second, _ = network(x[cut:], state)
    torch.testing.assert_close(torch.cat([first, second]), whole, rtol=0, atol=1e-12)
    assert_same_gradients(gradients(network, torch.cat([first, second])), gradients(network, whole))


def test_a_detached_state_has_the_same_values_and_no_past():
    network, x = Network(network_of(), seed=3), spikes()
    first, state = network(x[:11])
    second, _ = network(x[11:], {name: s.detach() for name, s in state.items()})
    torch.testing.assert_close(second, network(x)[0][11:], rtol=0, atol=1e-12)
    (past,) = torch.autograd.grad(second.sum(), first, allow_unused=True)
    assert past is None


@pytest.mark.parametrize("time_constants", ["log_tau", "rho_clamped", "tau"])
def test_a_state_belongs_to_the_values_it_was_made_with(time_constants):
    """Truncated backpropagation: an optimiser changes the parameters in place between two pieces, before the state is used."""
    network, x = Network(network_of(), seed=3, time_constants=time_constants), spikes()
    untouched = copy.deepcopy(network)
    _, before = untouched(x[:11])
    expected = {name: s.detach().carried for name, s in before.items()}
    _, state = network(x[:11])
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(0.5)
    for name, wanted in expected.items():
        for path, value in state[name].detach().carried.items():
            torch.testing.assert_close(value, wanted[path], rtol=0, atol=0)


@pytest.mark.parametrize("limit", [0.0, 1.0])
@pytest.mark.parametrize("model", SPIKING)
def test_a_clamped_decay_of_exactly_zero_or_one_has_finite_gradients(model, limit):
    """They are those of decays next to it, up to the distance: as long as no spike differs, they are polynomials in the decays."""
    spec, x, found = network_of(model), spikes(), []
    network = Network(spec, seed=3, time_constants="rho_clamped")
    for decay in (abs(limit - 1e-9), limit):
        with torch.no_grad():
            for raw in network.time_constant_parameters():
                raw.fill_(decay)
        out, _ = network(x)
        found.append([out, *torch.autograd.grad(out.sum(), list(network.parameters()))])
    for near, there in zip(*found, strict=True):
        assert torch.isfinite(there).all()
        torch.testing.assert_close(there, near, rtol=0, atol=1e-5 * max(1.0, near.abs().max().item()))
    values = network.values()
    assert all(np.all(values[key] == (np.inf if limit else 0.0)) for key, slot in spec.slots.items() if is_time_constant(slot))
    assert compare_recordings(spec, values, simulate_reference(spec, values, x.numpy()), network.record(x)).agrees


def test_analogue_input_by_a_plain_loop():
    spec, x = network_of(), torch.randn(T, B, I, generator=torch.Generator().manual_seed(5))
    expected = run_loop(spec, {key: torch.as_tensor(value) for key, value in spec.initial_values(3).items()}, x)
    torch.testing.assert_close(Network(spec, seed=3)(x)[0], expected.v["readout"], rtol=0, atol=1e-12)


# -- values, parameters, dropout ------------------------------------------------------------------------------------------------------


def test_for_evaluation_every_value_is_kept_to_the_last_bit():
    spec = network_of()
    values = spec.initial_values(7)
    network = Network(spec, values=values, trainable=False)
    assert not list(network.parameters())
    for key, value in network.values().items():
        np.testing.assert_array_equal(value, values[key])


def test_weights_and_time_constants_are_told_apart():
    network = Network(network_of("HomNeuALIF"), seed=0)
    every = {id(p) for p in network.parameters()}
    weights, times = ({id(p) for p in group} for group in (network.weight_parameters(), network.time_constant_parameters()))
    assert weights | times == every
    assert not weights & times
    assert {name.replace("__", ".").split(".", 2)[2] for name, _ in network.named_parameters()} == set(network.spec.slots)
    assert len(times) == 2 * 2 + 1  # tau_mem and tau_adapt of two layers, tau_syn of the readout


def test_clamping_brings_decays_back_and_touches_nothing_else():
    network = Network(network_of(), seed=0, time_constants="rho_clamped")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(2.0)
    before = [w.clone() for w in network.weight_parameters()]
    network.clamp_()
    assert all(torch.all(rho == 1.0) for rho in network.time_constant_parameters())
    assert all(torch.equal(w, old) for w, old in zip(network.weight_parameters(), before, strict=True))
    as_tau = Network(network_of(), seed=0, time_constants="tau")
    with torch.no_grad():
        for raw in as_tau.time_constant_parameters():
            raw.fill_(5.0).view(-1)[0] = -1.0
    as_tau.clamp_()
    for raw in as_tau.time_constant_parameters():
        first, *others = raw.flatten().tolist()
        assert first == 1e-3  # the lower bound of every time constant here; the upper one, 1 s, does not apply
        assert all(tau == 5.0 for tau in others)
    smooth = Network(network_of(), seed=0)
    before = [p.clone() for p in smooth.parameters()]
    smooth.clamp_()
    assert all(torch.equal(p, old) for p, old in zip(smooth.parameters(), before, strict=True))


def test_a_step_moves_tau_by_what_the_optimiser_says():
    """SGD moves tau by rate * dL/dtau, and Adam's first step moves every tau by its rate, in seconds, wherever tau is.

    The gradient is that of the default way, dL/draw = dL/dtau * dtau/draw, with dtau/draw of tau = low * (high/low)**sigmoid(raw) by hand.
    """
    spec, x = NetworkSpec(DT, I, [Layer(lively("HetSynLIF"), J)], Layer(lively("LeakyReadout"), K)), spikes()
    smooth, key = Network(spec, seed=3), "layer_1.feedforward.tau_syn"
    raw, tau = smooth.layers["layer_1"].raw(key), smooth.values()[key]
    (by_raw,) = torch.autograd.grad(smooth(x)[0].square().sum(), raw)
    place = np.log(tau / 1e-3) / np.log(1e3)  # the sigmoid of raw, within 1 ms and 1 s
    gradient = by_raw.numpy() / (tau * np.log(1e3) * place * (1 - place))
    assert np.abs(gradient).min() > 0
    for make, expected in (
        (lambda p: torch.optim.SGD(p, lr=1e-8), tau - 1e-8 * gradient),
        (lambda p: torch.optim.Adam(p, lr=2e-4, eps=0.0), tau - 2e-4 * np.sign(gradient)),
    ):
        network = Network(spec, seed=3, time_constants="tau")
        optimiser = make(network.parameters())
        network(x)[0].square().sum().backward()
        optimiser.step()
        network.clamp_()
        assert np.abs(expected / tau - 1).max() > 1e-5
        np.testing.assert_allclose(network.values()[key], expected, rtol=1e-11)


def test_dropout_is_between_layers_and_in_training_only():
    network, x = Network(network_of(), seed=3, dropout=0.5), spikes()
    torch.manual_seed(0)
    one, first = network(x)[0], network.last_spikes[0]
    other, again = network(x)[0], network.last_spikes[0]
    assert torch.equal(first, again)  # nothing is lost on the way to the first layer
    assert not torch.equal(one, other)
    network.eval()
    torch.testing.assert_close(network(x)[0], Network(network_of(), seed=3)(x)[0], rtol=0, atol=0)


@pytest.mark.parametrize(
    ("shape", "remedy"),
    [
        ((T, B, I + 1), "number of channels"),
        ((B, T, I, 1), "number of channels"),
        ((T, I), "a batch of one: x[:, None]"),
        ((0, B, I), "at least one step"),
        ((T, 0, I), "at least one recording"),
    ],
)
@pytest.mark.parametrize("method", ["forward", "record"])
def test_input_of_another_shape_is_refused(shape, remedy, method):
    said = f"Network.{method}", f"shape {shape}", f"(time, batch, {I})", remedy
    with refused(DataError, "does not fit the network", *said):
        getattr(Network(network_of()), method)(torch.zeros(shape))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_recording_of_nan_is_refused(value):
    x = spikes().numpy()
    x[3, 1, 2] = value
    with refused(DataError, "not finite", None, f"{value} at (3, 1, 2)", remedy="NaN would silence"):
        Network(network_of()).record(x)


def test_an_unknown_way_to_train_time_constants_is_refused():
    with refused(UnknownNameError, "unknown way to train time constants", None, "'rho'", "log_tau, rho_clamped, tau", "use one of these"):
        Network(network_of(), time_constants="rho")


def test_a_reversed_view_of_an_input_is_recorded_as_its_copy():
    spec = NetworkSpec("4 ms", 3, [Layer(MODELS["HetSynLIF"], 4)])
    x = np.random.default_rng(0).random((10, 2, 3)) < 0.5
    network = Network(spec, trainable=False)
    for turned in (x[:, ::-1], x[:, :1][:, ::-1]):
        copy = np.array(turned, order="C")
        np.testing.assert_array_equal(network.record(turned).traces["layer_1.v"], network.record(copy).traces["layer_1.v"])

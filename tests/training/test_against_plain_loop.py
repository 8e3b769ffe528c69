"""Values and gradients of every model, step order and time constant, by a plain torch loop."""

import numpy as np
import pytest
import torch

from hetsyn_sim.agreement.compare import compare_recordings
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.models import HetSynLIF
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training.network import Network
from hetsyn_sim.training.surrogates import MultiGaussian

from .plain_loop import DT, F64, ORDERS, READOUTS, SPIKING, TIMES, B, I, J, T, all_trained, network_of, plain, raws, spikes


@pytest.fixture(autouse=True)
def _double_precision():
    torch.set_default_dtype(F64)
    yield
    torch.set_default_dtype(torch.float32)


def check_against_plain(spec, time_constants, x=None):
    network = Network(spec, seed=3, surrogate=MultiGaussian(), time_constants=time_constants)
    raw = raws(network)
    assert set(raw) == {name.replace("__", ".").split(".", 2)[2] for name, _ in network.named_parameters()}
    x = spikes() if x is None else x
    out, _ = network(x)
    expected = plain(spec, x, raw, time_constants)
    # |v| < 30, at most 5 synapses and 25 steps: (15 + 75 + 32) * 2^-53 * 30 is 4e-13 at either side
    torch.testing.assert_close(out, expected, rtol=0, atol=1e-12)
    g = torch.randn(out.shape, generator=torch.Generator().manual_seed(1))
    found = torch.autograd.grad((out * g).sum(), raw.values(), retain_graph=True)
    wanted = torch.autograd.grad((expected * g).sum(), raw.values())
    for key, one, other in zip(raw, found, wanted, strict=True):
        assert torch.isfinite(one).all(), key
        scale = max(1.0, other.abs().max().item())  # gradients through recurrence grow over the steps, and their rounding with them
        torch.testing.assert_close(one, other, rtol=0, atol=1e-10 * scale, msg=lambda m, key=key: f"{key}: {m}")
    return network, out


@pytest.mark.parametrize("time_constants", ["log_tau", "rho_clamped"])
@pytest.mark.parametrize("model", SPIKING)
def test_every_model_by_a_plain_loop(model, time_constants):
    network, _ = check_against_plain(network_of(model), time_constants)
    assert all(0.05 < z.mean() < 0.95 for z in network.last_spikes)


@pytest.mark.parametrize("readout", READOUTS)
def test_every_readout_by_a_plain_loop(readout):
    check_against_plain(network_of(readout=readout), "log_tau")


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(order[:3]))
@pytest.mark.parametrize("model", ["HetSynLIF", "HomNeuALIF"])
def test_every_step_order_by_a_plain_loop(model, order):
    check_against_plain(network_of(model, order=order, self_connections=False), "log_tau")


@pytest.mark.parametrize("limit", [0.0, 1.0])
@pytest.mark.parametrize("model", SPIKING)
def test_a_clamped_decay_of_exactly_zero_or_one_has_finite_gradients(model, limit):
    spec = network_of(model)
    network = Network(spec, seed=3, surrogate=MultiGaussian(), time_constants="rho_clamped")
    with torch.no_grad():
        for raw in network.time_constant_parameters():
            raw.fill_(limit)
    raw, x = raws(network), spikes()
    out, _ = network(x)
    expected = plain(spec, x, raw, "rho_clamped")
    torch.testing.assert_close(out, expected, rtol=0, atol=1e-11)
    found, wanted = (torch.autograd.grad(o.sum(), raw.values(), retain_graph=True) for o in (out, expected))
    for key, one, other in zip(raw, found, wanted, strict=True):
        assert torch.isfinite(one).all(), key
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9 * max(1.0, other.abs().max().item()))
    values = network.values()
    assert all(np.all(value == (0.0 if limit == 0.0 else np.inf)) for key, value in values.items() if key.rsplit(".", 1)[1] in TIMES)
    recording = network.record(x)
    assert compare_recordings(spec, values, simulate_reference(spec, values, x.numpy()), recording).agrees


@pytest.mark.parametrize("x", [torch.zeros(T, B, I), spikes(1), spikes(2)], ids=["silence", "one step", "two steps"])
def test_silence_and_short_inputs_by_a_plain_loop(x):
    check_against_plain(network_of(), "log_tau", x)


def test_analogue_input_by_a_plain_loop():
    check_against_plain(network_of(), "log_tau", torch.randn(T, B, I, generator=torch.Generator().manual_seed(5)))


def test_without_readout_the_output_is_the_spikes_of_the_last_layer():
    spec = NetworkSpec(DT, I, [Layer(all_trained(HetSynLIF), J)])
    network = Network(spec, seed=3)
    out, _ = network(spikes())
    np.testing.assert_array_equal(out.detach().numpy(), network.record(spikes()).rasters["layer_1"])
    assert set(out.unique().tolist()) == {0.0, 1.0}

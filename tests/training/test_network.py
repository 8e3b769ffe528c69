"""The whole network: states, pieces of time, precision, evaluation, recordings, and what it refuses."""

import copy

import numpy as np
import pytest
import torch

from hetsyn_sim.agreement.compare import compare_recordings
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import DataError, SpecError, UnknownNameError
from hetsyn_sim.kernels import filters
from hetsyn_sim.models import HetSynLIF, HomNeuLIF, LeakyReadout
from hetsyn_sim.spec import FanInNormal, Layer, NetworkSpec
from hetsyn_sim.training import layer as layer_module
from hetsyn_sim.training.network import Network
from hetsyn_sim.training.surrogates import Triangular

from .plain_loop import DT, F64, ORDERS, SPIKING, B, I, J, T, all_trained, network_of, spikes


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


@pytest.mark.parametrize("time_constants", ["log_tau", "rho_clamped"])
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


def test_bool_input_is_the_same_as_numbers():
    network, x = Network(network_of(), seed=3), spikes()
    torch.testing.assert_close(network(x.bool())[0], network(x)[0], rtol=0, atol=0)
    np.testing.assert_array_equal(network.record(x.bool()).traces["readout.v"], network.record(x.numpy()).traces["readout.v"])


@pytest.mark.parametrize("model", SPIKING)
def test_single_precision_agrees_within_its_bound(model):
    spec = network_of(model)
    values = spec.initial_values(3)
    reference = simulate_reference(spec, values, spikes().numpy())
    torch.set_default_dtype(torch.float32)
    network = Network(spec, values=values, trainable=False)
    assert network.dtype == torch.float32
    outcome = compare_recordings(spec, values, reference, network.record(spikes()), "float32")
    assert outcome.agrees, str(outcome)
    assert outcome.undecided_fraction == 0.0
    assert not compare_recordings(spec, values, reference, network.record(spikes()), "float64").agrees


@pytest.mark.parametrize("model", SPIKING)
def test_runs_of_a_batch_do_not_touch_each_other(model):
    network, x = Network(network_of(model), seed=3), spikes()
    together = network(x)[0]
    for run in range(B):
        torch.testing.assert_close(network(x[:, run : run + 1])[0], together[:, run : run + 1], rtol=0, atol=1e-12)


def test_one_neuron_one_synapse_one_run():
    spec = NetworkSpec(DT, 1, [Layer(all_trained(HetSynLIF), 1, recurrent=True)], Layer(LeakyReadout, 1))
    network = Network(spec, seed=0)
    x = torch.ones(T, 1, 1)
    values = network.values()
    assert compare_recordings(spec, values, simulate_reference(spec, values, x.numpy()), network.record(x)).agrees
    assert all(torch.isfinite(g).all() for g in gradients(network, network(x)[0]))


@pytest.mark.parametrize("limit", [0.0, np.inf])
def test_time_constants_of_zero_and_infinity_for_evaluation(limit):
    spec = network_of()
    values = {key: np.full_like(v, limit) if key.endswith("tau_syn") else v for key, v in spec.initial_values(3).items()}
    network = Network(spec, values=values, trainable=False)
    recording = network.record(spikes())
    assert compare_recordings(spec, values, simulate_reference(spec, values, spikes().numpy()), recording).agrees


# -- values, parameters, dropout ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("time_constants", ["log_tau", "rho_clamped"])
def test_physical_values_are_those_it_was_made_with(time_constants):
    spec = network_of()
    values = spec.initial_values(7)
    found = Network(spec, seed=7, time_constants=time_constants).values()
    assert found.keys() == values.keys()
    for key, value in values.items():
        # there and back through a logit or a logarithm of a decay near 1: 1e-12 as in test_bijections
        np.testing.assert_allclose(found[key], value, rtol=1e-12)


def test_for_evaluation_every_value_is_kept_to_the_last_bit():
    spec = network_of()
    values = spec.initial_values(7)
    network = Network(spec, values=values, trainable=False)
    assert not list(network.parameters())
    for key, value in network.values().items():
        np.testing.assert_array_equal(value, values[key])


def test_weights_and_time_constants_are_told_apart():
    network = Network(network_of("HomNeuALIF", "LeakyReadout"), seed=0)
    every = {id(p) for p in network.parameters()}
    weights, times = ({id(p) for p in group} for group in (network.weight_parameters(), network.time_constant_parameters()))
    assert weights | times == every
    assert not weights & times
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
    smooth = Network(network_of(), seed=0)
    before = [p.clone() for p in smooth.parameters()]
    smooth.clamp_()
    assert all(torch.equal(p, old) for p, old in zip(smooth.parameters(), before, strict=True))


def test_dropout_is_between_layers_and_in_training_only():
    network, x = Network(network_of(), seed=3, dropout=0.5), spikes()
    torch.manual_seed(0)
    one, first = network(x)[0], network.last_spikes[0]
    other, again = network(x)[0], network.last_spikes[0]
    assert torch.equal(first, again)  # nothing is lost on the way to the first layer
    assert not torch.equal(one, other)
    network.eval()
    torch.testing.assert_close(network(x)[0], Network(network_of(), seed=3)(x)[0], rtol=0, atol=0)


def test_a_recording_has_the_synaptic_sums_on_request():
    spec = network_of()
    network = Network(spec, seed=3)
    recording = network.record(spikes(), ("v", "I_syn"))
    assert set(recording.traces) == {f"{p.name}.{name}" for p in spec.populations for name in ("v", "I_syn")}
    np.testing.assert_allclose(recording.traces["readout.I_syn"], recording.traces["readout.v"], rtol=0, atol=1e-12)
    # the reset current is what is left: theta per spike, decayed, in a loop
    tau, theta = (network.values()[f"layer_1.neuron.{name}"] for name in ("tau_reset", "theta"))
    reset, trace = np.zeros((B, J)), recording.traces["layer_1.I_syn"] - recording.traces["layer_1.v"]
    for t in range(1, T):
        reset = np.exp(-DT / tau) * reset + theta * recording.rasters["layer_1"][t - 1]
        np.testing.assert_allclose(trace[t], reset, rtol=0, atol=1e-12)


def test_a_recording_leaves_no_graph():
    assert all(not isinstance(a, torch.Tensor) for a in Network(network_of()).record(spikes()).traces.values())


# -- what is refused ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(T, B, I + 1), (T, I), (0, B, I), (T, 0, I), (B, T, I, 1)])
@pytest.mark.parametrize("method", ["forward", "record"])
def test_input_of_another_shape_is_refused(shape, method):
    with pytest.raises(DataError, match="does not fit the network") as excinfo:
        getattr(Network(network_of()), method)(torch.zeros(shape))
    assert excinfo.value.where == f"Network.{method}"
    assert excinfo.value.got == f"shape {shape}"
    assert f"(time, batch, {I})" in excinfo.value.expected
    assert "number of channels" in excinfo.value.remedy


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_recording_of_nan_is_refused(value):
    x = spikes().numpy()
    x[3, 1, 2] = value
    with pytest.raises(DataError, match="not finite") as excinfo:
        Network(network_of()).record(x)
    assert excinfo.value.got == f"1 of {x.size} values are NaN or infinite"
    assert excinfo.value.expected
    assert "NaN would silence" in excinfo.value.remedy


def test_values_of_another_network_are_refused():
    values = network_of("HomNeuLIF").initial_values(0)
    with pytest.raises(SpecError, match="not those of the network"):
        Network(network_of("HetSynLIF"), values=values)


@pytest.mark.parametrize(("key", "value"), [("layer_1.feedforward.w", np.nan), ("layer_1.feedforward.tau_syn", -1e-3)])
def test_values_that_are_no_numbers_are_refused(key, value):
    values = network_of().initial_values(0)
    values[key][0, 0] = value
    with pytest.raises(SpecError, match=r"not finite|negative or not a number"):
        Network(network_of(), values=values)


def test_an_unknown_way_to_train_time_constants_is_refused():
    with pytest.raises(UnknownNameError, match="unknown way to train time constants") as excinfo:
        Network(network_of(), time_constants="tau")
    assert excinfo.value.got == "'tau'"
    assert excinfo.value.expected == "log_tau, rho_clamped"
    assert excinfo.value.remedy == "use one of these"


def test_a_surrogate_with_a_sharp_corner_runs_too():
    network = Network(network_of(), seed=3, surrogate=Triangular())
    assert all(torch.isfinite(g).all() for g in gradients(network, network(spikes())[0]))


def test_the_model_that_is_tied_by_its_axes_is_the_one_with_equal_values():
    tied = HetSynLIF.with_parameters(tau_syn={"axes": "post"}, w={"initial": FanInNormal(2.5)})
    spec = NetworkSpec(DT, I, [Layer(tied, J, recurrent=True)])
    free = NetworkSpec(DT, I, [Layer(HetSynLIF, J, recurrent=True)])
    values = spec.initial_values(0)
    full = {key: np.broadcast_to(v[..., None], free.slots[key].shape) if key.endswith("tau_syn") else v for key, v in values.items()}
    one, other = Network(spec, values=values).record(spikes()), Network(free, values=full).record(spikes())
    np.testing.assert_array_equal(one.rasters["layer_1"], other.rasters["layer_1"])
    np.testing.assert_allclose(one.traces["layer_1.v"], other.traces["layer_1.v"], rtol=0, atol=1e-12)
    assert one.rasters["layer_1"].any()


def test_initial_weights_of_homneulif_need_no_synaptic_state():
    assert Network(NetworkSpec(DT, I, [Layer(HomNeuLIF, J)])).layers["layer_1"].program.synapse.states == ()


def test_a_reversed_view_of_an_input_is_recorded_as_its_copy():
    spec = NetworkSpec("4 ms", 3, [Layer(HetSynLIF, 4)])
    x = np.random.default_rng(0).random((10, 2, 3)) < 0.5
    network = Network(spec, trainable=False)
    for turned in (x[:, ::-1], x[:, :1][:, ::-1]):
        copy = np.array(turned, order="C")
        np.testing.assert_array_equal(network.record(turned).traces["layer_1.v"], network.record(copy).traces["layer_1.v"])

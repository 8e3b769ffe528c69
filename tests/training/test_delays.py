"""Networks whose spikes arrive late: pieces of time, training between two steps and evaluation on the grid, and what rounding does."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from brian2 import ms

import hetsyn_sim as hs
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.models import ZOO, HetSynLIF, HomNeuLIF, LeakyReadout
from hetsyn_sim.spec import FanInNormal, Layer, NetworkSpec
from hetsyn_sim.training.bijections import Lag, choose_bijection
from hetsyn_sim.training.modules import default_dtype
from hetsyn_sim.training.network import Network

MODELS = {
    "a filter": HetSynLIF.with_parameters(w={"initial": FanInNormal(3.0)}),
    "one state per neuron": HomNeuLIF.with_parameters(w={"initial": FanInNormal(3.0)}),
    "stepped, by synaptic sums": ZOO["HetSynAdLIF"],
    "stepped, by jumps on the neuron": ZOO["LIF"],
    "synapses that are stepped": ZOO["TsodyksMarkramLIF"],
}


def network_of(model, axes="post pre", **facts):
    late, readout = (m.with_delay(bounds=(0 * ms, 8 * ms), axes=axes, **facts) for m in (model, LeakyReadout))
    spec = NetworkSpec("1 ms", 6, [Layer(late, 5, recurrent=True)], Layer(readout, 2))
    with default_dtype(torch.float64), use_backend("plain"):
        network = Network(spec, seed=3)
    weights = [key for key in spec.slots if key.split(".")[-1].startswith("w") and "layer_1" in key]
    with torch.no_grad():
        for key in weights:
            network.layers["layer_1"].raw(key).abs_().mul_(2.0 if "feedforward" in key else 0.5)
    return network


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", MODELS)
def test_pieces_of_time_are_the_whole(name, training):
    network = network_of(MODELS[name]).train(training)
    x = torch.as_tensor(np.random.default_rng(0).random((60, 2, 6)) < 0.25)
    with use_backend("plain"):
        whole, _ = network(x)
        spikes = network.last_spikes[0]
        assert spikes.sum() > 10
        state, parts, rasters = None, [], []
        for piece in x.split([7, 1, 30, 22]):
            part, state = network(piece, state)
            parts.append(part)
            rasters.append(network.last_spikes[0])
    assert torch.equal(torch.cat(rasters), spikes)
    torch.testing.assert_close(torch.cat(parts), whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_a_state_that_is_cut_from_the_graph_takes_no_gradient_back(name):
    network = network_of(MODELS[name])
    x = torch.as_tensor(np.random.default_rng(0).random((40, 2, 6)) < 0.25)
    with use_backend("plain"):
        _, state = network(x[:20])
        out, _ = network(x[20:], {key: part.detach() for key, part in state.items()})
    out.sum().backward()
    late = {key: raw.grad for key, raw in network.trained().items() if key.endswith("delay")}
    assert len(late) == 3
    assert all(gradient is not None and gradient.abs().max() > 0 for gradient in late.values())


@pytest.mark.parametrize("axes", ["post pre", "post", "layer"])
def test_evaluation_is_on_the_grid_and_training_between_two_steps(axes):
    network = network_of(MODELS["a filter"], axes)
    layer = network.layers["layer_1"]
    raw = layer.physical("layer_1.feedforward.delay").detach() / 1e-3
    expected = (raw[:, None] if axes == "post" else raw).expand(5, 6)
    torch.testing.assert_close(layer.delay("feedforward"), expected)
    assert torch.equal(network.eval().layers["layer_1"].delay("feedforward"), expected.round())
    fixed = network_of(MODELS["a filter"], axes, trainable=False).train()
    assert torch.equal(fixed.layers["layer_1"].delay("feedforward"), expected.round())  # nothing to learn from between two steps
    layer.interpolates = True
    torch.testing.assert_close(layer.delay("feedforward"), expected)


def test_delays_without_a_delay_are_none():
    spec = NetworkSpec("1 ms", 6, [Layer(HetSynLIF, 5, recurrent=True)], Layer(LeakyReadout, 2))
    late = replace(spec, layers=[Layer(HetSynLIF.with_delay(0 * ms), 5, recurrent=True)])
    x = np.random.default_rng(0).random((200, 2, 6)) < 0.3
    values = spec.initial_values(0)
    with default_dtype(torch.float64):
        one = Network(spec, values=values).record(x, ("v", "I_syn"))
        other = Network(late, values=late.initial_values(0) | values).record(x, ("v", "I_syn"))
    for name, trace in one.traces.items():
        np.testing.assert_allclose(other.traces[name], trace, rtol=0, atol=1e-12)


def test_a_delay_moves_from_its_bounds():
    """A sigmoid is flat at its ends. On the grid, a delay of 0 is one still."""
    spec = NetworkSpec("1 ms", 2, [Layer(HetSynLIF.with_delay(0 * ms, bounds=(0 * ms, 20 * ms)), 2)])
    slot = spec.slots["layer_1.feedforward.delay"]
    lag = choose_bijection(slot, dt=1e-3, time_constants="rho_clamped")
    assert isinstance(lag, Lag)
    raw = torch.tensor(lag.raw(np.array([0.0, 0.02, 0.004])), requires_grad=True)
    there = lag.value(raw)
    np.testing.assert_allclose(there.detach().numpy(), [0.0, 0.02, 0.004], atol=2.1e-5)
    (slope,) = torch.autograd.grad(there.sum(), raw)
    assert slope.min() > 0.005 * 0.02


def coincidences(n=60, seed=0):
    """Two channels; in class 1 the second spikes 5 steps after the first, in class 0 the first 5 steps after the second."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    raster = np.zeros((n, 40, 2), dtype=bool)
    for k, label in enumerate(labels):
        for t in rng.choice(np.arange(2, 30), 3, replace=False):
            raster[k, t, 1 - label] = raster[k, t + 5, label] = True
    steps, units = zip(*(np.nonzero(r) for r in raster), strict=True)
    split = np.where(np.arange(n) < 40, "train", "test")
    return hs.SpikeDataset.from_lists(steps, units, dt=1e-3, n_channels=2, n_steps=np.full(n, 40), labels=labels, split=split)


@pytest.fixture(scope="module")
def fitted():
    hidden = HetSynLIF.with_delay(bounds=(0 * ms, 8 * ms)).with_parameters(tau_syn={"initial": 5 * ms}, w={"initial": FanInNormal(3.0)})
    spec = NetworkSpec("1 ms", 2, [Layer(hidden, 6, recurrent=True)], Layer(LeakyReadout, 2))
    return hs.fit(spec, coincidences(), training=hs.Training(batch_size=10, epochs=3, seed=1), progress=False)


def test_training_moves_delays_and_evaluation_is_what_brian2_gives(fitted):
    before, after = (which.values["layer_1.feedforward.delay"] for which in (fitted.initial, fitted.checkpoint))
    assert np.all(before != after)
    data = coincidences().test
    recording = fitted.network.record(data.rasters())
    reference = simulate_reference(fitted.checkpoint.spec, fitted.checkpoint.values, data.rasters())
    np.testing.assert_array_equal(recording.rasters["layer_1"], reference.rasters["layer_1"])
    assert recording.rasters["layer_1"].sum() > 20


def test_the_effect_of_rounding_is_told(fitted):
    effect = fitted.effect_of_rounding(coincidences().test)
    assert 0.0 < effect.mean_shift < effect.largest_shift <= 0.5
    assert effect.spikes["layer_1"] == fitted.network.record(coincidences().test.rasters()).rasters["layer_1"].sum()
    assert effect.changed["layer_1"] > 0
    assert 0.0 <= effect.accuracy <= 1.0
    assert "delays rounded to whole steps" in str(effect)


def test_training_goes_on_with_delays_held_on_the_grid(fitted):
    start = fitted.on_grid()
    steps = start.values["layer_1.recurrent.delay"] / 1e-3
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-12)
    again = hs.fit(start, coincidences(), training=hs.Training(batch_size=10, epochs=1), progress=False)
    for key, value in again.checkpoint.values.items():
        if key.endswith(".delay"):
            np.testing.assert_allclose(value, start.values[key], atol=1e-9)
    assert np.any(again.checkpoint.values["layer_1.feedforward.w"] != start.values["layer_1.feedforward.w"])
    effect = again.effect_of_rounding(coincidences().test)
    assert (effect.largest_shift, effect.changed) == (0.0, {"layer_1": 0})


def test_learned_delays_have_a_group_of_their_own(fitted):
    network = Network(fitted.checkpoint.spec, values=fitted.checkpoint.values)
    delays = [network.trained()[key] for key in network.trained() if key.endswith(".delay")]
    assert [id(p) for p in network.delay_parameters()] == [id(p) for p in delays]
    groups = (network.weight_parameters(), network.time_constant_parameters(), network.delay_parameters())
    assert sum(map(len, groups)) == len(network.trained())

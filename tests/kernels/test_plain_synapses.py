"""Stepped synapses in torch: gradients, pieces of time, states in common, and what a backward pass computes again."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from equivalence.synapse_models import MODELS
from hetsyn_sim.discrete import synapse_program
from hetsyn_sim.discrete.synapses import APART, exponentials
from hetsyn_sim.kernels import plain_synapses, use_backend
from hetsyn_sim.kernels.plain_synapses import run_synapses
from hetsyn_sim.models import TsodyksMarkramLIF
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training.modules import default_dtype
from hetsyn_sim.training.network import Network
from hetsyn_sim.training.stepped_layer import SteppedLayer
from hetsyn_sim.training.surrogates import FastSigmoid


@pytest.fixture(autouse=True)
def plain():
    """No compiled kernel: the neurons are not what is looked at."""
    with use_backend("plain"):
        yield


EVERYTHING = MODELS["plastic, everything of a synapse"]


def layer_of(model, *, recurrent=False, n_pre=3, n_post=2, self_connections=True, gain=1.0, **changes):
    """A layer in float64, with its parameters as they start."""
    spec = NetworkSpec(1e-3, n_pre, [Layer(model, n_post, recurrent, self_connections)])
    values = spec.initial_values(1) | changes
    values = {key: gain * value if key.endswith(".w") else value for key, value in values.items()}
    with default_dtype(torch.float64):
        return SteppedLayer(spec, "layer_1", values, FastSigmoid())


def spikes(n_steps=30, n_batch=2, n_pre=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(n_steps, n_batch, n_pre, generator=generator) < 0.25).double()


@pytest.mark.parametrize("name", MODELS)
def test_gradients_are_those_of_finite_differences(name):
    """Of what synapses hand on, with respect to every parameter and to the spikes themselves, at and between 0 and 1."""
    layer = layer_of(MODELS[name], n_post=2, n_pre=2)
    keys = [key for key in layer.slots if ".feedforward." in key and key in layer.bijections]
    x = spikes(6, 1, 2, seed=3) * 0.6 + 0.2

    def handed_on(x, *raw):
        parameters = {f"layer.{key.replace('.', '__')}": value for key, value in zip(keys, raw, strict=True)}
        return torch.func.functional_call(_Handed(layer), parameters, (x,))

    raw = [layer.raw(key).detach().clone().requires_grad_() for key in keys]
    assert torch.autograd.gradcheck(handed_on, (x.requires_grad_(), *raw), eps=1e-6, atol=1e-7, rtol=1e-5)


class _Handed(torch.nn.Module):
    """What the feed-forward synapses of a layer hand on, in one tensor."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        program = synapse_program(self.layer.model)
        jumps, sums, _ = run_synapses(self.layer._synapses(program, self.layer.projections["feedforward"]), x)
        return torch.cat([value.flatten() for value in (*jumps.values(), *sums.values())])


def test_a_rise_as_long_as_the_decay_has_a_step_and_a_gradient():
    """There the difference of two exponentials is 0 over 0."""
    model, same = MODELS["double exponential, soft reset"], np.full((2, 3), 0.01)
    changes = {f"layer_1.feedforward.{name}": same for name in ("tau_rise", "tau_syn")}
    x = spikes()
    layer = layer_of(model, **changes)
    raw = layer.raw("layer_1.feedforward.tau_rise")

    def total(values=None):
        parameters = {} if values is None else {"layer.layer_1__feedforward__tau_rise": values}
        return torch.func.functional_call(_Handed(layer), parameters, (x,)).square().sum()

    (found,) = torch.autograd.grad(total(), raw)
    for place in ((0, 0), (1, 2)):
        moved = torch.zeros_like(raw)
        moved[place] = 1e-5
        expected = (total(raw.detach() + moved) - total(raw.detach() - moved)) / 2e-5
        assert found[place].item() == pytest.approx(expected.item(), rel=1e-6)
    near = layer_of(model, **{**changes, "layer_1.feedforward.tau_rise": same * (1 + 1e-9)})
    one, two = (_Handed(each)(x).detach() for each in (layer, near))
    torch.testing.assert_close(one, two, rtol=1e-8, atol=0.0)


@pytest.mark.parametrize("model", [TsodyksMarkramLIF, *MODELS.values()], ids=lambda model: model.name)
@pytest.mark.parametrize("recurrent", [False, True])
def test_time_may_come_in_pieces(model, recurrent):
    layer = layer_of(model, recurrent=recurrent, self_connections=False, gain=3.0)
    x = spikes(40)
    whole = layer.run(x)
    state, pieces = None, []
    for piece in x.split([7, 1, 32]):
        run = layer.run(piece, state)
        state = run.state
        pieces.append(run.v)
    torch.testing.assert_close(torch.cat(pieces), whole.v, rtol=1e-12, atol=1e-13)


def test_states_in_common_are_those_of_each_synapse():
    """A presynaptic neuron has them once where a layer has one U, tau_rec and tau_facil; the same numbers per synapse make the same."""
    x = spikes(50)
    common = layer_of(TsodyksMarkramLIF, gain=3.0)
    values = {key: value.detach().numpy() for key, value in common.physical_values().items()}
    wide = {f"layer_1.feedforward.{name}": np.full((2, 3), values[f"layer_1.feedforward.{name}"]) for name in ("U", "tau_rec", "tau_facil")}
    tied = np.repeat(values["layer_1.feedforward.tau_syn"][:, None], 3, axis=1)
    each = layer_of(EVERYTHING, **{**values, **wide, "layer_1.feedforward.tau_syn": tied})
    program = synapse_program(TsodyksMarkramLIF)
    assert common._synapses(program, common.projections["feedforward"]).is_shared
    assert not each._synapses(synapse_program(EVERYTHING), each.projections["feedforward"]).is_shared
    one, two = common.run(x), each.run(x)
    assert one.z.sum() > 0
    torch.testing.assert_close(one.v, two.v, rtol=1e-12, atol=1e-14)
    (a,), (b,) = (torch.autograd.grad(run.v.sum(), layer.raw("layer_1.feedforward.U")) for layer, run in ((common, one), (each, two)))
    torch.testing.assert_close(a, b.sum(), rtol=1e-9, atol=0.0)


@pytest.mark.parametrize("name", ["plastic, everything of a synapse", "saturating", "three in a row"])
def test_what_is_computed_again_is_the_same(name, monkeypatch):
    """A backward pass over many states keeps those between pieces of time only."""
    layer, x = layer_of(MODELS[name], gain=3.0), spikes(50)
    found = []
    for many in (2**40, 0):
        monkeypatch.setattr(plain_synapses, "_MANY", many)
        v = layer.run(x.clone().requires_grad_()).v
        found.append([v, *torch.autograd.grad(v.square().sum(), [p for p in layer.parameters() if p.requires_grad], allow_unused=True)])
    for one, two in zip(*found, strict=True):
        assert (one is None) == (two is None)
        if one is not None:
            torch.testing.assert_close(one, two, rtol=1e-12, atol=1e-15)


def test_a_surrogate_gradient_goes_through_synapses_to_the_layer_before():
    spec = NetworkSpec(1e-3, 3, [Layer(TsodyksMarkramLIF, 4, recurrent=True), Layer(replace(EVERYTHING, name="Second"), 2)])
    values = {key: 3 * value if key.endswith(".w") else value for key, value in spec.initial_values(2).items()}
    with default_dtype(torch.float64):
        network = Network(spec, values=values)
    out, _ = network(spikes(60))
    out.sum().backward()
    for key in ("layer_1.feedforward.U", "layer_1.recurrent.tau_rec", "layer_2.feedforward.tau_facil"):
        gradient = network.layers[key.split(".")[0]].raw(key).grad
        assert gradient is not None
        assert torch.all(torch.isfinite(gradient))
        assert gradient.abs().sum() > 0


def test_double_exponentials_are_summed_without_their_states(monkeypatch):
    """A difference of two filters, where the rates are far enough apart; the states of every step give the same, and the same gradients."""
    x, found = spikes(60), []
    for apart in (APART, float("inf")):
        monkeypatch.setattr("hetsyn_sim.training.stepped_layer.APART", apart)
        layer = layer_of(MODELS["double exponential, soft reset"], gain=3.0)
        run = layer.run(x)
        keys = [f"layer_1.feedforward.{name}" for name in ("w", "tau_rise", "tau_syn")]
        gradients = torch.autograd.grad(run.v.square().sum(), [layer.raw(key) for key in keys])
        found.append([run.v, *gradients, *run.state.synapses.values()])
        assert set(run.state.synapses) == {"I", "h"}
    for one, two in zip(*found, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-10, atol=1e-12)


def test_which_synapses_are_sums_of_exponentials():
    rising = exponentials(MODELS["double exponential, soft reset"])
    assert [(mode.name, str(mode.decay)) for mode in rising.modes] == [("I_syn", "exp(-dt/tau_syn)"), ("I_syn", "exp(-dt/tau_rise)")]
    others = [name for name, model in MODELS.items() if exponentials(model) is not None]
    assert others == ["double exponential, soft reset"]  # an alpha function is none, three in a row are more

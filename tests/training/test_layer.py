"""One population as a torch module: its evaluated paths, its state, its errors."""

import numpy as np
import pytest
import torch
from brian2 import ms

from hetsyn_sim.errors import SpecError
from hetsyn_sim.models import HetNeuLIF, HetSynLIF, HomNeuALIFNormalised, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec, NeuronModel, Parameter, StepOrder
from hetsyn_sim.training.layer import SpikingLayer
from hetsyn_sim.training.surrogates import MultiGaussian

DT = 4e-3
LATE_DECAY = StepOrder(("reset", "recurrent", "decay", "feedforward", "threshold"))


def layer_of(model, size=3, *, order=None, values=None, population="layer_1", time_constants="log_tau", trainable=True, **layer):
    spec = NetworkSpec(DT, 2, [Layer(model, size, **layer)], **({} if order is None else {"step_order": order}))
    values = spec.initial_values(0) | (values or {})
    return SpikingLayer(spec, population, values, MultiGaussian(), time_constants, trainable=trainable), values


def test_paths_are_weights_and_decays():
    layer, values = layer_of(HetSynLIF)
    ((w, rho),) = layer.paths("feedforward")
    np.testing.assert_allclose(w.detach(), values["layer_1.feedforward.w"], rtol=2**-23)  # float32 of a float64
    # float32: a logit, its sigmoid and two exponentials, of arguments up to 7
    np.testing.assert_allclose(rho.detach(), np.exp(-DT / values["layer_1.feedforward.tau_syn"]), rtol=1e-5)
    ((amplitude, kappa),) = layer.paths("reset")
    assert amplitude.item() == -1.0
    np.testing.assert_allclose(kappa.detach(), np.exp(-DT / 80e-3), rtol=1e-6)
    assert layer.paths("recurrent") == []


def test_a_decay_shared_over_the_synapses_stays_small():
    """Its structure, not the model's name, lets the kernels keep one state per neuron."""
    shapes = {}
    for name, model in {"per synapse": HetSynLIF, "per neuron": HetNeuLIF, "per layer": HomNeuALIFNormalised}.items():
        layer, _ = layer_of(model, recurrent=True)
        shapes[name] = [tuple(layer.paths(kind)[0].rho.shape) for kind in ("feedforward", "recurrent", "reset")]
    assert shapes == {"per synapse": [(3, 2), (3, 3), ()], "per neuron": [(3, 1), (3, 1), (3,)], "per layer": [(), (), ()]}


def test_what_jumps_before_the_decay_has_decayed_amplitudes():
    early, _ = layer_of(HetSynLIF, recurrent=True, trainable=False)
    late, _ = layer_of(HetSynLIF, order=LATE_DECAY, recurrent=True, trainable=False)
    for kind in ("recurrent", "reset"):
        (one,), (other,) = early.paths(kind), late.paths(kind)
        torch.testing.assert_close(other.amplitude, one.amplitude * one.rho)
        torch.testing.assert_close(other.rho, one.rho)
    torch.testing.assert_close(late.paths("feedforward")[0].amplitude, early.paths("feedforward")[0].amplitude)


def test_a_neuron_without_self_connections_has_zeros_on_the_diagonal_and_no_gradient_there():
    layer, _ = layer_of(HetSynLIF, recurrent=True, self_connections=False)
    ((w, _),) = layer.paths("recurrent")
    assert torch.all(torch.diagonal(w) == 0)
    assert torch.all(w + torch.eye(3) != 0)
    out, _ = layer((torch.rand(20, 2, 2) < 0.5).float() * 3)
    for name in ("w", "tau_syn"):
        (gradient,) = torch.autograd.grad(out.sum(), layer.raw(f"layer_1.recurrent.{name}"), retain_graph=True)
        assert torch.all(torch.diagonal(gradient) == 0)
        assert gradient.abs().sum() > 0


def test_an_amplitude_that_contains_a_clamped_decay_uses_the_decay_itself():
    """a (1 - rho) and not a (1 - exp(-dt/tau)) with tau = -dt/log(rho), whose gradient at rho = 0 and 1 is no number."""
    times = {"trainable": True, "bounds": (1 * ms, 1000 * ms)}
    model = HomNeuALIFNormalised.with_parameters(tau_adapt=times)
    layer, _ = layer_of(model, time_constants="rho_clamped")
    raw = layer.raw("layer_1.neuron.tau_adapt")
    for limit in (0.0, 0.5, 1.0):
        with torch.no_grad():
            raw.fill_(limit)
        amplitude, rho = layer.paths("reset")[1]
        assert amplitude.item() == pytest.approx(-0.05 * (1 - limit))
        (gradient,) = torch.autograd.grad(amplitude, raw)
        assert gradient.item() == pytest.approx(0.05)
        assert rho is raw or rho.item() == limit


def test_a_state_is_computed_when_it_is_used_and_not_before(monkeypatch):
    from hetsyn_sim.training import layer as module

    calls = []
    original = module.filter_carry
    monkeypatch.setattr(module, "filter_carry", lambda *args, **kwargs: calls.append(1) or original(*args, **kwargs))
    layer, _ = layer_of(HetSynLIF, recurrent=True)
    _, state = layer(torch.rand(5, 1, 2))
    assert not calls
    assert set(state.carried) == {"feedforward 0", "recurrent 0", "reset 0"}
    assert len(calls) == 3
    assert state.carried is state.carried
    assert len(calls) == 3


def test_a_readout_hands_out_v():
    spec = NetworkSpec(DT, 2, [Layer(HetSynLIF, 3)], readout=Layer(LeakyReadout, 2))
    readout = SpikingLayer(spec, "readout", spec.initial_values(0), MultiGaussian())
    x = torch.rand(5, 1, 3)
    run = readout.run(x)
    assert run.z is None
    assert torch.equal(readout(x)[0], run.v)


def test_coupled_states_are_refused():
    time = Parameter(axes="layer", unit=ms, initial=5 * ms)
    model = NeuronModel(
        name="Coupled",
        on_pre="q_post += w",
        neuron="du/dt = (q - u)/tau : 1\ndq/dt = -q/tau : 1\nv = u : 1",
        threshold="v > theta",
        reset="u -= theta",
        parameters={"w": Parameter(axes="post pre"), "tau": time, "theta": Parameter(axes="layer", initial=1.0)},
    )
    with pytest.raises(SpecError, match="states of this model are coupled") as excinfo:
        layer_of(model)
    assert excinfo.value.where == "layer_1: Coupled"
    assert "1/tau" in excinfo.value.got
    assert "u, q" in excinfo.value.got
    assert "each on its own" in excinfo.value.expected
    assert "SteppedLayer" in excinfo.value.remedy


TAU = "layer_1.feedforward.tau_syn"


def test_a_trainable_value_outside_of_its_bounds_is_refused():
    beyond = np.full((3, 2), 0.02)
    beyond[2, 1] = 1.5
    with pytest.raises(SpecError, match="outside of its bounds") as excinfo:
        layer_of(HetSynLIF, values={TAU: beyond})
    assert excinfo.value.where == TAU
    assert excinfo.value.got == "0.02 to 1.5 in SI units, 1 of 6 outside"
    assert excinfo.value.expected == "0.001 to 1"
    assert "widen the bounds" in excinfo.value.remedy


def test_bounds_do_not_apply_to_evaluation_and_to_clamped_decays():
    beyond = np.full((3, 2), 1.5)
    for settings in ({"trainable": False}, {"time_constants": "rho_clamped"}):
        layer, _ = layer_of(HetSynLIF, values={TAU: beyond}, **settings)
        np.testing.assert_allclose(layer.physical(TAU).detach(), beyond, rtol=1e-4)  # float32: 2^-24 tau/dt through a decay near 1


def test_a_value_that_float32_rounded_across_its_bound_is_accepted():
    layer, _ = layer_of(HetSynLIF, values={TAU: np.full((3, 2), np.float32(1.0000001))})
    assert torch.isfinite(layer.raw(TAU)).all()

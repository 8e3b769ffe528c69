"""HetSyn with tied time constants is the textbook neuron (Propositions 1 to 3 of its paper): values and gradients, in every simulator."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import assume, given

from equivalence.comparing import LEDGER, agree, fewer_examples, run
from equivalence.reductions import in_hetsyn_form, in_hetsyn_spec, tied_slots
from equivalence.simulators import names, precision
from equivalence.strategies import Case, networks
from hetsyn_sim.models import HetNeuLIF, HetNeuReadout, HetSynLIF, HomNeuALIF, HomNeuALIFNormalised, HomNeuLIF, HomNeuReadout
from hetsyn_sim.spec import UNBOUNDED, Layer, NetworkSpec
from hetsyn_sim.training.layer import SpikingLayer
from hetsyn_sim.training.network import Network

TEXTBOOK = {model.name: model for model in (HomNeuLIF, HetNeuLIF, HomNeuALIF, HomNeuALIFNormalised)}
textbook_networks = partial(networks, readouts=(HomNeuReadout, HetNeuReadout))


def check_reduction(simulator, case):
    """Both forms in one simulator against each other.

    The textbook's v is the sum of the same events as the HetSyn form's, so the bound of the HetSyn form holds for both.
    """
    hetsyn = in_hetsyn_form(case)
    one, other = run(simulator, hetsyn), run(simulator, case)
    LEDGER.note_network(one)
    agree(hetsyn, one, other, precision(simulator))


@pytest.mark.parametrize("model", TEXTBOOK)
@pytest.mark.parametrize("simulator", names(slow=False))
def test_tied_hetsyn_is_the_textbook_neuron(simulator, model):
    @fewer_examples(0.3)
    @given(case=textbook_networks([TEXTBOOK[model]]))
    def holds(case):
        check_reduction(simulator, case)

    holds()


@pytest.mark.parametrize("model", TEXTBOOK)
@pytest.mark.parametrize("simulator", names(slow=True))
def test_tied_hetsyn_is_the_textbook_neuron_in_a_slow_simulator(simulator, model):
    @fewer_examples(0.04)
    @given(case=textbook_networks([TEXTBOOK[model]]))
    def holds(case):
        check_reduction(simulator, case)

    holds()


@pytest.mark.parametrize("simulator", names())
def test_tying_by_axes_is_tying_by_equal_values(simulator):
    """``HetSynLIF.with_parameters(tau_syn={"axes": "post"})`` takes another path through the kernels and is the same network."""
    tied = HetSynLIF.with_parameters(tau_syn={"axes": "post"})

    @fewer_examples(0.1 if simulator in names(slow=False) else 0.03)
    @given(case=networks([tied]))
    def holds(case):
        free = replace(case.spec, layers=[_untied(layer) for layer in case.spec.layers])
        full = {}
        for key, value in case.values.items():
            shape = free.slots[key].shape
            full[key] = np.broadcast_to(value if value.ndim == len(shape) else value[:, None], shape)
        one = run(simulator, Case(free, full, case.inputs))
        agree(case, run(simulator, case), one, precision(simulator))

    holds()


def _untied(layer):
    return replace(layer, model=layer.model.with_parameters(tau_syn={"axes": "post pre"}))


# -- gradients ------------------------------------------------------------------------------------------------------------------------


def trained(spec):
    """Everything trainable, without bounds: decays are trained as they are, so their gradients simply add up."""

    def change(layer):
        facts = {name: {"trainable": True, "bounds": UNBOUNDED} for name in layer.model.parameters}
        return replace(layer, model=layer.model.with_parameters(**facts))

    readout = None if spec.readout is None else change(spec.readout)
    return replace(spec, layers=[change(layer) for layer in spec.layers], readout=readout)


def gradients_of(case):
    """Gradients with respect to the raw number of every slot (weights, thresholds and decays), of a random linear loss, and the spikes."""
    torch.set_default_dtype(torch.float64)
    try:
        network = Network(case.spec, values=case.values, time_constants="rho_clamped")
    finally:
        torch.set_default_dtype(torch.float32)
    out: torch.Tensor = network(torch.as_tensor(case.inputs))[0]
    weights = torch.randn(out.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    raws = {key: layer.raw(key) for layer in network.layers.values() if isinstance(layer, SpikingLayer) for key in layer.slots}
    found = torch.autograd.grad((out * weights).sum(), list(raws.values()))
    spikes = [z.detach() for z in network.last_spikes]
    return {key: g.numpy() for key, g in zip(raws, found, strict=True)}, spikes


def check_gradients(case):
    case = Case(trained(case.spec), case.values, case.inputs)
    hetsyn = in_hetsyn_form(case)
    textbook, spikes = gradients_of(case)
    form, spikes_of_form = gradients_of(hetsyn)
    assume(all(torch.equal(a, b) for a, b in zip(spikes, spikes_of_form, strict=True)))  # a near-tie: the ledger counts those elsewhere
    for key, gradient in textbook.items():
        if key.endswith(".tau_mem"):
            continue
        scale = max(1.0, float(np.abs(gradient).max()))
        np.testing.assert_allclose(form[key], gradient, rtol=0, atol=TOLERANCE * scale, err_msg=key)
    for population in case.spec.populations:
        key = f"{population.name}.neuron.tau_mem"
        parts = [form[tied] for tied in tied_slots(hetsyn.spec, population.name)]
        if key not in textbook:
            continue
        over = (1,) if textbook[key].ndim else (0, 1)
        total = sum(part.sum(axis=over) if part.ndim == 2 else part for part in parts)
        scale = max(1.0, sum(float(np.abs(part).sum()) for part in parts))  # the sum may cancel
        np.testing.assert_allclose(total, textbook[key], rtol=0, atol=TOLERANCE * scale, err_msg=key)


# Each gradient is a sum over at most 40 steps, 2 runs and 4 neurons, through up to 3 layers; the error of each of its terms is about 100
# roundings, and terms that cancel are larger than their sum. 1e-9 leaves 10^5 for that and is far below any wrong term.
TOLERANCE = 1e-9


@pytest.mark.parametrize("model", TEXTBOOK)
def test_gradients_of_tied_hetsyn_add_up_to_those_of_the_textbook_neuron(model):
    """dL/drho of the membrane = the sum of dL/drho over its synapses and its reset; everything else is equal one by one."""

    @fewer_examples(0.3)
    @given(case=textbook_networks([TEXTBOOK[model]], max_steps=25))
    def holds(case):
        check_gradients(case)

    holds()


def test_the_rewriting_keeps_what_it_must():
    """One membrane becomes a time constant per synapse and one of the reset, all equal."""
    spec = NetworkSpec("1 ms", 2, [Layer(HetNeuLIF, 3, recurrent=True)])
    case = Case(spec, spec.initial_values(0), np.ones((4, 1, 2), bool))
    hetsyn = in_hetsyn_form(case)
    assert hetsyn.spec == in_hetsyn_spec(spec)
    assert [p.model.name for p in hetsyn.spec.populations] == ["HetSynLIF"]
    assert tied_slots(hetsyn.spec, "layer_1") == ["layer_1.feedforward.tau_syn", "layer_1.recurrent.tau_syn", "layer_1.neuron.tau_reset"]
    tau = case.values["layer_1.neuron.tau_mem"]
    np.testing.assert_array_equal(hetsyn.values["layer_1.neuron.tau_reset"], tau)
    for projection, n_pre in (("feedforward", 2), ("recurrent", 3)):
        np.testing.assert_array_equal(hetsyn.values[f"layer_1.{projection}.tau_syn"], np.repeat(tau[:, None], n_pre, axis=1))
        np.testing.assert_array_equal(hetsyn.values[f"layer_1.{projection}.w"], case.values[f"layer_1.{projection}.w"])

"""What leaves the neuron alone, carried to its gradients; and the reductions with theirs.

tied:         dL/drho_mem = sum over synapses of dL/drho_syn + dL/drho_reset,  everything else equal one by one
moving:       u > theta + J_a and u - J_a > theta have the same gradients
permutation:  the gradient of the permuted network is the permuted gradient
batch:        the gradient of a batch is the sum of those of its runs
later:        silence before the input changes no gradient; but for theta, whose surrogate gradient sees silent neurons, too
scale:        w' = c w, theta' = c theta with a surrogate of (v - theta)/theta    =>   dL/dw' = dL/dw / c (readout's: the same)
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from equivalence.gradients import ENGINES, find_engine, loss_weights
from equivalence.moving_threshold import moving_threshold_loop
from equivalence.properties import holds
from equivalence.reductions import in_hetsyn_form
from equivalence.strategies import Case, networks
from equivalence.test_gradients import assert_close, same_spikes
from equivalence.test_reductions import in_default_order
from equivalence.test_scaling import scaled
from equivalence.test_symmetries import orders_of, permuted
from hetsyn_sim.discrete import is_time_constant
from hetsyn_sim.models import HetNeuLIF, HetNeuReadout, HomNeuALIF, HomNeuALIFNormalised, HomNeuLIF, HomNeuReadout
from hetsyn_sim.models.reductions import tied_slots

everywhere = partial(holds, subjects=list(ENGINES), fast=0.2)
moderate = partial(networks, max_steps=20, moderate=True)
TEXTBOOK = (HomNeuLIF, HetNeuLIF, HomNeuALIF, HomNeuALIFNormalised)


@everywhere(
    moderate(TEXTBOOK, (HomNeuReadout, HetNeuReadout)), near_misses=("no gradient for tau_reset", "no gradient for the first synapse")
)
def test_gradients_of_tied_hetsyn_add_up_to_those_of_the_textbook_neuron(engine, case):
    hetsyn = in_hetsyn_form(case)
    textbook, form = find_engine(engine)(case), find_engine(engine)(hetsyn)
    same_spikes(textbook, form)
    for key, gradient in textbook.of.items():
        if not key.endswith(".tau_mem"):
            assert_close(form.of[key], gradient, key)
    for population in case.spec.populations:
        key = f"{population.name}.neuron.tau_mem"
        parts = [form.of[tied] for tied in tied_slots(hetsyn.spec, population.name)]
        over = (1,) if textbook.of[key].ndim else (0, 1)
        total = sum(part.sum(axis=over) if part.ndim == 2 else part for part in parts)
        assert_close(total, textbook.of[key], key, terms=[np.abs(part).sum() for part in parts])  # the sum may cancel


@everywhere(
    networks([HomNeuALIF, HomNeuALIFNormalised], (), max_layers=1, max_steps=20, moderate=True).map(in_default_order),
    near_misses=("reset cut from the graph", "gradient of decays off by 1 %"),
)
def test_gradients_of_the_adaptive_neuron_are_those_of_a_moving_threshold(engine, case):
    found = find_engine(engine)(case)
    raws, values = {}, {}
    for key, slot in case.spec.slots.items():
        is_time = is_time_constant(slot)
        raws[key] = torch.as_tensor(np.exp(-case.spec.dt_s / case.values[key]) if is_time else case.values[key].copy()).requires_grad_()
        values[key] = -case.spec.dt_s / torch.log(raws[key]) if is_time else raws[key]
    z, _, _ = moving_threshold_loop(case.spec, values, case.inputs)
    same_spikes(found, replace(found, spikes={"layer_1": z.detach().numpy()}))
    wanted = torch.autograd.grad((z * torch.as_tensor(loss_weights(tuple(z.shape)))).sum(), list(raws.values()), allow_unused=True)
    for key, gradient in zip(raws, wanted, strict=True):
        if gradient is not None:
            assert_close(found.of[key], gradient.numpy(), key)


@everywhere(moderate(), near_misses=("no gradient for the first synapse",))
def test_gradients_have_no_order(engine, case):
    order = orders_of(case)
    one = find_engine(engine)(case)
    other_case = permuted(case, order)
    last = case.spec.populations[-1].name
    other = find_engine(engine)(other_case, loss_weights(one.out.shape)[..., order[last]])
    same_spikes(one, replace(one, spikes={name: z[..., np.argsort(order[name])] for name, z in other.spikes.items()}))
    expected = permuted(Case(case.spec, dict(one.of), case.inputs), order).values
    for key, gradient in expected.items():
        assert_close(other.of[key], gradient, key)


@everywhere(moderate(max_runs=3), near_misses=("mean over the batch for the sum",))
def test_the_gradient_of_a_batch_is_the_sum_over_its_runs(engine, case):
    whole = find_engine(engine)(case)
    g = loss_weights(whole.out.shape)
    runs = [find_engine(engine)(replace(case, inputs=case.inputs[:, r : r + 1]), g[:, r : r + 1]) for r in range(case.inputs.shape[1])]
    same_spikes(whole, replace(whole, spikes={n: np.concatenate([run.spikes[n] for run in runs], axis=1) for n in whole.spikes}))
    for key, gradient in whole.of.items():
        parts = [run.of[key] for run in runs]
        assert_close(np.sum(parts, axis=0), gradient, key, terms=parts)


@everywhere(moderate(), near_misses=("gradients deaf in the first step",))
def test_silence_before_the_input_changes_no_gradient(engine, case):
    one = find_engine(engine)(case)
    silence = np.zeros((3, *case.inputs.shape[1:]), dtype=bool)
    g = loss_weights(one.out.shape)
    other = find_engine(engine)(
        replace(case, inputs=np.concatenate([silence, case.inputs])), np.concatenate([np.ones((3, *g.shape[1:])), g])
    )
    same_spikes(one, replace(other, spikes={name: z[3:] for name, z in other.spikes.items()}))
    for key, gradient in one.of.items():
        if not key.endswith(".theta"):
            assert_close(other.of[key], gradient, key)


@dataclass(frozen=True)
class Relative:
    """A surrogate of the distance in thresholds: dS/dv is S'((v - theta)/theta) / theta. ``size`` is the unit of v."""

    size: float

    def derivative(self, distance, theta):
        return 1.0 / (1.0 + (distance / self.size) ** 2) / self.size


@everywhere(moderate(readouts=()), near_misses=("another surrogate",))
def test_gradients_scale_with_the_unit_of_the_voltage(engine, case):
    one = find_engine(engine)(case, None, Relative(1.0))
    other = find_engine(engine)(scaled(case, 0.37), None, Relative(0.37))
    same_spikes(one, other)
    for key, gradient in one.of.items():
        c = 1.0 if is_time_constant(case.spec.slots[key]) else 0.37
        assert_close(c * other.of[key], gradient, key)

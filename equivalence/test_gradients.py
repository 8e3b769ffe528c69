"""Gradients: every back end against autograd through a plain loop, that loop against finite differences, and tau against rho.

back ends   = autograd of the loop, with the same surrogate (each the product rule in another order)
the loop    = finite differences, once its step is the smooth S with S' the surrogate:
              (L(p + h) - L(p - h)) / 2h = dL/dp + O(h^2 L'''),   z = S(v - theta)
below the threshold   dv/dp of a back end = (v(p + h) - v(p - h)) / 2h, with no surrogate at all
chain rule  dL/draw = dL/drho * (rho dt / tau^2) * tau log(high/low) s (1 - s)      for log tau in its bounds, s = sigmoid(raw)
"""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import assume

from equivalence.gradients import ENGINES, by_loop, find_engine, loss_weights, trained
from equivalence.loop import run_loop
from equivalence.properties import holds
from equivalence.strategies import networks
from equivalence.test_agreement import wide_and_long
from hetsyn_sim.discrete import is_time_constant
from hetsyn_sim.training.layer import SpikingLayer
from hetsyn_sim.training.modules import default_dtype
from hetsyn_sim.training.network import Network

#: Each gradient is a sum over at most 40 steps, 2 runs and 4 neurons, through up to 3 layers; the error of each of its terms is about 100
#: roundings, and terms that cancel are larger than their sum. 1e-9 leaves 10^5 for that and is far below any wrong term.
TOLERANCE = 1e-9


def assert_close(found, wanted, where, *, terms=(), tolerance=TOLERANCE):
    """Within the tolerance of the largest entry, or of the largest of the terms that were added up."""
    scale = max(1.0, *(float(np.abs(part).max(initial=0.0)) for part in (wanted, *terms)))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=tolerance * scale, err_msg=where)


def same_spikes(one, other):
    """A near-tie makes two gradients those of different spikes; the ledger counts near-ties elsewhere."""
    assume(all(np.array_equal(one.spikes[name], other.spikes[name]) for name in one.spikes))


FAULTS = ("reset cut from the graph", "recurrence cut from the graph", "gradient of decays off by 1 %", "no gradient for the first synapse")
moderate = networks(max_steps=25, moderate=True)


@holds(moderate, near_misses=FAULTS, subjects=list(ENGINES))
def test_a_back_end_has_the_gradients_of_autograd(engine, case):
    one, other = find_engine(engine)(case), by_loop(case)
    same_spikes(one, other)
    assert_close(one.out, other.out, "output")
    assert set(one.of) == set(other.of) == set(case.spec.slots)
    for key, gradient in other.of.items():
        assert_close(one.of[key], gradient, key)


@pytest.mark.parametrize("engine", list(ENGINES))
def test_gradients_of_a_wide_network_over_many_steps_are_those_of_autograd(engine):
    case = wide_and_long(limits=False)  # autograd of the loop goes through log tau
    one, other = find_engine(engine)(case), by_loop(case)
    assert all(np.array_equal(one.spikes[name], other.spikes[name]) for name in one.spikes)
    for key, gradient in other.of.items():
        assert_close(one.of[key], gradient, key)


def primitive(distance, _theta):
    """The function whose derivative is the surrogate ArcTan(alpha = 2): 1/2 + arctan(pi x) / pi."""
    return 0.5 + torch.arctan(math.pi * distance) / math.pi


def moved(case, key, index, step):
    """The case with one number moved."""
    value = np.array(case.values[key])
    value[index] += step
    return replace(case, values={**case.values, key: value})


def assert_finite_difference(case, key, gradient, loss):
    """The first entry of a gradient against the slope of ``loss(case)`` over a step of 1e-5 of the value to either side.

    In units of the value itself, the slope's error is the truncation, of the order of 1e-10, and the loss's own rounding over the step,
    1e-16 times some hundred terms over 1e-5. So 1e-5 is far from both, and 1 % of a gradient is far from 1e-5.
    """
    index = (0,) * gradient.ndim
    value, wanted = float(case.values[key][index]), float(gradient[index])
    size = abs(value) or 1.0
    slope = (loss(moved(case, key, index, 1e-5 * size)) - loss(moved(case, key, index, -1e-5 * size))) / (2e-5 * size)
    if is_time_constant(case.spec.slots[key]):  # the gradients are with respect to rho = exp(-dt/tau)
        wanted *= math.exp(-case.spec.dt_s / value) * case.spec.dt_s / value**2
    assert abs(slope - wanted) * size <= 1e-5 * max(1.0, abs(wanted) * size), f"{key}: {slope} and {wanted}\n{case!r}"


def smooth_loss(case):
    values = {name: torch.as_tensor(value) for name, value in case.values.items()}
    done = run_loop(case.spec, values, torch.as_tensor(case.inputs, dtype=torch.float64), primitive)
    last = case.spec.populations[-1].name
    out = (done.v if last == "readout" else done.z)[last].numpy()
    return float((out * loss_weights(out.shape)).sum())


@holds(networks(max_steps=12, max_layers=2, max_size=2, max_runs=1, moderate=True), near_misses=FAULTS[:3], subjects=["the loop"])
def test_autograd_of_the_smooth_loop_is_a_finite_difference(engine, case):
    """One entry of every parameter."""
    smooth = (by_loop if engine == "the loop" else find_engine(engine))(case, spike=primitive)
    for key, gradient in smooth.of.items():
        assert_finite_difference(case, key, gradient, smooth_loss)


@holds(moderate, near_misses=("gradient of decays off by 1 %", "no gradient for the first synapse"), subjects=list(ENGINES), fast=0.15)
def test_gradients_without_a_surrogate_are_finite_differences(engine, case):
    """A readout has no threshold: its v is linear in w and smooth in tau, for the spikes that there are."""
    assume(case.spec.readout is not None)

    def loss(other):
        out = find_engine(engine)(other).out
        return float((out * loss_weights(out.shape)).sum())

    for key, gradient in find_engine(engine)(case).of.items():
        if key.startswith("readout."):
            assert_finite_difference(case, key, gradient, loss)


@holds(moderate, near_misses=("gradient of decays off by 1 %", "no gradient for tau_reset"), subjects=list(ENGINES), fast=0.15)
def test_training_tau_is_training_rho_by_the_chain_rule(engine, case):
    """The gradient of what the optimiser moves, log tau in its bounds, from that of rho."""
    low, high = 1e-2 * case.spec.dt_s, 1e4 * case.spec.dt_s
    by_rho = find_engine(engine)(case)
    spec = trained(case.spec, (low, high))
    with default_dtype(torch.float64):
        network = Network(spec, values=case.values)
        out = network(torch.as_tensor(case.inputs.copy()))[0]
        (out * torch.as_tensor(loss_weights(tuple(out.shape)))).sum().backward()
    for layer in network.layers.values():
        assert isinstance(layer, SpikingLayer)
        for key in layer.bijections:
            if not is_time_constant(spec.slots[key]):
                continue
            raw, tau = layer.raw(key), case.values[key]
            assert raw.grad is not None
            s = 1 / (1 + np.exp(-raw.detach().numpy()))
            chain = np.exp(-spec.dt_s / tau) * spec.dt_s / tau**2 * tau * math.log(high / low) * s * (1 - s)
            assert_close(raw.grad.numpy(), by_rho.of[key] * chain, key, terms=(by_rho.of[key],))

"""Delays: every simulator delivers every spike in the step in which the reference does, and gradients are those of interpolated events.

    a spike of step s arrives in step s + [d/dt] (feed-forward), s + 1 + [d/dt] (recurrent), [.] the nearest whole number
    while it is learned, with (1 - f) w in step s + k and f w in step s + k + 1, d/dt = k + f:    dv/dd is exact for that

The plain loop is the oracle of gradients: it sums hat functions over lags, and autograd differentiates it.
"""

import numpy as np
import pytest
from hypothesis import given

from equivalence.any_model import case_of, gain_of, longest_of, networks_of
from equivalence.comparing import hold
from equivalence.delays import LONGEST, delayed, late
from equivalence.gradients import ENGINES, by_loop, find_engine
from equivalence.ledger import off_the_record
from equivalence.properties import fewer_examples, holds
from equivalence.simulators import names
from equivalence.strategies import Case, networks
from equivalence.test_gradients import assert_close, same_spikes
from hetsyn_sim.models import HetSynLIF, HomNeuALIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec

FAULTS = (
    "delays one step longer",
    "delays rounded down",
    "no delays of recurrent synapses",
    "no delays of feed-forward synapses",
    "input one step late",
    "runs that begin where the one before ended",
)


@holds(delayed(networks(max_layers=2, max_steps=30)), near_misses=FAULTS, fast=0.5, slow=0.15)
def test_spikes_arrive_as_late_as_in_the_reference(simulator, case):
    """One layer and deep, recurrent or not, in every step order, with delays for each synapse, neuron or projection."""
    with off_the_record(rates_only=True):  # what comes too late for a recording makes no spikes
        hold(case, simulator)


@pytest.mark.parametrize("simulator", ["torch plain float64", pytest.param("brian2 numpy", marks=pytest.mark.slow)])
def test_spikes_of_any_neuron_arrive_as_late_as_in_the_reference(member, simulator):
    if member.takes_values:
        pytest.skip("values are not sent, and can't be late")

    @fewer_examples(0.02)
    @given(case=delayed(networks_of(member)))
    def search(case):
        with off_the_record(rates_only=True):
            hold(case, simulator)

    search()


def test_the_drawn_networks_of_any_neuron_are_not_silent(member):
    """With delays at every synapse, at the gain that they are drawn around: nothing would be shown by silent ones."""
    if member.takes_values:
        pytest.skip("values are not sent, and can't be late")
    gain, n_steps = 1.4 * gain_of(member), longest_of(member)
    drawn = (case_of(member, seed=seed, gain=gain, n_steps=n_steps, size=3, n_runs=1, n_input=4) for seed in range(5))
    cases = (late(case, "post pre", LONGEST, seed=k) for k, case in enumerate(drawn))
    assert any(case.reference.rasters["layer_1"].any() for case in cases)


smooth = delayed(networks(max_steps=25, max_layers=2, moderate=True), smooth=True)


GRADIENT_FAULTS = ("no gradient for delays", "gradient of delays of the wrong sign", "recurrence cut from the graph")


@holds(smooth, near_misses=GRADIENT_FAULTS, subjects=list(ENGINES))
def test_gradients_through_delays_are_those_of_autograd(engine, case):
    one, other = find_engine(engine)(case), by_loop(case)
    same_spikes(one, other)
    assert_close(one.out, other.out, "output")
    for key, gradient in other.of.items():
        unit = case.spec.dt_s if key.endswith(".delay") else 1.0  # per step, so that all gradients are of like size
        assert_close(one.of[key] * unit, gradient * unit, key)


@pytest.mark.compiled
@pytest.mark.parametrize("simulator", [name for name in names(compiled=True) if "cuda" not in name])
def test_compiled_code_delivers_a_chosen_network_as_late(simulator):
    """Two recurrent layers and a readout, each with another kind of delay, in three runs."""
    pairs = ((HetSynLIF, "post pre"), (HomNeuALIF, "layer"), (LeakyReadout, "post"))
    kinds = [model.with_delay(bounds=(0.0, 0.02), axes=axes) for model, axes in pairs]
    spec = NetworkSpec("1 ms", 6, [Layer(kinds[0], 7, True), Layer(kinds[1], 5, True)], Layer(kinds[2], 3))
    values = spec.initial_values(1)
    values |= {key: 3.0 * value for key, value in values.items() if key.endswith(".w")}
    case = Case(spec, values, np.random.default_rng(2).random((60, 3, 6)) < 0.3)
    assert all(0.02 < case.reference.rasters[f"layer_{k}"].mean() < 0.9 for k in (1, 2))
    hold(case, simulator)

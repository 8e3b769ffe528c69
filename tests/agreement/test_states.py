"""A divergence names the model, the simulator and the state that differed first, if the recordings hold the states."""

from dataclasses import replace

import numpy as np
import pytest

from hetsyn_sim.agreement.compare import compare_recordings
from hetsyn_sim.agreement.outcome import StateDifference
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec

EVERYTHING = ("v", "I_syn", "R")


@pytest.fixture(scope="module")
def network():
    strong = HetSynLIF.with_parameters(w={"initial": "normal(0.3, 1)"})
    spec = NetworkSpec("4 ms", 3, [Layer(strong, 4, recurrent=True), Layer(strong, 3)], readout=Layer(LeakyReadout, 2))
    return spec, spec.initial_values(0), np.random.default_rng(0).random((30, 2, 3)) < 0.3


def diverged(network, changes, record=EVERYTHING):
    spec, values, x = network
    reference = simulate_reference(spec, values, x, record)
    other = replace(simulate_reference(spec, values | changes, x, record), simulator="another one")
    outcome = compare_recordings(spec, values, reference, other)
    assert outcome.diverged
    return reference, outcome


def test_a_wrong_reset_shows_in_the_reset_current_one_step_after_the_first_spike(network):
    reference, outcome = diverged(network, {"layer_1.neuron.tau_reset": np.array(0.05)})
    for first in outcome.diverged:
        spikes = np.flatnonzero(reference.rasters["layer_1"][:, first.run].any(axis=1))
        assert (first.first_state.population, first.first_state.state) == ("layer_1", "R")
        # the reset arrives undecayed in the step after the spike, and has decayed once in the step after that
        assert first.first_state.step == spikes[0] + 2
        assert (first.model, first.simulator) == ("HetSynLIF", "another one")
        assert f"differed first: R of layer_1 neuron {first.first_state.neuron} in step {spikes[0] + 2}" in str(first)
        assert "HetSynLIF in another one" in str(outcome)
        assert first.margin > first.bound


def test_a_wrong_weight_shows_in_the_synaptic_sum_with_the_spike_that_it_weighs(network):
    weights = network[1]["layer_2.feedforward.w"].copy()
    weights[1, 2] += 3.0
    reference, outcome = diverged(network, {"layer_2.feedforward.w": weights})
    for first in outcome.diverged:
        step = int(np.flatnonzero(reference.rasters["layer_1"][:, first.run, 2])[0])
        found = first.first_state
        assert (found.population, found.state, found.step, found.neuron) == ("layer_2", "I_syn", step, 1)
        assert found.other - found.reference == pytest.approx(3.0)


@pytest.mark.parametrize("record", [("v",), ("v", "I_syn")])
def test_only_what_both_recordings_hold_can_be_named(network, record):
    _, outcome = diverged(network, {"layer_1.neuron.tau_reset": np.array(0.05)}, record)
    (first, *_) = outcome.diverged
    # without R, only the sums of the next layer can show it, and not before the spikes differ
    assert first.first_state is None or (first.first_state.state, first.first_state.step) == ("I_syn", first.step)
    assert ("differed first" in str(first)) == (first.first_state is not None)


def test_nan_counts_as_different(network):
    spec, values, x = network
    reference = simulate_reference(spec, values, x, EVERYTHING)
    broken = reference.traces["layer_1.I_syn"].copy()
    broken[2, 0, 1] = np.nan
    raster = reference.rasters["layer_1"].copy()
    raster[5, 0, 1] ^= True
    v = reference.traces["layer_1.v"].copy()
    v[5, 0, 1] = np.nan
    other = replace(
        reference,
        rasters={**reference.rasters, "layer_1": raster},
        traces={**reference.traces, "layer_1.I_syn": broken, "layer_1.v": v},
    )
    (first,) = compare_recordings(spec, values, reference, other).diverged
    assert first.first_state is not None
    assert (first.first_state.state, first.first_state.step, first.first_state.neuron) == ("I_syn", 2, 1)
    assert isinstance(first.first_state, StateDifference)

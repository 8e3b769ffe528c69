"""Recordings are put one after the other in one run, and none may know of the one before."""

import numpy as np
import pytest

from hetsyn_sim.brian import BrianSimulation, simulate
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.models import HetNeuLIF, HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec, StepOrder

from .conftest import assert_same_alone, lively, random_spikes
from .neurons import assert_same


@pytest.mark.parametrize("first", ["decay", "reset", "recurrent"])
def test_a_recording_is_the_same_alone_and_after_others(first, spec, values):
    order = (first, *(phase for phase in ("decay", "reset", "recurrent") if phase != first), "feedforward", "threshold")
    spec = NetworkSpec(spec.dt_s, spec.n_input, spec.layers, spec.readout, StepOrder(order))
    inputs = random_spikes((25, 6, spec.n_input))
    inputs[-4:, 2] = values["layer_1.feedforward.w"][0] > 0  # what excites neuron 0, so that it spikes to the very end
    inputs[:, 3] = False  # silence, in which anything left over would show
    simulation = BrianSimulation(spec, values)
    together = assert_same_alone(simulation, inputs)
    assert together.rasters["layer_1"][-1, 2].any(), "spikes in a last step must be there to leak into the next recording"
    assert np.abs(together.traces["layer_1.v"][-1, 2]).max() > 0.1
    for name, trace in together.traces.items():
        assert not trace[:, 3].any(), name


def test_one_step(spec, values):
    inputs = np.ones((1, 4, spec.n_input))
    assert_same(simulate_reference(spec, values, inputs), simulate(spec, values, inputs), least=0)


@pytest.mark.slow
@pytest.mark.parametrize("n_steps", [80, 99])
def test_boundaries_stay_on_the_step_over_hundreds_of_recordings(n_steps):
    """At dt = 10 ms and 80 steps, k * (80 * dt) and (80 * k) * dt differ for many k: no clock of its own may be trusted."""
    layers = [Layer(lively(HetSynLIF), 4, recurrent=True), Layer(lively(HetNeuLIF), 3)]
    spec = NetworkSpec("10 ms", 4, layers, readout=Layer(LeakyReadout, 2))
    values = spec.initial_values(3)
    inputs = random_spikes((n_steps, 300, 4))
    assert_same(simulate_reference(spec, values, inputs), simulate(spec, values, inputs))


def test_several_simulations_live_side_by_side(spec, values):
    """Their objects have the same names, and nothing in common."""
    other = NetworkSpec("2 ms", 3, [Layer(lively(HetNeuLIF), 4)])
    one, two = BrianSimulation(spec, values), BrianSimulation(other, other.initial_values(0))
    for _ in range(2):
        for simulation in (one, two):
            inputs = random_spikes((20, 2, simulation.spec.n_input))
            assert_same(simulate_reference(simulation.spec, simulation.values, inputs), simulation.run(inputs), least=0)
    assert one.network["layer_1"].name == two.network["layer_1"].name == "layer_1"


def test_names_in_the_callers_scope_do_not_matter(spec, values):
    w = theta = tau_syn = I_syn = v = N = "not a number"  # noqa: F841
    dt = 1.0  # noqa: F841
    inputs = random_spikes((20, 2, spec.n_input))
    assert_same(simulate_reference(spec, values, inputs), simulate(spec, values, inputs))


def test_progress_runs_from_zero_to_one(spec, values):
    seen = []
    simulate(spec, values, random_spikes((20, 2, spec.n_input)), progress=seen.append)
    assert seen[0] == 0.0
    assert seen[-1] == 1.0
    assert seen == sorted(seen)

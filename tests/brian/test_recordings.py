"""Recordings are put side by side and one after the other in one run, and none may know of another."""

from dataclasses import replace

import numpy as np
import pytest

from hetsyn_sim.brian import FORMS, BrianSimulation, built, simulate
from hetsyn_sim.brian.additions import NOTHING, Additions
from hetsyn_sim.brian.devices import find_device
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.models import HetNeuLIF, HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec, StepOrder

from .conftest import assert_same_alone, everything_inputs, lively, random_spikes
from .neurons import assert_same, everything, signal


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


@pytest.fixture
def run_side_by_side(monkeypatch):
    """``(spec, values, inputs, copies)`` -> the recording of a run with as many copies of the network as fit beside each other."""
    monkeypatch.setattr("hetsyn_sim.brian.simulation.copies_for", built.copies_for)  # not the two rounds of other tests

    def run(spec, values, inputs, copies, **options):
        n_synapses = sum(q.n_pre * q.n_post for q in spec.projections)
        device = replace(find_device("numpy"), side_by_side=copies * n_synapses)
        return BrianSimulation(spec, values, device=device, **options).run(inputs)

    return run


def assert_equal(one, other):
    for name, found in {**one.rasters, **one.traces}.items():
        np.testing.assert_array_equal(found, other.rasters.get(name, other.traces.get(name)), err_msg=name)


def general(**changes):
    spec, values = everything()
    return spec, values, everything_inputs(n_runs=7)[:40], changes


def noisy(**changes):
    from ..training.test_counted_noise import NOISY

    spec = NetworkSpec("1 ms", 3, [Layer(NOISY, 4)], Layer(LeakyReadout, 2))
    return spec, spec.initial_values(0), random_spikes((30, 7, 3)), changes


def of_values(**changes):
    from .neurons import graded, value_readout

    spec = NetworkSpec("0.5 ms", 3, [Layer(graded(), 4)], Layer(value_readout(), 2))
    return spec, spec.initial_values(0), signal((30, 7, 3)), changes


@pytest.mark.parametrize(
    "network",
    [
        lambda: general(record=("v", "layer_2.feedforward.I[3]", "layer_1.recurrent.I[2]")),
        noisy,
        of_values,
    ],
    ids=["every feature", "noise", "values"],
)
def test_recordings_side_by_side_are_those_one_after_the_other_to_the_last_bit(network, run_side_by_side):
    """Seven recordings on 1, 2, 3 and 7 copies: with silent ones at the end, and without."""
    spec, values, inputs, options = network()
    alone = run_side_by_side(spec, values, inputs, 1, **options)
    assert not np.array_equal(alone.traces[f"{spec.populations[0].name}.v"][:, 0], alone.traces[f"{spec.populations[0].name}.v"][:, 1])
    for copies in (2, 3, 7):
        assert_equal(alone, run_side_by_side(spec, values, inputs, copies, **options))


def test_the_form_fast_side_by_side_and_delays_of_each_synapse(spec, values, run_side_by_side):
    inputs = random_spikes((25, 5, spec.n_input))
    delays = {"layer_1.recurrent": 0.004 * np.random.default_rng(1).integers(0, 4, size=(7, 7))}
    for form in FORMS:
        options = {"form": form, "additions": Additions(delays=delays)}
        assert_equal(run_side_by_side(spec, values, inputs, 1, **options), run_side_by_side(spec, values, inputs, 5, **options))


def test_there_are_as_many_copies_as_the_device_has_room_for(spec):
    device = replace(find_device("numpy"), side_by_side=4 * sum(q.n_pre * q.n_post for q in spec.projections))
    assert [built.copies_for(device, spec, NOTHING, n) for n in (1, 3, 4, 5, 9, 300)] == [1, 3, 4, 3, 3, 4]
    assert built.copies_for(device, spec, Additions(noise={"R": (1.0, 0.01)}), 300) == 1
    assert built.copies_for(replace(device, side_by_side=0), spec, NOTHING, 300) == 1


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

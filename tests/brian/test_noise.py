"""Noise in Brian2: its own method with numbers that are counted, by recordings in a run, by time in a network to go on with."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import ms

from hetsyn_sim.brian import BrianSimulation, simulate, standalone
from hetsyn_sim.brian.noise import CountedNoise
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.discrete.noise import standard_normal, stream_of
from hetsyn_sim.errors import DataError, TransferError
from hetsyn_sim.models import LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec
from tests.refusal import refused

from ..training.test_counted_noise import NOISY

SPEC = NetworkSpec("1 ms", 3, [Layer(NOISY, 4)], Layer(LeakyReadout, 2))


@pytest.fixture
def inputs():
    return np.random.default_rng(0).random((30, 3, 3)) < 0.3


def test_seeds_and_recordings(inputs):
    simulation = BrianSimulation(SPEC, SPEC.initial_values(0))
    for seed in (0, 7, 0):
        found = simulation.run(inputs, noise_seed=seed)
        expected = simulate_reference(SPEC, SPEC.initial_values(0), inputs, noise_seed=seed)
        assert found.noise_seed == expected.noise_seed == seed
        np.testing.assert_allclose(found.traces["layer_1.v"], expected.traces["layer_1.v"], rtol=0, atol=1e-12)
    alone = simulation.run(inputs[:, :1])
    np.testing.assert_array_equal(alone.traces["layer_1.v"], found.traces["layer_1.v"][:, :1])
    with refused(DataError, "no seed for noise", "noise_seed", "-3"):
        simulation.run(inputs, noise_seed=-3)


def test_the_report_says_whose_numbers_they_are():
    text = BrianSimulation(SPEC, SPEC.initial_values(0)).describe()
    assert "euler" in text
    assert "counted_normal(noise_seed, " in text
    assert "PyTorch's are the same" in text


def test_brian2_is_asked_for_its_own_method():
    group = b2.NeuronGroup(1, "dv/dt = -v/(5*ms) + ms**-0.5*xi : 1", method="euler")
    code = CountedNoise("euler", {"xi": "7"})(group.equations, group.variables)
    assert "xi = dt**.5 * 7" in code
    assert "randn" not in code


def test_a_network_to_go_on_with_counts_by_time(monkeypatch):
    """In pieces as in one run, also with a seed of one's own; v is what the equation makes of these numbers."""
    monkeypatch.setitem(b2.prefs, "codegen.target", "numpy")
    network = BrianSimulation(SPEC, SPEC.initial_values(0)).network
    group = network["layer_1"]
    group.noise_seed = 5
    for pieces in (4, 1, 5):
        network.run(pieces * ms)
    sigma, tau = 0.5, np.array(group.tau_reset)
    state = np.zeros(4)
    for step in range(10):
        numbers = standard_normal(5, 0, step, stream_of("layer_1", "xi"), np.arange(4))
        state = state - state * 1e-3 / tau + sigma * np.sqrt(2e-3 / tau) * numbers
    np.testing.assert_allclose(np.array(group.R), state, rtol=0, atol=1e-13)


@pytest.mark.compiled
def test_a_program_that_runs_again_goes_on_with_the_next_recordings(inputs, monkeypatch):
    """Three recordings, one at a time, with another seed: the same program, other files."""
    monkeypatch.setattr(standalone, "_MOST_RECORDINGS", 1)
    found = simulate(SPEC, SPEC.initial_values(0), inputs, device="cpp_standalone", noise_seed=9)
    expected = simulate_reference(SPEC, SPEC.initial_values(0), inputs, noise_seed=9)
    np.testing.assert_allclose(found.traces["layer_1.v"], expected.traces["layer_1.v"], rtol=0, atol=1e-12)


def test_cuda_refuses_it_by_name():
    from hetsyn_sim.brian.cuda import check_filters_only

    with refused(TransferError, "can't express this model", got="noise xi", remedy="use cpp_standalone"):
        check_filters_only(SPEC)

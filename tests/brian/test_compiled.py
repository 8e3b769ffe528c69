"""The compiled devices. Each network compiles for a minute or more, so there are few, and one has every feature of spiking neurons."""

from dataclasses import replace

import brian2
import numpy as np
import pytest

from hetsyn_sim.brian import BrianSimulation
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import BackendError
from hetsyn_sim.models import HetSynAdEx, HodgkinHuxley, HomNeuALIFNormalised
from hetsyn_sim.spec import Layer, NetworkSpec, StepOrder

from .conftest import everything_inputs, lively, random_spikes
from .neurons import agree, assert_same, graded, signal, value_readout


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """No program of another test is there."""
    monkeypatch.setenv("HETSYN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "standalone"


@pytest.mark.compiled
def test_cpp_standalone_over_minutes_of_concatenated_recordings(tmp_path, own_cache, spec, values):
    """More than 64 s of biological time: beyond that, two clocks of Brian2's standalone mode would miss each other. In several runs."""
    spec = replace(spec, dt="10 ms")
    inputs = random_spikes((110, 150, 6))
    said, seen = [], []
    record = ["v", "layer_1.recurrent.I[4]", "layer_1.I_syn"]
    simulation = BrianSimulation(spec, values, device="cpp_standalone", record=record, build_directory=tmp_path / "project")
    recording = simulation.run(inputs, message=said.append, progress=seen.append)
    reference = simulate_reference(spec, values, inputs)
    assert_same(reference, recording, atol=1e-11)  # states that never decay grow, and their rounding with them
    assert recording.traces["layer_1.recurrent.I[4]"].shape == (110, 150, 7)
    sums = simulate_reference(spec, values, inputs, record=["I_syn"]).traces["layer_1.I_syn"]
    np.testing.assert_allclose(recording.traces["layer_1.I_syn"], sums, atol=1e-11)
    assert "compiling" in said[0]
    assert seen == pytest.approx([0.0, 64 / 150, 128 / 150, 1.0])
    assert (tmp_path / "project" / "main").exists()
    assert brian2.get_device() is brian2.all_devices["runtime"]
    assert_same(reference, BrianSimulation(spec, values).run(inputs), atol=1e-11)


@pytest.mark.parametrize(
    ("device", "form"),
    [
        ("cpp_standalone", "ode"),
        pytest.param("cpp_standalone", "fast", marks=pytest.mark.thorough),
        # Cython compiles each object by itself, minutes for a network: of the same templates as C++ standalone.
        pytest.param("cython", "ode", marks=pytest.mark.thorough),
        pytest.param("cython", "fast", marks=pytest.mark.thorough),
    ],
)
def test_every_feature_and_other_numbers_without_compiling_again(compiled_network, device, form):
    """Other weights, time constants, thresholds, inputs and numbers of recordings up to the next power of two."""
    first = compiled_network(device, form)
    agree(first.spec, everything_inputs(), values=first.values, simulation=first)
    values = {key: 1.1 * value for key, value in first.values.items()}
    other = BrianSimulation(first.spec, values, device=device, form=form)
    agree(first.spec, everything_inputs(seed=1, n_runs=4, rate=0.4), values=values, simulation=other)
    assert not other.seconds.compiled


@pytest.mark.compiled
@pytest.mark.parametrize("device", [pytest.param("cython", marks=pytest.mark.thorough), "cpp_standalone"])
def test_neurons_of_the_textbooks(device):
    spec = NetworkSpec("0.02 ms", 8, [Layer(HodgkinHuxley, 4, recurrent=True), Layer(HetSynAdEx, 3)])
    values = spec.initial_values(1)
    values["layer_2.feedforward.w"] = np.abs(values["layer_2.feedforward.w"])
    agree(spec, random_spikes((1500, 2, 8), 0.03), values=values, least=10, device=device)


@pytest.mark.compiled
def test_graded_neurons_whose_values_are_read_from_a_file(own_cache):
    """Graded outputs, crossings, values in and out; other weights and inputs are not compiled again, and run in several parts."""
    spec = NetworkSpec("0.5 ms", 3, [Layer(graded(), 5), Layer(graded(), 4)], Layer(value_readout(), 2))
    compiled = []
    for seed, n_runs in ((0, 70), (1, 64)):
        values = spec.initial_values(seed)
        simulation = BrianSimulation(spec, values, device="cpp")
        agree(spec, signal((400, n_runs, 3), seed=seed), values=values, simulation=simulation)
        compiled.append(simulation.seconds.compiled)
    assert compiled == [True, False]


@pytest.mark.compiled
def test_cpp_standalone_a_second_time_in_one_process_after_a_failure(tmp_path, own_cache, monkeypatch):
    layers = [Layer(lively(HomNeuALIFNormalised), 6, recurrent=True)]
    spec = NetworkSpec("4 ms", 6, layers, step_order=StepOrder(("recurrent", "reset", "decay", "feedforward", "threshold")))
    values = spec.initial_values(1)
    inputs = random_spikes((30, 3, 6))
    simulation = BrianSimulation(spec, values, device="cpp_standalone")
    compiler = tmp_path / "compiler"
    compiler.write_text("#!/bin/sh\necho no licence; exit 1\n")
    compiler.chmod(0o755)
    with monkeypatch.context() as broken:
        broken.setenv("CXX", str(compiler))
        with pytest.raises(BackendError, match=r"(?s)can't be compiled.*build_directory"):
            simulation.run(inputs)
    assert not own_cache.exists()
    assert brian2.get_device() is brian2.all_devices["runtime"]
    assert_same(simulate_reference(spec, values, inputs), simulation.run(inputs))

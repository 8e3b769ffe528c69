"""Neurons of every kind on the compiled devices. Each compiles for a minute or more, so one network holds much."""

import numpy as np
import pytest

from hetsyn_sim.brian import BrianSimulation
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.spec import Layer, NetworkSpec

from .conftest import random_spikes
from .neurons import adex, adlif, agree, graded, hodgkin_huxley, izhikevich, signal, value_readout

#: Cython compiles each object by itself, minutes for a network. What it compiles is what C++ standalone compiles, of the same templates.
DEVICES = pytest.mark.parametrize("device", [pytest.param("cython", marks=pytest.mark.thorough), "cpp_standalone"])


def _spiking():
    """Frozen states with two sets of coefficients, jumps on the membrane, symplectic Euler: every kind of step of ours."""
    layers = [
        Layer(adlif(frozen="u", refractory="t_ref", initial={"u": "theta/2", "k": "b"}), 5, recurrent=True),
        Layer(izhikevich(), 4),
        Layer(adlif("symplectic_euler", frozen="k", refractory="t_ref"), 4, recurrent=True),
    ]
    return NetworkSpec("0.5 ms", 8, layers)


def _values():
    """Graded outputs, crossings, values into and out of the network; and a readout that filters them at every synapse."""
    return NetworkSpec("0.5 ms", 3, [Layer(graded(), 5), Layer(graded(), 4)], Layer(value_readout(), 2))


@pytest.mark.compiled
@pytest.mark.slow
@pytest.mark.parametrize("form", ["ode", pytest.param("fast", marks=pytest.mark.thorough)])
@DEVICES
def test_spiking_neurons(device, form):
    agree(_spiking(), random_spikes((150, 3, 8), 0.2), device=device, form=form)


@pytest.mark.compiled
@pytest.mark.slow
@DEVICES
def test_graded_neurons(device):
    agree(_values(), signal((400, 3, 3)), device=device)


@pytest.mark.compiled
@pytest.mark.slow
@DEVICES
def test_neurons_of_the_textbooks(device):
    spec = NetworkSpec("0.02 ms", 8, [Layer(hodgkin_huxley(), 4, recurrent=True), Layer(adex(), 3)])
    values = spec.initial_values(1)
    values["layer_2.feedforward.w"] *= 20
    agree(spec, random_spikes((1500, 2, 8), 0.03), values=values, least=10, device=device)


@pytest.mark.compiled
@pytest.mark.slow
def test_values_are_read_from_a_file(tmp_path, monkeypatch):
    """Other weights, inputs, and numbers of recordings up to the next power of two: not compiled again, and run in several parts."""
    monkeypatch.setenv("HETSYN_CACHE", str(tmp_path / "cache"))
    spec, said = _values(), []
    for seed, n_runs in ((0, 70), (1, 64)):
        values = spec.initial_values(seed)
        inputs = signal((150, n_runs, 3), seed=seed)
        recording = BrianSimulation(spec, values, device="cpp").run(inputs, message=said.append)
        reference = simulate_reference(spec, values, inputs)
        for name, raster in reference.rasters.items():
            np.testing.assert_array_equal(recording.rasters[name], raster)
        for name, trace in reference.traces.items():
            np.testing.assert_allclose(recording.traces[name], trace, rtol=0, atol=1e-10, err_msg=name)
    assert len(said) == 1

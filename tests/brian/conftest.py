"""Small networks that spike, and how a recording from Brian2 is held against the reference interpreter's."""

import numpy as np
import pytest
from filelock import FileLock

from hetsyn_sim.brian import BrianSimulation, simulate
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import FanInNormal, Layer, NetworkSpec

from .neurons import assert_same, everything


def lively(model):
    """The model with weights strong enough for its neurons to fire."""
    return model.with_parameters(w={"initial": FanInNormal(2.0)})


def random_spikes(shape, rate=0.3, seed=0):
    return np.random.default_rng(seed).random(shape) < rate


def assert_same_alone(simulation, inputs):
    """Every recording is the same on its own as among the others: nothing crosses from one into the next. The recording of all."""
    together = simulation.run(inputs)
    for k in range(inputs.shape[1]):
        alone = simulation.run(inputs[:, k : k + 1])
        for name, of_one in {**alone.rasters, **alone.traces}.items():
            of_all = together.rasters.get(name, together.traces.get(name))
            np.testing.assert_array_equal(of_one[:, 0], of_all[:, k], err_msg=name)
    return together


@pytest.fixture(autouse=True)
def two_rounds(monkeypatch):
    """Of several recordings half go side by side and half after them: every test is one of both."""
    monkeypatch.setattr("hetsyn_sim.brian.simulation.copies_for", lambda device, spec, added, n_runs: 1 if added.noise else -(-n_runs // 2))


@pytest.fixture
def check():
    """Simulate with Brian2 and with the reference interpreter, and compare."""

    def run(spec, values=None, inputs=None, *, n_steps=30, n_runs=3, **options):
        values = spec.initial_values(1) if values is None else values
        inputs = random_spikes((n_steps, n_runs, spec.n_input)) if inputs is None else inputs
        recording = simulate(spec, values, inputs, **options)
        assert_same(simulate_reference(spec, values, inputs), recording)
        return recording

    return run


@pytest.fixture
def spec():
    """Two HetSynLIF layers, the first recurrent without self-connections, and a readout."""
    model = lively(HetSynLIF)
    layers = [Layer(model, 7, recurrent=True, self_connections=False), Layer(model, 5)]
    return NetworkSpec(dt="4 ms", n_input=6, layers=layers, readout=Layer(LeakyReadout, 2))


@pytest.fixture
def values(spec):
    return spec.initial_values(1)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory, worker_id):
    """A folder of this session, the same for all workers of pytest-xdist."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture
def compiled_network(shared_folder, monkeypatch):
    """``(device, form)`` -> a simulation of :func:`everything`, compiled once in a session."""
    monkeypatch.setenv("HETSYN_CACHE", str(shared_folder / "compiled"))

    def compiled(device, form="ode"):
        spec, values = everything()
        simulation = BrianSimulation(spec, values, device=device, form=form)
        with FileLock(shared_folder / f"{device}_{form}.lock"):  # another worker waits, and finds the program in the cache
            simulation.run(everything_inputs())
        return simulation

    return compiled


def everything_inputs(seed=0, n_runs=3, rate=0.3):
    return random_spikes((150, n_runs, 8), rate, seed)

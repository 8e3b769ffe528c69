"""Brian2 has global state: the active device, preferences. It is left as it was found."""

import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import brian2
import numpy as np
import pytest

import hetsyn_sim as hs
from hetsyn_sim.brian import DEVICES, BrianSimulation
from hetsyn_sim.brian.devices import on_standalone, preferences
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import BackendError

from .conftest import random_spikes
from .neurons import assert_same

TARGET = "codegen.target"


@pytest.fixture
def users_standalone_project():
    brian2.set_device("cpp_standalone", build_on_run=False)
    yield brian2.get_device()
    brian2.device.reinit()
    brian2.set_device("runtime")


def test_preferences_come_back_even_after_an_error():
    before = brian2.prefs[TARGET]
    with preferences({TARGET: "numpy"}):
        assert brian2.prefs[TARGET] == "numpy"
    with pytest.raises(RuntimeError, match="on purpose"), preferences({TARGET: "numpy"}):
        raise RuntimeError("on purpose")
    assert brian2.prefs[TARGET] == before


def test_a_run_leaves_device_and_preferences_alone(spec, values):
    before = {name: brian2.prefs[name] for device in DEVICES.values() for name in device.preferences}
    BrianSimulation(spec, values).run(random_spikes((5, 1, 6)))
    assert {name: brian2.prefs[name] for name in before} == before
    assert brian2.get_device() is brian2.all_devices["runtime"]


def test_ctrl_c_ends_a_run_with_an_error_and_not_with_half_a_recording(spec, values, monkeypatch):
    monkeypatch.setattr(brian2.Network, "_globally_running", True)  # as in the middle of a run
    calls = []

    def interrupt(fraction):
        calls.append(fraction)
        if len(calls) == 1:
            signal.raise_signal(signal.SIGINT)

    simulation = BrianSimulation(spec, values)
    inputs = random_spikes((5, 1, 6))
    with pytest.raises(KeyboardInterrupt):
        simulation.run(inputs, progress=interrupt)
    assert simulation.run(inputs).n_steps == 5


def test_a_run_on_numpy_while_the_user_builds_a_standalone_project(spec, values, users_standalone_project):
    inputs = random_spikes((20, 2, 6))
    recording = BrianSimulation(spec, values).run(inputs)
    assert_same(simulate_reference(spec, values, inputs), recording)
    assert brian2.get_device() is users_standalone_project


def test_the_users_standalone_project_is_not_thrown_away(users_standalone_project):
    with pytest.raises(BackendError, match=r"(?s)standalone device is in use.*reinit"), on_standalone(DEVICES["cpp_standalone"]):
        pass
    assert brian2.get_device() is users_standalone_project


def test_the_device_is_released_after_an_error():
    with pytest.raises(RuntimeError, match="on purpose"), on_standalone(DEVICES["cpp_standalone"]):
        raise RuntimeError("on purpose")
    assert brian2.get_device() is brian2.all_devices["runtime"]


def test_simulations_in_several_threads_wait_for_each_other(toy_checkpoint, toy_data):
    """Brian2 has one active device: without a lock two threads fall over each other's, with a KeyError or a wrong recording."""
    x = toy_data.rasters()
    expected = hs.to_brian2(toy_checkpoint, device="numpy").run(x).rasters["layer_1"]
    shared = hs.to_brian2(toy_checkpoint, device="numpy")
    jobs = [partial(hs.to_brian2(toy_checkpoint, device="numpy", form=form).run, x) for form in ("ode", "fast")]
    jobs += [partial(shared.run, x[:, :9]), partial(shared.run, x[:, 9:])]
    with ThreadPoolExecutor(len(jobs)) as pool:
        first, second, begin, end = (job.result() for job in [pool.submit(job) for job in jobs])
    assert np.array_equal(first.rasters["layer_1"], expected)
    assert np.array_equal(second.rasters["layer_1"], expected)
    assert np.array_equal(np.concatenate([begin.rasters["layer_1"], end.rasters["layer_1"]], axis=1), expected)
    assert brian2.get_device() is brian2.all_devices["runtime"]

"""Everything that can be wrong with inputs, values, devices and names to record has its error, and the error says where."""

import numpy as np
import pytest

from hetsyn_sim.brian import DEVICES, BrianSimulation, simulate
from hetsyn_sim.brian.devices import find_device
from hetsyn_sim.errors import BackendError, DataError, DtMismatchError, TransferError, UnknownNameError

from .conftest import random_spikes

TAU = "layer_1.feedforward.tau_syn"


@pytest.mark.parametrize("shape", [(10, 2, 5), (10, 6), (2, 10, 6, 1)])
def test_inputs_of_another_shape(spec, values, shape):
    with pytest.raises(DataError, match=r"(?s)do not fit.*6 input channels"):
        simulate(spec, values, np.zeros(shape))


@pytest.mark.parametrize("shape", [(0, 2, 6), (10, 0, 6)])
def test_nothing_to_simulate(spec, values, shape):
    with pytest.raises(DataError, match="nothing to simulate"):
        simulate(spec, values, np.zeros(shape))


@pytest.mark.parametrize("value", [2, 0.5, -1, np.nan, np.inf])
def test_inputs_that_are_not_spikes(spec, values, value):
    inputs = np.zeros((10, 2, 6))
    inputs[4, 1, 3] = value
    with pytest.raises(DataError, match=r"(?s)must be 0 or 1.*step 4, recording 1, channel 3"):
        simulate(spec, values, inputs)


def test_inputs_with_another_dt(spec, values):
    inputs = random_spikes((10, 2, 6))
    simulate(spec, values, inputs, dt=0.004)
    with pytest.raises(DtMismatchError, match=r"(?s)dt = 0\.001 s.*dt = 0\.004 s"):
        simulate(spec, values, inputs, dt=0.001)


def test_values_of_another_network(spec, values):
    del values[TAU]
    values["layer_9.neuron.theta"] = np.array(1.0)
    with pytest.raises(TransferError, match=rf"(?s){TAU} missing, layer_9.neuron.theta unknown"):
        BrianSimulation(spec, values)


def test_values_of_the_wrong_shape(spec, values):
    values[TAU] = values[TAU].T
    with pytest.raises(TransferError, match=rf"(?s)wrong shape.*{TAU}.*\(6, 7\).*\(7, 6\)"):
        BrianSimulation(spec, values)


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        (TAU, np.nan, "is not a number"),
        (TAU, -0.01, "is a negative time constant"),
        ("layer_2.feedforward.w", np.nan, "is not a number"),
        ("layer_2.feedforward.w", np.inf, "is infinite"),
        ("layer_1.recurrent.w", -np.inf, "is infinite"),
    ],
)
def test_values_that_cannot_be_simulated(spec, values, key, value, what):
    values[key][2, 1] = value
    values[key][3, 0] = value
    with pytest.raises(TransferError, match=rf"(?s){what}.*{key}\[2, 1\].*2 of"):
        BrianSimulation(spec, values)


def test_a_single_value_has_no_index(spec, values):
    values["layer_1.neuron.theta"] = np.array(np.nan)
    with pytest.raises(TransferError, match=r"where: +layer_1.neuron.theta\n"):
        BrianSimulation(spec, values)


def test_an_unknown_device(spec, values):
    with pytest.raises(UnknownNameError, match="(?s)'tpu'.*" + ", ".join(DEVICES)):
        BrianSimulation(spec, values, device="tpu")


def test_a_device_has_a_short_name():
    assert find_device("cpp") is DEVICES["cpp_standalone"]


@pytest.mark.parametrize(("device", "missing"), [("cython", r"g\+\+"), ("cpp_standalone", r"g\+\+ and make")])
def test_no_compiler(device, missing, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    find_device("numpy")
    with pytest.raises(BackendError, match=rf'(?s)no C\+\+ compiler.*{missing} not found.*device="numpy"'):
        find_device(device)


@pytest.mark.parametrize("record", ["u", "layer_1.u", "layer_3.v", "layer_1.feedforward.I", "layer_1.feedforward.I[7]", ["v", "readout.w"]])
def test_nothing_to_record_of_that_name(spec, values, record):
    with pytest.raises(UnknownNameError, match=r"(?s)no such variable.*layer_1.v.*layer_1.I_syn.*layer_1.feedforward.I\[0..6\]"):
        BrianSimulation(spec, values, record=record)

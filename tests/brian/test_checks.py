"""Everything that can be wrong with inputs, values, devices and names to record has its error, and the error says where."""

import numpy as np
import pytest

from hetsyn_sim.brian import DEVICES, BrianSimulation, simulate
from hetsyn_sim.brian.devices import find_device
from hetsyn_sim.errors import BackendError, DataError, DtMismatchError, TransferError, UnknownNameError

from .conftest import random_spikes


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


def test_values_are_checked_as_everywhere_but_not_where_there_is_no_synapse(spec, values):
    """Of a projection without self-connections the diagonal is not looked at; what is wrong elsewhere is an error of the transfer."""
    np.fill_diagonal(values["layer_1.recurrent.w"], np.nan)
    BrianSimulation(spec, values)
    values["layer_1.recurrent.w"][2, 1] = np.inf
    with pytest.raises(TransferError, match=r"(?s)a value is not finite.*layer_1.recurrent.w\[2, 1\].*1 of"):
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

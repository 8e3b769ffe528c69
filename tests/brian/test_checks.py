"""Everything that can be wrong with inputs, values, devices and names to record has its error, and the error says where."""

import numpy as np
import pytest

from hetsyn_sim.brian import DEVICES, BrianSimulation, simulate
from hetsyn_sim.brian.devices import find_device
from hetsyn_sim.errors import BackendError, DataError, DtMismatchError, TransferError, UnknownNameError
from hetsyn_sim.spec import Layer, NetworkSpec

from .conftest import random_spikes
from .neurons import graded


def inputs_with(value):
    inputs = np.zeros((10, 2, 6))
    inputs[4, 1, 3] = value
    return inputs


NOT_A_SPIKE = r"(?s)must be 0 or 1.*step 4, recording 1, channel 3.*values, needs a model whose synapses read x_pre"


@pytest.mark.parametrize(
    ("inputs", "message"),
    [(np.zeros(shape), r"(?s)does not fit.*6 input channels") for shape in ((10, 2, 5), (10, 6), (2, 10, 6, 1))]
    + [(np.zeros(shape), "(?s)does not fit.*at least one recording, of at least one step") for shape in ((0, 2, 6), (10, 0, 6))]
    + [(inputs_with(value), NOT_A_SPIKE) for value in (2, 0.5, -1, np.nan, np.inf)],
)
def test_inputs_that_are_no_spikes_of_this_network(spec, values, inputs, message):
    with pytest.raises(DataError, match=message):
        simulate(spec, values, inputs)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [(inputs_with(value), r"(?s)not finite.*\(step, recording, channel\).*at \(4, 1, 3\)") for value in (np.nan, np.inf, -np.inf)]
    + [(inputs_with(1) > 0, r"(?s)spikes were given to a network that takes values.*bool.*x_pre.*astype\(float\)")],
)
def test_inputs_that_are_no_values_for_a_network_of_values(inputs, message):
    spec = NetworkSpec("0.5 ms", 6, [Layer(graded(), 4)])
    with pytest.raises(DataError, match=message):
        simulate(spec, spec.initial_values(0), inputs)


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

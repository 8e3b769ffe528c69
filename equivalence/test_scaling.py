"""What can be measured in other units, and what adds up.

scale:          w' = c w, theta' = c theta (and every other jump)      =>   z' = z, v' = c v
units:          the model's text in volts instead of pure numbers       =>   z' = z, v' = v mV
superposition:  below threshold, x = x_1 + x_2 without common spikes    =>   v = v_1 + v_2
"""

import re
from dataclasses import replace

import numpy as np
from brian2 import mV

from equivalence.comparing import run
from equivalence.properties import holds
from equivalence.simulators import find
from equivalence.strategies import Case, networks
from equivalence.test_symmetries import check_same
from equivalence.test_time import without_spikes
from hetsyn_sim.agreement.bounds import voltage_bounds
from hetsyn_sim.discrete import is_time_constant


def scaled_traces(recording, factor):
    return replace(recording, traces={key: trace / factor for key, trace in recording.traces.items()})


def scaled(case, factor):
    """Everything that has the unit of v, times a factor."""
    changed = {key: value if is_time_constant(case.spec.slots[key]) else factor * value for key, value in case.values.items()}
    return replace(case, values=changed)


@holds(networks(), near_misses=("reset by 1 instead of theta", "theta taken as 1", "weights above 1 cut off"))
def test_weights_and_thresholds_have_no_absolute_size(simulator, case):
    """0.37 is no power of two: every amplitude is rounded anew, once, which the bound allows for."""
    check_same(simulator, case, scaled(case, 0.37), lambda recording: scaled_traces(recording, 0.37))


def in_volts(model):
    """The model with v, its states and its jumps in volts. Brian2 checks the units of its text."""
    texts = {side: re.sub(r": 1$", ": volt", getattr(model, side), flags=re.MULTILINE) for side in ("synapse", "neuron")}
    facts = {}
    for name, parameter in model.parameters.items():
        facts[name] = parameter if parameter.unit != "1" else replace(parameter, unit="mV", initial=1 * mV)
    return replace(model, name=f"{model.name}InVolts", parameters=facts, **texts)


@holds(networks(), near_misses=("theta taken as 1", "weights above 1 cut off"))
def test_a_model_in_volts_is_the_same_neuron(simulator, case):
    layers = [replace(layer, model=in_volts(layer.model)) for layer in case.spec.layers]
    readout = None if case.spec.readout is None else replace(case.spec.readout, model=in_volts(case.spec.readout.model))
    millivolts = replace(scaled(case, 1e-3), spec=replace(case.spec, layers=layers, readout=readout))
    check_same(simulator, case, millivolts, lambda recording: scaled_traces(recording, 1e-3))


@holds(networks(), near_misses=("coincident spikes counted once",), slow=0.02)
def test_below_threshold_inputs_add_up(simulator, case):
    whole, values = without_spikes(case)
    half = np.random.default_rng(case.inputs.size).random(case.inputs.shape) < 0.5
    parts = [run(simulator, Case(whole.spec, whole.values, x)) for x in (case.inputs & half, case.inputs & ~half)]
    together = run(simulator, whole)
    bounds = voltage_bounds(whole.spec, values, together, find(simulator).dtype)
    for key, v in together.traces.items():
        if key.endswith(".v"):  # three voltages, each within the bound of all the events
            added = parts[0].traces[key] + parts[1].traces[key]
            np.testing.assert_allclose(added, v, rtol=0, atol=3 * bounds[key.split(".")[0]], err_msg=repr(case))

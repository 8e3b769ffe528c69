"""The rule about units, and the model that the cases of every rule depart from."""

import pytest
from brian2 import mV

from hetsyn_sim.spec import Parameter

from .rule_cases import Broken, build

CASES = {
    "refractory for no time": Broken("wrong unit", "m: refractory", "'theta' is in 1", "s", "unit of a parameter", {"refractory": "theta"}),
    "sum of two units": Broken(
        "units do not fit together",
        "m: neuron: v",
        "'I_syn - R + dt'",
        "terms of the same unit",
        "correct the equation",
        {"neuron": "dR/dt = -R/tau_reset : 1\nv = I_syn - R + dt : 1"},
    ),
    "comparison of two units": Broken(
        "units do not fit together",
        "m: threshold",
        "'v > theta'",
        "terms of the same unit",
        "unit of a parameter",
        {"parameters": {"theta": Parameter(axes="layer", unit=mV, initial=1 * mV)}, "reset": "R += theta/theta"},
    ),
    "rate without time": Broken(
        "wrong unit",
        "m: synapse: dI/dt",
        "'-I' is in 1 (a pure number)",
        "hertz",
        "the unit after its colon",
        {"synapse": "dI/dt = -I : 1", "parameters": {"tau_syn": None}},
    ),
    "jump of another unit": Broken(
        "wrong unit",
        "m: on_pre: I += w",
        "'w' is in volt",
        "1 (a pure number)",
        "the unit of a parameter",
        {"parameters": {"w": Parameter(axes="post pre", unit=mV, initial=1 * mV)}},
    ),
    "v of another unit": Broken(
        "wrong unit",
        "m: neuron: v",
        "is in 1 (a pure number)",
        "volt",
        "after its colon",
        {"neuron": "dR/dt = -R/tau_reset : 1\nv = I_syn - R : volt"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_broken_rule_is_named_with_its_place_and_remedy(case):
    CASES[case].check()


def test_the_model_that_every_case_departs_from_is_valid():
    assert build().spiking


def test_units_other_than_pure_numbers_are_welcome():
    volts = Parameter(axes="post pre", unit=mV, initial=1 * mV)
    model = build(
        synapse="dI/dt = -I/tau_syn : volt",
        neuron="dR/dt = -R/tau_reset : volt\nv = I_syn - R : volt",
        parameters={"w": volts, "theta": Parameter(axes="layer", unit=mV, initial=1 * mV)},
    )
    assert model.spiking

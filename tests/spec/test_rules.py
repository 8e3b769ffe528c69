"""Each rule of a neuron model: the smallest model that keeps it, and the same with one thing changed that breaks it."""

from dataclasses import dataclass

import pytest
import sympy
from brian2 import ms, mV

from hetsyn_sim.errors import SpecError
from hetsyn_sim.spec import NeuronModel, Parameter

TEXTS = {
    "name": "m",
    "synapse": "dI/dt = -I/tau_syn : 1",
    "on_pre": "I += w",
    "neuron": "dR/dt = -R/tau_reset : 1\nv = I_syn - R : 1",
    "threshold": "v > theta",
    "reset": "R += theta",
}
PARAMETERS = {
    "w": Parameter(axes="post pre"),
    "tau_syn": Parameter(axes="post pre", unit=ms, initial=5 * ms),
    "tau_reset": Parameter(axes="layer", unit=ms, initial=5 * ms),
    "theta": Parameter(axes="layer", initial=1.0),
}


def build(parameters=None, **texts):
    """The valid model with some texts and parameters changed; a parameter that is None is left out."""
    facts = {name: p for name, p in {**PARAMETERS, **(parameters or {})}.items() if p is not None}
    return NeuronModel(**{**TEXTS, **texts}, parameters=facts)


def test_the_model_that_every_case_below_departs_from_is_valid():
    assert build().spiking


@dataclass(frozen=True)
class Broken:
    what: str
    where: str
    got: str
    expected: str
    remedy: str
    changes: dict


CASES = {
    "reserved parameter": Broken(
        "reserved or used twice", "m: dt", "'dt'", "none of Brian2's own names", "rename", {"parameters": {"dt": Parameter(axes="layer")}}
    ),
    "reserved state": Broken(
        "Brian2 keeps for itself",
        "m: neuron: lastspike",
        "'lastspike'",
        "names",
        "refractory",
        {"neuron": "dlastspike/dt = -lastspike/tau_reset : 1\nv = I_syn - lastspike : 1", "reset": "lastspike += theta"},
    ),
    "state that is Euler's number to sympy": Broken(
        "Brian2 would misread the name of a state",
        "m: E",
        "'E'",
        "only a name",
        "E_state",
        {"synapse": "dE/dt = -E/tau_syn : 1", "on_pre": "E += w", "neuron": "dR/dt = -R/tau_reset : 1\nv = E_syn - R : 1"},
    ),
    "function name": Broken(
        "reserved or used twice", "m: exp", "'exp'", "one meaning", "rename", {"parameters": {"exp": Parameter(axes="layer")}}
    ),
    "state and parameter": Broken(
        "reserved or used twice", "m: R", "'R'", "one meaning", "rename", {"parameters": {"R": Parameter(axes="layer")}}
    ),
    "state on both sides": Broken(
        "reserved or used twice",
        "m: I",
        "'I'",
        "one meaning",
        "rename",
        {"neuron": "dI/dt = -I/tau_reset : 1\nv = I_syn - I : 1", "reset": "I += theta"},
    ),
    "the name of a sum": Broken(
        "reserved or used twice", "m: I_syn", "'I_syn'", "one meaning", "rename", {"parameters": {"I_syn": Parameter(axes="layer")}}
    ),
    "suffix _post": Broken(
        "reserved or used twice",
        "m: a_post",
        "'a_post'",
        "no suffix _pre or _post",
        "rename",
        {"parameters": {"a_post": Parameter(axes="layer")}},
    ),
    "suffix _pre": Broken(
        "reserved or used twice",
        "m: a_pre",
        "'a_pre'",
        "no suffix _pre or _post",
        "rename",
        {"parameters": {"a_pre": Parameter(axes="layer")}},
    ),
    "no v": Broken(
        "has no v",
        "m: neuron",
        "R, u",
        "v = I_syn - R : 1",
        "name the membrane potential v",
        {"neuron": "dR/dt = -R/tau_reset : 1\nu = I_syn - R : 1", "threshold": "u > theta"},
    ),
    "no neuron": Broken("has no v", "m: neuron", "no equations", "called v", "name", {"neuron": ""}),
    "no input": Broken("an input spike changes nothing", "m: on_pre", "''", "I += w", "say what", {"on_pre": " "}),
    "no reset": Broken(
        "the reset is missing", "m: reset", "threshold='v > theta', reset=''", "both, or neither", "add the reset", {"reset": ""}
    ),
    "no threshold": Broken(
        "the threshold is missing", "m: threshold", "threshold=''", "both, or neither", "add the threshold", {"threshold": ""}
    ),
    "unknown name in the synapse": Broken(
        "unknown name", "m: synapse: dI/dt", "'tau'", "tau_syn", "declare tau", {"synapse": "dI/dt = -I/tau : 1"}
    ),
    "unknown name in the neuron": Broken(
        "unknown name", "m: neuron: v", "'J'", "I_syn", "declare J", {"neuron": "dR/dt = -R/tau_reset : 1\nv = I_syn - J : 1"}
    ),
    "unknown name in on_pre": Broken(
        "unknown name", "m: on_pre: I += weight", "'weight'", "w", "declare weight", {"on_pre": "I += weight"}
    ),
    "unknown name in the threshold": Broken("unknown name", "m: threshold", "'vt'", "theta", "declare vt", {"threshold": "v > vt"}),
    "unknown name in the reset": Broken("unknown name", "m: reset: R += r", "'r'", "theta", "declare r", {"reset": "R += r"}),
    "absolute time": Broken(
        "do not know the time",
        "m: neuron: v",
        "'t'",
        "names",
        "as input",
        {"neuron": "dR/dt = -R/tau_reset : 1\nv = I_syn - R + t/tau_reset : 1"},
    ),
    "the sum on the synapse's side": Broken(
        "unknown name", "m: on_pre: I += w*I_syn", "'I_syn'", "w", "declare I_syn", {"on_pre": "I += w*I_syn"}
    ),
    "jump of no state": Broken(
        "no state to act on", "m: on_pre", "'v_post += w'", "a change of I or R_post", "differential equation", {"on_pre": "v_post += w"}
    ),
    "jump of the neuron without _post": Broken(
        "no state to act on", "m: on_pre", "'R += w'", "I or R_post", "differential equation", {"on_pre": "I += w; R += w"}
    ),
    "reset of a subexpression": Broken(
        "no state to act on", "m: reset", "'v -= theta'", "a change of R", "differential equation", {"reset": "v -= theta"}
    ),
    "reset without a state": Broken(
        "no state to act on",
        "m: reset",
        "'v -= theta'",
        "but there is none",
        "differential equation",
        {"neuron": "v = I_syn : 1", "reset": "v -= theta", "parameters": {"tau_reset": None}},
    ),
    "jump by a state": Broken(
        "what a presynaptic spike does is not a sum", "m: on_pre", "'I += w*I'", "parameters and dt", "let them add", {"on_pre": "I += w*I"}
    ),
    "jump by the neuron's state": Broken(
        "what a presynaptic spike does is not a sum",
        "m: on_pre",
        "'I += w*v_post'",
        "parameters and dt",
        "let them add",
        {"on_pre": "I += w*v_post"},
    ),
    "jump by a subexpression of the synapse": Broken(
        "what a presynaptic spike does is not a sum",
        "m: on_pre",
        "'I += w*g'",
        "parameters and dt",
        "let them add",
        {"synapse": "dI/dt = -I/tau_syn : 1\ng = 1 - I : 1", "on_pre": "I += w*g"},
    ),
    "presynaptic spike that sets": Broken(
        "what a presynaptic spike does is not a sum", "m: on_pre", "'I = w'", "an addition", "let them add", {"on_pre": "I = w"}
    ),
    "values and spikes": Broken(
        "a synapse takes spikes and values",
        "m: synapse",
        "x_pre",
        "one of them",
        "remove on_pre",
        {"synapse": "dI/dt = (w*x_pre - I)/tau_syn : 1"},
    ),
    "initial value of a subexpression": Broken(
        "initial value of something that is not a state",
        "m: initial",
        "v",
        "states of the neuron",
        "remove it",
        {"initial": {"v": "theta"}},
    ),
    "initial value made of a state": Broken("unknown name", "m: initial: R", "'v'", "theta", "declare v", {"initial": {"R": "v"}}),
    "unknown scheme": Broken("unknown scheme", "m: scheme", "'heun'", "exponential_euler", "exact for linear", {"scheme": "heun"}),
    "refractory for no time": Broken("wrong unit", "m: refractory", "'theta' is in 1", "s", "unit of a parameter", {"refractory": "theta"}),
    "a frozen state without refractoriness": Broken(
        "stands still unless refractory, but there is no refractory period",
        "m: R",
        "refractory=''",
        "a time",
        "remove the flag",
        {"neuron": "dR/dt = -R/tau_reset : 1 (unless refractory)\nv = I_syn - R : 1"},
    ),
    "a readout that is refractory": Broken(
        "does not spike can't be refractory",
        "m: refractory",
        "'tau_reset'",
        "a threshold",
        "remove refractory",
        {"threshold": "", "reset": "", "refractory": "tau_reset"},
    ),
    "an output that is nothing": Broken("output is not a value", "m: output", "'s'", "in units of 1", "define it", {"output": "s"}),
    "unused parameter": Broken(
        "a parameter is never used",
        "m: parameters",
        "'b'",
        "appear in an equation",
        "remove b",
        {"parameters": {"b": Parameter(axes="layer")}},
    ),
    "parameter of both sides": Broken(
        "used by the synapse and by the neuron",
        "m: theta",
        "theta in the synapse's text and in the neuron's",
        "theta_post",
        "write theta_post",
        {"on_pre": "I += w*theta"},
    ),
    "a neuron's parameter per synapse": Broken(
        "can't hold one value per synapse",
        "m: theta",
        'axes="post pre"',
        'axes="post"',
        "neuron's axes",
        {"parameters": {"theta": Parameter(axes="post pre")}},
    ),
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
    broken = CASES[case]
    with pytest.raises(SpecError, match=broken.what) as excinfo:
        build(**broken.changes)
    error = excinfo.value
    assert error.where == broken.where
    assert broken.got in str(error.got)
    assert broken.expected in str(error.expected)
    assert broken.remedy in error.remedy


def test_the_synapse_may_read_a_parameter_of_the_neuron():
    model = build(on_pre="I += w*theta_post")
    assert set(model.parameters_of("neuron")) == {"tau_reset", "theta"}
    assert set(model.parameters_of("synapse")) == {"w", "tau_syn"}


def test_jumps_may_contain_dt_and_functions():
    assert build(reset="R += theta*(1 - exp(-dt/tau_reset))").reset_jumps[0].amount.has(sympy.exp)


def test_units_other_than_pure_numbers_are_welcome():
    volts = Parameter(axes="post pre", unit=mV, initial=1 * mV)
    model = build(
        synapse="dI/dt = -I/tau_syn : volt",
        neuron="dR/dt = -R/tau_reset : volt\nv = I_syn - R : volt",
        parameters={"w": volts, "theta": Parameter(axes="layer", unit=mV, initial=1 * mV)},
    )
    assert model.spiking

"""The rules of a model: the smallest one that keeps them all, and the same with one thing changed that breaks one."""

import pytest
import sympy
from brian2 import ms, mV

from hetsyn_sim.errors import SpecError
from hetsyn_sim.spec import NeuronModel, Parameter

from ..refusal import refused

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


def neuron(text, **changes):
    return {"neuron": f"dR/dt = -R/tau_reset : 1\n{text}", **changes}


def state(name):
    """The state of the reset, by another name."""
    return {"neuron": f"d{name}/dt = -{name}/tau_reset : 1\nv = I_syn - {name} : 1", "reset": f"{name} += theta"}


def parameter(name, **facts):
    return {"parameters": {name: Parameter(**({"axes": "layer"} | facts))}}


EULER = {"synapse": "dE/dt = -E/tau_syn : 1", "on_pre": "E += w", **neuron("v = E_syn - R : 1")}  # a state that is a number to sympy
VOLTS = {"unit": mV, "initial": 1 * mV}
TWICE, SUFFIX = "reserved or used twice", "no suffix _pre or _post"
ACTS, SUM = "no state to act on", "what a presynaptic spike does to the neuron is not a sum"
NEURON = "what a presynaptic spike does depends on the neuron"

#: What is changed, and what has to be in each part of the message: what, where (after the model's name), got, expected, remedy.
NAMES = [
    (parameter("dt"), TWICE, "dt", "'dt'", "none of Brian2's own names", "rename"),
    (parameter("exp"), TWICE, "exp", "'exp'", "one meaning", "rename"),
    (parameter("R"), TWICE, "R", "'R'", "one meaning", "rename"),
    (parameter("I_syn"), TWICE, "I_syn", "'I_syn'", "one meaning", "rename"),
    (state("I"), TWICE, "I", "'I'", "one meaning", "rename"),
    (parameter("a_post"), TWICE, "a_post", "'a_post'", SUFFIX, "rename"),
    (parameter("a_pre"), TWICE, "a_pre", "'a_pre'", SUFFIX, "rename"),
    (EULER, "Brian2 would misread the name of a state", "E", "'E'", "only a name", "E_state"),
    (parameter("a_"), "ends in an underscore", "a_", "'a_', which Brian2 reads as 'a' without its unit", "a letter or a digit", "to a_1"),
    (state("R_"), "ends in an underscore", "R_", "'R_'", "end in a letter or a digit", "R_1"),
    ({"synapse": "dI/dt = -I/tau_syn : 1\ng_ = I : 1"}, "ends in an underscore", "g_", "'g_'", "end in a letter or a digit", "g_1"),
    ({"synapse": "dI/dt = -I/tau : 1"}, "unknown name", "synapse: dI/dt", "'tau'", "tau_syn", "declare tau"),
    (neuron("v = I_syn - J : 1"), "unknown name", "neuron: v", "'J'", "I_syn", "declare J"),
    ({"on_pre": "I += weight"}, "unknown name", "on_pre: I += weight", "'weight'", "w", "declare weight"),
    ({"on_pre": "I += w*I_syn"}, "unknown name", "on_pre: I += w*I_syn", "'I_syn'", "w", "declare I_syn"),
    ({"threshold": "v > vt"}, "unknown name", "threshold", "'vt'", "theta", "declare vt"),
    ({"reset": "R += r"}, "unknown name", "reset: R += r", "'r'", "theta", "declare r"),
    ({"initial": {"R": "v"}}, "unknown name", "initial: R", "'v'", "theta", "declare v"),
    (parameter("b"), "a parameter is never used", "parameters", "'b'", "appear in an equation", "remove b"),
    ({"on_pre": "I += w*theta"}, "used by the synapse", "theta", "theta in the synapse's text and in the neuron's", "theta_post", "write"),
    (parameter("theta", axes="post pre"), "can't hold one value per synapse", "theta", 'axes="post pre"', 'axes="post"', "neuron's axes"),
]
PARTS = [
    (neuron("u = I_syn - R : 1", threshold="u > theta"), "has no v", "neuron", "R, u", "v = I_syn - R : 1", "name the membrane potential"),
    ({"neuron": ""}, "has no v", "neuron", "no equations", "called v", "name"),
    ({"on_pre": " "}, "an input spike changes nothing", "on_pre", "''", "I += w", "say what"),
    ({"threshold": ""}, "a reset without a threshold", "threshold", "threshold=''", "or neither", "say when the neuron spikes"),
    ({"on_pre": "I += r; r = w"}, "unknown name", "on_pre: I += r", "'r'", "one of I", "declare r"),
    ({"on_pre": "I += r; r = w; I += r"}, "used before it is set", "on_pre", "'I += r'", "r set by a statement before", "order"),
    ({"on_pre": "I += w; r = w"}, ACTS, "on_pre", "'r = w'", "a change of I", "differential equation"),
    ({"on_pre": "v_post += w"}, ACTS, "on_pre", "'v_post += w'", "a change of I or R_post", "differential equation"),
    ({"on_pre": "I += w; R += w"}, ACTS, "on_pre", "'R += w'", "I or R_post", "differential equation"),
    ({"reset": "v -= theta"}, ACTS, "reset", "'v -= theta'", "a change of R", "differential equation"),
    ({"neuron": "v = I_syn : 1", "reset": "v -= theta", "parameters": {"tau_reset": None}}, ACTS, "reset", "'v -=", "none", "differential"),
    ({"on_pre": "I += w*v_post"}, NEURON, "on_pre", "'I += w*v_post'", "own states and of parameters", "into its equations"),
    ({"on_pre": "R_post += w*R_post"}, NEURON, "on_pre", "'R_post += w*R_post'", "own states and of parameters", "let them add"),
    ({"on_pre": "I += w; R_post *= 1 - w"}, SUM, "on_pre", "'R_post *= 1 - w'", "an addition", "let them add"),
    ({"on_pre": "I += w; R_post = w"}, SUM, "on_pre", "'R_post = w'", "an addition", "let its equation do the rest"),
    (
        {"synapse": "dI/dt = -I*R_post/tau_syn : 1"},
        "of a synapse depends on the neuron",
        "synapse: I",
        "R_post",
        "suffix _post",
        "multiply",
    ),
    ({"synapse": "dI/dt = (w*x_pre - I)/tau_syn : 1"}, "a synapse takes spikes and values", "synapse", "x_pre", "one of them", "remove"),
    ({"initial": {"v": "theta"}}, "initial value of something that is not a state", "initial", "v", "states of the neuron", "remove it"),
    ({"scheme": "rk3"}, "unknown scheme", "scheme", "'rk3'", "exponential_euler", "exact for linear"),
    (
        {"synapse_scheme": "symplectic_euler"},
        "unknown scheme of synapses",
        "synapse_scheme",
        "'symplectic_euler'",
        "rk4",
        "exact for linear",
    ),
    ({"neuron": "dR/dt = -R/tau_reset : 1 (unless refractory)\nv = I_syn - R : 1"}, "stands still", "R", "refractory=''", "time", "remove"),
    ({"threshold": "", "reset": "", "refractory": "tau_reset"}, "does not spike can't be", "refractory", "'tau_reset'", "threshold", ""),
    ({"output": "s"}, "output is not a value", "output", "'s'", "in units of 1", "define it"),
]
FIT, TERMS = "units do not fit together", "terms of the same unit"
UNITS = [
    ({"refractory": "theta"}, "wrong unit", "refractory", "'theta' is in 1", "s", "unit of a parameter"),
    (neuron("v = I_syn - R + dt : 1"), FIT, "neuron: v", "'I_syn - R + dt'", TERMS, "correct the equation"),
    ({**parameter("theta", **VOLTS), "reset": "R += theta/theta"}, FIT, "threshold", "'v > theta'", TERMS, "unit of a parameter"),
    ({"synapse": "dI/dt = -I : 1", "parameters": {"tau_syn": None}}, "wrong", "synapse: dI/dt", "'-I' is in 1 (a pure", "hertz", "colon"),
    (parameter("w", axes="post pre", **VOLTS), "wrong unit", "on_pre: I += w", "'w' is in volt", "1 (a pure number)", "unit of a"),
    (neuron("v = I_syn - R : volt"), "wrong unit", "neuron: v", "is in 1 (a pure number)", "volt", "after its colon"),
]


@pytest.mark.parametrize(("changes", "what", "where", "got", "expected", "remedy"), NAMES + PARTS + UNITS)
def test_a_broken_rule_is_named_with_its_place_and_remedy(changes, what, where, got, expected, remedy):
    with refused(SpecError, what, f"m: {where}", got, expected, remedy):
        build(**changes)


def test_what_keeps_the_rules_is_a_model():
    assert build().spiking
    volts = {"synapse": "dI/dt = -I/tau_syn : volt", "neuron": "dR/dt = -R/tau_reset : volt\nv = I_syn - R : volt"}
    assert build(**volts, parameters={name: Parameter(axes=PARAMETERS[name].axes, **VOLTS) for name in ("w", "theta")}).spiking
    assert set(build(**state("R_1")).neuron_equations.states) == {"R_1"}  # a name may have underscores inside and end in a digit
    assert build(reset="R += theta*(1 - exp(-dt/tau_reset))").reset_jumps[0].amount.has(sympy.exp)


def test_the_synapse_may_read_a_parameter_of_the_neuron():
    model = build(on_pre="I += w*theta_post")
    assert set(model.parameters_of("neuron")) == {"tau_reset", "theta"}
    assert set(model.parameters_of("synapse")) == {"w", "tau_syn"}

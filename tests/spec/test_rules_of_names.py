"""The rules about names: the smallest model that keeps each, and the same with one thing changed that breaks it."""

import pytest

from hetsyn_sim.spec import Parameter

from .rule_cases import Broken, build

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
    "parameter in an underscore": Broken(
        "ends in an underscore",
        "m: a_",
        "'a_', which Brian2 reads as 'a' without its unit",
        "end in a letter or a digit",
        "rename it, for example to a_1",
        {"parameters": {"a_": Parameter(axes="layer")}},
    ),
    "state in an underscore": Broken(
        "ends in an underscore",
        "m: R_",
        "'R_'",
        "end in a letter or a digit",
        "R_1",
        {"neuron": "dR_/dt = -R_/tau_reset : 1\nv = I_syn - R_ : 1", "reset": "R_ += theta"},
    ),
    "subexpression in an underscore": Broken(
        "ends in an underscore",
        "m: g_",
        "'g_'",
        "end in a letter or a digit",
        "g_1",
        {"synapse": "dI/dt = -I/tau_syn : 1\ng_ = I : 1"},
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
    "initial value made of a state": Broken("unknown name", "m: initial: R", "'v'", "theta", "declare v", {"initial": {"R": "v"}}),
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
}


@pytest.mark.parametrize("case", CASES)
def test_a_broken_rule_is_named_with_its_place_and_remedy(case):
    CASES[case].check()


def test_a_name_may_have_underscores_inside_and_end_in_a_digit():
    model = build(neuron="dR_1/dt = -R_1/tau_reset : 1\nv = I_syn - R_1 : 1", reset="R_1 += theta")
    assert set(model.neuron_equations.states) == {"R_1"}


def test_the_synapse_may_read_a_parameter_of_the_neuron():
    model = build(on_pre="I += w*theta_post")
    assert set(model.parameters_of("neuron")) == {"tau_reset", "theta"}
    assert set(model.parameters_of("synapse")) == {"w", "tau_syn"}

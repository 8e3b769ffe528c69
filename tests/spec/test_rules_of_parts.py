"""The rules about the parts of a model: the smallest model that keeps each, and the same with one thing changed that breaks it."""

import pytest
import sympy

from .rule_cases import Broken, build

CASES = {
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
    "unknown scheme": Broken("unknown scheme", "m: scheme", "'heun'", "exponential_euler", "exact for linear", {"scheme": "heun"}),
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
}


@pytest.mark.parametrize("case", CASES)
def test_a_broken_rule_is_named_with_its_place_and_remedy(case):
    CASES[case].check()


def test_jumps_may_contain_dt_and_functions():
    assert build(reset="R += theta*(1 - exp(-dt/tau_reset))").reset_jumps[0].amount.has(sympy.exp)

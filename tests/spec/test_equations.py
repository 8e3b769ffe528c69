"""The text of a model as Brian2 reads it: equations, jumps and thresholds, and what has no place in them."""

import pytest
import sympy
from brian2 import second

from hetsyn_sim.errors import SpecError
from hetsyn_sim.spec.equations import parse_condition, parse_equations, parse_expression, parse_jumps, symbol

from ..refusal import refused


def test_states_and_subexpressions_are_told_apart():
    parsed = parse_equations("dR/dt = -R/tau : 1\nv = 2*R : 1", where="m: neuron")
    assert parsed.states == {"R": -symbol("R") / symbol("tau")}
    assert parsed.subexpressions == {"v": 2 * symbol("R")}
    assert set(parsed.dimensions) == {"R", "v"}
    assert parsed.texts["v"] == "2*R"
    assert parse_equations("T = x : second", where="m").dimensions["T"] is second.dim
    assert parse_equations("", where="m").states == {}


def test_nested_subexpressions_are_written_out():
    parsed = parse_equations("du/dt = -u/tau : 1\na = 2*u : 1\nb = a + u : 1\nv = b - a : 1", where="m")
    assert sympy.expand(parsed.expand(symbol("v"))) == symbol("u")


@pytest.mark.parametrize(
    ("text", "what", "where", "got", "remedy"),
    [
        ("dR/dt = -R/tau", "can't read these equations", "m: neuron", "dR/dt", "correct the line"),
        ("dR/dt = -R/ : 1", "can't read these equations", "m: neuron", "dR/dt", "correct the line"),
        ("theta = : 1", "can't read these equations", "m: neuron", "theta", "correct the line"),
        ("dR/dt = -R/tau : parsec", "can't read these equations", "m: neuron", "parsec", "correct the line"),
        ("theta : 1", "declared in the equations", "m: neuron: theta", "theta : 1 (a pure number)", "move theta to `parameters`"),
    ],
)
def test_what_is_no_equation_of_a_model_is_refused(text, what, where, got, remedy):
    with refused(SpecError, what, where, got, remedy=remedy):
        parse_equations(text, where="m: neuron")


def test_jumps_add_and_subtract():
    plus, minus = parse_jumps("I += w; \n v_post -= 2*theta ", where="m: on_pre")
    assert (plus.target, plus.amount, plus.text) == ("I", symbol("w"), "I += w")
    assert (minus.target, minus.amount) == ("v_post", -2 * symbol("theta"))
    assert parse_jumps(" \n ;", where="m") == ()


@pytest.mark.parametrize(
    ("text", "after"),
    [("v = 0", 0), ("v *= 2", 2 * symbol("v")), ("v /= w", symbol("v") / symbol("w")), ("v = w - v", symbol("w") - symbol("v"))],
)
def test_other_jumps_say_what_comes_after(text, after):
    (jump,) = parse_jumps(text, where="m: reset")
    assert (jump.target, jump.is_additive, jump.text) == ("v", False, text)
    assert sympy.simplify(jump.after - after) == 0
    assert sympy.simplify(jump.amount - (after - symbol("v"))) == 0


@pytest.mark.parametrize("text", ["v", "v == w", "1 += w", "v +=", "v **= 2", "v, w = 1", "if v: w"])
def test_any_other_statement_is_refused(text):
    with refused(SpecError, "not a statement that changes a state", "m: reset", repr(text), "I += w", "one state"):
        parse_jumps(text, where="m: reset")


@pytest.mark.parametrize("text", ["v >= theta", "v == theta", "v > theta and v > 0", "v"])
def test_a_threshold_is_one_strict_inequality(text):
    for written in ("v > 2*theta", "2*theta < v"):
        assert parse_condition(written, where="m") == (symbol("v"), 2 * symbol("theta"))

    with refused(SpecError, "one strict inequality", "m: threshold", repr(text), '"v > theta"', "left > right"):
        parse_condition(text, where="m: threshold")


@pytest.mark.parametrize("text", ["w +", "2 ** ", "w w"])
def test_what_brian2_cant_read_is_refused(text):
    expected, remedy = "an expression in Brian2's language", "only names, numbers, operators"
    with refused(SpecError, "Brian2 can't read this expression", "m: on_pre", repr(text), expected, remedy):
        parse_expression(text, where="m: on_pre")


@pytest.mark.parametrize("name", ["dt", "tau", "v_post", "I"])
def test_our_symbols_are_those_of_brian2s_parser(name):
    """sympy takes symbols of one name and other assumptions for two; substituting one for the other would do nothing, in silence."""
    assert parse_expression(f"2*{name}", where="m").free_symbols == {symbol(name)}

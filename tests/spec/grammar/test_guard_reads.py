"""What models are made of is read, well within every limit; and nothing else gives any other error than ours."""

import time

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from hetsyn_sim.discrete.tape import FUNCTIONS as OPERATIONS
from hetsyn_sim.errors import SpecError
from hetsyn_sim.models import MODELS
from hetsyn_sim.spec import NeuronModel
from hetsyn_sim.spec.equations import parse_equations, parse_expression, parse_jumps
from hetsyn_sim.spec.grammar.guard import without_comments
from hetsyn_sim.spec.grammar.lines import split_lines
from hetsyn_sim.spec.grammar.screening import text_is_harmless
from hetsyn_sim.spec.grammar.words import FUNCTIONS, is_sympys_word
from hetsyn_sim.spec.grammar.written_out import LIMITS, size_of, sizes_of

from ...refusal import refused
from .hostile import CASES, model_with


@pytest.mark.parametrize("name", MODELS)
def test_what_ships_is_far_from_every_limit(name):
    model = MODELS[name]
    lines = split_lines(without_comments(model.neuron, where="m"))
    known = sizes_of({line.name: line.expression for line in lines if line.kind == "subexpression"})
    for line in lines:
        size = size_of(line.expression, known)
        assert size.parts < LIMITS.parts / 10
        assert size.depth < LIMITS.depth / 4
        assert size.terms < LIMITS.terms / 10
        assert size.bits < LIMITS.bits / 10


def test_looking_costs_less_than_a_millisecond_per_model():
    seconds = []
    for model in MODELS.values():
        text_is_harmless(model)
        start = time.process_time()
        for _ in range(10):
            text_is_harmless(model)
        seconds.append((time.process_time() - start) / 10)
    assert np.median(seconds) < 1e-3


@pytest.mark.parametrize(
    "text",
    [
        "v**3*(1 - v)",
        "2**0.5*v",
        "int(v > theta and not u < 0)*w + int(v <= theta or u == 0)",
        "clip(v, -inf, 10**6)",
        "exp(-(v - theta)/2)/(1 + exp(v))",
        "v % 2 + v // 3",
        "(((((v)))))",
        " + ".join(f"g_{k}*m_{k}**3*h_{k}*(E_{k} - v)" for k in range(40)),
        "exprel(v) - e**v + pi",
        "v # of the membrane",
    ],
)
def test_what_models_are_made_of_is_read(text):
    assert parse_expression(text, where="m").free_symbols


def test_an_equation_may_go_over_several_lines_and_have_comments():
    parsed = parse_equations(
        """# the membrane
        dv/dt = (g_L*(E_L - v)   # leak
                 + I)/C : volt (unless refractory)  # and what comes in
        u = (v - E_L)/(1*D) : 1
        dg /dt = -g/tau : siemens / metre ** 2""",
        where="m",
    )
    assert set(parsed.states) == {"v", "g"}
    assert parsed.texts["v"] == "(g_L*(E_L - v) + I)/C"
    assert parsed.frozen == {"v"}
    assert [jump.target for jump in parse_jumps("v = c # rest; and\nu += d; w -= 1", where="m")] == ["v", "u", "w"]


@pytest.mark.parametrize(
    ("flag", "remedy"),
    [("event-driven", "exact"), ("summed", "X_syn"), ("linked", "parameter"), ("shared", '"layer"'), ("constant", "`parameters`")],
)
def test_each_flag_has_its_own_remedy(flag, remedy):
    with refused(SpecError, "flags have no place", "m: x", remedy=remedy):
        parse_equations(f"x : 1 ({flag})", where="m")


def test_a_power_of_a_unit_has_to_be_a_number():
    plain = model_with(CASES["rand"]) | {
        "reset": "v = 0",
        "neuron": "dv/dt = (I_syn - v)/tau*(tau/dt)**theta + (tau**theta/tau**theta - 1)/tau : 1",
    }
    with refused(
        SpecError, "Brian2 can't find the unit of this", "M: neuron: dv/dt", "tau**theta", "known before any number", "pure number"
    ):
        NeuronModel.from_dict(plain)


def test_the_functions_are_those_that_every_interpreter_has():
    known = set(OPERATIONS.values()) - {"mod", "where"}  # % is an operator, and `where` has no name in a text
    assert known == set(FUNCTIONS)


def test_sympys_words_are_those_that_sympify_takes_for_its_own():
    """``sympify`` evaluates text; here it gets nothing but names."""
    names = [
        n for n in {*dir(sympy), *dir(__builtins__), "lambda", "if", "v", "R", "g_exc", "u1", "I"} if n.isidentifier() and "__" not in n
    ]
    for name in names:
        try:
            is_symbol = isinstance(sympy.sympify(name), sympy.Symbol)
        except (sympy.SympifyError, TypeError, AttributeError):
            is_symbol = False
        assert is_sympys_word(name) == (not is_symbol), name


PIECES = [*"()*+-/% 19e,>:=#;\nv", "tau", "**", ".5", "exp(", "int(", " and ", " not ", "dv/dt = ", " : 1", "__", "if "]


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_no_text_gives_any_other_error(text):
    for parse in (parse_equations, parse_jumps, parse_expression):
        try:
            parse(text, where="m")
        except SpecError as error:
            assert error.where.startswith("m")  # noqa: PT017
            assert error.remedy  # noqa: PT017

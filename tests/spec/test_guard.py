"""Whoever wrote a file: reading it runs nothing, leaves nothing behind, ends soon, and says what is wrong with it."""

import json
import os
import re
import sys
import time
from contextlib import contextmanager

import numpy as np
import pytest
import sympy
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save_file

from hetsyn_sim.checkpoint import Checkpoint
from hetsyn_sim.checkpoint_file import FORMAT, KEY
from hetsyn_sim.discrete.tape import FUNCTIONS as OPERATIONS
from hetsyn_sim.errors import HetSynError, SpecError
from hetsyn_sim.models import MODELS
from hetsyn_sim.spec import NetworkSpec, NeuronModel
from hetsyn_sim.spec.equations import parse_equations, parse_expression, parse_jumps
from hetsyn_sim.spec.guard import without_comments
from hetsyn_sim.spec.lines import split_lines
from hetsyn_sim.spec.quantities import to_si
from hetsyn_sim.spec.screening import text_is_harmless
from hetsyn_sim.spec.words import FUNCTIONS, is_sympys_word
from hetsyn_sim.spec.written_out import LIMITS, size_of, sizes_of
from hetsyn_sim.training.recipe import Recipe

from .hostile import CASES, RECIPES, YAML, model_with

#: Code that was evaluated from text, as Python itself reports it, while somebody listens. Such a hook can't be taken away again.
_EVALUATED = []
_LISTENING = []
sys.addaudithook(lambda event, args: _EVALUATED.append(args[0]) if _LISTENING and event == "exec" else None)


@contextmanager
def listening():
    _EVALUATED.clear()
    _LISTENING.append(True)
    try:
        yield _EVALUATED
    finally:
        _LISTENING.clear()


@pytest.fixture
def refused(tmp_path, monkeypatch):
    """Whether doing this is refused with a typed error, soon, with nothing evaluated and nothing left behind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CANARY", raising=False)

    def check(message, do, *arguments):
        before, start = sorted(tmp_path.iterdir()), time.process_time()
        with listening() as evaluated, pytest.raises(HetSynError) as excinfo:
            do(*arguments)
        assert time.process_time() - start < 1.0
        assert [code for code in evaluated if code.co_filename == "<string>"] == []
        assert sorted(tmp_path.iterdir()) == before
        assert "CANARY" not in os.environ
        error = excinfo.value
        assert re.search(message, str(error)), str(error)
        assert error.what
        assert error.where
        assert error.got is not None
        assert error.expected
        assert error.remedy
        assert len(str(error)) < 2500
        return error

    return check


def network_with(case):
    return {"dt": "1 ms", "n_input": 2, "step_order": ["decay", "reset", "recurrent", "feedforward", "threshold"]} | {
        "layers": [{"model": 0, "size": 3}],
        "models": [model_with(case)],
    }


def write_checkpoint(path, spec):
    about = {"format": FORMAT, "version": 1, "spec": spec, "dt": {"seconds": 1e-3, "text": "1 ms"}, "scheme": "exact", "units": {}}
    save_file({"layer_1.neuron.theta": np.ones(())}, path, metadata={KEY: json.dumps(about)})
    return path


@pytest.mark.parametrize("name", CASES)
def test_a_model_is_refused(refused, name):
    error = refused(CASES[name].message, NeuronModel.from_dict, model_with(CASES[name]))
    assert isinstance(error, SpecError)


@pytest.mark.parametrize("name", CASES)
def test_a_network_in_a_file_is_refused(refused, name):
    case = CASES[name]
    error = refused(case.message + "|can't be seen|not YAML", NetworkSpec.from_text, yaml.safe_dump(network_with(case)))
    assert isinstance(error, SpecError)


@pytest.mark.parametrize("name", CASES)
def test_a_checkpoint_is_refused(refused, name, tmp_path):
    path = write_checkpoint(tmp_path / "c.safetensors", yaml.safe_dump(network_with(CASES[name])))
    error = refused("the spec in this checkpoint can't be read", Checkpoint.load, path)
    assert re.search(CASES[name].message + "|can't be seen|not YAML", str(error.got))


@pytest.mark.parametrize("name", YAML)
def test_a_file_that_is_no_network_is_refused(refused, name):
    text, message = YAML[name]
    refused(message, NetworkSpec.from_text, text)
    refused(message, NeuronModel.from_text, text)


@pytest.mark.parametrize("name", YAML)
def test_a_file_that_is_no_recipe_is_refused(refused, name, tmp_path):
    text, message = YAML[name]
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    refused(message, Recipe.from_yaml, path)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_refused(refused, name, tmp_path):
    settings, message = RECIPES[name]
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    refused(message, Recipe.from_yaml, path)


@pytest.mark.parametrize("depth", [900, 100_000])
def test_a_checkpoint_with_deep_metadata_is_refused(refused, depth, tmp_path):
    path = tmp_path / "deep.safetensors"
    save_file({"a": np.ones(1)}, path, metadata={KEY: "[" * depth + "]" * depth})
    refused("can't be read|not written by hetsyn-sim", Checkpoint.load, path)


def test_a_checkpoint_with_a_deep_recipe_is_refused(refused, toy_checkpoint, tmp_path):
    path = toy_checkpoint.save(tmp_path / "deep.safetensors")
    with safe_open(path, framework="numpy") as file:
        about, tensors = json.loads(file.metadata()[KEY]), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    for _ in range(400):
        about["recipe"] = {"a": about["recipe"]}
    save_file(tensors, path, metadata={KEY: json.dumps(about)})
    assert "nested" in str(refused("can't be read", Checkpoint.load, path).got)


def test_there_are_enough_cases():
    assert len(CASES) + len(YAML) + len(RECIPES) >= 100


def test_only_units_are_ever_evaluated():
    """Brian2 does that, with what is behind a colon. It has been held against a closed grammar."""
    for model in MODELS.values():
        with listening() as evaluated:
            NeuronModel.from_text(model.to_text())
        for code in (c for c in evaluated if c.co_filename == "<string>"):
            assert set(code.co_names) <= {"volt", "amp", "siemens", "farad", "second", "ohm", "metre", "hertz", "Hz"}
            assert all(constant is None or isinstance(constant, int) for constant in code.co_consts)


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
    with pytest.raises(SpecError, match="flags have no place") as excinfo:
        parse_equations(f"x : 1 ({flag})", where="m")
    assert excinfo.value.where == "m: x"
    assert remedy in excinfo.value.remedy


def test_a_power_of_a_unit_has_to_be_a_number():
    plain = model_with(CASES["noise"]) | {"neuron": "dv/dt = (I_syn - v)/tau*(tau/dt)**theta + (tau**theta/tau**theta - 1)/tau : 1"}
    with pytest.raises(SpecError, match="Brian2 can't find the unit of this") as excinfo:
        NeuronModel.from_dict(plain)
    assert excinfo.value.where == "M: neuron: dv/dt"
    assert "tau**theta" in excinfo.value.got
    assert "known before any number" in excinfo.value.expected
    assert "pure number" in excinfo.value.remedy


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


@pytest.mark.parametrize("text", ["1e400 ms", "-1e400"])
def test_a_quantity_that_overflows_is_no_infinity(text):
    with pytest.raises(SpecError, match="too large"):
        to_si(text, "ms", where="m")
    assert to_si("-inf", "1", where="m") == -np.inf


PIECES = [
    "v",
    "tau",
    "(",
    ")",
    "**",
    "*",
    "+",
    "-",
    "/",
    "%",
    " ",
    "1",
    "9",
    ".5",
    "e",
    "exp(",
    "int(",
    ",",
    ">",
    " and ",
    " not ",
    ":",
    "=",
    "\n",
]


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60), st.lists(st.sampled_from([*PIECES, "dv/dt = ", " : 1", "#", "__", ";", "if "]), max_size=40).map("".join)
    )
)
def test_no_text_gives_any_other_error(text):
    for parse in (parse_equations, parse_jumps, parse_expression):
        error = None
        try:
            parse(text, where="m")
        except SpecError as refusal:
            error = refusal
        assert error is None or (error.where.startswith("m") and error.remedy)

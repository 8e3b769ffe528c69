import numpy as np
import pytest
import sympy
import torch
from scipy.special import exprel

from hetsyn_sim.discrete.operations import NUMPY
from hetsyn_sim.discrete.tape import FUNCTIONS, make_tape, run_tape, tape_of
from hetsyn_sim.errors import SpecError
from hetsyn_sim.kernels.operations import TORCH
from hetsyn_sim.spec.equations import parse_expression, symbol

from ..refusal import refused

X = np.array([-1.3, -0.2, 0.4, 1.7])

#: Text in Brian2's language -> the same with NumPy, by hand.
EXPRESSIONS = {
    "x + y - 2": lambda x, y: x + y - 2,
    "-(x - y)": lambda x, y: -(x - y),
    "2*x*y/3": lambda x, y: 2 * x * y / 3,
    "x/y**2": lambda x, y: x / y**2,
    "y**0.5": lambda x, y: np.sqrt(y),
    "y**-1.5": lambda x, y: y**-1.5,
    "x**5": lambda x, y: x**5,
    "y**x": lambda x, y: y**x,
    "exp(-x/y)": lambda x, y: np.exp(-x / y),
    "log(y) + log10(y) + log1p(y)": lambda x, y: np.log(y) + np.log10(y) + np.log1p(y),
    "expm1(x) + exprel(x)": lambda x, y: np.expm1(x) + exprel(x),
    "sin(x)*cos(x) + tan(x)": lambda x, y: np.sin(x) * np.cos(x) + np.tan(x),
    "arcsin(x/2) + arccos(x/2) + arctan(x)": lambda x, y: np.arcsin(x / 2) + np.arccos(x / 2) + np.arctan(x),
    "sinh(x) + cosh(x) + tanh(x)": lambda x, y: np.sinh(x) + np.cosh(x) + np.tanh(x),
    "abs(x) + sign(x) + floor(x) + ceil(x)": lambda x, y: np.abs(x) + np.sign(x) + np.floor(x) + np.ceil(x),
    "x % 0.7": lambda x, y: np.mod(x, 0.7),
    "clip(x, -0.5, 0.5)": lambda x, y: np.clip(x, -0.5, 0.5),
    "int(x > 0)*y": lambda x, y: (x > 0) * y,
    "int(x > 0 and y < 1.2)": lambda x, y: ((x > 0) & (y < 1.2)).astype(float),
    "int(not (x > 0) or y >= 1.2)": lambda x, y: (~(x > 0) | (y >= 1.2)).astype(float),
    "int(3*x) + int(-2*y)": lambda x, y: np.trunc(3 * x) + np.trunc(-2 * y),
    "int(x == y) + int(x != y)": lambda x, y: np.ones_like(x),
}


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_numpy_and_torch_compute_what_the_text_says(text):
    tape = tape_of(parse_expression(text, where="m"))
    y = np.abs(X) + 0.5
    expected = EXPRESSIONS[text](X, y)
    (found,) = run_tape(tape, {"x": X, "y": y}, NUMPY)
    np.testing.assert_allclose(found, expected, rtol=4e-16, atol=4e-16)
    torch.set_default_dtype(torch.float64)
    try:
        (found,) = run_tape(tape, {"x": torch.tensor(X), "y": torch.tensor(y)}, TORCH)
    finally:
        torch.set_default_dtype(torch.float32)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-15, atol=1e-15)


def test_every_function_is_tried_above():
    tried = {node.op for text in EXPRESSIONS for node in tape_of(parse_expression(text, where="m")).nodes}
    assert set(FUNCTIONS.values()) - tried == {"where"}  # no model's text can name it
    assert set(NUMPY) == set(TORCH)
    assert set(NUMPY) - tried == {"where", "not"}  # sympy turns a negation into the opposite relation


def test_a_function_that_is_not_in_the_list_is_refused():
    with refused(SpecError, "no meaning in a neuron model", "zeta", expected="tanh"):
        tape_of(sympy.Function("zeta")(symbol("x")))


def test_equal_parts_are_computed_once():
    x = symbol("x")
    tape = make_tape([("a", sympy.exp(x) + 1), ("b", sympy.exp(x) * 2)], ["a", "b"])
    assert [node.op for node in tape.nodes].count("exp") == 1


def test_an_assignment_is_seen_by_those_after_it_only():
    x = symbol("x")
    tape = make_tape([("y", x + 1), ("x", symbol("y") * 2), ("z", x)], ["x", "z", "y"])
    assert run_tape(tape, {"x": np.float64(3)}, NUMPY) == [8, 8, 4]


def test_what_does_not_change_is_one_part():
    x, a, b = (symbol(n) for n in "xab")
    tape = make_tape([("y", a * x * b + a + x + b)], ["y"], constants={"a", "b"})
    varying = tape.varying({"a", "b"})
    fixed = [node.op for node, v in zip(tape.nodes, varying, strict=True) if not v and node.op != "symbol"]
    assert sorted(fixed) == ["add", "mul"]  # a + b, and a * b


def test_exprel_has_a_gradient_at_0():
    x = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    (y,) = run_tape(tape_of(parse_expression("exprel(x)", where="m")), {"x": x}, TORCH)
    (slope,) = torch.autograd.grad(y.sum(), x)
    assert y.item() == 1.0
    assert slope.item() == 0.5

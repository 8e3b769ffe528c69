import numpy as np
import pytest
import torch

from hetsyn_sim.discrete.operations import NUMPY
from hetsyn_sim.discrete.tangents import RULES, tangent_name, with_tangents
from hetsyn_sim.discrete.tape import CONDITION, FUNCTIONS, run_tape, tape_of, where
from hetsyn_sim.kernels.codegen.adjoints import ADJOINTS
from hetsyn_sim.kernels.operations import TORCH
from hetsyn_sim.spec.equations import parse_expression, symbol

from .test_tape import EXPRESSIONS

X = np.array([-1.3, -0.2, 0.4, 1.7])


def _slope(tape, values, moving, along):
    found = run_tape(with_tangents(tape, moving), {**values, **{tangent_name(name): x for name, x in along.items()}}, NUMPY)
    return np.broadcast_to(found[1], X.shape)


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_a_tangent_is_torchs_derivative(text):
    """An independent route: torch goes backwards through the same text, with rules of its own."""
    tape = tape_of(parse_expression(text, where="m"))
    values = {"x": X, "y": np.abs(X) + 0.5}
    along = {"x": np.full(4, 0.7), "y": np.full(4, -0.3)}
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in values.items()}
    (result,) = run_tape(tape, tensors, TORCH)
    expected = np.zeros(4)
    if isinstance(result, torch.Tensor) and result.requires_grad:
        gradients = torch.autograd.grad(result.sum(), tuple(tensors.values()), allow_unused=True)
        expected = sum(0.0 if g is None else g.numpy() * along[name] for g, name in zip(gradients, tensors, strict=True))
    np.testing.assert_allclose(_slope(tape, values, along, along), expected, rtol=1e-12, atol=1e-13)


def test_what_does_not_move_has_no_tangent():
    tape = tape_of(parse_expression("x*y", where="m"))
    np.testing.assert_allclose(_slope(tape, {"x": X, "y": 2.0}, {"y"}, {"y": 1.0}), X)
    assert not _slope(tape, {"x": X, "y": 2.0}, set(), {}).any()


@pytest.mark.parametrize("x", [0.0, 1e-9, -1e-3, 0.049, 0.051, -0.051, 2.0, -30.0, 40.0])
def test_the_slope_of_exprel_has_its_digits_everywhere(x):
    """Against the quotient's derivative in 60 decimal digits."""
    mpmath = pytest.importorskip("mpmath")
    tape = tape_of(parse_expression("exprel(x)", where="m"))
    with mpmath.workdps(60):
        exact = float(mpmath.diff(lambda z: mpmath.hyp1f1(1, 2, z), x))
    np.testing.assert_allclose(_slope(tape, {"x": np.float64(x)}, {"x"}, {"x": 1.0})[0], exact, rtol=2e-14)


def test_a_choice_moves_as_what_was_chosen():
    tape = tape_of(where(symbol("x") > 0, symbol("y"), 3 * symbol("x")))
    np.testing.assert_allclose(_slope(tape, {"x": X, "y": X}, {"x", "y"}, {"x": 1.0, "y": 5.0}), np.where(X > 0, 5.0, 3.0))


def test_every_operation_has_a_rule_or_stands_still():
    still = {*CONDITION, "sign", "floor", "ceil", "int"}
    assert set(FUNCTIONS.values()) | {"add", "sub", "mul", "div", "neg", "pow"} <= {*RULES, *still}
    # the other direction knows three operations more: what clip and a spike are made of in the generated code
    assert set(ADJOINTS) - {*RULES, *still} == {"maximum", "minimum", "reset"}

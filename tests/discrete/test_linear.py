"""Linear blocks: the matrix as it is read off the equations, the decay of each state, and what is not linear."""

import time

import pytest
import sympy

from hetsyn_sim.discrete.linear import LinearBlock, coefficients_of
from hetsyn_sim.errors import SpecError
from hetsyn_sim.spec.equations import symbol

R, S, TAU, B, DT = (symbol(n) for n in ("R", "S", "tau", "b", "dt"))


def block(**states):
    return LinearBlock.from_states(states, {"tau", "b", "dt"}, where="m: neuron")


def test_no_states_make_an_empty_block():
    empty = block()
    assert empty.states == ()
    assert empty.matrix.shape == (0, 0)
    assert empty.is_diagonal


def test_a_single_state_decays():
    single = block(R=-R / TAU)
    assert single.matrix == sympy.Matrix([[-1 / TAU]])
    assert single.is_diagonal
    assert single.decay("R") == sympy.exp(-DT / TAU)


def test_uncoupled_states_make_a_diagonal_matrix():
    two = block(R=-R / TAU, S=-2 * S * B)
    assert two.matrix == sympy.Matrix([[-1 / TAU, 0], [0, -2 * B]])
    assert two.is_diagonal
    assert two.decay("S") == sympy.exp(-2 * B * DT)


def test_coupled_states_do_not():
    two = block(R=-(R + B * S) / TAU, S=-S / TAU)
    assert two.matrix == sympy.Matrix([[-1 / TAU, -B / TAU], [0, -1 / TAU]])
    assert not two.is_diagonal


def test_a_coupling_that_cancels_is_none():
    assert block(R=-(R + S - S) / TAU, S=-S / TAU).is_diagonal


@pytest.mark.parametrize(("drive", "got"), [(B, "b"), (symbol("I_syn"), "I_syn")])
def test_a_driven_equation_is_refused(drive, got):
    with pytest.raises(SpecError, match="driven by something that is not one of its own states") as excinfo:
        block(R=-R / TAU + drive / TAU)
    assert excinfo.value.where == "m: neuron: dR/dt"
    assert got in str(excinfo.value.got)
    assert "own states" in excinfo.value.expected
    assert "on_pre" in excinfo.value.remedy


@pytest.mark.parametrize("rate", [R**2, R * S, sympy.sin(R), sympy.exp(-R), sympy.Abs(R), 1 / R])
def test_a_nonlinear_equation_is_refused(rate):
    with pytest.raises(SpecError, match="not linear") as excinfo:
        block(R=-rate / TAU, S=-S / TAU)
    assert excinfo.value.where == "m: neuron: dR/dt"
    assert excinfo.value.got
    assert "a sum of R, S" in excinfo.value.expected
    assert "only linear dynamics" in excinfo.value.remedy


def test_a_rate_that_changes_during_a_step_is_refused():
    with pytest.raises(SpecError, match="a rate depends on a state") as excinfo:
        block(R=-R * symbol("I_syn") / TAU)
    assert excinfo.value.where == "m: neuron: dR/dt"
    assert excinfo.value.got == "-I_syn/tau"
    assert "parameters and dt" in excinfo.value.expected
    assert "take I_syn out of the rate" in excinfo.value.remedy


def test_coefficients_and_rest():
    coefficients, rest = coefficients_of(2 * R - S / TAU + B, [R, S], where="v")
    assert coefficients == [2, -1 / TAU]
    assert rest == B


def test_many_ratios_take_no_time():
    """sympy's search for the shortest form takes minutes for eight of them, and a text of that size is nothing unusual."""
    ratios = sum(symbol(f"b{k}") / (1 + sympy.exp((symbol(f"a{k}") - B) / symbol(f"d{k}"))) for k in range(12))
    start = time.process_time()
    coefficients, rest = coefficients_of((R + B) ** 2 - R**2 + ratios - S / TAU, [R, S], where="v")
    assert time.process_time() - start < 2.0
    assert coefficients == [2 * B, -1 / TAU]
    assert sympy.expand(rest - ratios - B**2) == 0

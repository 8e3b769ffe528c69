"""Linear blocks: the matrix as it is read off the equations, the decay of each state, and what is not linear."""

import time

import pytest
import sympy

from hetsyn_sim.discrete.linear import LinearBlock, coefficients_of
from hetsyn_sim.errors import SpecError
from hetsyn_sim.spec.equations import symbol

from ..refusal import refused

R, S, TAU, B, DT = (symbol(n) for n in ("R", "S", "tau", "b", "dt"))


def block(**states):
    return LinearBlock.from_states(states, {"tau", "b", "dt"}, where="m: neuron")


@pytest.mark.parametrize(
    ("states", "matrix", "decays"),
    [
        ({}, [], {}),
        ({"R": -R / TAU}, [[-1 / TAU]], {"R": -DT / TAU}),
        ({"R": -R / TAU, "S": -2 * S * B}, [[-1 / TAU, 0], [0, -2 * B]], {"R": -DT / TAU, "S": -2 * B * DT}),
        ({"R": -(R + B * S) / TAU, "S": -S / TAU}, [[-1 / TAU, -B / TAU], [0, -1 / TAU]], None),
        ({"R": -(R + S - S) / TAU, "S": -S / TAU}, [[-1 / TAU, 0], [0, -1 / TAU]], {"R": -DT / TAU}),  # a coupling that cancels
    ],
)
def test_states_that_are_not_coupled_make_a_diagonal_matrix_and_decay_alone(states, matrix, decays):
    made = block(**states)
    assert made.states == tuple(states)
    assert made.matrix == sympy.Matrix(matrix)
    assert made.is_diagonal == (decays is not None)
    for state, exponent in (decays or {}).items():
        assert made.decay(state) == sympy.exp(exponent)


@pytest.mark.parametrize(("drive", "got"), [(B, "b"), (symbol("I_syn"), "I_syn")])
def test_a_driven_equation_is_refused(drive, got):
    with refused(SpecError, "driven by something that is not one of its own states", "m: neuron: dR/dt", got, "own states", "on_pre"):
        block(R=-R / TAU + drive / TAU)


@pytest.mark.parametrize("rate", [R**2, R * S, sympy.sin(R), sympy.exp(-R), sympy.Abs(R), 1 / R])
def test_a_nonlinear_equation_is_refused(rate):
    with refused(SpecError, "not linear", "m: neuron: dR/dt", expected="a sum of R, S", remedy="only linear dynamics"):
        block(R=-rate / TAU, S=-S / TAU)


def test_a_rate_that_changes_during_a_step_is_refused():
    with refused(
        SpecError, "a rate depends on a state", "m: neuron: dR/dt", "-I_syn/tau", "parameters and dt", "take I_syn out of the rate"
    ):
        block(R=-R * symbol("I_syn") / TAU)


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

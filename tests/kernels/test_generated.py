"""The generated kernels give what plain torch gives: results and derivatives."""

import pytest
import torch

from hetsyn_sim.kernels.codegen import compiled_step_scan
from hetsyn_sim.kernels.stepping import plain_step_scan

from .generated_cases import ORDERS, SURROGATES, adex, adlif, crossing, everything, graded, gradients, make, summed, tensors

pytestmark = pytest.mark.compiled

CASES = [
    (adlif("exact"), "jumps"),
    (adlif("symplectic_euler"), "jumps"),
    (crossing(), "jumps"),
    (adex("rk4"), "jumps"),
    (adex("euler"), ""),
    (adex("exponential_euler"), "jumps"),
    (graded(), ""),
    (summed(), ""),
    (summed(), "shared"),
    (summed(), "synaptic"),
    (everything(), ""),
]
NAMES = [f"{model.name}-{model.scheme}-{recurrent}" for model, recurrent in CASES]
# Rounding, 1e-16 a step, times what the models amplify it by over 60 steps.
ATOL, RTOL = 2e-12, 1e-10


def compare(case, case_again=None, record=True):
    """Both scans of a case, and that they agree."""
    program, _, _, begin, _ = case.arguments
    names = (*program.states, *begin.sums) if record else ()
    expected, found = case.run(plain_step_scan, names), case.run(compiled_step_scan, names)
    values, others = tensors(expected), tensors(found)
    assert values.keys() == others.keys()
    for name, value in values.items():
        torch.testing.assert_close(others[name], value, rtol=RTOL, atol=ATOL, msg=lambda text, name=name: f"{name}: {text}")
    assert torch.equal(expected.end.since, found.end.since)
    assert torch.equal(expected.end.active, found.end.active)
    return expected, found


def compare_gradients(case, expected, found, only=None):
    slopes, others = gradients(case, expected, only), gradients(case, found, only)
    for name, slope in slopes.items():
        error, size = (others[name] - slope).abs().max(), slope.abs().max()
        assert error <= RTOL * size, f"{name}: {float(error / size):.1e}"
    return slopes


@pytest.mark.parametrize("fresh", [True, False], ids=["fresh", "carried"])
@pytest.mark.parametrize(("model", "recurrent"), CASES, ids=NAMES)
def test_results_and_gradients_are_those_of_plain_torch(model, recurrent, fresh):
    case = make(model, recurrent=recurrent, fresh=fresh)
    expected, found = compare(case)
    assert expected.z is None or expected.z.sum() >= 10
    slopes = compare_gradients(case, expected, found)
    assert all(slope.any() for name, slope in slopes.items() if not (fresh and name in ("spikes", "begin I_syn")))


@pytest.mark.parametrize("order", ORDERS[1:], ids=lambda order: "-".join(order.phases[:3]))
def test_phases_in_any_order(order):
    case = make(adex("euler"), recurrent="jumps", order=order, fresh=False)
    compare_gradients(case, *compare(case))


@pytest.mark.parametrize("surrogate", SURROGATES, ids=lambda surrogate: surrogate.kernel)
def test_every_surrogate(surrogate):
    case = make(adlif("symplectic_euler"), recurrent="jumps", surrogate=surrogate)
    compare_gradients(case, *compare(case))


def test_no_gradient_through_the_choice_of_who_is_reset():
    case = make(adlif("symplectic_euler"), recurrent="jumps", reset_gradient=False)
    compare_gradients(case, *compare(case))

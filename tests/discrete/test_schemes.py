import numpy as np
import pytest
from scipy.integrate import solve_ivp

from hetsyn_sim.discrete import simulate_reference, stepped
from hetsyn_sim.discrete.propagators import balancing, matrix_exponential
from hetsyn_sim.errors import SpecError
from hetsyn_sim.spec import Layer, NetworkSpec, NeuronModel, Parameter

from ..refusal import refused

#: A pendulum with friction, and its order of convergence by each scheme.
ORDERS = {"euler": 1, "exponential_euler": 1, "symplectic_euler": 1, "rk2": 2, "rk4": 4}


def pendulum(scheme, **changes):
    facts = {
        "name": "Pendulum",
        "on_pre": "u_post += w",
        "neuron": "dv/dt = u*k : 1\ndu/dt = (-sin(v) - 0.3*u)*k : 1",
        "scheme": scheme,
        "initial": {"v": "1.0"},
        "parameters": {"w": Parameter("post pre"), "k": Parameter("layer", "Hz", "1 Hz")},
    }
    return NeuronModel(**(facts | changes))


def final_v(model, dt, duration=2.0):
    n_steps = round(duration / dt) + 1  # the first step is the beginning
    spec = NetworkSpec(dt, 1, [Layer(_dummy(), 1)], Layer(model, 1))
    return simulate_reference(spec, spec.initial_values(0), np.zeros((n_steps, 1, 1))).traces["readout.v"][-1, 0, 0]


def _dummy():
    return NeuronModel(
        name="Dummy",
        on_pre="y_post += w0",
        neuron="dy/dt = -y/tau0 : 1\nv = y : 1",
        threshold="v > 1",
        reset="y = 0",
        parameters={"w0": Parameter("post pre"), "tau0": Parameter("layer", "ms", "5 ms")},
    )


@pytest.mark.parametrize("scheme", ORDERS)
def test_a_scheme_converges_with_its_order(scheme):
    exact = solve_ivp(lambda t, y: [y[1], -np.sin(y[0]) - 0.3 * y[1]], (0, 2), [1, 0], rtol=1e-12, atol=1e-13).y[0, -1]
    errors = [abs(final_v(pendulum(scheme), dt) - exact) for dt in (0.04, 0.02, 0.01)]
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    # the next term of the error's expansion is smaller by a factor of dt: 4 % and 2 % of a few units
    np.testing.assert_allclose(orders, ORDERS[scheme], atol=0.15)


def test_symplectic_euler_keeps_the_size_of_an_oscillation_and_euler_does_not():
    spring = {"neuron": "dv/dt = u*k : 1\ndu/dt = -v*k : 1"}
    v = {s: abs(final_v(pendulum(s, **spring), 0.1, 20 * np.pi)) for s in ("euler", "symplectic_euler")}
    assert v["euler"] > 5  # grows by sqrt(1 + dt^2) in each of 628 steps: 23
    assert v["symplectic_euler"] == pytest.approx(1, abs=0.06)  # its invariant v^2 + u^2 - dt u v differs from v^2 + u^2 by dt/2


def test_a_scheme_that_asks_for_more_than_the_equations_have_is_refused():
    with refused(SpecError, r"not linear in its own state\n.*du/dt", remedy='"rk4"'):
        stepped(pendulum("exponential_euler", neuron="dv/dt = u*k : 1\ndu/dt = -sin(u)*k : 1"))
    with pytest.raises(SpecError, match="not linear"):
        stepped(pendulum("exact"))


def test_a_channel_that_follows_v_at_once_is_held_over_the_step():
    """As Brian2 does: the neuron relaxes to the reversal potential with the conductance that it had."""
    model = pendulum("exponential_euler", neuron="m = exp(-v) : 1\ndv/dt = -m**2*(v - 2.0)*k : 1\ndu/dt = -u*k : 1")
    v = 1.0
    for _ in range(2):
        v = 2.0 + (v - 2.0) * np.exp(-np.exp(-2 * v) * 0.1)
    assert final_v(model, 0.1, duration=0.2) == pytest.approx(v, abs=1e-14)
    for rate in ("-v*(v - 2.0)*k", "-k*m*(v**3 - v)"):
        with refused(SpecError, r"not linear in its own state\n.*dv/dt", remedy='"rk4"'):
            stepped(pendulum("exponential_euler", neuron=f"m = exp(-v) : 1\ndv/dt = {rate} : 1\ndu/dt = -u*k : 1"))


def test_a_rate_that_changes_is_not_exact():
    facts = {"neuron": "dv/dt = -I_syn*v*k : 1", "synapse": "dI/dt = -I*k_s : 1", "on_pre": "I += w", "initial": {}}
    parameters = {"w": Parameter("post pre"), "k": Parameter("layer", "Hz", "1 Hz"), "k_s": Parameter("layer", "Hz", "1 Hz")}
    with refused(SpecError, "a rate changes within a recording", got="I_syn", remedy="exponential_euler"):
        stepped(pendulum("exact", parameters=parameters, **facts))
    assert stepped(pendulum("exponential_euler", parameters=parameters, **facts)).sums == ("I_syn",)


@pytest.mark.parametrize(
    "rates",
    [
        [[0.0, 1.0], [-4.0, -0.2]],  # complex
        [[-1.0, 1.0], [0.0, -1.0]],  # repeated, defective
        [[0.0, 1.0], [0.0, 0.0]],  # zero
        [[-3.0, 1e9], [-1e-9, -0.5]],  # of very unlike units
    ],
)
def test_propagators_are_those_of_an_integrator(rates):
    rates, rest, begin, dt = np.array(rates), np.array([0.3, -0.7]), np.array([1.0, 0.4]), 0.3
    if abs(rates).max() > 1e6:
        rest, begin = rest * [1, 1e-9], begin * [1, 1e-9]
    phi, gamma = matrix_exponential(rates, dt)
    solved = solve_ivp(lambda t, y: rates @ y + rest, (0, dt), begin, rtol=1e-12, atol=1e-25, method="DOP853").y[:, -1]
    np.testing.assert_allclose(phi @ begin + gamma @ rest, solved, rtol=1e-10)


def test_balancing_takes_powers_of_two():
    scale = balancing(np.array([[-1.0, 1e9], [1e-9, -1.0]]))
    assert np.all(np.exp2(np.round(np.log2(scale))) == scale)
    assert scale.max() / scale.min() > 1e6

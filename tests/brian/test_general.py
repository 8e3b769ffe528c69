"""Any deterministic neuron: Brian2's methods and the reference interpreter take the same steps, spike for spike.

The neurons that ship are compared in ``equivalence/test_any_model.py``.
"""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from hetsyn_sim.brian import FORMS, BrianSimulation
from hetsyn_sim.models import AdEx, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec

from .conftest import assert_same_alone, random_spikes
from .neurons import STEP_ORDERS, adlif, agree, izhikevich

ORDER_NAMES = ["-".join(order.phases[:3]) for order in STEP_ORDERS]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("step_order", STEP_ORDERS, ids=ORDER_NAMES)
def test_izhikevich_in_every_step_order(step_order, form):
    """Spikes act on the membrane and on a current whose sum its equation reads."""
    layers = [Layer(izhikevich(), 5, recurrent=True, self_connections=False), Layer(izhikevich(), 4)]
    spec = NetworkSpec("0.5 ms", 8, layers, Layer(LeakyReadout, 2), step_order)
    agree(spec, random_spikes((200, 3, 8), 0.2), form=form)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("frozen", ["", "u", "k", "uk"])
@pytest.mark.parametrize("scheme", ["exact", "symplectic_euler", "exponential_euler", "rk4"])
def test_oscillating_adlif_that_is_refractory(scheme, frozen, form):
    model = adlif(scheme, frozen=frozen, refractory="t_ref")
    agree(NetworkSpec("1 ms", 8, [Layer(model, 6, recurrent=True), Layer(model, 4)]), random_spikes((120, 3, 8), 0.2), form=form)


@pytest.mark.parametrize("scheme", ["exact", "symplectic_euler"])
@pytest.mark.parametrize("step_order", STEP_ORDERS, ids=ORDER_NAMES)
def test_refractoriness_in_every_step_order(step_order, scheme):
    """What jumps on a frozen state, and when a neuron is ready again, depend on the order."""
    model = adlif(scheme, frozen="u", refractory="t_ref", initial={"u": "0.5*theta", "k": "b"})
    layers = [Layer(model, 6, recurrent=True), Layer(model, 4, recurrent=True)]
    agree(NetworkSpec("1 ms", 8, layers, step_order=step_order), random_spikes((100, 3, 8), 0.2))


@pytest.mark.parametrize(
    ("changes", "method"),
    [
        ({"a": 8.0}, r"exact, coefficients handed over, because u, k oscillate"),
        ({"a": 0.0, "tau_w": 20.0}, r"exact, coefficients handed over, because the equations of u, k have repeated"),
        ({"a": -1.0}, r"exact, coefficients handed over, because the equations of u, k have an eigenvalue of zero"),
        pytest.param({"a": 0.01}, "", marks=pytest.mark.slow),  # Brian2's own: sympy takes its time
    ],
)
def test_exact_coupled_equations(changes, method):
    """Where Brian2 would make NaN, or divide by zero, it gets our coefficients, and the report says so."""
    spec = NetworkSpec("1 ms", 8, [Layer(adlif(**changes), 6, recurrent=True)])
    agree(spec, random_spikes((100, 2, 8), 0.2))
    report = BrianSimulation(spec, spec.initial_values(1)).report
    assert f"method: {method}" in report.describe() if method else "method:" not in report.describe()
    assert ("exact_phi_u_k" in report.populations[0].update) == bool(method)
    assert report.populations[0].method == method.split(", because")[0] or report.populations[0].method == "exact"


@pytest.mark.parametrize("a", [0.0, 8.0])
def test_coefficients_that_are_handed_over_solve_the_equations(a):
    """SciPy, at tight tolerance, knows nothing of them."""
    model = adlif(a=a, tau_w=20.0, initial={"u": "0.9*theta", "k": "b"})
    spec = NetworkSpec("1 ms", 2, [Layer(model, 1)])
    values = spec.initial_values(0)
    recording = BrianSimulation(spec, values, record=("u", "k")).run(np.zeros((80, 1, 2), dtype=bool))
    t = np.arange(80) * 1e-3
    solved = solve_ivp(
        lambda _, y: [(-y[0] - y[1]) / 20e-3, (a * y[0] - y[1]) / 20e-3], (0, t[-1]), [0.72, 0.2], t_eval=t, rtol=1e-12, atol=1e-14
    )
    assert not recording.rasters["layer_1"].any()
    for name, expected in zip("uk", solved.y, strict=True):
        np.testing.assert_allclose(recording.traces[f"layer_1.{name}"][:, 0, 0], expected, atol=1e-10)


@pytest.mark.parametrize(
    "model", [AdEx, izhikevich(), adlif(frozen="u", refractory="t_ref", initial={"u": "theta/2"})], ids=lambda m: m.name
)
def test_every_recording_is_the_same_alone(model):
    """Nothing crosses from one recording into the next: no state, no refractoriness, no sum."""
    spec = NetworkSpec("0.1 ms" if model.name == "AdEx" else "1 ms", 8, [Layer(model, 5, recurrent=True)])
    inputs = random_spikes((150, 3, 8), 0.3)
    inputs[-5:] = True  # the next one begins while neurons are refractory
    simulation = BrianSimulation(spec, spec.initial_values(1), record=list(model.neuron_equations.states))
    assert assert_same_alone(simulation, inputs).rasters["layer_1"][-5:].any()


def test_a_neuron_that_ends_above_its_threshold_begins_ready():
    model = adlif(refractory="v > theta", reset="", initial={"u": "2*theta"}, a=0.5)
    spec = NetworkSpec("1 ms", 8, [Layer(model, 5)])
    recording = agree(spec, np.ones((60, 3, 8), dtype=bool), least=15)
    assert recording.rasters["layer_1"][0].all()
    assert (recording.traces["layer_1.v"][-1] > 0.8).any(), "some end above"

"""The reference interpreter against closed forms and plain loops, at the corners where a step can go wrong."""

from itertools import permutations

import numpy as np
import pytest
from brian2 import ms
from scipy.linalg import expm

from hetsyn_sim.discrete import discretise, simulate_reference
from hetsyn_sim.errors import DataError, SpecError
from hetsyn_sim.models import HetSynLIF, HomNeuLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec, NeuronModel, Parameter, StepOrder

from ..refusal import refused

DT = 1e-3
ORDERS = [StepOrder((*first, "feedforward", "threshold")) for first in permutations(("decay", "reset", "recurrent"))]


def one_neuron(order=ORDERS[0], *, recurrent=False, w=1.0, tau=5e-3, tau_reset=5e-3, theta=1.0, w_rec=0.0, tau_rec=5e-3):
    """A HetSynLIF neuron with one input synapse and, if recurrent, one onto itself."""
    spec = NetworkSpec(DT, 1, [Layer(HetSynLIF, 1, recurrent=recurrent)], step_order=order)
    values = {
        "layer_1.feedforward.w": np.array([[w]]),
        "layer_1.feedforward.tau_syn": np.array([[tau]]),
        "layer_1.neuron.tau_reset": np.array(tau_reset),
        "layer_1.neuron.theta": np.array(theta),
    }
    if recurrent:
        values |= {"layer_1.recurrent.w": np.array([[w_rec]]), "layer_1.recurrent.tau_syn": np.array([[tau_rec]])}
    return spec, values


def run(spec, values, x):
    recording = simulate_reference(spec, values, np.asarray(x, dtype=float).reshape(-1, 1, spec.n_input))
    return recording.rasters["layer_1"][:, 0, 0], recording.traces["layer_1.v"][:, 0, 0]


def test_spikes_in_the_first_and_the_last_step_a_single_step_and_a_silent_input():
    assert run(*one_neuron(w=1.5, tau=0.0, tau_reset=0.0), [1, 0, 0, 1])[0].tolist() == [True, False, False, True]
    z, v = run(*one_neuron(w=1.5), [1])
    assert (z.tolist(), v.tolist()) == ([True], [1.5])
    z, v = run(*one_neuron(recurrent=True, w_rec=2.0), np.zeros(20))
    assert not z.any()
    assert not v.any()


@pytest.mark.parametrize("order", ORDERS, ids=lambda o: "-".join(o.phases[:3]))
def test_the_step_order_says_what_decays_in_the_step_after_a_spike(order):
    """One spike at step 0; the reset and the recurrent synapse act at step 1, decayed by then if they jump before the decay."""
    rho, kappa, rho_rec = (np.exp(-DT / tau) for tau in (5e-3, 3e-3, 7e-3))
    spec, values = one_neuron(order, recurrent=True, w=1.1, tau=5e-3, tau_reset=3e-3, w_rec=0.4, tau_rec=7e-3)
    z, v = run(spec, values, [1, 0, 0])
    assert z.tolist() == [True, False, False]
    phases = order.phases
    reset = kappa if phases.index("reset") < phases.index("decay") else 1.0
    back = rho_rec if phases.index("recurrent") < phases.index("decay") else 1.0
    expected = [1.1, 1.1 * rho + 0.4 * back - reset, 1.1 * rho**2 + 0.4 * back * rho_rec - reset * kappa]
    np.testing.assert_allclose(v, expected, rtol=0, atol=20 * 2**-53)  # about ten roundings of numbers below 2


def test_the_network_of_a_step_order_matters():
    rasters = set()
    for order in ORDERS:
        spec, values = one_neuron(order, recurrent=True, w=0.7, w_rec=-0.3, tau_reset=2e-3)
        rasters.add(run(spec, values, np.ones(40))[0].tobytes())
    assert len(rasters) == 4  # decay before both, after both, or between them in either order


def test_a_spike_crosses_all_layers_in_the_step_it_happens():
    wide = HomNeuLIF.with_parameters(w={"initial": 1.5}, tau_mem={"initial": 1e-6})
    spec = NetworkSpec(DT, 1, [Layer(wide, 1), Layer(wide, 1)], readout=Layer(LeakyReadout.with_parameters(w={"initial": 1.0}), 1))
    recording = simulate_reference(spec, spec.initial_values(0), np.array([0, 1, 0], float).reshape(3, 1, 1))
    for name in ("layer_1", "layer_2"):
        assert recording.rasters[name].ravel().tolist() == [False, True, False]
    assert recording.traces["readout.v"].ravel()[:2].tolist() == [0.0, 1.0]


def test_recurrent_spikes_arrive_one_step_later_and_never_at_the_neuron_itself_if_so_wished():
    for self_connections, expected in ((True, [True, True, True]), (False, [True, False, False])):
        spec = NetworkSpec(DT, 1, [Layer(HomNeuLIF, 1, recurrent=True, self_connections=self_connections)])
        values = spec.initial_values(0) | {"layer_1.feedforward.w": np.array([[1.5]]), "layer_1.recurrent.w": np.array([[5.0]])}
        values["layer_1.neuron.tau_mem"] = np.array(0.0)
        assert run(spec, values, [1, 0, 0])[0].tolist() == expected


def test_analogue_input_is_weighted():
    _, v = run(*one_neuron(w=2.0, tau=np.inf, theta=100.0), [0.25, -1.0, 3.0])
    np.testing.assert_array_equal(v, [0.5, -1.5, 4.5])


def test_coupled_states_move_by_the_matrix_exponential():
    """A current that drives a membrane: v = [exp(A n dt) y0]_u, and the textbook's difference of two exponentials."""
    taus = {"tau_mem": 10e-3, "tau_syn": 4e-3}
    model = NeuronModel(
        name="CurrentBased",
        on_pre="s_post += w",
        neuron="du/dt = (s - u)/tau_mem : 1\nds/dt = -s/tau_syn : 1\nv = u : 1",
        threshold="v > theta",
        reset="u -= theta",
        parameters={name: Parameter(axes="layer", unit=ms, initial=tau) for name, tau in taus.items()}
        | {"w": Parameter(axes="post pre", initial=2.0), "theta": Parameter(axes="layer", initial=100.0)},
    )
    assert not discretise(model).is_diagonal
    spec = NetworkSpec(DT, 1, [Layer(model, 1)])
    _, v = run(spec, spec.initial_values(0), [1, *[0] * 29])
    t = DT * np.arange(30)
    matrix = np.array([[-1 / 10e-3, 1 / 10e-3], [0, -1 / 4e-3]])
    np.testing.assert_allclose(v, [(expm(matrix * s) @ [0, 2.0])[0] for s in t], rtol=0, atol=1e-13)
    difference = 2.0 * 4e-3 / (10e-3 - 4e-3) * (np.exp(-t / 10e-3) - np.exp(-t / 4e-3))
    # |v| < 1, 30 steps, a handful of roundings each, and the cancellation of two exponentials below 2 * 2/3
    np.testing.assert_allclose(v, difference, rtol=0, atol=1e-13)


def test_a_recording_holds_every_population():
    spec = NetworkSpec(DT, 2, [Layer(HetSynLIF, 3), Layer(HomNeuLIF, 4)], readout=Layer(LeakyReadout, 1))
    x = np.random.default_rng(0).random((5, 6, 2)) < 0.5
    recording = simulate_reference(spec, spec.initial_values(0), x)
    assert {name: r.shape[2] for name, r in recording.rasters.items()} == {"input": 2, "layer_1": 3, "layer_2": 4}
    assert {name: t.shape[2] for name, t in recording.traces.items()} == {"layer_1.v": 3, "layer_2.v": 4, "readout.v": 1}
    assert recording.dt == DT
    np.testing.assert_array_equal(recording.rasters["input"], x)


@pytest.mark.parametrize("x", [np.zeros((5, 1)), np.zeros((5, 1, 2)), np.full((5, 1, 1), np.nan), np.full((5, 1, 1), np.inf)])
def test_inputs_that_do_not_fit_are_refused(x):
    got = str(x.shape) if np.all(np.isfinite(x)) else "NaN"
    with refused(DataError, "do not fit the network", "simulate_reference", got, "(time, batch, 1)", "number of channels"):
        simulate_reference(*one_neuron(), x)


def test_values_that_are_no_numbers_are_refused():
    with pytest.raises(SpecError, match="not finite"):
        run(*one_neuron(w=np.nan), [1])

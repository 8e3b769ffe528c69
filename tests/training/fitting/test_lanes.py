import numpy as np
import pytest

from hetsyn_sim.discrete.clamped import clamped
from hetsyn_sim.errors import SpecError, UnknownNameError
from hetsyn_sim.models import OF_VALUES, AdEx
from hetsyn_sim.training.fitting import Trials, lanes
from hetsyn_sim.training.fitting.box import Box
from hetsyn_sim.training.fitting.lanes import Lanes
from hetsyn_sim.training.fitting.loss import Loss

from ...refusal import refused
from .conftest import DT, MEMBRANE

FIXED = {name: float(p.distribution.value) for name, p in MEMBRANE.parameters.items()}
NAMES = ("C", "g_L", "E_L", "a", "b", "tau_w", "V_r")
TRUE = np.array([[FIXED[name] for name in NAMES]])


@pytest.fixture
def held(current, recorded):
    v, spikes = recorded
    every = np.ones(v.shape, dtype=bool)
    return Trials(DT, {"I": current}, np.where(spikes, -0.07, v), spikes, None, ~spikes, every)  # a spike is seen reset, and does not count


def test_the_true_neuron_held_to_its_own_recording_is_as_it_was(held):
    for pull in (0.0, 0.3, 1.0):
        found = Lanes(MEMBRANE, held, FIXED, NAMES).run(TRUE, pull=pull)
        np.testing.assert_allclose(found.v[:, :, 0][held.counted], held.v[held.counted], rtol=0, atol=1e-12)
        assert np.array_equal(found.distance[:, :, 0] > 0, held.spikes)


def test_a_wrong_neuron_that_is_drawn_all_the_way_is_where_the_recording_is(held):
    found = Lanes(MEMBRANE, held, FIXED, NAMES).run(TRUE * 1.1, pull=1.0)
    ready = held.counted.copy()
    ready[0] = False  # where it begins is its own
    for trial in range(2):
        for place in np.flatnonzero(held.spikes[:, trial]):  # while refractory it stands at its own V_r
            ready[place : place + 3, trial] = False
    np.testing.assert_allclose(found.v[:, :, 0][ready], held.v[ready], rtol=1e-14)
    trial, place = 0, int(np.flatnonzero(held.spikes[:, 0])[0])
    np.testing.assert_allclose(found.v[place + 1, trial, 0], 1.1 * FIXED["V_r"], rtol=1e-14)
    free = Lanes(MEMBRANE, held, FIXED, NAMES).run(TRUE * 1.1)
    assert np.abs(free.v[:, :, 0] - held.v)[ready].max() > 1e-3


def test_derivatives_through_a_matrix_exponential_resets_and_a_pull(held):
    bench = Lanes(MEMBRANE, held, FIXED, NAMES)
    found, h = bench.run(TRUE, pull=0.2, tangents=True), 1e-6
    ends = bench.run(np.concatenate([TRUE + sign * h * np.diag(np.abs(TRUE[0])) for sign in (1.0, -1.0)]), pull=0.2)
    expected = (ends.v[:, :, :7] - ends.v[:, :, 7:]) / (2 * h)
    np.testing.assert_allclose(found.v_moves[:, :, 0] * np.abs(TRUE[0]), expected, atol=1e-8 * np.abs(expected).max())
    assert all(np.abs(expected[:, :, k]).max() > 1e-6 for k in range(7))
    assert bench.runs == 7 + 14


def test_lanes_that_go_one_after_the_other_are_those_that_go_together(held, monkeypatch):
    box = Box(0.5 * TRUE[0], 2.0 * TRUE[0])
    places = np.random.default_rng(0).random((3, 7))
    both = []
    for most in (lanes._MOST, 1):
        monkeypatch.setattr(lanes, "_MOST", most)
        loss = Loss(Lanes(MEMBRANE, held, FIXED, NAMES), box, 1e-3, spikes=False)
        both.append((loss.cost(places, 0.5), *loss.curvature(places, 0.5)))
    for one, other in zip(*both, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("noise", [None, 1e-3])
@pytest.mark.parametrize("spikes", [False, True])
def test_the_gradient_of_the_loss_is_that_of_finite_differences(held, noise, spikes):
    if noise is None and not spikes:
        pytest.skip("nothing counts")
    names = (*NAMES, "V_T")
    low = np.array([0.7 * FIXED[name] if FIXED[name] > 0 else 1.05 * FIXED[name] for name in names] + [1e-4] * spikes)
    high = np.array([1.5 * FIXED[name] if FIXED[name] > 0 else 0.9 * FIXED[name] for name in names] + [1e-2] * spikes)
    loss = Loss(Lanes(MEMBRANE, held, FIXED, names), Box(low, high), noise, spikes)
    at, h = np.full((1, len(low)), 0.45), 1e-5
    gradient, products = loss.curvature(at, 0.1)
    ends = loss.cost(np.concatenate([at + sign * h * np.eye(len(low)) for sign in (1.0, -1.0)]), 0.1).reshape(2, -1)
    np.testing.assert_allclose(gradient[0], (ends[0] - ends[1]) / (2 * h), rtol=1e-5, atol=1e-6 * np.abs(gradient).max())
    assert np.linalg.eigvalsh(products[0]).min() > -1e-9 * products.max()


def test_places_and_values_are_each_others_reverse():
    box = Box(np.array([-2.0, 1e-3]), np.array([3.0, 10.0]))
    places = np.random.default_rng(0).random((5, 2))
    np.testing.assert_allclose(box.places(box.values(places)), places, rtol=1e-12)
    np.testing.assert_allclose(box.values(np.array([[0.5, 0.5]])), [[0.5, 0.1]])
    h = 1e-6
    np.testing.assert_allclose(box.slopes(places), (box.values(places + h) - box.values(places - h)) / (2 * h), rtol=1e-8)
    assert box.places(np.array([7.0, 1e-9])).tolist() == [1.0, 0.0]


def test_an_input_that_the_model_does_not_have_is_refused():
    with refused(UnknownNameError, "unknown input", where="AdEx", got="'J'", expected="I_0", remedy="in the equations"):
        clamped(AdEx, ("J",), forced=True, drawn=True)


def test_input_spikes_need_synapses_that_take_them():
    model = next(iter(OF_VALUES.values()))
    with refused(SpecError, "input spikes can't act on this model", where=model.name, remedy="as an input"):
        clamped(model, (), forced=False, drawn=False, driven=True)


def test_a_conductance_that_changes_has_no_exact_step():
    with refused(SpecError, "a rate changes within a recording", got="g_L", remedy="exponential_euler"):
        clamped(MEMBRANE, ("g_L",), forced=True, drawn=True)
